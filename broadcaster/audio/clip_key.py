"""Keys of clips: a digest over everything that changes the sound. Light: main computes keys too."""

import hashlib
import json

from broadcaster.audio.mastering_preset import Preset
from broadcaster.core.model import Line
from broadcaster.core.notice import Signal

# Raised when a signal sounds otherwise.
SIGNAL_VERSIONS = {Signal.CHIME: 2, Signal.ALERT: 1, Signal.SIREN: 1}
# Raised when the clappers sound otherwise, or lines are laid on their beats otherwise.
CLAPPERS_VERSION = 1
# Raised when a sound file is measured or mastered otherwise, or cut into parts elsewhere.
SOUND_VERSION = 1


def clip_key(
    line: Line,
    voice: str,
    voice_version: str,
    pace: float,
    rate_hz: int,
    preset: Preset,
    soft_start: bool = False,
) -> str:
    """40 hex digits. What is written but not heard, and the pause after the line, leave it as it is.

    For a line on its beats `pace` is their number a minute.
    """
    heard = [[syllable.sounded, int(syllable.gap)] for syllable in line.syllables]
    on_beats = [list(line.beats), CLAPPERS_VERSION] if line.beats else []
    made = (voice, voice_version, float(pace), rate_hz, preset.version, soft_start)
    return _digest("line", line.spoken, heard, *made, *on_beats)


def signal_key(signal: Signal, rate_hz: int, preset: Preset) -> str:
    """Signals are kept among the clips, so that a programme can begin with one."""
    return _digest("signal", signal, SIGNAL_VERSIONS[signal], rate_hz, preset.target_lufs)


def clappers_key(beats_per_minute: int, pattern: str, rate_hz: int) -> str:
    """A run of clappers is kept as the chime is."""
    return _digest("clappers", CLAPPERS_VERSION, beats_per_minute, pattern, rate_hz)


def recording_key(recording: str, part: int, rate_hz: int, preset: Preset) -> str:
    """A person's own voice is mastered in parts, each kept as a line is."""
    return _digest("recording", recording, part, rate_hz, preset.version)


def sound_key(digest: str, part: int, rate_hz: int, preset: Preset) -> str:
    """A sound file is mastered in parts too; `digest` is that of its bytes, parts count from 1."""
    return _digest("sound", SOUND_VERSION, digest, part, rate_hz, preset.version)


def cut_key(clip: str, first_seconds: float, last_seconds: float) -> str:
    """A clip of which only what lies between two places is heard."""
    return _digest("cut", clip, first_seconds, last_seconds)


def _digest(*parts: object) -> str:
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=20).hexdigest()
