"""Sound files of every kind play whole with their true length, or are refused with what they are."""

from pathlib import Path

import numpy as np
import pytest
from rig.odd_sounds import CHINESE, SECONDS, OddSounds, gbk_named

from broadcaster.audio.mastering_preset import COLUMN, HORN
from broadcaster.audio.sound_files import measure as sentences
from broadcaster.audio.sound_files.facts import Mix, SoundFacts
from broadcaster.audio.sound_files.kind import (
    EMPTY_SAID,
    LOCKED_SAID,
    PAGE_SAID,
    PLAY_LIST_SAID,
    TEXT_SAID,
    UNKNOWN_SAID,
    WECHAT_SAID,
)
from broadcaster.audio.sound_files.measure import measure
from broadcaster.audio.sound_files.parts import sound_parts
from broadcaster.core.errors import SoundRefused

RATE_HZ = 48_000
# A codec's own delay and its last, filled frame: two frames of MP3, AAC or WMA of 2,048 samples.
EXACT, FRAMED = 0.002, 0.1
# 1,105 samples of the encoder's and the last frame: at 8 kHz these are long.
FRAMED_AT_8_KHZ = 0.2
PLAIN: dict[str, float] = {
    **dict.fromkeys(("16 bit.wav", "24 bit.wav", "float.wav", "8 bit.wav", "a-law.wav"), EXACT),
    **dict.fromkeys(("96 kHz.wav", "5.1.flac", "offset.wav", "right alone.wav"), EXACT),
    **dict.fromkeys(("lossless.m4a", "plain.flac", "plain.aiff", "plain.caf", "plain.au"), EXACT),
    **dict.fromkeys(("plain.mka", "tag before it.flac"), EXACT),
    **dict.fromkeys(("plain.mp3", "bare.mp3", "vbr without a head.mp3"), FRAMED),
    "8 kHz.mp3": FRAMED_AT_8_KHZ,
    **dict.fromkeys(("22 kHz.mp3", "layer 2.mp2", "adpcm.wav", "mp3 inside.wav", "5.1.ac3"), FRAMED),
    **dict.fromkeys(("plain.m4a", "index in front.m4a", "fragmented.mp4", "3gp.3gp"), FRAMED),
    **dict.fromkeys(("adts.aac", "stream.ts", "plain.opus", "plain.ogg", "plain.wma"), FRAMED),
    **dict.fromkeys(("plain.avi", "plain.flv", "video.mp4", "webm of a browser.webm"), FRAMED),
    **dict.fromkeys(("title in gbk.mp3", "old title in gbk.mp3", "picture of 8 MB.mp3"), FRAMED),
    **dict.fromkeys(("two tags.mp3", "ape tag.mp3"), FRAMED),
    **dict.fromkeys(("“好”'歌'.mp3", "שיר.mp3", "🎵$(reboot);.mp3", "-i.mp3", "a%d:b|c.mp3"), FRAMED),
}
# Seconds, how near, and what is said.
ODD: dict[str, tuple[float, float, tuple[str, ...]]] = {
    # It costs ffmpeg twenty frames, half a second at 64 kbit/s, however much it is.
    "garbage in the middle.mp3": (SECONDS - 0.5, 0.1, (sentences.FAULTY_SAID,)),
    # One packet that fails: as many as a tag behind the frames makes.
    "hole in the middle.mp3": (1.6, 0.15, ()),
    "zeros in the middle.mp3": (1.6, 0.15, ()),
    "cut off.mp3": (1.0, 0.1, ()),
    "rubbish in front.mp3": (SECONDS, 0.2, ()),
    "length 0.wav": (SECONDS, EXACT, (sentences.SALVAGED_SAID,)),
    "length unknown.wav": (SECONDS, EXACT, (sentences.SALVAGED_SAID,)),
    "wav of a pipe.wav": (SECONDS, EXACT, (sentences.SALVAGED_SAID,)),
    "cut off.wav": (1.0, EXACT, (sentences.CUT_OFF_SAID.format(there="2 秒", here="1 秒"),)),
    "cut off.m4a": (0.9, 0.4, (sentences.CUT_OFF_SAID.format(there="2 秒", here="1 秒"),)),
    "garbage in the middle.flac": (1.8, 0.25, (sentences.FAULTY_SAID,)),
    "glued at another rate.mp3": (2 * SECONDS, 0.2, ()),
    "chained.ogg": (2 * SECONDS, 0.1, ()),
    "out of phase.wav": (SECONDS, EXACT, (sentences.CANCELLED_SAID,)),
    "clipped.wav": (SECONDS, EXACT, (sentences.CLIPPED_SAID,)),
    # Made of noise, as no encoder is at hand.
    "amr.amr": (SECONDS, EXACT, (sentences.CLIPPED_SAID,)),
    "amr wide.amr": (SECONDS, EXACT, (sentences.CLIPPED_SAID,)),
    "far too quiet.flac": (SECONDS, EXACT, (sentences.QUIET_SAID,)),
}
REFUSED = {
    "empty.mp3": EMPTY_SAID,
    "page.mp3": PAGE_SAID,
    "text.mp3": TEXT_SAID,
    "list.mp3": PLAY_LIST_SAID,
    "photo.mp3": "照片",
    "zip.mp3": "压缩包",
    "score.mid": "乐谱",
    "random.mp3": UNKNOWN_SAID,
    "frames of rubbish.mp3": sentences.SHORT_SAID,
    "tag longer than the file.mp3": UNKNOWN_SAID,
    "locked.ncm": LOCKED_SAID,
    "locked.qmcflac": LOCKED_SAID,
    "locked.kgm": LOCKED_SAID,
    "wechat.silk": WECHAT_SAID,
    "video without sound.mp4": sentences.PICTURE_SAID,
    "never finished.m4a": sentences.UNFINISHED_SAID,
    "silent.wav": sentences.SILENT_SAID,
    "silent and offset.wav": sentences.SILENT_SAID,
    "1 ms.wav": sentences.SHORT_SAID,
}


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> OddSounds:
    return OddSounds(tmp_path_factory.mktemp("odd"))


def played(path: Path, facts: SoundFacts) -> tuple[float, float]:
    """The seconds that sound, and how loud they are on the whole, full scale being 1."""
    parts = [part for part in sound_parts(path, facts, RATE_HZ, HORN) if part is not None]
    pcm = np.concatenate(parts)
    return len(pcm) / RATE_HZ, float(np.sqrt(np.mean((pcm / 32768) ** 2)))


@pytest.mark.parametrize("name", PLAIN)
def test_a_whole_file_plays_whole_and_without_remark(sounds: OddSounds, name: str) -> None:
    path = sounds.make(name)
    facts = measure(path, name)
    assert facts.seconds == pytest.approx(SECONDS, abs=PLAIN[name])
    seconds, loudness = played(path, facts)
    assert seconds == pytest.approx(facts.seconds, abs=0.002) and loudness > 0.05
    assert facts.warnings == ()


@pytest.mark.parametrize("name", ODD)
def test_an_odd_file_plays_what_it_has_and_says_what_is_odd(sounds: OddSounds, name: str) -> None:
    path = sounds.make(name)
    facts = measure(path, name)
    expected, near, said = ODD[name]
    assert facts.seconds == pytest.approx(expected, abs=near)
    assert facts.warnings == said
    seconds, loudness = played(path, facts)
    assert seconds == pytest.approx(facts.seconds, abs=0.05) and loudness > 0.01


@pytest.mark.parametrize("name", REFUSED)
def test_what_gives_no_sound_is_refused_with_what_it_is(sounds: OddSounds, name: str) -> None:
    with pytest.raises(SoundRefused, match=REFUSED[name]):
        measure(sounds.make(name), name)


def test_a_name_that_is_no_utf_8_is_a_name(sounds: OddSounds, tmp_path: Path) -> None:
    path = gbk_named(tmp_path, sounds.make("plain.mp3"))
    assert measure(path, path.name).seconds == pytest.approx(SECONDS, abs=FRAMED)


@pytest.mark.parametrize("name", ["title in gbk.mp3", "old title in gbk.mp3"])
def test_a_title_in_gbk_is_read(sounds: OddSounds, name: str) -> None:
    assert measure(sounds.make(name)).title == CHINESE


def test_a_title_in_utf_8_is_read(sounds: OddSounds) -> None:
    assert measure(sounds.make("plain.flac")).title == "春之声"


def test_channels_that_cancel_each_other_are_not_added(sounds: OddSounds) -> None:
    assert measure(sounds.make("out of phase.wav")).mix is Mix.LEFT
    assert measure(sounds.make("plain.flac")).mix is Mix.ONLY
    assert measure(sounds.make("right alone.wav")).mix is Mix.MEAN


def test_an_offset_is_taken_off(sounds: OddSounds) -> None:
    path = sounds.make("offset.wav")
    parts = sound_parts(path, measure(path), RATE_HZ, COLUMN)
    pcm = np.concatenate([part for part in parts if part is not None])
    assert abs(float(pcm.mean())) < 10
