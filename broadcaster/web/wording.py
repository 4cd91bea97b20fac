"""How the page says things: plain Chinese for what the box knows in values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from broadcaster.model import Airing, Kind, Notice, Outcome, Script, Severity, Signal
from broadcaster.setting_values import WEEKDAYS
from broadcaster.settings import StationSettings

if TYPE_CHECKING:
    from broadcaster.station import Status

SEVERITIES = {
    Severity.DAILY: "日常",
    Severity.BLUE: "蓝色 一般",
    Severity.YELLOW: "黄色 较大",
    Severity.ORANGE: "橙色 重大",
    Severity.RED: "红色 特别重大",
}
OUTCOMES = {
    Outcome.PLAYED: "播完了",
    Outcome.CUT_SHORT: "没播完",
    Outcome.EXPIRED: "过时没播",
    Outcome.CANCELLED: "取消了",
    Outcome.SUPPRESSED: "静音时段没播",
    Outcome.FAILED: "没播成",
}
SIGNALS = {
    Signal.CHIME: "钟声",
    Signal.ALERT: "急钟",
    Signal.SIREN: "警报",
    Signal.NONE: "不响",
}

SECONDS_PER_SYLLABLE = 0.23
TITLE_LENGTH = 16


def name_of(title: str, text: str) -> str:
    """The title, or the start of the text."""
    words = title or " ".join(text.split())
    return words if len(words) <= TITLE_LENGTH else words[: TITLE_LENGTH - 1] + "…"


def say_moment(moment: datetime, now: datetime) -> str:
    """今天 18:00, 明天 07:30, 周六 18:00 within a week, else 11月28日 18:00; both in one zone."""
    moment = moment.astimezone(now.tzinfo)
    days = (moment.date() - now.date()).days
    near = {-1: "昨天", 0: "今天", 1: "明天", 2: "后天"}
    if days in near:
        day = near[days]
    elif 2 < days < 7:
        day = WEEKDAYS[moment.weekday()]
    else:
        day = f"{moment.month}月{moment.day}日"
    return f"{day} {moment:%H:%M}"


def say_seconds(seconds: float) -> str:
    """48 秒, 1 分 20 秒."""
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} 秒"
    return f"{minutes} 分 {rest} 秒" if rest else f"{minutes} 分钟"


def say_for_group(station: str, title: str, text: str, when: datetime) -> str:
    """A notice as it is put into a chat group."""
    heading = f"【{station}广播】" + ("" if text.startswith(title.rstrip("…")) else title)
    return f"{heading}\n{text}\n{when.year}年{when.month}月{when.day}日"


def estimate_seconds(once: Script, notice: Notice, station: StationSettings) -> float:
    """About how long a notice takes whose script, said one time, is this; in steps of five seconds."""
    syllables = sum(len(line.syllables) for line in once.lines)
    pauses = sum(line.pause_seconds for line in once.lines)
    one_time = syllables * SECONDS_PER_SYLLABLE / (notice.pace or station.pace) + pauses
    times = notice.repeats or 1
    seconds = one_time * times + station.repeat_pause_seconds * (times - 1)
    return max(round(seconds / 5), 1) * 5.0


@dataclass(frozen=True)
class Length:
    """How long a notice takes; `exact` when it was made, and not only reckoned."""

    seconds: float
    exact: bool = False

    def __str__(self) -> str:
        return f"{'共' if self.exact else '大约'} {say_seconds(self.seconds)}"


def say_what_happens(
    notice: Notice, length: Length, status: Status, by: str = "", when: str = ""
) -> str:
    """One sentence on what confirming a settled notice will do, by the air's order of precedence.

    `by` is the voice as people call it, `when` a moment to come, in words; "" for now.
    """
    signal = notice.chime or Signal.NONE
    first = "" if signal is Signal.NONE else f"，开头响{SIGNALS[signal]}"
    times = f"{f'用{by}' if by else ''}播 {notice.repeats or 1} 遍，{length}{first}"
    if when:
        return f"{when} {times}。"
    sounding = status.on_air.airing if status.on_air else None
    if sounding and notice.severity.rank < sounding.notice.severity.rank:
        what = "循环播放的" if sounding.kind is Kind.LOOP else "正在播的"
        return f"马上{times}，会打断{what}“{_name(sounding)}”。"
    ahead = [_name(sounding)] if sounding else []
    ahead += [_name(airing) for airing in _ahead_of(notice, status.waiting)]
    if not ahead:
        return f"马上{times}。"
    those = f"“{ahead[0]}”" if len(ahead) == 1 else f"“{ahead[0]}”等 {len(ahead)} 条"
    return f"排在{those}后面，{times}。"


def _name(airing: Airing) -> str:
    return name_of(airing.notice.title, airing.notice.text)


def _ahead_of(notice: Notice, waiting: tuple[Airing, ...]) -> list[Airing]:
    """Those that wait and go first: the severer, then the higher office, then who came first."""
    place = (notice.severity.rank, -notice.office)
    return [a for a in waiting if (a.notice.severity.rank, -a.notice.office) <= place]
