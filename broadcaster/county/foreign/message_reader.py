"""Reads a message of another system by its format: CAP 1.2, or one of the formats beside it."""

from datetime import datetime

from broadcaster.county.foreign.base.proposal import ForeignDraft, MessageFormat, NotImported
from broadcaster.county.foreign.base.safe_xml import decoded, read_xml
from broadcaster.county.foreign.cap import read_cap
from broadcaster.county.foreign.ebm.package import EBM

# An hour of speech as MP3 of 64 kbit/s, which may come in the same file.
LARGEST_MESSAGE = 30_000_000
CAP = MessageFormat(lambda data: True, lambda data, now, name: read_cap(read_xml(data), now), decoded)
# The first that takes a message reads it; CAP takes everything and says what is wrong with it.
FORMATS: tuple[MessageFormat, ...] = (
    EBM,
    CAP,
)


def read_foreign(data: bytes, now: datetime, name: str = "") -> tuple[ForeignDraft, ...]:
    """The drafts of a file called `name`. Raises `NotImported`."""
    if not data.strip():
        raise NotImported(["文件是空的，请确认选对了文件。"])
    if len(data) > LARGEST_MESSAGE:
        size, most = len(data) // 1_000_000, LARGEST_MESSAGE // 1_000_000
        raise NotImported([f"文件太大：{size} MB，最多 {most} MB。"])
    return _format_of(data).read(data, now, name)


def original(data: bytes) -> str:
    """The text of a message that was read, as a person may look at it. Raises `NotImported`."""
    return _format_of(data).original(data)


def _format_of(data: bytes) -> MessageFormat:
    return next(one for one in FORMATS if one.takes(data))
