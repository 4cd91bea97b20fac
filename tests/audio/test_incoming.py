"""What comes in from outside is levelled without a measure taken beforehand, and its address leads to
sound alone.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from rig.radio import Radio

from broadcaster.audio.incoming.leveller import Leveller
from broadcaster.audio.incoming.playlist import stream_address
from broadcaster.audio.mastering import Limiter, MasteringChain
from broadcaster.audio.mastering_preset import HORN
from broadcaster.audio.sound_files.loudness_meter import LoudnessMeter
from broadcaster.core.errors import SoundRefused

RATE_HZ = 48_000
TARGET = HORN.target_lufs


def noise(seconds: float, lufs: float) -> NDArray[np.float32]:
    samples = np.random.default_rng(3).standard_normal(round(seconds * RATE_HZ)).astype(np.float32)
    return samples * np.float32(10 ** ((lufs - loudness(samples)) / 20))


def loudness(samples: NDArray[np.float32]) -> float:
    meter = LoudnessMeter(RATE_HZ, (0.0,))
    meter.take(samples)
    return meter.loudness()[0]


def levelled(*parts: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Each part as it comes out, in blocks as the chain gives them."""
    leveller, out = Leveller(RATE_HZ, TARGET), list[NDArray[np.float32]]()
    for part in parts:
        blocks = [leveller.process(block) for block in np.array_split(part, len(part) // 15_360)]
        out.append(np.concatenate(blocks))
    return out


@pytest.mark.parametrize("lufs", [-38.0, -23.0, -8.0])
def test_any_loudness_becomes_that_of_the_notices(lufs: float) -> None:
    (out,) = levelled(noise(4.0, lufs))
    assert loudness(out[RATE_HZ // 2 :]) == pytest.approx(TARGET, abs=0.5)


def test_what_grows_louder_is_soft_again_within_seconds_and_the_other_way_in_half_a_minute() -> None:
    _, louder, _, softer = levelled(
        noise(10.0, -30.0), noise(4.0, -10.0), noise(35.0, -25.0), noise(5.0, -25.0)
    )
    assert loudness(louder[2 * RATE_HZ :]) < TARGET + 3.0
    assert loudness(softer) == pytest.approx(TARGET, abs=2.0)


def test_a_pause_is_not_turned_up_and_nothing_is_made_of_a_dead_line() -> None:
    _, pause, after = levelled(noise(10.0, -23.0), noise(8.0, -55.0), noise(2.0, -23.0))
    assert loudness(pause) == pytest.approx(-55.0 + (TARGET + 23.0), abs=1.5)
    assert loudness(after) == pytest.approx(TARGET, abs=1.0)
    leveller = Leveller(RATE_HZ, TARGET)
    assert not leveller.process(np.zeros(RATE_HZ, np.float32)).any() and leveller.silent


def test_no_peak_passes_the_ceiling_whatever_comes() -> None:
    chain = MasteringChain(15_360, [Leveller(RATE_HZ, TARGET), Limiter(RATE_HZ, HORN)])
    loud = np.concatenate([noise(3.0, -45.0), np.sign(noise(2.0, -3.0)), noise(1.0, -45.0)])
    out = np.concatenate([chain.process(loud), chain.finish()])
    assert np.abs(out).max() <= 32767 * 10 ** (HORN.ceiling_dbtp / 20) + 1


@pytest.fixture
def radio(tmp_path: Path) -> Iterator[Radio]:
    (tmp_path / "loop.mp3").write_bytes(bytes(64_000))
    (tmp_path / "loop.m3u8").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nloop0.ts\n")
    radio = Radio(tmp_path)
    yield radio
    radio.close()


def test_an_address_is_a_stream_or_a_play_list_that_names_one(radio: Radio) -> None:
    live = f"{radio.url}/live.mp3"
    for path in ("/list.m3u", "/list.pls", "/live.mp3"):
        assert stream_address(radio.url + path) == live
    for same in ("/moved", "/loop.m3u8", "/loop.mp3"):
        assert stream_address(radio.url + same) == radio.url + same


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/page", "网页，不是声音"),
        ("/none.mp3", "对方说没有（404）"),
        ("/list.bad", "没有能转播的地址"),
    ],
)
def test_what_is_no_stream_is_told_as_what_it_is(radio: Radio, path: str, sentence: str) -> None:
    with pytest.raises(SoundRefused, match=sentence):
        stream_address(radio.url + path)


def test_no_address_leads_to_a_file_of_this_machine(radio: Radio) -> None:
    for address in ("http://127.0.0.1:1/x", "http://[half", f"{radio.url}/to_file"):
        with pytest.raises(SoundRefused):
            stream_address(address)
