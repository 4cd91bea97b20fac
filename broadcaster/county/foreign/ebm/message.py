"""Reads the national emergency broadcast message (`EBD` with `EBM`, GD/J 082-2018).

Its times have no zone and are Beijing's. The layout of 2016, which platforms still send, has shorter
numbers and `SentTime`.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from broadcaster.bulletin.bulletin import BulletinKind
from broadcaster.core.notice import Severity
from broadcaster.county.foreign.base.field_reader import FieldReader
from broadcaster.county.foreign.base.proposal import (
    CHINESE,
    NO_TIME,
    ForeignDraft,
    Reference,
    remarked,
    unindented,
)
from broadcaster.county.foreign.base.safe_xml import Element

STANDARD = "GD/J 082-2018"
# A resource has 23 digits (18 in 2016), and stands at the start of the other two.
EBRID = re.compile(r"[0-9]{23}|[0-9]{18}")
EBDID = re.compile(r"[0-9]{41}|[0-9]{36}")
EBMID = re.compile(r"[0-9]{35}|[0-9]{30}")
AFTER_PLATFORM = 12
# The standard says 1, its example and platforms 1.0 and 1.0000.
VERSION = re.compile(r"1(\.0{1,4})?")
KINDS = {
    "1": BulletinKind.NOTICE,
    "2": BulletinKind.CANCEL,
    "3": BulletinKind.DRILL,
    "4": BulletinKind.DRILL,
    "5": BulletinKind.DRILL,
}
SILENT_DRILLS = {"3": "平台演练", "4": "前端演练"}
SEVERITIES = {str(int(severity)): severity for severity in Severity}
AUXILIARIES = {
    **dict.fromkeys(("1", "2", "3", "4"), "声音"),
    **dict.fromkeys(("41", "42", "43"), "图片"),
    "61": "流媒体",
}
BASICS = ("MsgType", "SenderName", "SenderCode", "EventType", "Severity", "StartTime", "EndTime")
CONTENTS = ("MsgTitle", "MsgDesc", "AreaCode")


def read_ebm(ebd: Element, now: datetime, remarks: Sequence[str] = ()) -> tuple[ForeignDraft, ...]:
    """A draft for each Chinese content, else for the first; one for a cancel. Raises `NotImported`.

    `remarks` are what is known of the message from its package.
    """
    reading = FieldReader()
    reading.remarks.extend(remarks)
    if ebd.name != "EBD":
        reading.problems.append(f"不是应急广播消息：最外面是 {ebd.name[:40]}，应该是 EBD。")
    elif ebd.text_of("EBDType") not in ("EBM", ""):
        reading.problems.append(
            f"EBDType 是 {ebd.text_of('EBDType')[:30]}，不是应急广播消息 EBM，不播。"
        )
    reading.end()
    drafts = _Message(ebd, reading).drafts()
    return tuple(remarked(draft, now) for draft in drafts)


class _Message:
    """One message: what its drafts share is read before any of them."""

    def __init__(self, ebd: Element, reading: FieldReader) -> None:
        self._ebd, self._reading = ebd, reading
        self._ebm = self._part(ebd, "EBM")
        self._basic = self._part(self._ebm, "MsgBasicInfo")
        self._platform = self._read_frame()
        self._id = self._read_id()
        self._sent = self._read_sent()
        self._kind = reading.choice(self._basic, "MsgType", KINDS) or BulletinKind.NOTICE
        self._severity = reading.choice(self._basic, "Severity", SEVERITIES) or Severity.DAILY
        self._start = reading.beijing_moment(self._basic, "StartTime")
        self._end = reading.beijing_moment(self._basic, "EndTime")
        reading.order(self._start, self._end)
        if drill := SILENT_DRILLS.get(self._basic.text_of("MsgType")):
            reading.remarks.append(f"这是{drill}，本来不在村里的喇叭上响。")
        self._related = self._read_related()

    def drafts(self) -> list[ForeignDraft]:
        """Raises `NotImported`."""
        drafts = [self._draft(content) for content in self._chosen()]
        if self._kind is BulletinKind.CANCEL:
            drafts = [self._cancelling(drafts)]
        elif not drafts:
            self._reading.problems.append("EBM 里缺 MsgContent，没有可以播的内容。")
        elif not all(draft.text for draft in drafts):
            self._reading.problems.append("MsgDesc 是空的，没有可以念的文字。")
        self._reading.end()
        return drafts

    def _part(self, parent: Element, name: str) -> Element:
        found = parent.all(name)
        if len(found) > 1:
            self._reading.problems.append(f"{parent.name} 里 {name} 写了 {len(found)} 次，只能一次。")
        return found[0] if found else Element(parent.namespace, name)

    def _need(self, element: Element, *names: str) -> None:
        for name in names:
            if not element.all(name):
                self._reading.problems.append(f"{element.name} 里缺 {name}。")
            self._need_alike(element, name)

    def _need_alike(self, element: Element, name: str) -> None:
        """Requires that repeated elements agree: else another reader might go by another one."""
        if len({one.text.strip() for one in element.all(name)}) > 1:
            self._reading.problems.append(f"{element.name} 里 {name} 写了几次，而且不一样。")

    def _read_frame(self) -> str:
        """The platform that sends it. The standard's own sample writes `EBDVersion` twice."""
        reading, source = self._reading, self._part(self._ebd, "SRC")
        self._need(self._ebd, "EBDVersion", "EBDID", "EBDType", "SRC", "EBDTime", "EBM")
        reading.matching(self._ebd, "EBDVersion", VERSION, "1")
        reading.matching(self._ebm, "EBMVersion", VERSION, "1")
        id = reading.matching(self._ebd, "EBDID", EBDID, "41 位数字")
        if len(id) == 36:
            reading.remarks.append("编号是 2016 年的旧格式，请仔细核对。")
        reading.beijing_moment(self._ebd, "EBDTime")
        return reading.matching(source, "EBRID", EBRID, "23 位数字")

    def _read_id(self) -> str:
        """It belongs into `EBM`; the standard's own sample has it outside."""
        inside = bool(self._ebm.all("EBMID"))
        holder = self._ebm if inside else self._ebd
        if not holder.all("EBMID"):
            self._reading.problems.append("EBM 里缺 EBMID。")
        elif not inside:
            self._reading.remarks.append("EBMID 写在 EBM 外面，请核对。")
        self._need_alike(holder, "EBMID")
        return self._reading.matching(holder, "EBMID", EBMID, "35 位数字")

    def _read_sent(self) -> datetime | None:
        if not self._ebm.all("MsgBasicInfo"):
            self._reading.problems.append("EBM 里缺 MsgBasicInfo，不知道是通知还是取消。")
            return None
        self._need(self._basic, *BASICS)
        names = [name for name in ("SendTime", "SentTime") if self._basic.all(name)]
        if not names:
            self._reading.problems.append("MsgBasicInfo 里缺 SendTime。")
        for name in names:
            self._need_alike(self._basic, name)
        moments = {self._reading.beijing_moment(self._basic, name) for name in names}
        if len(moments) > 1:
            self._reading.problems.append("SendTime 和 SentTime 不一样。")
        return next(iter(moments), None)

    def _read_related(self) -> tuple[Reference, ...]:
        related = self._part(self._ebm, "RelatedInfo")
        self._need_alike(related, "EBMID")
        id = self._reading.matching(related, "EBMID", EBMID, "35 位数字")
        if self._kind is BulletinKind.CANCEL and (not id or id == self._id):
            self._reading.problems.append("MsgType 是 2 取消，却没有在 RelatedInfo 里写明取消哪一则。")
        if id and id[:-AFTER_PLATFORM] != self._id[:-AFTER_PLATFORM]:
            self._reading.remarks.append(f"它指的 {id[:40]} 是别的平台发的，请核对。")
        return (Reference(id[:-AFTER_PLATFORM], id),) if id else ()

    def _chosen(self) -> list[Element]:
        contents = self._ebm.all("MsgContent")
        chosen = [one for one in contents if CHINESE.fullmatch(one.text_of("LanguageCode"))]
        chosen = chosen or contents[:1]
        if others := len(contents) - len(chosen):
            self._reading.remarks.append(f"另外 {others} 段 MsgContent 不是中文，没有取。")
        return self._reading.few(chosen)

    def _draft(self, content: Element) -> ForeignDraft:
        if content.children:
            self._need(content, *CONTENTS)
        remarks = [*self._reading.remarks, *_attachment_remarks(content)]
        return ForeignDraft(
            standard=STANDARD,
            source_id=self._id,
            sender=self._platform,
            sender_name=unindented(self._basic.text_of("SenderName")) or self._platform,
            sent=self._sent or NO_TIME,
            kind=self._kind,
            severity=self._severity,
            title=" ".join(self._reading.text(content, "MsgTitle").split()),
            text=unindented(content.text_of("MsgDesc")),
            areas=self._reading.areas(_codes(content)),
            not_before=self._start,
            expires=self._end,
            replaces=self._related,
            remarks=tuple(remarks),
        )

    def _cancelling(self, drafts: list[ForeignDraft]) -> ForeignDraft:
        """One for all; the office finds by `cancels` what it published of that message."""
        first = drafts[0] if drafts else self._draft(Element("", "MsgContent"))
        return replace(
            first,
            title=first.title or "取消",
            text="",
            areas=tuple(dict.fromkeys(code for draft in drafts for code in draft.areas)),
            cancels=self._related,
            replaces=(),
        )


def _codes(content: Element) -> list[str]:
    """Of 6, 9 or 12 digits, by commas; a clerk on a Chinese keyboard types 「，」."""
    return [code for code in re.split(r"[,，\s]+", content.text_of("AreaCode")) if code]


def _attachment_remarks(content: Element) -> list[str]:
    found = []
    for one in content.all("Auxiliary"):
        what = AUXILIARIES.get(one.text_of("AuxiliaryType"), "文件")
        found.append(
            f"附带的{what}“{one.text_of('AuxiliaryDesc')[:60]}”没有取，村里用合成的声音念文字。"
        )
    return found
