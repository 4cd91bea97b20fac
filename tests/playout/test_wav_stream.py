"""A programme streams as one WAV of the announced length, or breaks off."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from rig.listening import RATE_HZ, make_sound, silence

from broadcaster.audio.pcm_file import SoundUnreadable
from broadcaster.audio.wav_stream import wav_bytes, wav_size
from broadcaster.core.model import Clip, Item, Programme


def test_a_programme_is_one_wav_of_its_clips_and_pauses(tmp_path: Path) -> None:
    first, second = make_sound(tmp_path / "a.flac", 0.4), make_sound(tmp_path / "b.flac", 0.25)
    clips = [Clip(sound.path.stem, sound.path, sound.seconds) for sound in (first, second)]
    programme = Programme("fake:beep", (Item(clips[0], 0.5), Item(clips[1])))
    pieces = list(wav_bytes(programme, RATE_HZ))
    assert all(pieces), "an empty one would be taken for the end"
    content = b"".join(pieces)
    assert len(content) == wav_size(programme, RATE_HZ)
    samples, rate_hz = soundfile.read(io.BytesIO(content), dtype="int16")
    assert rate_hz == RATE_HZ
    assert samples.astype(np.int16).tobytes() == first.pcm + silence(0.5) + second.pcm


def test_a_clip_that_has_gone_breaks_it_off(tmp_path: Path) -> None:
    programme = Programme("fake:beep", (Item(Clip("a", tmp_path / "a.flac", 1.0)),))
    with pytest.raises(SoundUnreadable):
        b"".join(wav_bytes(programme, RATE_HZ))
