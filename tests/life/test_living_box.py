"""The box that a long test lives with: what its driver promises."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from rig.living import Refused
from rig.living_box import LivingBox, Phone, Program
from rig.rig import FakeRig, wait_until
from rig.village import Village
from rig.wall_clock import WallClock

WATER = "明天上午八点停水。"
NAME, PASSWORD = "王秀英", "shuiku-2026"
BARE = {"chime": "none", "frame": "none"}


@pytest.fixture
def wall_clock(village: Village, tmp_path: Path) -> WallClock:
    clock = WallClock(tmp_path)
    village.environment |= clock.environment
    return clock


@pytest.fixture
def box(village: Village, wall_clock: WallClock, tmp_path: Path) -> Iterator[LivingBox]:
    box = LivingBox(village, tmp_path / "log")
    yield box
    box.cut_power()


def test_a_phone_a_program_and_a_command_live_through_a_power_cut_and_a_jump_of_the_clock(
    box: LivingBox, village: Village, fake_rig: FakeRig, wall_clock: WallClock
) -> None:
    (village.folder / "timetable.yaml").write_text("slots: []")
    water = village.render(WATER, "--no-chime", "--no-opening", "--no-closing")
    box.start()
    phone = Phone(box, NAME, PASSWORD)
    phone.make_account()
    program = Program(box, phone.make_token("县里"))
    form = phone.rehearse(WATER, **BARE)
    phone.confirm(form)
    wait_until(lambda: program.history(text=WATER))
    box.cut_power()
    assert not box.runs
    wall_clock.step(timedelta(days=1))
    box.start()
    assert "重复" in phone.confirm(form), "the session is known after the power cut"
    key, notice = "first", {"text": "开会了。", "chime": "none", "opening": "", "closing": ""}
    once = program.announce(key, **notice)
    assert program.announce(key, **notice)["id"] == once["id"]
    wait_until(lambda: len(program.history()) == 2)
    lines = phone.record()
    assert [title for _, title, _ in lines] == ["开会了。", WATER]
    assert all(ending.startswith("播完") for _, _, ending in lines)
    assert fake_rig.captured().count(water) == 1
    last, first = (line["ended_at"] for line in program.history())
    assert last[:10] > first[:10], "the record goes by the wall clock"
    vitals = box.vitals()
    assert vitals.rss_megabytes > 20 and vitals.threads > 5 and vitals.handles > 5
    assert box.stop() == 0


def test_who_is_refused_is_told_why(box: LivingBox) -> None:
    box.start()
    phone = Phone(box, NAME, PASSWORD)
    phone.make_account()
    with pytest.raises(Refused, match=r"401 .*不对"):
        Phone(box, NAME, "wrong-2026").log_in()
    with pytest.raises(Refused):
        phone.rehearse("")
    assert box.child("sound") and box.stop() == 0
    with pytest.raises(OSError):
        phone.get("/")
    with pytest.raises(OSError):
        box.status()
