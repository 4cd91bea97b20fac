"""The village's slots over a real database: kept, shown, held up, taken out and taken back."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rig.fakes import ManualClock
from rig.stored import airing, entry

from broadcaster.core.errors import SlotRefused, StoreUnusable, TextRefused
from broadcaster.core.model import AiringKind
from broadcaster.core.notice import Notice
from broadcaster.rules.air_rules import AirRules
from broadcaster.rules.length_estimate import estimated_lengths
from broadcaster.schedule.slot_settings import TimetableSettings
from broadcaster.schedule.timetable import Timetable
from broadcaster.schedule.timetable_file import load_timetable_file
from broadcaster.settings.schema import PathSettings, Settings
from broadcaster.station.durable_queue import Endings
from broadcaster.station.past_rules import rules_of_box
from broadcaster.station.village_slots import FOR_GOOD, Slotbook
from broadcaster.store.database.tables import DATABASE
from broadcaster.store.store import Store, open_store

FILE = "slots:\n  - {name: 早安, at: '07:30', text: 乡亲们早上好。}\n"
LUNAR = {"name": "赶集", "text": "明天赶集。", "at": ["06:30"], "lunar": ["初三", "十三", "二十三"]}
LOOP = {
    "name": "防火",
    "texts": ["防火第一。", "烟头别乱扔。"],
    "every_minutes": 30,
    "windows": ["09:00-10:00"],
    "valid_until": "2026-03-20",
}
ONCE = {"name": "停水", "text": "今天停水。", "once": ["2026-03-16 09:00"]}

OpenBook = Callable[[], AbstractContextManager[Slotbook]]


@pytest.fixture
def clock() -> ManualClock:
    """Sunday 15 March 2026, 16:00 in the village."""
    return ManualClock()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(paths=PathSettings(state=tmp_path / "state", audio_cache=tmp_path / "cache"))


@pytest.fixture
def rules(settings: Settings) -> AirRules:
    return AirRules(settings, estimated_lengths(settings))


@pytest.fixture
def open_book(tmp_path: Path, settings: Settings, clock: ManualClock, rules: AirRules) -> OpenBook:
    """The box's book on one database, as often as a test starts the box."""
    (tmp_path / "timetable.yaml").write_text(FILE, encoding="utf-8")

    @contextmanager
    def opened() -> Iterator[Slotbook]:
        book = Slotbook(load_timetable_file(tmp_path / "timetable.yaml"), settings, clock, rules)
        with open_store(settings.paths.state / DATABASE, clock) as store:
            book.keep_in(store.slots, refuse_foul)
            yield book

    return opened


@pytest.fixture
def book(open_book: OpenBook) -> Iterator[Slotbook]:
    with open_book() as book:
        yield book


def refuse_foul(notice: Notice) -> None:
    if "骂" in notice.text:
        raise TextRefused("这段话不能播。")


def due(timetable: Timetable, clock: ManualClock, days: int = 7) -> list[tuple[str, str]]:
    now = clock.now()
    airings = timetable.plan(now, now + timedelta(days=days))
    return [(airing.asked_by, f"{airing.due_at:%m-%d %H:%M}") for airing in airings]


def test_what_is_saved_runs_at_once_beside_the_file(book: Slotbook, clock: ManualClock) -> None:
    told: list[Timetable] = []
    book.on_change.append(told.append)
    assert book.save(ONCE, "王秀英").made_by == "王秀英"
    assert ("停水", "03-16 09:00") in due(book.timetable, clock)
    assert told == [book.timetable]
    assert [(entry.name, entry.written) for entry in book.entries()] == [("早安", None), ("停水", ONCE)]


def test_it_outlasts_a_restart_and_a_command_sees_it_without_the_box(
    open_book: OpenBook, settings: Settings, clock: ManualClock
) -> None:
    with open_book() as book:
        book.save(LUNAR)
        book.pause("早安", date(2026, 3, 18))
        planned = due(book.timetable, clock, 40)
    with open_book() as book:
        assert due(book.timetable, clock, 40) == planned
        assert book.timetable.problems == ()
    alone = Slotbook(load_timetable_file(settings.paths.state / "none.yaml"), settings, clock)
    assert {name for name, _ in due(alone.timetable, clock, 40)} == {"赶集"}
    with pytest.raises(StoreUnusable):
        alone.save(ONCE)


def test_the_next_five_are_told_before_it_is_saved(book: Slotbook) -> None:
    coming = book.preview(LUNAR)
    days = ["03-21", "03-31", "04-10", "04-19", "04-29"]
    assert [f"{one.due_at:%m-%d}" for one in coming] == days
    assert book.preview(LUNAR | {"at": ["13:00"]})[0].why_not.startswith("午休不播")
    assert book.find("赶集") is None


def test_what_goes_before_a_slot_and_what_it_holds_up_is_told_before_it_is_saved(book: Slotbook) -> None:
    """早安 is due at 07:30; a second later of two notices waits."""
    long = {"text": "停水通知。" * 60, "name": "停水", "late_minutes": 60}
    (first, *_) = book.preview(long | {"at": ["07:30"]})
    assert (first.gives_way_to, first.holds_up) in ((("早安",), ()), ((), ("早安",)))
    (before, *_) = book.preview(long | {"at": ["07:29"]})
    assert before.seconds > 60 and (before.gives_way_to, before.holds_up) == ((), ("早安",))
    (severe, *_) = book.preview(long | {"at": ["07:29"], "severity": 3})
    assert severe.holds_up == ("早安",)
    (alone, *_) = book.preview(long | {"at": ["09:00"]})
    assert (alone.gives_way_to, alone.holds_up) == ((), ())


def test_what_the_limits_of_loops_will_leave_out_is_told_before_it_is_saved(book: Slotbook) -> None:
    often = LOOP | {"name": "收水费", "every_minutes": 3, "windows": ["18:00-19:00"]}
    told = [(f"{one.due_at:%M}", one.why_not) for one in book.preview(often)]
    between = "离上一遍不到 5 分钟"
    assert told == [("00", ""), ("03", between), ("06", ""), ("09", between), ("12", "")]


EVERY_FIVE = LOOP | {
    "name": "收秆",
    "every_minutes": 5,
    "windows": ["15:30-17:00"],
    "valid_until": "2026-03-31",
}


def whys(book: Slotbook) -> list[tuple[str, str]]:
    return [(f"{one.due_at:%H:%M}", one.why_not) for one in book.preview(EVERY_FIVE)[:3]]


def test_a_new_loop_keeps_its_distance_from_what_was_heard_alone(
    book: Slotbook, clock: ManualClock, rules: AirRules
) -> None:
    between = "离上一遍不到 5 分钟"
    clock.advance(30)
    # Its window began half an hour ago, before anybody had thought of it.
    assert whys(book) == [("16:05", ""), ("16:10", between), ("16:15", "")]
    rules.spend("收秆", clock.now() - timedelta(seconds=20), 10)
    assert whys(book) == [("16:05", between), ("16:10", ""), ("16:15", between)]
    rules.spend("别的", clock.now() - timedelta(seconds=20), 900)
    assert whys(book)[1] == ("16:10", "这个钟头循环已经播了 15 分钟，最多 15 分钟")
    rules.loops_stopped_at = clock.now()
    assert {why for _, why in whys(book)} == {"停播以后，这个时段的循环不再播"}


def test_a_week_that_was_looked_at_is_looked_at_anew_when_more_has_sounded(
    book: Slotbook, clock: ManualClock, rules: AirRules
) -> None:
    book.save(EVERY_FIVE)
    clock.advance(30)

    def heard() -> list[str]:
        sunday = book.week(date(2026, 3, 9))[-1].plan.planned
        return [f"{one.due_at:%H:%M}" for one in sunday if one.sounds and one.due_at > clock.now()]

    assert heard()[:3] == ["16:05", "16:15", "16:25"]
    rules.spend("收秆", clock.now() - timedelta(seconds=20), 10)
    assert heard()[:3] == ["16:10", "16:20", "16:30"]
    rules.loops_stopped_at = clock.now()
    assert heard() == []


def test_a_command_beside_the_box_knows_what_sounded_today_and_what_was_stopped(
    settings: Settings, clock: ManualClock, rules: AirRules
) -> None:
    assert rules_of_box(settings, clock).so_far == rules.so_far
    loop, now = airing("l1", kind=AiringKind.LOOP, due_at=clock.now(), asked_by="防火"), clock.now()
    with open_store(settings.paths.state / DATABASE, clock) as store:
        store.journal.record(replace(entry(loop), seconds_played=900))
        store.state.put("loops_stopped_at", now.isoformat())
        store.state.put("volume", "30")
    told = rules_of_box(settings, clock)
    assert (told.loops_stopped_at, told.station_volume) == (now, 30)
    later = replace(loop, due_at=now + timedelta(days=1))
    told.loops_stopped_at = None
    assert "这个钟头循环已经播了 15 分钟" in told.verdict(loop, now + timedelta(minutes=30)).reason
    assert told.verdict(later, later.due_at).passes


def test_a_loop_of_which_nothing_was_heard_takes_nothing_of_the_hour(
    open_book: OpenBook, settings: Settings, clock: ManualClock, rules: AirRules
) -> None:
    loop = airing("l1", kind=AiringKind.LOOP, due_at=clock.now(), asked_by="收秆")
    with open_store(settings.paths.state / DATABASE, clock) as store:
        Endings(store.journal, rules).record(replace(entry(loop), seconds_played=0.0))
    assert rules.verdict(loop, clock.now() + timedelta(minutes=1)).passes
    assert rules_of_box(settings, clock).verdict(loop, clock.now() + timedelta(minutes=1)).passes


def test_a_loop_until_a_date_ends_with_that_day(book: Slotbook, clock: ManualClock) -> None:
    book.save(LOOP)
    loops = [moment for name, moment in due(book.timetable, clock, 30) if name == "防火"]
    assert loops[0] == "03-16 09:00" and loops[-1] == "03-20 09:30"


@pytest.mark.parametrize(
    ("change", "field", "told"),
    [
        ({"at": ["25:00"]}, "at", "时间写法不对：25:00"),
        ({"lunar": ["初四十"]}, "lunar", "没有这样的农历日子"),
        ({"text": "hello"}, "text", "没有汉字"),
        ({"text": "骂人的话"}, "text", "不能播"),
        ({"name": "早安"}, "name", "已经有叫“早安”的了"),
        ({"name": ""}, "name", "不能为空"),
        ({"at": ["日出"]}, "at", "latitude"),
        ({"repeats": 99}, "repeats", "不能大于 20"),
        ({"colour": 1}, "", "没有这一项"),
        ({"valid_until": "2026-03-01"}, "", "一次也不会播"),
        ({"at": []}, "", "要写而且只写一种"),
    ],
)
def test_what_is_wrong_is_told_by_its_field_and_nothing_is_kept(
    book: Slotbook, change: dict[str, Any], field: str, told: str
) -> None:
    with pytest.raises(SlotRefused) as refused:
        book.save(LUNAR | change)
    assert [(where, told in sentence) for where, sentence in refused.value.problems] == [(field, True)]
    assert [entry.name for entry in book.entries()] == ["早安"]


def test_a_change_takes_the_place_also_under_another_name(book: Slotbook, clock: ManualClock) -> None:
    book.save(ONCE)
    book.save(ONCE | {"name": "停电", "text": "今天停电。"}, replaces="停水")
    assert [entry.name for entry in book.entries()] == ["早安", "停电"]
    assert [airing.notice.text for airing in book.timetable.upcoming(clock.now(), 2)] == [
        "乡亲们早上好。",
        "今天停电。",
    ]
    with pytest.raises(SlotRefused, match="已经不在了"):
        book.save(ONCE, replaces="停水")


def test_one_of_the_file_is_held_up_for_a_day_and_let_go_on(book: Slotbook, clock: ManualClock) -> None:
    book.pause("早安", date(2026, 3, 18), "王秀英")
    assert due(book.timetable, clock, 4)[0] == ("早安", "03-18 07:30")
    assert book.entries()[0].paused_until == date(2026, 3, 18)
    book.pause("早安", FOR_GOOD)
    assert due(book.timetable, clock) == []
    book.pause("早安", None)
    assert due(book.timetable, clock, 1) == [("早安", "03-16 07:30")]


def test_a_playlist_goes_on_after_a_rest_as_if_it_had_been_said(
    book: Slotbook, clock: ManualClock
) -> None:
    book.save(LOOP)
    said = {
        airing.due_at: airing.notice.text
        for airing in book.timetable.plan(clock.now(), clock.now() + timedelta(days=4))
    }
    book.pause("防火", date(2026, 3, 18))
    after = list(book.timetable.plan(clock.now(), clock.now() + timedelta(days=4)))
    assert after and all(said[airing.due_at] == airing.notice.text for airing in after)


def test_what_is_removed_can_be_taken_back_for_a_month(book: Slotbook, clock: ManualClock) -> None:
    book.save(ONCE)
    book.remove("停水", "李四")
    assert [entry.name for entry in book.entries()] == ["早安"]
    assert [(entry.name, entry.made_by) for entry in book.removed()] == [("停水", "李四")]
    book.restore("停水")
    assert book.removed() == [] and ("停水", "03-16 09:00") in due(book.timetable, clock)
    book.remove("停水")
    clock.advance(31 * 86400)
    book.save(LUNAR)
    assert book.removed() == []


def test_one_of_the_file_is_not_changed_here(book: Slotbook) -> None:
    for change in (lambda: book.remove("早安"), lambda: book.save(ONCE, replaces="早安")):
        with pytest.raises(SlotRefused):
            change()
    with pytest.raises(SlotRefused):
        book.pause("没有的", FOR_GOOD)


def test_one_that_cannot_be_read_any_more_is_told_and_the_others_run(
    open_book: OpenBook, settings: Settings, clock: ManualClock
) -> None:
    with open_book() as book:
        book.save(ONCE)
        book.save(LUNAR)
    with open_store(settings.paths.state / DATABASE, clock) as store:
        spoil(store, "停水")
    with open_book() as book:
        assert "页面上加的“停水”" in book.timetable.problems[0]
        assert "赶集" in {name for name, _ in due(book.timetable, clock, 40)}
        broken = [entry.name for entry in book.entries() if entry.slot is None]
        assert broken == ["停水"]
        book.remove("停水")
        assert book.timetable.problems == ()


def spoil(store: Store, name: str) -> None:
    with store.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE slot SET written = '{\"at\": 9}' WHERE name = ?", (name,))


def test_the_week_has_what_sounds_what_rests_and_what_clashes(book: Slotbook) -> None:
    book.save(LUNAR | {"name": "撞车", "lunar": [], "at": ["07:30"]})
    days = book.week(date(2026, 3, 16))
    assert [day.plan.date.day for day in days] == list(range(16, 23))
    monday = days[0]
    assert [one.clashes for one in monday.plan.planned] == [(), ("早安",)]
    assert [(rest.name, f"{rest.begins:%H:%M}", f"{rest.ends:%H:%M}") for rest in monday.rests] == [
        ("夜里", "00:00", "06:30"),
        ("夜里", "21:30", "00:00"),
        ("午休", "12:30", "14:00"),
    ]
    assert isinstance(monday.rests[0].begins, datetime)


def test_what_a_slot_says_is_known_while_it_is_held_up(book: Slotbook) -> None:
    book.save(LOOP)
    book.pause("防火", FOR_GOOD)
    assert [notice.text for notice in book.notices("防火")] == LOOP["texts"]
    assert book.notices("没有的") == ()


def test_the_page_makes_no_more_slots_than_a_village_can_need(
    settings: Settings, clock: ManualClock
) -> None:
    book = Slotbook(TimetableSettings(), settings, clock, most_made=2)
    with open_store(settings.paths.state / DATABASE, clock) as store:
        book.keep_in(store.slots, refuse_foul)
        book.save(LUNAR)
        book.save(LOOP)
        with pytest.raises(SlotRefused) as refused:
            book.save(ONCE)
        assert "最多加 2 条" in refused.value.problems[0][1]
        book.save(LUNAR | {"text": "后天赶集。"}, replaces="赶集")
        book.remove("防火")
        book.save(ONCE)
