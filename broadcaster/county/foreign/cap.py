"""Reads CAP 1.2 (OASIS; ITU-T X.1303 bis) by a profile stricter than its schema.

The schema lets alerts through that nobody can say (no text, no end, no place), and times with a comma.
"""

import re
from dataclasses import replace
from datetime import datetime

from broadcaster.bulletin.bulletin import BulletinKind
from broadcaster.core.notice import Severity
from broadcaster.county.foreign.base.field_reader import FieldReader, Shape
from broadcaster.county.foreign.base.proposal import (
    CHINESE,
    NO_TIME,
    ForeignDraft,
    Reference,
    in_beijing,
    remarked,
    unindented,
)
from broadcaster.county.foreign.base.safe_xml import Element

STANDARD = "CAP 1.2"
NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
OLDER = {
    "urn:oasis:names:tc:emergency:cap:1.1": "CAP 1.1",
    "http://www.incident.com/cap/1.0": "CAP 1.0",
}
SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"
# Our own name: CAP leaves it to each country how it names its codes.
AREA_CODES = "CN-GB2260-12"

ALERT = Shape(
    "identifier sender sent status msgType source? scope restriction? addresses? code* note? references?"
    " incidents? info*"
)
INFO = Shape(
    "language? category+ event responseType* urgency severity certainty audience? eventCode* effective?"
    " onset? expires? senderName? headline? description? instruction? web? contact? parameter* resource*"
    " area*"
)
AREA = Shape("areaDesc polygon* circle* geocode* altitude? ceiling?")
NAMED_VALUE = Shape("valueName value")
PARTS = {
    "area": AREA,
    "resource": Shape("resourceDesc mimeType size? uri? derefUri? digest?"),
    "eventCode": NAMED_VALUE,
    "parameter": NAMED_VALUE,
}

# Which colour a word stands for is our choice; no standard says it.
SEVERITIES = {
    "Extreme": Severity.RED,
    "Severe": Severity.ORANGE,
    "Moderate": Severity.YELLOW,
    "Minor": Severity.BLUE,
    "Unknown": Severity.DAILY,
}
KINDS = {"Actual": BulletinKind.NOTICE, "Exercise": BulletinKind.DRILL, "Test": BulletinKind.TEST}
STATUSES = {**KINDS, "System": None, "Draft": None}
MESSAGE_TYPES = dict.fromkeys(("Alert", "Update", "Cancel", "Ack", "Error"))
SCOPES = dict.fromkeys(("Public", "Restricted", "Private"))
URGENCIES = dict.fromkeys(("Immediate", "Expected", "Future", "Past", "Unknown"))
CATEGORIES = dict.fromkeys(
    "Geo Met Safety Security Rescue Fire Health Env Transport Infra CBRNE Other".split()
)
RESPONSES = dict.fromkeys("Shelter Evacuate Prepare Execute Avoid Monitor Assess AllClear None".split())
CERTAINTIES = dict.fromkeys(("Observed", "Likely", "Possible", "Unlikely", "Unknown"))
# The standard's word on both: no space, comma, < or &.
NAME = re.compile(r"[^\s,<&]{1,200}")
LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")


def read_cap(alert: Element, now: datetime) -> tuple[ForeignDraft, ...]:
    """A draft for each `info` in Chinese, else for the first; one for a cancel. Raises `NotImported`."""
    reading = FieldReader()
    if alert.name != "alert" or alert.namespace != NAMESPACE:
        reading.problems.append(_unknown_format(alert))
        reading.end()
    return tuple(remarked(draft, now) for draft in _Alert(alert, reading).drafts())


def _unknown_format(root: Element) -> str:
    if root.name == "alert" and root.namespace in OLDER:
        return f"这是 {OLDER[root.namespace]}，请对方发 CAP 1.2。"
    return f"不是 CAP 1.2：最外面是 {root.name[:40]}（{root.namespace[:80] or '没有命名空间'}）。"


class _Alert:
    """One alert: what its drafts share is read before any of them."""

    def __init__(self, alert: Element, reading: FieldReader) -> None:
        self._alert, self._reading = alert, reading
        reading.shape(alert, ALERT)
        self._id = reading.matching(alert, "identifier", NAME, "没有空格和逗号的编号")
        self._sender = reading.matching(alert, "sender", NAME, "没有空格和逗号的名称")
        self._sent = reading.moment(alert, "sent")
        self._kind = self._read_kind()
        self._cancel = alert.text_of("msgType") == "Cancel"
        self._references = self._read_references()
        self._check_scope()
        for info in alert.all("info"):
            self._check_info(info)
        if any(one.namespace == SIGNATURE for one in alert.children):
            reading.remarks.append("里面有 XML 签名，没有核对，不能当作凭据。")

    def drafts(self) -> list[ForeignDraft]:
        """Raises `NotImported`."""
        infos = self._chosen()
        drafts = [self._draft(info) for info in infos]
        if self._cancel:
            drafts = [self._cancelling(drafts)]
        elif not drafts:
            self._reading.problems.append("alert 里没有 info，没有可以播的内容。")
        elif not all(draft.text for draft in drafts):
            self._reading.problems.append("info 里没有 description，也没有 headline，没有可以播的内容。")
        self._reading.end()
        return drafts

    def _read_kind(self) -> BulletinKind:
        kind = self._reading.choice(self._alert, "status", STATUSES)
        status = self._alert.text_of("status")
        if status in STATUSES and kind is None:
            self._reading.problems.append(f"status 是 {status}，是对方系统自己用的，不播。")
        return kind or BulletinKind.NOTICE

    def _read_references(self) -> tuple[Reference, ...]:
        self._reading.choice(self._alert, "msgType", MESSAGE_TYPES)
        kind = self._alert.text_of("msgType")
        if kind in ("Ack", "Error"):
            self._reading.problems.append(f"msgType 是 {kind}，是对方的回执，不播。")
        written = self._alert.text_of("references").split()
        if kind in ("Update", "Cancel") and not written:
            self._reading.problems.append(f"msgType 是 {kind}，却没有 references 说明是哪一则。")
        if kind == "Update":
            self._reading.remarks.append("这一则更新以前的，以前的那一则要另外取消。")
        found = (self._reference(triple) for triple in written)
        return tuple(one for one in found if one)

    def _reference(self, triple: str) -> Reference | None:
        parts = triple.split(",")
        if len(parts) != 3 or not all(parts):
            self._reading.problems.append(f"references 里的“{triple[:60]}”不对，要是 发送者,编号,时间。")
            return None
        sender, id, sent = parts
        if sender != self._sender:
            self._reading.remarks.append(f"它指的 {id[:60]} 是别的单位 {sender[:60]} 发的，请核对。")
        return Reference(sender, id, self._reading.with_offset("references", sent))

    def _check_scope(self) -> None:
        self._reading.choice(self._alert, "scope", SCOPES)
        scope = self._alert.text_of("scope")
        if needed := {"Restricted": "restriction", "Private": "addresses"}.get(scope):
            self._reading.problems.append(f"scope 是 {scope}，只给指定的人看，不能用喇叭播。")
            if not self._alert.text_of(needed):
                self._reading.problems.append(f"scope 是 {scope}，却没有写 {needed}。")

    def _check_info(self, info: Element) -> None:
        self._reading.shape(info, INFO)
        self._reading.matching(info, "language", LANGUAGE, "语言代码，如 zh-CN")
        self._reading.choice(info, "urgency", URGENCIES)
        self._reading.choice(info, "certainty", CERTAINTIES)
        self._reading.choice(info, "severity", SEVERITIES)
        for name in ("effective", "onset", "expires"):
            self._reading.moment(info, name)
        self._reading.choices(info, "category", CATEGORIES)
        self._reading.choices(info, "responseType", RESPONSES)
        for part, shape in PARTS.items():
            for element in info.all(part):
                self._reading.shape(element, shape)
        for area in info.all("area"):
            for geocode in area.all("geocode"):
                self._reading.shape(geocode, NAMED_VALUE)

    def _chosen(self) -> list[Element]:
        infos = self._alert.all("info")
        chinese = [one for one in infos if CHINESE.fullmatch(one.text_of("language"))]
        chosen = chinese or infos[:1]
        if others := len(infos) - len(chosen):
            self._reading.remarks.append(f"另外 {others} 段 info 不是中文，没有取。")
        return self._reading.few(chosen)

    def _draft(self, info: Element) -> ForeignDraft:
        said = [info.text_of(name) for name in ("description", "instruction")]
        headline = info.text_of("headline")
        text = unindented("\n".join(filter(None, said)) or headline)
        effective, expires = (self._reading.moment(info, name) for name in ("effective", "expires"))
        self._reading.order(effective, expires)
        areas, remarks = self._areas(info), self._remarks(info)
        return ForeignDraft(
            standard=STANDARD,
            source_id=self._id,
            sender=self._sender,
            sender_name=unindented(info.text_of("senderName")) or self._sender,
            sent=self._sent or NO_TIME,
            kind=self._kind,
            severity=self._reading.choice(info, "severity", SEVERITIES) or Severity.DAILY,
            title=" ".join(unindented(headline or self._reading.text(info, "event")).split()),
            text=text,
            areas=areas,
            not_before=effective,
            expires=expires,
            replaces=self._references,
            remarks=(*self._reading.remarks, *remarks),
        )

    def _cancelling(self, drafts: list[ForeignDraft]) -> ForeignDraft:
        """One for all; the office finds by `cancels` what it published of that alert."""
        first = drafts[0] if drafts else self._draft(Element(NAMESPACE, "info"))
        return replace(
            first,
            kind=BulletinKind.CANCEL,
            title=first.title or "取消",
            text="",
            areas=tuple(dict.fromkeys(code for draft in drafts for code in draft.areas)),
            cancels=self._references,
            replaces=(),
        )

    def _areas(self, info: Element) -> tuple[str, ...]:
        coded = (one for area in info.all("area") for one in area.all("geocode"))
        codes = (one.text_of("value") for one in coded if one.text_of("valueName") == AREA_CODES)
        return self._reading.areas(codes)

    def _remarks(self, info: Element) -> list[str]:
        """The remarks that the clerk must read, because no field of ours holds them."""
        found = []
        onset = self._reading.moment(info, "onset")
        if onset and onset != self._reading.moment(info, "effective"):
            found.append(f"事情预计在 {in_beijing(onset)} 开始。")
        if info.text_of("urgency") == "Past" or "AllClear" in (
            one.text.strip() for one in info.all("responseType")
        ):
            found.append("对方说事情已经过去，请看清是不是解除。")
        if info.text_of("certainty") == "Unlikely":
            found.append("对方说不太可能发生。")
        places = [area.text_of("areaDesc") for area in info.all("area") if not _coded(area)]
        if places:
            found.append(f"这些地方没有区划代码，没有取：{'、'.join(places)[:200]}。")
        if resources := info.all("resource"):
            named = "、".join(one.text_of("resourceDesc") or "?" for one in resources)
            found.append(f"附带的文件没有取：{named[:200]}。")
        return found


def _coded(area: Element) -> bool:
    return any(one.text_of("valueName") == AREA_CODES for one in area.all("geocode"))
