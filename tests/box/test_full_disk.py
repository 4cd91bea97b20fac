"""A cache that takes no more: what is live is heard all the same, and people are told."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import numpy as np
import pytest
import soundfile
from rig.fakes import ManualClock
from rig.rig import FakeRig, wait_until
from rig.small_disk import needs_mounts, on_disk_of, sounded
from rig.village import FIRST, RunningBox, Village

from broadcaster.core.model import Delivery, Made, Ready
from broadcaster.core.notice import Notice
from broadcaster.daemon.control_socket import ask
from broadcaster.settings.schema import LexiconSettings, PathSettings, Settings
from broadcaster.studio.studio import Studio
from broadcaster.system.temporary_sounds import MEMORY, PREFIX

WATER = "明天上午停水。请储水。明天上午停水。"


def faults(village: Village) -> str:
    return str(next(ask(village.state, {"do": "status"}) or iter(()))["status"]["fault"])


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    """On a cache that is a file: nobody can write there, root neither."""
    (tmp_path / "cache").write_text("a file where a folder should be")
    paths = PathSettings(audio_cache=tmp_path / "cache", state=tmp_path / "state")
    studio = Studio(Settings(paths=paths), LexiconSettings(), ManualClock())
    yield studio
    studio.close()


def test_what_is_live_is_delivered_whole_and_the_fault_is_told(studio: Studio, tmp_path: Path) -> None:
    deliveries: SimpleQueue[Delivery] = SimpleQueue()
    seconds = 0.0
    with studio.make(studio.settle(Notice(WATER, repeats=2)), deliveries.put):
        while isinstance(delivery := deliveries.get(timeout=60), Ready):
            samples, rate_hz = soundfile.read(delivery.item.clip.path, dtype="int16")
            assert np.any(samples)
            seconds += len(samples) / rate_hz + delivery.item.pause_seconds
    assert isinstance(delivery, Made)
    assert seconds == pytest.approx(delivery.programme.seconds)
    assert "写不进去" in studio.house.fault
    assert not [path for path in (tmp_path / "state").rglob("*") if path.is_file()]


def test_what_is_not_live_is_refused_and_the_fault_is_told(studio: Studio) -> None:
    with pytest.raises(Exception, match="写不进去"):
        studio.programme(studio.settle(Notice(WATER)))
    assert "写不进去" in studio.house.fault


def test_a_cache_that_can_be_written_again_is_no_fault(studio: Studio, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="写不进去"):
        studio.programme(studio.settle(Notice(WATER)))
    (tmp_path / "cache").unlink()
    studio.programme(studio.settle(Notice(WATER)))
    assert studio.house.fault == ""


def test_pruning_a_cache_that_is_no_folder_removes_nothing(studio: Studio) -> None:
    assert studio.house.prune(0).clips == 0


@needs_mounts
def test_a_full_disk_never_stops_the_air(village: Village, fake_rig: FakeRig) -> None:
    water = village.render(WATER)
    shutil.rmtree(village.folder / "cache")
    cache = village.folder / "cache"
    box = RunningBox(village, within=on_disk_of(2000, cache, f"! dd if=/dev/zero of={cache}/rest"))
    try:
        said = village.call("say", WATER)
        fault = faults(village)
        Path(f"/proc/{box.process.pid}/root{cache}/rest").unlink()
        wait_until(lambda: not faults(village), limit_seconds=10)
    finally:
        box.end()
    assert said.returncode == 0, said.stderr
    assert "播完" in said.stdout
    assert sounded(water) in sounded(fake_rig.captured())
    assert "磁盘满了" in fault


@pytest.mark.slow
@needs_mounts
def test_a_box_that_starts_on_a_full_card_makes_room_and_is_heard(
    village: Village, fake_rig: FakeRig
) -> None:
    """Cache and state lie on one disk without a free byte; what was aired longest ago gives way."""
    RunningBox(village).end()
    village.render(WATER)
    first = village.render(FIRST)
    card, cache = village.folder / "card", village.folder / "cache"
    fill = f"cp -r {village.state} {cache} {card} && dd if=/dev/zero of={card}/rest status=none"
    village.configure(paths={"state": str(card / "state"), "audio_cache": str(card / "cache")})
    box = RunningBox(village, "--greet", within=on_disk_of(4000, card, fill))
    try:
        wait_until(lambda: sounded(first) in sounded(fake_rig.captured()), limit_seconds=40)
    finally:
        assert box.end() == 0
    assert not list(MEMORY.glob(f"{PREFIX}{box.process.pid}-*"))


@needs_mounts
def test_a_sound_file_that_a_disk_cannot_hold_is_told_with_the_reason(village: Village) -> None:
    stick = village.folder / "stick"
    command = village.command("render", WATER, "-o", str(stick / "sound.wav"))
    done = subprocess.run(
        [*on_disk_of(64, stick), *command],
        env=village.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done
    assert "sound.wav（磁盘满了）" in done.stderr and "\n" not in done.stderr.strip()


def call_with_full_cache(village: Village, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*on_disk_of(64, village.folder / "cache"), *village.command(*arguments)],
        env=village.environment,
        capture_output=True,
        text=True,
        check=False,
    )


@needs_mounts
def test_who_speaks_alone_at_a_full_disk_is_refused_with_one_sentence(
    village: Village, fake_rig: FakeRig
) -> None:
    done = call_with_full_cache(village, "say", WATER)
    assert done.returncode == 2, done
    assert "磁盘满了" in done.stderr and "\n" not in done.stderr.strip()
    assert not any(fake_rig.captured())


@needs_mounts
def test_a_sound_file_is_made_and_the_check_tells_though_the_cache_is_full(village: Village) -> None:
    output = village.folder / "sound.wav"
    done = call_with_full_cache(village, "render", WATER, "-o", str(output))
    assert done.returncode == 0, done
    samples, _ = soundfile.read(output, dtype="int16")
    assert np.any(samples)
    told = call_with_full_cache(village, "check")
    assert told.returncode == 1, told
    assert f"{village.folder / 'cache'} 的磁盘满了" in told.stderr
