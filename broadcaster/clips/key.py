"""The name of a clip: a digest over everything that changes its sound. Light: main names clips too."""

import hashlib
import json

from broadcaster.clips.preset import MASTERING_VERSION
from broadcaster.model import Line

# Raised when the chime sounds otherwise.
CHIME_VERSION = 1
# Raised when the clappers sound otherwise, or lines are laid on their beats otherwise.
CLAPPERS_VERSION = 1


def clip_key(line: Line, voice: str, voice_version: str, pace: float, rate_hz: int) -> str:
    """40 hex digits. What is written but not heard, and the pause after the line, leave it as it is.

    For a line on its beats `pace` is their number a minute.
    """
    heard = [[syllable.sounded, int(syllable.gap)] for syllable in line.syllables]
    on_beats = [list(line.beats), CLAPPERS_VERSION] if line.beats else []
    return _digest(
        "line",
        line.spoken,
        heard,
        voice,
        voice_version,
        float(pace),
        rate_hz,
        MASTERING_VERSION,
        *on_beats,
    )


def chime_key(rate_hz: int) -> str:
    """The chime is kept among the clips, so that a programme can begin with it."""
    return _digest("chime", CHIME_VERSION, rate_hz)


def clappers_key(beats_per_minute: int, pattern: str, rate_hz: int) -> str:
    """A run of clappers is kept as the chime is."""
    return _digest("clappers", CLAPPERS_VERSION, beats_per_minute, pattern, rate_hz)


def _digest(*parts: object) -> str:
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=20).hexdigest()
