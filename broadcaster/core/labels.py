"""The Chinese words for signals, outcomes, severities and notices, as pages, settings and commands show
them.
"""

from typing import Protocol

from broadcaster.core.model import Outcome
from broadcaster.core.notice import Signal

SIGNALS = {
    "钟声": Signal.CHIME,
    "急钟": Signal.ALERT,
    "警报": Signal.SIREN,
    "无": Signal.NONE,
}
OUTCOMES = {
    Outcome.PLAYED: "播完了",
    Outcome.CUT_SHORT: "没播完",
    Outcome.EXPIRED: "过时没播",
    Outcome.CANCELLED: "取消了",
    Outcome.SUPPRESSED: "按规定没播",
    Outcome.FAILED: "没播成",
    Outcome.UNKNOWN: "不知道播没播",
}
# Why something went by unheard though the rules allow it: the box was off, its clock jumped, the box
# hung, its clock was not set; or was perhaps heard, and the line of it lost with the database.
OFF, JUMPED, STOOD_STILL = "关机错过了", "时钟跳过去，错过了", "广播站卡住了，错过了"
HELD, LOST = "时钟没有对准，错过了", "数据库坏过，这段的记录不全"
# Who asked by a command on the box: who reads the page knows no users of the machine.
COMMAND = "盒子上的命令"
TITLE_LENGTH = 16
DRILL = "演练"
# How a station begins the reason of what its card holds up; an office finds it by that.
WAITS_FOR_CARD = "等声卡："
# The same of one whose sound has not come from the office yet.
WAITS_FOR_SOUND = "声音还没有下载好"


def why(outcome: Outcome, reason: str) -> str:
    """The reason beside its outcome: of 取消了, 取消（王会计） is said as 王会计."""
    if outcome is not Outcome.CANCELLED or not reason.startswith("取消"):
        return reason
    return reason.removeprefix("取消").removeprefix("（").removesuffix("）")


def name_of(title: str, text: str) -> str:
    """The title, or the start of the text."""
    words = title or " ".join(text.split())
    return words if len(words) <= TITLE_LENGTH else words[: TITLE_LENGTH - 1] + "…"


def say_place(seconds: float, of_seconds: float = 0.0) -> str:
    """12:31 / 45:00, or 1:02:31 alone where the length is not known."""
    place = _clock_face(seconds)
    return f"{place} / {_clock_face(of_seconds)}" if of_seconds else place


def _clock_face(seconds: float) -> str:
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def sound_called(title: str) -> str:
    """戏曲《大登殿》: a sound of the library with its folder."""
    folder, _, name = title.rpartition("/")
    return f"{folder}《{name}》"


class Titled(Protocol):
    """A notice, or a line of the record."""

    @property
    def title(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def drill(self) -> bool: ...


def called(said: Titled) -> str:
    """The same of what was or is to be said; of a drill it says so."""
    words = said.title or " ".join(said.text.split())
    return name_of(as_drill(words) if said.drill else words, "")


def as_drill(words: str) -> str:
    return words if words.startswith(DRILL) else f"{DRILL}：{words}"


def legible(typed: str) -> str:
    """One line of what a stranger may have typed: a sign that turns the line around, commands a
    terminal, or that no database takes, is a square.
    """
    return "".join(sign if sign.isprintable() else "□" for sign in " ".join(typed.split()))
