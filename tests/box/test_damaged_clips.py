"""Kept sound that is not what was made: nothing that could be said is silenced by it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile
from rig.damage import Harm, flip_bit, make_unreadable
from rig.rig import FakeRig, wait_until
from rig.small_disk import sounded
from rig.village import RunningBox, Village

from broadcaster.audio.clip_key import signal_key
from broadcaster.audio.mastering_preset import PRESETS
from broadcaster.core.notice import Signal
from broadcaster.system.flac_digest import SEAL_END, STREAM_INFO_END

WATER = "停水。请储水。"


class Since:
    """What the loudspeaker has said since, without the silences."""

    def __init__(self, rig: FakeRig) -> None:
        self._rig = rig
        self._before = len(rig.captured())

    def heard(self) -> bytes:
        return sounded(self._rig.captured()[self._before :])


@pytest.fixture
def box(village: Village, fake_rig: FakeRig) -> Iterator[RunningBox]:
    box = RunningBox(village)
    yield box
    assert box.end() == 0


def clips(village: Village) -> dict[str, Path]:
    return {path.stem: path for path in (village.folder / "cache").glob("clips/*/*.flac")}


def unseal(path: Path) -> None:
    """As clips were written before they had seals."""
    content = path.read_bytes()
    path.write_bytes(content[:STREAM_INFO_END] + content[SEAL_END:])


def outcomes(village: Village) -> list[str]:
    return [line["outcome"] for line in json.loads(village.call("journal", "--json").stdout)]


def sounds_of(village: Village) -> list[bytes]:
    """Of what is kept of the notice: its signal and its lines."""
    kept = clips(village)
    manifests = (village.folder / "cache").glob("programmes/*/*.json")
    programmes = [json.loads(manifest.read_bytes())["items"] for manifest in manifests]
    (items,) = (items for items in programmes if "停水" in str(items))
    return [sounded(soundfile.read(kept[key], dtype="int16")[0].tobytes()) for key, *_ in items]


@pytest.mark.parametrize("harm", [flip_bit, pytest.param(make_unreadable, marks=pytest.mark.slow)])
def test_every_line_is_heard_though_all_kept_sound_is_damaged(
    village: Village, fake_rig: FakeRig, box: RunningBox, harm: Harm
) -> None:
    assert village.call("say", WATER).returncode == 0
    _, *lines = sounds_of(village)
    for path in clips(village).values():
        harm(path)
    sink = Since(fake_rig)
    said = village.call("say", WATER)
    assert said.returncode == 0, said.stdout
    assert b"".join(lines) in sink.heard()
    assert outcomes(village) == ["PLAYED", "PLAYED"]


def test_a_line_of_an_older_cache_is_said_again_where_it_was_found_damaged(
    village: Village, fake_rig: FakeRig, box: RunningBox
) -> None:
    """Without a seal the decoder finds it, in the middle of the line."""
    assert village.call("say", WATER).returncode == 0
    _, *lines = sounds_of(village)
    for path in clips(village).values():
        unseal(path)
        flip_bit(path)
    sink = Since(fake_rig)
    assert village.call("say", WATER).returncode == 0
    heard = sink.heard()
    assert all(line in heard for line in lines)
    assert outcomes(village) == ["PLAYED", "PLAYED"]


def test_a_damaged_signal_keeps_no_word_back_and_is_made_again(
    village: Village, fake_rig: FakeRig, box: RunningBox
) -> None:
    assert village.call("say", WATER).returncode == 0
    signal, *lines = sounds_of(village)
    (path,) = (path for path in clips(village).values() if path.stem == chime_key())
    flip_bit(path)
    sink = Since(fake_rig)
    assert village.call("say", WATER).returncode == 0
    assert sink.heard().endswith(b"".join(lines))
    wait_until(path.exists)
    sink = Since(fake_rig)
    assert village.call("say", WATER).returncode == 0
    assert sink.heard() == b"".join([signal, *lines])


def test_a_command_makes_again_what_is_damaged(village: Village) -> None:
    whole = village.render(WATER)
    for path in clips(village).values():
        flip_bit(path)
    assert village.render(WATER) == whole


def chime_key() -> str:
    return signal_key(Signal.CHIME, 48_000, PRESETS["horn"])
