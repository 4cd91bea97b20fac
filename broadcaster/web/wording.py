"""How the page says things: plain Chinese for what the box knows in values."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from broadcaster.model import Airing, Notice, Outcome, Script, Severity, Signal
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


def say_what_happens(notice: Notice, seconds: float, status: Status) -> str:
    """One sentence on what confirming a settled notice will do, by the air's order of precedence."""
    signal = notice.chime or Signal.NONE
    first = "" if signal is Signal.NONE else f"，开头响{SIGNALS[signal]}"
    times = f"播 {notice.repeats or 1} 遍，大约 {say_seconds(seconds)}{first}"
    sounding = status.on_air.airing.notice if status.on_air else None
    if sounding and notice.severity.rank < sounding.severity.rank:
        return f"马上{times}，会打断正在播的“{name_of(sounding.title, sounding.text)}”。"
    ahead = [name_of(sounding.title, sounding.text)] if sounding else []
    ahead += [name_of(a.notice.title, a.notice.text) for a in _ahead_of(notice, status.waiting)]
    if not ahead:
        return f"马上{times}。"
    those = f"“{ahead[0]}”" if len(ahead) == 1 else f"“{ahead[0]}”等 {len(ahead)} 条"
    return f"排在{those}后面，{times}。"


def _ahead_of(notice: Notice, waiting: tuple[Airing, ...]) -> list[Airing]:
    """Those that wait and go first: the severer, then the higher office, then who came first."""
    place = (notice.severity.rank, -notice.office)
    return [a for a in waiting if (a.notice.severity.rank, -a.notice.office) <= place]
