"""Presets of mastering: the figures, apart from the code, because keys need them in processes without
numpy.
"""

import hashlib
from dataclasses import dataclass

# Raised when the code of the chain makes another sound of the same figures.
CHAIN = 2

# A sound out of silence takes so long to come up (Shiogama's villagers: "bad for the heart").
SOFT_START_SECONDS = 0.3


@dataclass(frozen=True)
class Preset:
    """The figures of mastering for one kind of loudspeaker, in the order of its steps.

    1. Gain: a voice's typical speech is brought to `reference_lufs`, so that the compressor meets
       every voice at the same level.
    2. High-pass: what the loudspeaker cannot give would only cost level and drive it to its stops.
    3. Presence: a broad peak over the consonants.
    4. Compressor: the level of each 1 ms over the threshold, divided by the ratio; then made up, so
       that typical speech leaves at `target_lufs` (ITU-R BS.1770-4). Of 48 lines of notices in the
       offline voice, spread over 5.3 dB, all leave `horn` within 1.3 dB of it, 4 of 5 within 0.7 dB.
    5. Limiter: no true peak over the ceiling.
    6. Fades: no click at the ends; the soft start where speech comes out of silence.

    Levels are dB of full scale, the compressor's by the mean square of a step.
    """

    name: str
    target_lufs: float
    high_pass_hz: float
    presence_db: float
    threshold_db: float
    ratio: float
    release_seconds: float
    make_up_db: float
    reference_lufs: float = -20.0
    presence_hz: float = 2500.0
    presence_q: float = 0.9
    attack_seconds: float = 0.005
    ceiling_dbtp: float = -1.2
    recovery_seconds: float = 0.060
    fade_in_seconds: float = 0.004
    fade_out_seconds: float = 0.010

    @property
    def version(self) -> str:
        """Changes with every figure, so a chain that was tuned never airs a line in its old sound."""
        figures = f"{CHAIN} {SOFT_START_SECONDS} {self}"
        return hashlib.sha256(figures.encode()).hexdigest()[:12]


# A re-entrant horn gives 400 to 4,000 Hz and stands in echoes and wind. The compressor reaches down to
# the soft ends of syllables and lets go within one (60 ms), so that the echo of the last does not cover
# the next; more of it, or of presence, was not heard better (bench/horn.py).
HORN = Preset(
    "horn",
    target_lufs=-16.0,
    high_pass_hz=300.0,
    presence_db=4.0,
    threshold_db=-30.0,
    ratio=4.0,
    release_seconds=0.060,
    make_up_db=13.6,
)
# A column gives 150 to 12,000 Hz, to people who stand near it.
COLUMN = Preset(
    "column",
    target_lufs=-16.0,
    high_pass_hz=150.0,
    presence_db=2.0,
    threshold_db=-24.0,
    ratio=2.0,
    release_seconds=0.120,
    make_up_db=8.0,
)
# For a desk or an amplifier that does all this itself: only the level is set, with room above it.
FLAT = Preset(
    "flat",
    target_lufs=-20.0,
    high_pass_hz=0.0,
    presence_db=0.0,
    threshold_db=0.0,
    ratio=1.0,
    release_seconds=0.120,
    make_up_db=0.0,
)

PRESETS = {preset.name: preset for preset in (HORN, COLUMN, FLAT)}
