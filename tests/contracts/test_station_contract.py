"""A station keeps the same promises to its pages as the fake of the tests."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from rig.fakes import FakeStation
from rig.rig import wait_until

from broadcaster.core.errors import DeviceLost, TextRefused
from broadcaster.core.model import Airing
from broadcaster.core.notice import Notice
from broadcaster.station.remote_api import CALLS, PARTS
from broadcaster.station.station import OnAirStatus
from broadcaster.station.station_contract import LiveTalksContract, StationContract
from broadcaster.studio.studio_contract import ExportJobsContract, PreviewsContract

UNKNOWN = "a" * 12
PARTS_OF_THE_CONTRACT = {
    "rehearsals": PreviewsContract,
    "copies": ExportJobsContract,
    "talks": LiveTalksContract,
}


def test_all_that_pages_ask_of_a_station_goes_over_the_countys_site_too() -> None:
    asked = {
        name for name in (*vars(StationContract), *StationContract.__annotations__) if name[0] != "_"
    }
    assert {"announce", "volume", "talks"} < asked
    assert asked - {"remote_access"} <= CALLS.keys() | PARTS
    for part, contract in PARTS_OF_THE_CONTRACT.items():
        calls = {f"{part}.{name}" for name in vars(contract) if name[0] != "_"}
        assert calls <= CALLS.keys()


def later() -> datetime:
    return datetime.now().astimezone() + timedelta(hours=2)


def test_an_announced_notice_is_found_by_its_id(station: StationContract, notice: Notice) -> None:
    airing = station.announce(notice, asked_by="王秀英", at=later())
    assert (airing.notice.id, airing.asked_by, airing.kept) == (notice.id, "王秀英", True)
    found = station.find_airing(notice.id)
    assert found and found.id == airing.id
    assert station.find_airing(UNKNOWN) is None
    assert station.cancel(airing.id)


def test_one_for_later_waits_until_it_is_cancelled_once(
    station: StationContract, notice: Notice
) -> None:
    airing = station.announce(replace(notice, id="later"), at=later())
    assert airing.id in [one.id for one in station.status().later(datetime.now().astimezone())]
    assert station.status().due(datetime.now().astimezone()) == []
    assert station.cancel(airing.id, "王秀英")
    assert not station.cancel(airing.id, "王秀英")
    assert airing.id not in [one.id for one in station.status().waiting]


def test_a_stop_leaves_what_is_for_later(station: StationContract, notice: Notice) -> None:
    airing = station.announce(replace(notice, id="stopped"), at=later())
    assert station.stop_all("王秀英") == 0
    assert station.status().stop is None
    assert airing.id in [one.id for one in station.status().waiting]
    assert station.cancel(airing.id)


def test_what_is_unknown_is_told_so(station: StationContract) -> None:
    assert station.go_on(UNKNOWN) is None
    assert station.past(UNKNOWN) is None
    assert station.goes_on_in(UNKNOWN) == UNKNOWN
    assert station.wait_for_end(UNKNOWN, 0.0) is None
    assert not station.cancel(UNKNOWN)
    with pytest.raises(DeviceLost):
        station.use_card("没有这张卡")


def test_the_journal_is_counted_as_it_is_listed(station: StationContract) -> None:
    rows = station.history(count=20)
    assert station.history_count() == len(rows) == len(list(station.past_lines()))
    assert [station.past(row.airing_id) is not None for row in rows] == [True] * len(rows)


def test_outside_quiet_hours_nothing_keeps_a_notice_off(
    station: StationContract, notice: Notice
) -> None:
    assert station.why_not(notice) == ""
    assert station.after_quiet(notice) is None


def test_each_line_of_a_script_is_written_and_spoken(station: StationContract) -> None:
    script = station.script(Notice("上午10点停水。\n请大家储水。", opening="", closing=""))
    written = "".join(line.written for line in script.lines)
    assert "10点停水" in written and "请大家储水" in written
    assert all(line.syllables and "10" not in line.spoken for line in script.lines)


def test_a_text_that_nobody_can_say_is_refused(station: StationContract) -> None:
    with pytest.raises(TextRefused):
        station.script(Notice("！！", opening="", closing=""))


def test_the_volume_is_the_one_that_was_set(station: StationContract) -> None:
    station.set_volume(40)
    assert station.volume == 40


def test_a_quiet_box_has_nothing_on_the_air_and_nothing_to_come(station: StationContract) -> None:
    status = station.status()
    assert status.on_air is None
    assert (status.loops_stopped, status.has_loops, status.keeps) == (False, False, True)
    assert station.upcoming(3) == []
    station.resume_loops()
    assert not station.status().loops_stopped


def test_a_voice_is_named_by_its_engine_and_named_once(station: StationContract) -> None:
    names = [entry.name for entry in station.voices()]
    assert len(set(names)) == len(names) > 0
    assert all(":" in name for name in names)


def test_the_device_and_the_clock_tell_of_themselves(station: StationContract) -> None:
    assert station.device().relays_on == ()
    assert station.clock_is_trusted()
    station.confirm_clock()
    assert station.clock_is_trusted()
    assert station.cache_bytes >= 0
    station.warm()


def sounding(station: StationContract, notice: Notice) -> Airing:
    """Announced, and on the air; nothing of the fake sounds by itself."""
    airing = station.announce(notice, asked_by="王秀英")
    if isinstance(station, FakeStation):
        station.on_air = OnAirStatus(airing, 0.5, 30.0)
    wait_until(lambda: station.status().on_air)
    return airing


def test_what_is_on_the_air_is_told_stopped_and_taken_back_once(station: StationContract) -> None:
    airing = sounding(station, Notice("请大家注意用电安全，不要私拉电线。" * 6, opening="", closing=""))
    on_air = station.status().on_air
    assert on_air and on_air.airing.id == airing.id
    assert station.stop_all("王秀英") == 1
    wait_until(lambda: station.status().on_air is None)
    stop = station.status().stop
    assert stop and stop.by == "王秀英"
    assert station.go_on(stop.id) is not None
    assert station.go_on(stop.id) is None
    station.stop_all("王秀英")
    wait_until(lambda: station.status().on_air is None)
