"""Reads a message of another system by its kind: CAP 1.2, the national EBM, or an EBM in its TAR."""

from __future__ import annotations

import codecs
from datetime import datetime

from broadcaster.county.foreign.cap import read_cap
from broadcaster.county.foreign.ebm import read_ebm
from broadcaster.county.foreign.ebm_package import message_in, read_package
from broadcaster.county.foreign.proposal import ForeignDraft, NotImported
from broadcaster.county.foreign.safe_xml import decoded, read_xml

BEGINS_XML = (b"<", codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_foreign(data: bytes, now: datetime, name: str = "") -> tuple[ForeignDraft, ...]:
    """The drafts of a file called `name`. Raises `NotImported`."""
    if not data.strip():
        raise NotImported(["文件是空的，请确认选对了文件。"])
    if not _is_xml(data):
        return read_package(data, now, name)
    root = read_xml(data)
    return read_ebm(root, now) if root.name == "EBD" else read_cap(root, now)


def original(data: bytes) -> str:
    """The text of a message that was read, as a person may look at it. Raises `NotImported`."""
    return decoded(data if _is_xml(data) else message_in(data))


def _is_xml(data: bytes) -> bool:
    return data.removeprefix(codecs.BOM_UTF8).lstrip().startswith(BEGINS_XML)
