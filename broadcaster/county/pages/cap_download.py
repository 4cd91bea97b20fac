"""Exports a signed bulletin as a CAP 1.2 file for neighbours."""

from urllib.parse import urlsplit

from sqlalchemy import select

from broadcaster.bulletin import envelope
from broadcaster.bulletin.bulletin import PAYLOAD_TYPE, Bulletin, read_bulletin
from broadcaster.bulletin.verify import LARGEST
from broadcaster.county.foreign.cap_export import CapSender, NotExported, write_cap
from broadcaster.county.pages.base.office_services import OfficeServices
from broadcaster.county.store.office_settings import OfficeSettings
from broadcaster.county.store.tables import bulletin


def export_cap(parts: OfficeServices, settings: OfficeSettings, id: str) -> bytes:
    """Raises `NotExported`."""
    signed = _signed(parts, id)
    cancelled = _signed(parts, signed.cancels) if signed.cancels else None
    return write_cap(signed, _sender(parts, settings), cancelled)


def _signed(parts: OfficeServices, id: str) -> Bulletin:
    row = parts.database.first(select(bulletin.c.envelope).where(bulletin.c.id == id[:36]))
    if row is None or row.envelope is None:
        raise NotExported("没有这一则通知，或者还没有发出去：发了的才能导出。")
    return read_bulletin(envelope.read(row.envelope, PAYLOAD_TYPE, LARGEST).payload)


def _sender(parts: OfficeServices, settings: OfficeSettings) -> CapSender:
    """Unique in the world as far as the office has an address, as CAP wants it."""
    host = urlsplit(settings.address).hostname or "broadcaster"
    names = {parts.county: settings.name, **parts.register.names()}
    return CapSender(f"{parts.county}@{host}", settings.name, names)
