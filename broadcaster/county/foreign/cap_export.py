"""Writes a bulletin as CAP 1.2, for neighbours and platforms that read it; it is not signed there."""

import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from xml.etree import ElementTree

from broadcaster.bulletin import areas as area_codes
from broadcaster.bulletin.bulletin import Bulletin, BulletinKind
from broadcaster.core.errors import BroadcasterError
from broadcaster.county.foreign.cap import AREA_CODES, KINDS, NAME, NAMESPACE, SEVERITIES

STATUSES = {kind: status for status, kind in KINDS.items()}
SEVERITY_WORDS = {severity: word for word, severity in SEVERITIES.items()}
# Allowed in a Bulletin, not in XML 1.0.
NOT_XML = re.compile("[\ufffe\uffff]")
UNKNOWN_SOUND = "application/octet-stream"


class NotExported(BroadcasterError):
    """A bulletin that CAP cannot be made of."""


@dataclass(frozen=True)
class CapSender:
    """The sender in CAP: `id` for programs, without space or comma; `name`; and the names of areas."""

    id: str
    name: str
    areas: Mapping[str, str] = field(default_factory=dict)


def write_cap(bulletin: Bulletin, sender: CapSender, cancelled: Bulletin | None = None) -> bytes:
    """The whole file. A cancel wants the bulletin that it cancels. Raises `NotExported`."""
    if not NAME.fullmatch(sender.id):
        raise NotExported(f"发送者“{sender.id[:50]}”不能有空格和逗号，如 county@example.cn。")
    cancel = bulletin.kind is BulletinKind.CANCEL
    if cancel and (cancelled is None or cancelled.id != bulletin.cancels):
        raise NotExported("导出取消要有被取消的那一则。")
    alert = ElementTree.Element("alert", xmlns=NAMESPACE)
    of_kind = cancelled if cancel and cancelled else bulletin
    _add(alert, "identifier", bulletin.id)
    _add(alert, "sender", sender.id)
    _add(alert, "sent", _moment(bulletin.issued))
    _add(alert, "status", STATUSES.get(of_kind.kind, "Actual"))
    _add(alert, "msgType", "Cancel" if cancel else "Alert")
    _add(alert, "scope", "Public")
    if cancel and cancelled:
        _add(alert, "references", f"{sender.id},{cancelled.id},{_moment(cancelled.issued)}")
    _add_info(alert, bulletin, sender)
    written: bytes = ElementTree.tostring(alert, encoding="utf-8", xml_declaration=True)
    return written


def _add_info(alert: ElementTree.Element, bulletin: Bulletin, sender: CapSender) -> None:
    info = ElementTree.SubElement(alert, "info")
    _add(info, "language", "zh-CN")
    # Nothing of ours says these three; CAP must have them.
    _add(info, "category", "Other")
    _add(info, "event", bulletin.title)
    _add(info, "urgency", "Unknown")
    _add(info, "severity", SEVERITY_WORDS[bulletin.severity])
    _add(info, "certainty", "Unknown")
    _add(info, "effective", _moment(bulletin.not_before))
    _add(info, "expires", _moment(bulletin.expires))
    _add(info, "senderName", sender.name)
    _add(info, "headline", bulletin.title)
    if text := bulletin.text or bulletin.verse:
        _add(info, "description", text)
    _add_audio(info, bulletin)
    for code in bulletin.areas:
        _add_area(info, code, sender.areas.get(code, code))


def _add_audio(info: ElementTree.Element, bulletin: Bulletin) -> None:
    """Without its digest: CAP's is SHA-1, ours SHA-256."""
    if audio := bulletin.audio:
        resource = ElementTree.SubElement(info, "resource")
        _add(resource, "resourceDesc", "录音")
        _add(resource, "mimeType", mimetypes.guess_type(audio.url)[0] or UNKNOWN_SOUND)
        _add(resource, "size", str(audio.size))
        _add(resource, "uri", audio.url)


def _add_area(info: ElementTree.Element, code: str, name: str) -> None:
    area = ElementTree.SubElement(info, "area")
    _add(area, "areaDesc", name)
    geocode = ElementTree.SubElement(area, "geocode")
    _add(geocode, "valueName", AREA_CODES)
    _add(geocode, "value", area_codes.full(code))


def _add(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = NOT_XML.sub("", text)


def _moment(moment: datetime) -> str:
    """Without a fraction, which CAP has not; `+00:00` for UTC, never `Z`."""
    return moment.replace(microsecond=0).isoformat()
