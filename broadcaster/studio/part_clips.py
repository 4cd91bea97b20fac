"""Keeps the parts of a recording or of a sound file as clips, one after another, while they are made."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from functools import partial

from broadcaster.audio.clip_key import recording_key, sound_key
from broadcaster.audio.mastering_preset import PRESETS
from broadcaster.audio.recording_mastering import mastered
from broadcaster.audio.render_result import Keeping
from broadcaster.audio.sound_files.parts import Pcm, sound_parts
from broadcaster.core.errors import LineRefused
from broadcaster.core.model import Clip
from broadcaster.settings.schema import Settings
from broadcaster.studio.recordings import recording_path
from broadcaster.studio.sound_library import GONE, find_sound, sound_path
from broadcaster.tts.base.loudness import LEVEL_LUFS

Parts = Iterator[Pcm | None]


def recording_clips(recording: str, settings: Settings, keeping: Keeping) -> Iterator[Clip | None]:
    """A person's own voice; None where more urgent work may go first. Raises `LineRefused`."""
    rate_hz, preset = settings.sound.rate_hz, PRESETS[settings.sound.preset]
    parts = mastered(recording_path(settings.paths.state, recording), rate_hz, preset, LEVEL_LUFS)
    key_of = partial(recording_key, recording, rate_hz=rate_hz, preset=preset)
    return _kept(parts, key_of, rate_hz, keeping)


def sound_clips(sound: str, settings: Settings, keeping: Keeping) -> Generator[Clip | None, None, None]:
    """A sound of the library, gapless, the first part of 2 s at once; None as above.

    Raises `LineRefused` for a sound that is gone or damaged. Close the iterator to end it early.
    """
    rate_hz, preset = settings.sound.rate_hz, PRESETS[settings.sound.preset]
    state = settings.paths.state
    about = find_sound(state, sound)
    if about is None:
        raise LineRefused(GONE)
    parts = sound_parts(sound_path(state, sound), about.facts, rate_hz, preset)
    key_of = partial(sound_key, sound, rate_hz=rate_hz, preset=preset)
    with closing(parts):
        yield from _kept(parts, key_of, rate_hz, keeping)


def _kept(
    parts: Parts, key_of: Callable[[int], str], rate_hz: int, keeping: Keeping
) -> Iterator[Clip | None]:
    number = 0
    for part in parts:
        if part is None:
            yield None
            continue
        number += 1
        key = key_of(number)
        yield keeping.find(key) or keeping.keep(key, part, rate_hz, may_be_silent=True)
