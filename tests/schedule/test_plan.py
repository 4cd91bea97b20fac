"""The plan foretells what the air will do: which airing plays, waits, is cut or left out, and why."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from broadcaster.core.model import AiringKind
from broadcaster.core.notice import Notice, Severity
from broadcaster.rules.air_rules import AirRules
from broadcaster.rules.length_estimate import estimated_lengths
from broadcaster.schedule.air_plan import Fate, Planned, Sounded, plan
from broadcaster.schedule.plan_summary import look_ahead
from broadcaster.schedule.slot_settings import TimetableSettings
from broadcaster.schedule.timetable import Timetable
from broadcaster.settings.schema import Settings

SHANGHAI = ZoneInfo("Asia/Shanghai")
FRIDAY = datetime(2026, 11, 20, tzinfo=SHANGHAI)
DAY = timedelta(days=1)


def minute(notice: Notice) -> float:
    return 60.0


def planned(*slots: dict[str, Any], days: int = 1, **settings: Any) -> list[Planned]:
    named = [{"name": f"第{n}条", "text": "今天停水。", **slot} for n, slot in enumerate(slots)]
    made = Settings.model_validate(settings)
    timetable = Timetable(TimetableSettings.model_validate({"slots": named}), made.station)
    assert timetable.problems == ()
    return plan(timetable, made, minute, FRIDAY, FRIDAY + days * DAY)


def told(plan: list[Planned]) -> list[tuple[str, str, Fate]]:
    return [(f"{one.starts_at:%H:%M:%S}", one.airing.asked_by, one.fate) for one in plan]


def test_what_is_due_in_quiet_hours_is_left_out_or_waits() -> None:
    noon = planned({"at": "13:00"}, {"at": "13:10", "when_quiet": "wait"})
    assert told(noon) == [
        ("13:00:00", "第0条", Fate.SUPPRESSED),
        ("14:00:00", "第1条", Fate.DEFERRED),
    ]
    assert noon[0].seconds == 0 and "午休" in noon[0].reason
    assert noon[1].due_at == FRIDAY + timedelta(hours=13, minutes=10)
    assert noon[1].late_seconds == 0


def test_what_waited_over_night_is_planned_in_the_morning() -> None:
    slots = {
        "at": "23:00",
        "when_quiet": "wait",
        "valid_from": "2026-11-20",
        "valid_until": "2026-11-20",
    }
    (night,) = planned(slots)
    assert (night.fate, night.starts_at) == (Fate.DEFERRED, FRIDAY + timedelta(days=1, hours=6.5))


def test_two_due_together_sound_one_after_the_other_and_are_told() -> None:
    first, second = planned({"at": "07:30"}, {"at": "07:30", "severity": 3})
    assert told([first, second]) == [
        ("07:30:00", "第1条", Fate.PLAYS),
        ("07:31:00", "第0条", Fate.PLAYS),
    ]
    assert (second.late_seconds, second.clashes) == (60, ("第1条",))
    assert first.clashes == ()


def opera(**more: Any) -> dict[str, Any]:
    return {"at": "09:00", "text": None, "folder": "戏曲", **more}


def test_a_column_with_a_stated_time_is_joined_late_and_ends_with_it() -> None:
    (alone,) = planned(opera(minutes=0.5))
    assert (alone.seconds, alone.fate, alone.airing.firm) == (30, Fate.PLAYS, True)
    before, joined = planned({"at": "09:00", "severity": 3}, opera(minutes=1.5, late_minutes=0))
    assert told([before, joined])[1] == ("09:01:00", "第1条", Fate.PLAYS)
    assert joined.seconds == 30
    cut, red = planned(opera(minutes=1.5), {"at": "09:01", "severity": 1})
    assert told([cut, red]) == [("09:00:00", "第0条", Fate.PLAYS), ("09:01:00", "第1条", Fate.PLAYS)]


def test_a_column_is_not_played_when_its_time_is_over_before_quiet_hours_are() -> None:
    over, after = planned(
        opera(at="12:40", minutes=30, when_quiet="wait"),
        opera(at="13:50", minutes=30, when_quiet="wait"),
    )
    assert (over.fate, after.fate) == (Fate.SUPPRESSED, Fate.DEFERRED)
    assert (after.starts_at, after.seconds) == (FRIDAY + timedelta(hours=14), 60)


def test_what_waits_too_long_is_told_as_expired() -> None:
    slots = [{"at": "07:30"}] * 3
    assert [one.fate for one in planned(*slots, {"at": "07:30", "late_minutes": 2.5})] == [
        *([Fate.PLAYS] * 3),
        Fate.EXPIRED,
    ]


def test_a_severer_one_cuts_a_loop_for_good_and_another_for_a_while() -> None:
    half_past = {"at": "07:30", "severity": 1}
    loop = {"every_minutes": 60, "windows": "07:29-07:35"}
    cut, _ = planned(loop | {"windows": "07:29-07:30"}, half_past)
    assert (cut.fate, cut.seconds) == (Fate.PLAYS, 60)
    shifted = {"every_minutes": 60, "windows": "07:29-07:31", "late_minutes": 1}
    lengths = {"今天停水。": 90.0, "洪水来了。": 60.0}
    made = Settings()
    both = [
        {"name": "循环", "text": "今天停水。", **shifted},
        {"name": "定时", "text": "今天停水。", "at": "08:29"},
        {"name": "红", "text": "洪水来了。", "at": ["07:30", "08:30"], "severity": 1},
    ]
    timetable = Timetable(TimetableSettings.model_validate({"slots": both}), made.station)
    found = plan(timetable, made, lambda notice: lengths[notice.text], FRIDAY, FRIDAY + DAY)
    fates = {(one.airing.asked_by, one.due_at.hour): one for one in found}
    assert fates["循环", 7].fate is Fate.CUT_SHORT and fates["循环", 7].seconds == 60
    assert fates["红", 7].starts_at == fates["红", 7].due_at
    assert fates["定时", 8].fate is Fate.PLAYS and fates["定时", 8].seconds == 90
    assert "被“红”打断" in fates["定时", 8].reason


def test_loops_keep_to_their_minutes_and_their_distance() -> None:
    loop = {"every_minutes": 5, "windows": "08:00-10:00"}
    hour = planned(loop, loops={"most_minutes_an_hour": 3, "lowest_gap_minutes": 0})
    assert [one.starts_at.minute for one in hour if one.sounds] == [0, 5, 10] * 2
    assert {one.fate for one in hour if not one.sounds} == {Fate.LEFT_OUT}
    near = planned(loop, loops={"most_minutes_an_hour": 60, "lowest_gap_minutes": 9})
    assert [one.starts_at.minute for one in near if one.sounds] == [0, 10, 20, 30, 40, 50] * 2


def test_fixed_times_have_no_limit() -> None:
    every = [f"08:{n:02}" for n in range(0, 60, 2)]
    assert {one.fate for one in planned({"at": every})} == {Fate.PLAYS}


def test_volume_and_zones_go_with_the_airing() -> None:
    (one,) = planned({"at": "06:45", "volume": 50, "zones": ["东街"]})
    assert (one.volume, one.airing.notice.zones) == (35, ("东街",))


def test_a_span_that_begins_in_the_middle_of_a_day_knows_what_loops_have_taken() -> None:
    loop = {"name": "循环", "text": "好", "every_minutes": 10, "windows": "08:00-12:00"}
    made = Settings.model_validate({"loops": {"most_minutes_a_day": 10}})
    timetable = Timetable(TimetableSettings.model_validate({"slots": [loop]}), made.station)
    start = FRIDAY + timedelta(hours=9)
    fates = [one.fate for one in plan(timetable, made, minute, start, start + timedelta(hours=1))]
    assert fates == [Fate.PLAYS] * 4 + [Fate.LEFT_OUT] * 2


def test_a_span_goes_on_in_the_middle_from_what_really_sounded_and_was_stopped() -> None:
    loop = {"name": "循环", "text": "好", "every_minutes": 10, "windows": ["08:00-09:30", "10:00-11:00"]}
    made = Settings.model_validate({"loops": {"most_minutes_an_hour": 3}})
    timetable = Timetable(TimetableSettings.model_validate({"slots": [loop]}), made.station)
    rules, now = AirRules(made, minute), FRIDAY + timedelta(hours=8, minutes=35)

    def heard() -> str:
        found = plan(timetable, made, minute, FRIDAY, FRIDAY + DAY, Sounded(rules, now))
        return " ".join(f"{one.starts_at:%H:%M}" for one in found if one.sounds)

    assert heard() == "08:00 08:10 08:20 08:40 08:50 09:00 09:10 09:20 10:00 10:10 10:20"
    rules.spend("循环", now - timedelta(minutes=20), 60)
    rules.spend("别的", now - timedelta(minutes=10), 60)
    assert heard() == "08:00 08:10 08:20 08:40 09:00 09:10 09:20 10:00 10:10 10:20"
    rules.loops_stopped_at = now
    assert heard() == "08:00 08:10 08:20 10:00 10:10 10:20"


SLOTS = st.lists(
    st.fixed_dictionaries(
        {
            "at": st.lists(st.integers(0, 47), min_size=1, max_size=6).map(
                lambda halves: [f"{half // 2}:{half % 2 * 30:02}" for half in halves]
            ),
            "severity": st.sampled_from(Severity),
            "when_quiet": st.sampled_from(["skip", "wait"]),
            "drill": st.booleans(),
            "late_minutes": st.integers(0, 60),
        }
    ),
    max_size=6,
)


@given(SLOTS)
def test_nothing_sounds_twice_at_once_and_everything_has_one_fate(slots: list[dict[str, Any]]) -> None:
    found = planned(*slots, {"every_minutes": 7, "windows": "05:00-23:00"}, days=2)
    assert len({one.airing.id for one in found}) == len(found)
    sounding = sorted((one for one in found if one.sounds), key=lambda one: one.starts_at)
    # What is cut and goes on sounds around what cut it.
    whole = [one for one in sounding if "打断" not in one.reason]
    for before, after in pairwise(whole):
        assert before.starts_at + timedelta(seconds=before.seconds) <= after.starts_at
    for one in sounding:
        assert one.starts_at >= one.due_at
        if one.airing.kind is AiringKind.LOOP or one.airing.notice.drill:
            assert 6.5 <= one.starts_at.hour + one.starts_at.minute / 60 < 21.5


def test_an_outlook_adds_up_its_days() -> None:
    loop = {"name": "循环", "text": "好", "every_minutes": 30, "windows": "08:00-10:00"}
    once = {"name": "定时", "text": "好", "at": "07:30"}
    made = Settings()
    timetable = Timetable(TimetableSettings.model_validate({"slots": [loop, once]}), made.station)
    outlook = look_ahead(timetable, made, FRIDAY, FRIDAY + 3 * DAY, minute)
    assert [(day.airings, day.minutes, day.loop_minutes) for day in outlook.days] == [(5, 5, 4)] * 3
    assert outlook.notes == ()
    assert len(outlook.as_json()["airings"]) == 15
    assert "一共 3 天 15 条：播 15 条" in outlook.summary


def test_a_span_into_a_year_whose_holidays_are_not_known_says_so() -> None:
    slot = {"name": "上班", "text": "好", "at": "08:00", "holidays": "工作日"}
    made = Settings()
    timetable = Timetable(TimetableSettings.model_validate({"slots": [slot]}), made.station)
    later = FRIDAY.replace(year=2050)
    (note,) = look_ahead(timetable, made, later, later + DAY, minute).notes
    assert "按法定节日推算，调休要等通知" in note and "holidays" in note


def test_an_estimate_counts_signal_opening_repeats_and_closing() -> None:
    station = {"opening": "全体村民注意了", "closing": "播完了", "repeat_pause_seconds": 2.0}
    lengths = estimated_lengths(Settings.model_validate({"station": station}))
    bare = lengths(Notice("今天下午停水。", opening="", closing="", repeats=1))
    twice = lengths(Notice("今天下午停水。", opening="", closing="", repeats=2))
    assert 3 < bare < 6
    assert twice - bare > 2.0
    assert lengths(Notice("今天下午停水。")) > bare + 5
    slow = Notice("今天下午停水。", opening="", closing="", repeats=1, pace=0.7)
    assert lengths(slow) > bare
