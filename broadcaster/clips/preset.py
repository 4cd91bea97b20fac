"""The figures of mastering, apart from its code: keys need them in processes that never load numpy."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Preset:
    """What mastering does to speech on its way to one kind of loudspeaker.

    A voice's typical speech is first brought to `reference_lufs`, so that the compressor meets every
    voice at the same level; `make_up_db` is measured so that such speech leaves at -16 LUFS
    (ITU-R BS.1770-4). Levels are dB of full scale, the compressor's by the mean square of a step.
    """

    name: str
    reference_lufs: float = -20.0
    high_pass_hz: float = 180.0
    presence_hz: float = 2500.0
    presence_db: float = 4.0
    presence_q: float = 0.9
    threshold_db: float = -24.0
    ratio: float = 3.0
    attack_seconds: float = 0.005
    release_seconds: float = 0.120
    make_up_db: float = 9.3
    ceiling_dbtp: float = -1.2
    recovery_seconds: float = 0.060
    fade_in_seconds: float = 0.004
    fade_out_seconds: float = 0.010


HORN = Preset("horn")

# Raised when the code of the chain makes another sound of the same figures.
CHAIN = 1

MASTERING_VERSION = hashlib.sha256(f"{CHAIN} {HORN}".encode()).hexdigest()[:12]
"""Changes with every figure, so a chain that was tuned never airs a line in its old sound."""
