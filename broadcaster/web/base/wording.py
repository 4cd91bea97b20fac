"""Turns values of the box into plain words for the page: times, lengths, voices, outcomes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from math import ceil
from typing import TYPE_CHECKING

from broadcaster.core.labels import called
from broadcaster.core.model import Airing, AiringKind, Script
from broadcaster.core.notice import Notice, Severity, Signal
from broadcaster.rules.severity_defaults import SIGNAL_SECONDS
from broadcaster.settings.schema import StationSettings
from broadcaster.settings.values import WEEKDAYS
from broadcaster.web.base.language import N_, _, own

if TYPE_CHECKING:
    from broadcaster.station.station import Status, VoiceEntry

SEVERITIES = {
    Severity.DAILY: N_("日常"),
    Severity.BLUE: N_("蓝色 一般"),
    Severity.YELLOW: N_("黄色 较大"),
    Severity.ORANGE: N_("橙色 重大"),
    Severity.RED: N_("红色 特别重大"),
}
SIGNALS = {
    Signal.CHIME: N_("钟声"),
    Signal.ALERT: N_("急钟"),
    Signal.SIREN: N_("警报"),
    Signal.NONE: N_("不响"),
}

MONTHS = (
    *(N_("1月"), N_("2月"), N_("3月"), N_("4月"), N_("5月"), N_("6月")),
    *(N_("7月"), N_("8月"), N_("9月"), N_("10月"), N_("11月"), N_("12月")),
)
# Words of the floor as the page says them.
FLOOR_WORDS = (
    *(N_("周一"), N_("周二"), N_("周三"), N_("周四"), N_("周五"), N_("周六"), N_("周日")),
    *(N_("词"), N_("地名"), N_("姓"), N_("钟声"), N_("急钟"), N_("警报"), N_("无")),
    *(N_("农历"), N_("公历")),
    *(N_("播完了"), N_("没播完"), N_("过时没播"), N_("取消了"), N_("按规定没播"), N_("没播成")),
    N_("不知道播没播"),
)

# What the record calls those whom no engine speaks for.
WITHOUT_ENGINE = {"recording": N_("录音"), "microphone": N_("现场")}

SECONDS_PER_SYLLABLE = 0.23


def say_moment(moment: datetime, now: datetime) -> str:
    """今天 18:00, 明天 07:30, 周六 18:00 within a week, else 11月28日 18:00; both in one zone."""
    moment = moment.astimezone(now.tzinfo)
    days = (moment.date() - now.date()).days
    near = {-1: _("昨天"), 0: _("今天"), 1: _("明天"), 2: _("后天")}
    if days in near:
        day = near[days]
    elif 2 < days < 7:
        day = say_weekday(moment)
    else:
        day = say_month_day(moment)
    return f"{day} {moment:%H:%M}"


def say_weekday(day: date) -> str:
    return _(WEEKDAYS[day.weekday()])


def say_month_day(day: date) -> str:
    return _("%(month)s%(day)s日", month=_(MONTHS[day.month - 1]), day=day.day)


def say_date(day: date) -> str:
    month = _(MONTHS[day.month - 1])
    return _("%(year)s年%(month)s%(day)s日", year=day.year, month=month, day=day.day)


def say_seconds(seconds: float) -> str:
    """48 秒, 1 分 20 秒, 1 小时 5 分."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        hours, minutes = divmod(round(seconds / 60), 60)
        if not minutes:
            return _("%(hours)s 小时", hours=hours)
        return _("%(hours)s 小时 %(minutes)s 分", hours=hours, minutes=minutes)
    if not minutes:
        return _("%(seconds)s 秒", seconds=rest)
    if not rest:
        return _("%(minutes)s 分钟", minutes=minutes)
    return _("%(minutes)s 分 %(seconds)s 秒", minutes=minutes, seconds=rest)


def say_voice(name: str, voices: Iterable[VoiceEntry]) -> str:
    """A voice of the record as people call it."""
    if name in WITHOUT_ENGINE:
        return _(WITHOUT_ENGINE[name])
    return own(next((voice.title for voice in voices if voice.name == name and voice.title), name))


def say_for_group(station: str, title: str, text: str, when: datetime) -> str:
    """A notice as it is put into a chat group."""
    heading = f"【{station}广播】" + ("" if text.startswith(title.rstrip("…")) else title)
    return f"{heading}\n{text}\n{when.year}年{when.month}月{when.day}日"


def estimate_seconds(
    once: Script, notice: Notice, station: StationSettings, recorded_seconds: float = 0.0
) -> float:
    """About how long a filled-in notice takes whose script, said one time, is this, in steps of five
    seconds; to the second, where it is a recording of known length."""
    syllables = sum(len(line.syllables) for line in once.lines)
    silence = sum(line.pause_seconds for line in once.lines)
    one_time = syllables * SECONDS_PER_SYLLABLE / (notice.pace or station.pace) + silence
    times = notice.repeats or 1
    pauses = station.repeat_pause_seconds * (times - 1)
    seconds = SIGNAL_SECONDS[notice.chime or Signal.NONE] + pauses
    if recorded_seconds:
        return ceil(seconds + recorded_seconds * times)
    return max(round((seconds + one_time * times) / 5), 1) * 5.0


@dataclass(frozen=True)
class Length:
    """The length of a notice; `exact` when it was rendered, and not only estimated."""

    seconds: float
    exact: bool = False

    def __str__(self) -> str:
        said = say_seconds(self.seconds)
        return _("共 %(length)s", length=said) if self.exact else _("大约 %(length)s", length=said)


def say_consequence(
    notice: Notice, length: Length, status: Status, now: datetime, by: str = "", when: str = ""
) -> str:
    """One sentence on what confirming a filled-in notice will do, by the air's order of precedence.

    `by` is the voice as people call it, `when` a moment to come, in words; "" for now.
    """
    signal = notice.chime or Signal.NONE
    how = {"times": notice.repeats or 1, "length": length}
    what = (
        _("用%(voice)s播 %(times)s 遍，%(length)s", voice=by, **how)
        if by
        else _("播 %(times)s 遍，%(length)s", **how)
    )
    if notice.pieces:
        what = _("放“%(name)s”，%(length)s", name=own(called(notice)), length=length)
    if signal is not Signal.NONE:
        what += _("，开头响%(signal)s", signal=_(SIGNALS[signal]))
    if when:
        return _("%(when)s %(what)s。", when=when, what=what)
    sounding = status.on_air.airing if status.on_air else None
    if sounding and notice.rank < sounding.notice.rank:
        if sounding.kind is AiringKind.LOOP:
            return _("马上%(what)s，会打断循环播放的“%(name)s”。", what=what, name=_name(sounding))
        return _("马上%(what)s，会打断正在播的“%(name)s”。", what=what, name=_name(sounding))
    ahead = [_name(sounding)] if sounding else []
    ahead += [_name(airing) for airing in _ahead_of(notice, status.due(now))]
    if not ahead:
        return _("马上%(what)s。", what=what)
    those = _("“%(name)s”", name=ahead[0])
    if len(ahead) > 1:
        those = _("“%(name)s”等 %(count)s 条", name=ahead[0], count=len(ahead))
    return _("排在%(those)s后面，%(what)s。", those=those, what=what)


def _name(airing: Airing) -> str:
    return own(called(airing.notice))


def _ahead_of(notice: Notice, waiting: list[Airing]) -> list[Airing]:
    """Those that wait and go first: the severer, then the higher office, then who came first."""
    place = (notice.rank, -notice.office)
    return [a for a in waiting if (a.notice.rank, -a.notice.office) <= place]
