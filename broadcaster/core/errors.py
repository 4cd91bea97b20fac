"""The expected errors of the program. Each carries one Chinese sentence that tells a person what
to do.
"""

import errno
from typing import ClassVar

REASONS = {
    errno.ENOENT: "没有这个文件或文件夹",
    errno.EISDIR: "这是文件夹，要写文件",
    errno.ENOTDIR: "这是文件，要写文件夹",
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.ENOSPC: "磁盘满了",
    errno.EDQUOT: "磁盘配额用完了",
    errno.EROFS: "磁盘是只读的",
    errno.EIO: "磁盘读写出错",
    errno.EADDRINUSE: "这个端口已经有程序在用",
    errno.EADDRNOTAVAIL: "这台机器没有这个地址",
    errno.EMFILE: "打开的文件太多",
    errno.ENAMETOOLONG: "名字太长",
    errno.ECONNREFUSED: "那台机器上的服务没有开",
    errno.ECONNRESET: "连接被对方断开了",
    errno.ECONNABORTED: "连接断了",
    errno.EPIPE: "连接断了",
    errno.ETIMEDOUT: "对方没有回答",
    errno.EHOSTUNREACH: "到不了那台机器",
    errno.ENETUNREACH: "没有网络",
    errno.ENETDOWN: "没有网络",
}
# By their names: importing ssl for its errors would take 20 ms of each command. Its numbers are not the
# system's.
KINDS = {
    "HTTPError": "对方没有给，可能已经没有了",
    "gaierror": "找不到这个地址，可能没有网络",
    "SSLCertVerificationError": "对方的证书不是公认的机构签的",
    "SSLError": "加密的连接没有建成",
    "TimeoutError": "对方没有回答",
    "HTTPException": "对方的回答看不懂",
}


def reason_of(error: Exception) -> str:
    """The system's or the network's reason for an error, in Chinese if it is a usual one."""
    inner = getattr(error, "reason", None)
    if isinstance(inner, OSError):
        return reason_of(inner)
    known = (KINDS[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in KINDS)
    said = next(known, "") or REASONS.get(getattr(error, "errno", None) or 0)
    return said or getattr(error, "strerror", None) or str(error)


class BroadcasterError(Exception):
    """Base of every expected error; `str(error)` is the sentence shown, in Chinese.

    `wire_name` names it for other programs, whatever the class is called: in the remote API, and in the
    problem types of the API. A class without its own goes by its parent's.
    """

    wire_name: ClassVar[str] = "BroadcasterError"


class ConfigError(BroadcasterError):
    """The files in config/ are wrong; `problems` lists all of them at once."""

    wire_name = "ConfigError"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems

    def __reduce__(self) -> tuple[type["ConfigError"], tuple[list[str]]]:
        return type(self), (self.problems,)


class TextRefused(BroadcasterError):
    """A text that cannot be spoken: empty, no Chinese characters, too long, not a text."""

    wire_name = "TextRefused"


class WordRefused(BroadcasterError):
    """An entry of the lexicon that cannot be: not Chinese, not pinyin, or not there."""

    wire_name = "WordRefused"


class VoiceUnavailable(BroadcasterError):
    """A voice that is unknown, not installed, damaged or out of reach."""

    wire_name = "VoiceUnavailable"


class VoiceWithdrawn(VoiceUnavailable):
    """One voice that its maker has taken away; the other voices of its engine still speak."""

    wire_name = "VoiceWithdrawn"


class ProgramReplaced(BroadcasterError):
    """The program's files are of another version than what runs: no new child understands it."""

    wire_name = "ProgramReplaced"


class LineRefused(BroadcasterError):
    """A voice made nothing usable of a line: no sound, or a length that does not fit it."""

    wire_name = "LineRefused"


class CacheUnwritable(BroadcasterError):
    """The folder for made sound cannot be written, or the disk is full."""

    wire_name = "CacheUnwritable"


class CacheFull(CacheUnwritable):
    """... because no room is left: what is kept may be pruned."""

    wire_name = "CacheFull"


class DeviceLost(BroadcasterError):
    """The sound device does not exist, cannot be opened or has gone."""

    wire_name = "DeviceLost"


class AmplifierLost(BroadcasterError):
    """The relays of the amplifier cannot be reached or do not answer."""

    wire_name = "AmplifierLost"


class AmplifierInUse(BroadcasterError):
    """Somebody wants to switch the amplifier by hand while it is on the air, or there is none."""

    wire_name = "AmplifierInUse"


class KeptQuiet(BroadcasterError):
    """It is a time at which the loudspeaker keeps quiet."""

    wire_name = "KeptQuiet"


class FieldsRefused(BroadcasterError):
    """`problems` are the fields that are wrong, "" for the whole, each with a sentence."""

    wire_name = "FieldsRefused"

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("\n".join(sentence for _, sentence in problems))
        self.problems = problems

    def __reduce__(self) -> tuple[type["FieldsRefused"], tuple[list[tuple[str, str]]]]:
        return type(self), (self.problems,)


class SlotRefused(FieldsRefused):
    """A slot that cannot be."""

    wire_name = "SlotRefused"


class NoticeRefused(FieldsRefused):
    """A notice that cannot be: a field that is not known, of another type or out of its bounds."""

    wire_name = "NoticeRefused"


class TimeRefused(BroadcasterError):
    """A time for a notice that has gone by, or that is too far off."""

    wire_name = "TimeRefused"


class ZoneUnknown(BroadcasterError):
    """A zone that the station's amplifier does not have."""

    wire_name = "ZoneUnknown"


class AlreadyRunning(BroadcasterError):
    """Another box holds this state folder."""

    wire_name = "AlreadyRunning"


class FileUnwritable(BroadcasterError):
    """A file that a person asked for cannot be written there or in that format."""

    wire_name = "FileUnwritable"


class RecordingRefused(BroadcasterError):
    """A recording that cannot be taken: no sound, unknown format, too long, too large, no room."""

    wire_name = "RecordingRefused"


class RecordingUnkept(RecordingRefused):
    """... because the disk does not take it now; another time it may."""

    wire_name = "RecordingUnkept"


class SoundRefused(BroadcasterError):
    """A file that gives no sound for the air; the sentence says what it is."""

    wire_name = "SoundRefused"


class SoundUnkept(SoundRefused):
    """... or one that the disk or the budget does not take now; another time it may."""

    wire_name = "SoundUnkept"


class StoreUnusable(BroadcasterError):
    """The station's database cannot be opened, read or written."""

    wire_name = "StoreUnusable"


class AccountRefused(BroadcasterError):
    """A wrong one-time code, a weak password or PIN, a name that is taken, or too many tries."""

    wire_name = "AccountRefused"


class RemoteRefused(BroadcasterError):
    """A request that may not be made through the county's site."""

    wire_name = "FarRefused"


class BoxAway(BroadcasterError):
    """A village's box that does not answer; nothing was changed."""

    wire_name = "BoxAway"


class AnswerMissing(BroadcasterError):
    """A village's box was told to do something, and nobody knows whether it did."""

    wire_name = "AnswerMissing"
