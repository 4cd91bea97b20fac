"""Moments, lengths and names are said on the pages as people say them."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from broadcaster.core import labels
from broadcaster.core.model import Airing, AiringKind, Line, Outcome, Script, Syllable
from broadcaster.core.notice import Notice, OfficeLevel, Severity, Signal
from broadcaster.settings.schema import StationSettings
from broadcaster.station.station import OnAirStatus, Status
from broadcaster.web.base import wording
from broadcaster.web.base.wording import Length

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=ZoneInfo("Asia/Shanghai"))  # a Friday


def airing(text: str, severity: Severity = Severity.DAILY) -> Airing:
    return Airing(Notice(text, severity=severity), NOW, NOW + timedelta(minutes=30))


def status(on_air: Airing | None = None, *waiting: Airing) -> Status:
    return Status(OnAirStatus(on_air, 1.0, 9.0) if on_air else None, waiting, ())


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (-13, "昨天 23:00"),
        (0, "今天 12:00"),
        (12, "明天 00:00"),
        (54, "后天 18:00"),
        (72, "周一 12:00"),
        (6 * 24, "周四 12:00"),
        (7 * 24, "11月27日 12:00"),
        (-48, "11月18日 12:00"),
    ],
)
def test_moments_are_said_as_people_say_them(hours: int, words: str) -> None:
    assert wording.say_moment(NOW + timedelta(hours=hours), NOW) == words


def test_a_moment_from_another_zone_is_said_in_ours() -> None:
    moment = datetime(2026, 11, 20, 16, 30, tzinfo=ZoneInfo("UTC"))
    assert wording.say_moment(moment, NOW) == "明天 00:30"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 秒"),
        (48.2, "48 秒"),
        (59.6, "1 分钟"),
        (80, "1 分 20 秒"),
        (3600, "1 小时"),
        (3900, "1 小时 5 分"),
    ],
)
def test_seconds_are_said_in_minutes_and_seconds(seconds: float, words: str) -> None:
    assert wording.say_seconds(seconds) == words


def test_a_notice_is_named_by_its_title_or_the_start_of_its_text() -> None:
    assert labels.name_of("停水", "今天停水") == "停水"
    assert labels.name_of("", "秸秆焚烧\n  害处大") == "秸秆焚烧 害处大"
    assert labels.name_of("", "水" * 40) == "水" * 15 + "…"


def test_the_length_counts_repeats_pace_and_pauses() -> None:
    line = Line("水" * 40, "水" * 40, (Syllable("水", "shui3", "shui3"),) * 40, pause_seconds=0.8)
    station = StationSettings(repeat_pause_seconds=5)

    def seconds(notice: Notice) -> float:
        return wording.estimate_seconds(Script((line,)), notice, station)

    assert seconds(Notice("")) == 10
    assert seconds(Notice("", repeats=3)) == 40
    assert seconds(Notice("", pace=0.7)) == 15
    assert wording.estimate_seconds(Script(()), Notice(""), station) == 5


def say(notice: Notice, at: Status) -> str:
    return wording.say_consequence(notice, Length(50), at, NOW)


def test_on_a_quiet_air_it_is_said_at_once() -> None:
    assert say(Notice("停水", repeats=2), status()) == "马上播 2 遍，大约 50 秒。"


def test_the_voice_the_exact_length_and_a_cut_loop_are_told() -> None:
    loop = replace(airing("防火"), kind=AiringKind.LOOP)
    sentence = wording.say_consequence(
        Notice("停水", severity=Severity.BLUE, repeats=2),
        Length(48, exact=True),
        status(loop),
        NOW,
        "女声",
    )
    assert sentence == "马上用女声播 2 遍，共 48 秒，会打断循环播放的“防火”。"


def test_a_moment_to_come_is_told_in_place_of_now() -> None:
    later = wording.say_consequence(
        Notice("停水"), Length(48), status(airing("防火")), NOW, "", "明天 08:00"
    )
    assert later == "明天 08:00 播 1 遍，大约 48 秒。"


def test_what_sounds_first_is_told() -> None:
    siren = Notice("泄洪", repeats=3, chime=Signal.SIREN)
    assert say(siren, status()) == "马上播 3 遍，大约 50 秒，开头响警报。"
    assert "开头" not in say(replace(siren, chime=Signal.NONE), status())


@pytest.mark.parametrize("sounding", [Severity.BLUE, Severity.DAILY])
def test_what_is_severer_cuts_in(sounding: Severity) -> None:
    sentence = say(
        Notice("泄洪", severity=Severity.YELLOW), status(airing("防火", sounding), airing("疫苗"))
    )
    assert sentence == "马上播 1 遍，大约 50 秒，会打断正在播的“防火”。"


@pytest.mark.parametrize("sounding", [Severity.YELLOW, Severity.RED])
def test_an_equal_or_a_lesser_one_waits(sounding: Severity) -> None:
    sentence = say(Notice("停水", severity=Severity.YELLOW), status(airing("防火", sounding)))
    assert sentence == "排在“防火”后面，播 1 遍，大约 50 秒。"


def test_only_those_that_go_first_are_counted_as_ahead() -> None:
    waiting = airing("防火", Severity.RED), airing("打疫苗"), airing("赶集", Severity.BLUE)
    assert "“防火”等 2 条" in say(Notice("停水", severity=Severity.BLUE), status(None, *waiting))
    assert "“防火”后面" in say(Notice("停水", severity=Severity.ORANGE), status(None, *waiting))
    county = Notice("停水", office=OfficeLevel.COUNTY)
    assert "“防火”等 2 条" in say(county, status(None, *waiting))


def test_what_may_not_start_yet_is_not_ahead() -> None:
    tomorrow = replace(airing("党员开会"), due_at=NOW + timedelta(days=1))
    held = airing("修路")
    at = replace(status(None, tomorrow, held), held=frozenset({held.id}))
    assert say(Notice("停水"), at) == "马上播 1 遍，大约 50 秒。"


def test_every_severity_and_every_outcome_has_its_words() -> None:
    assert wording.SEVERITIES.keys() == set(Severity)
    assert labels.OUTCOMES.keys() == set(Outcome)
    assert wording.SIGNALS.keys() == set(Signal)


def test_what_the_rules_kept_off_is_called_so_whichever_rule_it_was() -> None:
    words = labels.OUTCOMES[Outcome.SUPPRESSED]
    assert words in wording.FLOOR_WORDS and "规定" in words
