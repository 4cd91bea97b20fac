"""The timetable gives the airings of all slots in order, each with its own notice, as far as is
asked.
"""

from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from broadcaster.core.model import AiringKind
from broadcaster.core.notice import Severity, Signal, Style
from broadcaster.core.piece import Order, Piece, PieceKind
from broadcaster.core.project_folders import CONFIG_FOLDER
from broadcaster.schedule.plan_summary import count
from broadcaster.schedule.slot_settings import TimetableSettings
from broadcaster.schedule.timetable import Timetable
from broadcaster.schedule.timetable_file import load_timetable
from broadcaster.settings.schema import StationSettings

SHANGHAI = ZoneInfo("Asia/Shanghai")
FRIDAY = datetime(2026, 11, 20, 0, 0, tzinfo=SHANGHAI)
DAY = timedelta(days=1)


def timetable(*slots: dict[str, Any]) -> Timetable:
    return Timetable(TimetableSettings.model_validate({"slots": slots}), StationSettings())


MORNING = {"name": "早间", "text": "早上好", "at": ["07:30", "06:00"]}
NIGHT = {"name": "夜间", "text": "关好门窗", "every_minutes": 60, "windows": "22:00-24:00"}


def test_a_day_of_all_slots_is_planned_in_order() -> None:
    plan = list(timetable(NIGHT, MORNING).plan(FRIDAY, FRIDAY + DAY))
    assert [(f"{airing.due_at:%H:%M}", airing.notice.title, airing.kind) for airing in plan] == [
        ("06:00", "早间", AiringKind.SCHEDULED),
        ("07:30", "早间", AiringKind.SCHEDULED),
        ("22:00", "夜间", AiringKind.LOOP),
        ("23:00", "夜间", AiringKind.LOOP),
    ]


def test_the_severer_of_two_due_together_comes_first() -> None:
    urgent = MORNING | {"name": "防汛", "severity": 2}
    names = [airing.asked_by for airing in timetable(MORNING, urgent).upcoming(FRIDAY, 2)]
    assert names == ["防汛", "早间"]


def test_upcoming_goes_on_over_days_and_stops_at_the_count() -> None:
    assert [airing.due_at.day for airing in timetable(MORNING).upcoming(FRIDAY, 5)] == [
        20,
        20,
        21,
        21,
        22,
    ]
    assert timetable().upcoming(FRIDAY, 5) == []


def test_a_plan_without_an_end_can_be_read_as_far_as_needed() -> None:
    assert len(list(islice(timetable(NIGHT).plan(FRIDAY), 1000))) == 1000


def test_a_slot_that_is_not_enabled_is_left_out() -> None:
    assert timetable(MORNING | {"enabled": False}).slots == ()


def test_a_notice_says_what_the_slot_says_and_leaves_the_rest_to_the_station() -> None:
    own = MORNING | {
        "severity": 3,
        "repeats": 2,
        "chime": "警报",
        "opening": "",
        "voice": "espeak:cmn",
        "pace": 0.8,
    }
    plain, special = (slot.notice for slot in timetable(MORNING, own).slots)
    assert (plain.chime, plain.pace, plain.voice, plain.repeats) == (None, None, None, None)
    assert (special.pace, special.voice, special.repeats) == (0.8, "espeak:cmn", 2)
    assert (special.chime, special.opening, special.closing) == (Signal.SIREN, "", None)
    assert (special.severity, special.title, special.text) == (Severity.YELLOW, "早间", "早上好")


def test_a_slot_may_have_its_verse_said_to_clappers() -> None:
    plain, verse = timetable(MORNING, MORNING | {"style": "kuaiban", "beats_per_minute": 110}).slots
    assert (plain.notice.style, plain.notice.beats_per_minute) == (Style.PLAIN, None)
    assert (verse.notice.style, verse.notice.beats_per_minute) == (Style.KUAIBAN, 110)


def test_a_slot_of_sounds_is_a_column_of_pieces() -> None:
    at = {"name": "早间", "at": "07:30"}
    pieces = [{"text": "早上好"}, {"audio": "国歌.mp3"}, {"relay": "https://tai.cn/1", "minutes": 30}]
    column, folder, said = timetable(
        at | {"column": pieces},
        at | {"folder": "戏曲", "order": "shuffle", "minutes": 20, "stand_in": "备用.mp3"},
        at | {"text": "请听国歌", "audio": "国歌.mp3"},
    ).slots
    assert column.notice.pieces == (
        Piece(PieceKind.TEXT, "早上好"),
        Piece(PieceKind.AUDIO, "国歌.mp3"),
        Piece(PieceKind.RELAY, "https://tai.cn/1", 30),
    )
    opera = Piece(PieceKind.FOLDER, "戏曲", 20, Order.SHUFFLE, "备用.mp3")
    assert (folder.notice.pieces, folder.notice.text, folder.notice.title) == ((opera,), "", "早间")
    assert (said.notice.text, len(said.notice.pieces)) == ("请听国歌", 1)


def test_lateness_comes_from_the_slot_but_leaves_time_to_reach_the_air() -> None:
    late, at_once = timetable(MORNING | {"late_minutes": 2.5}, MORNING | {"late_minutes": 0}).slots
    assert late.lateness == timedelta(minutes=2.5)
    assert at_once.lateness == timedelta(seconds=1)


def test_the_shipped_timetable_puts_every_slot_on_the_air_within_a_week() -> None:
    shipped = Timetable(load_timetable(CONFIG_FOLDER), StationSettings())
    aired = {airing.asked_by for airing in shipped.plan(FRIDAY, FRIDAY + 7 * DAY)}
    assert shipped.slots
    assert aired == {slot.name for slot in shipped.slots}


DENSE: list[dict[str, Any]] = [
    {"name": "循环", "text": "防火", "every_minutes": 1, "windows": "00:00-24:00"},
    {"name": "定时", "text": "开会", "cron": "* * * * *"},
    {"name": "轮流", "texts": ["一", "二", "三"], "every_minutes": 7, "windows": "08:00-20:00"},
]


def test_the_next_of_each_slot_is_as_many_as_there_are_slots() -> None:
    coming = timetable(*DENSE).next_of_each(FRIDAY)
    assert [(airing.asked_by, f"{airing.due_at:%H:%M}") for airing in coming] == [
        *(("循环", "00:01"), ("定时", "00:01"), ("轮流", "08:00")),
    ]


def test_what_is_said_in_a_span_is_named_once_however_dense_it_is() -> None:
    dense = timetable(*DENSE)
    said = dense.notices_within(FRIDAY, FRIDAY + DAY)
    assert said == list(dict.fromkeys(airing.notice for airing in dense.plan(FRIDAY, FRIDAY + DAY)))
    assert sorted(notice.text for notice in dense.notices_within(FRIDAY, FRIDAY + DAY / 24)) == [
        *("开会", "防火"),
    ]


def test_counting_a_day_comes_to_the_same_as_listing_it() -> None:
    sun = {"name": "日出", "text": "早", "at": ["日出", "06:00"], "weekdays": ["周五"]}
    once = {"name": "一次", "text": "停水", "once": ["2026-11-20 09:00", "2026-11-20 10:00"]}
    night = {"name": "守夜", "text": "关门", "every_minutes": 25, "windows": "22:00-02:00"}
    settings = TimetableSettings.model_validate({"slots": [*DENSE, NIGHT, sun, once, night]})
    made = Timetable(settings, StationSettings(latitude=30, longitude=119))
    (day,) = count(made, FRIDAY.date(), 1)
    told = {one.slot: (one.first, one.last, one.times) for one in day.counted}
    for slot in made.slots:
        dues = sorted(slot.recurrence.times.on(FRIDAY.date(), SHANGHAI))
        assert told[slot.name] == (dues[0], dues[-1], len(dues)), slot.name
