"""Imports receipts from a stick: from a folder, files or an archive.

A file's own claim only tells whose key to check with; the key decides. No name in a file or an archive
is followed as a path.
"""

import io
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from broadcaster.bulletin import envelope, strict_json
from broadcaster.bulletin.receipts import LARGEST, PAYLOAD_TYPE
from broadcaster.bulletin.refusals import NotAccepted
from broadcaster.core.clock import Clock
from broadcaster.core.errors import BroadcasterError
from broadcaster.county.board.receipt_inbox import IncomingReceipts, ReceiptInbox
from broadcaster.county.board.uncounted_receipts import Doubt, ImportDoubts
from broadcaster.county.store.office_database import OfficeDatabase

# A year of three notices a day from three hundred villages, on one stick.
MOST_FILES = 20_000
LARGEST_ARCHIVE = 30 * 1024 * 1024
OUTBOX = "outbox"
ENDING = ".json"
AT_ONCE = 500
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class ReceiptsUnreadable(BroadcasterError):
    """Nothing was taken in."""


@dataclass(frozen=True)
class ImportResult:
    """The result of an import."""

    files: int
    genuine: int
    # Files that are no receipts: the whole of a stick holds the office's own too.
    others: int = 0
    # Of what genuine ones tell.
    doubted: Mapping[Doubt, int] = field(default_factory=dict)

    @property
    def receipts(self) -> int:
        return self.files - self.others

    @property
    def refused(self) -> int:
        return self.receipts - self.genuine

    @property
    def sentence(self) -> str:
        if not self.receipts:
            return "里面没有回执。请选 U 盘上 cb/outbox 里的文件。"
        wrong = f"，{self.refused} 份不是登记过的广播站签的，没有要" if self.refused else ""
        sentence = (
            f"读了 {self.receipts} 份回执，{self.genuine} 份是真的，都记下了{wrong}。有过的不会重复算。"
        )
        return f"{sentence}{self._left_out}"

    @property
    def _left_out(self) -> str:
        sentence = "，".join(f"{count} 份{why.sentence}" for why, count in self.doubted.items())
        others = f"另外 {self.others} 个文件不是回执，或者坏了，没有管。" if self.others else ""
        return f"没有计入的：{sentence}。{others}" if sentence else others


def import_receipts(database: OfficeDatabase, clock: Clock, files: Iterable[bytes]) -> ImportResult:
    """By the same checks as over the network, some hundred at a time."""
    at_hand = ImportDoubts()
    inbox = ReceiptInbox(database, clock, doubts=at_hand)
    found, receipts, genuine, batch = 0, 0, 0, list[IncomingReceipts]()
    for data in files:
        found += 1
        if found > MOST_FILES:
            raise ReceiptsUnreadable(f"文件超过 {MOST_FILES} 个，请分几次导入。前面的已经记下了。")
        batch += _claimed(data)
        if len(batch) == AT_ONCE:
            receipts, genuine = receipts + AT_ONCE, genuine + inbox.take(batch)
            batch.clear()
    receipts, genuine = receipts + len(batch), genuine + inbox.take(batch)
    # Who names a box has not its key: that is told as not genuine.
    del at_hand.noted[Doubt.UNREADABLE]
    return ImportResult(found, genuine, found - receipts, at_hand.noted)


def _claimed(data: bytes) -> list[IncomingReceipts]:
    """As the box that it names; none for what is no receipt at all."""
    try:
        box = strict_json.parse(envelope.read(data, PAYLOAD_TYPE, LARGEST).payload)["box"]
    except (NotAccepted, ValueError, TypeError, KeyError):
        return []
    return [IncomingReceipts(box, data)] if isinstance(box, str) else []


def in_folder(folder: Path) -> Iterator[bytes]:
    """Of each plain file at any depth of it; no link is followed. Raises `ReceiptsUnreadable`."""
    if not folder.is_dir():
        raise ReceiptsUnreadable(f"没有 {folder} 这个文件夹，请插好 U 盘，写它的位置。")
    for _, folders, names, descriptor in os.fwalk(folder, follow_symlinks=False):
        if OUTBOX in folders:
            # The folder of a stick: beside it lies what the office has written.
            folders[:], names = [OUTBOX], []
        folders.sort()
        for name in sorted(names):
            if name.endswith(ENDING) and (data := _read(descriptor, name)):
                yield data


def _read(folder: int, name: str) -> bytes:
    try:
        file = os.open(name, READ, dir_fd=folder)
    except OSError:
        return b""
    with os.fdopen(file, "rb") as content:
        # One byte more, so that what is too big is refused and not cut.
        plain = stat.S_ISREG(os.fstat(file).st_mode)
        return content.read(LARGEST + 1) if plain else b""


def in_upload(name: str, data: bytes) -> Iterator[bytes]:
    """Of one file, or of each plain file in a TAR or ZIP. Raises `ReceiptsUnreadable`."""
    if len(data) > LARGEST_ARCHIVE:
        raise ReceiptsUnreadable("文件太大了，最多 30 兆，请分几次导入。")
    try:
        if zipfile.is_zipfile(io.BytesIO(data)):
            yield from _in_zip(data)
        elif name.lower().endswith(ENDING):
            yield data
        else:
            yield from _in_tar(data)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error) as error:
        raise ReceiptsUnreadable(_broken(name)) from error
    except (ValueError, EOFError, OSError, OverflowError, RecursionError, NotImplementedError) as error:
        raise ReceiptsUnreadable(_broken(name)) from error


def _broken(name: str) -> str:
    return f"{name[:60]} 不是回执，也不是完整的 tar 或 zip 包，可能损坏了。"


def _in_zip(data: bytes) -> Iterator[bytes]:
    """Each is unpacked as far as a receipt may be long, so a bomb bursts unseen."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        entries = package.infolist()
        _check_count(len(entries))
        for entry in entries:
            kind = stat.S_IFMT(entry.external_attr >> 16)
            locked = entry.flag_bits & 1
            if entry.filename.endswith(ENDING) and kind in (0, stat.S_IFREG) and not locked:
                with package.open(entry) as content:
                    yield content.read(LARGEST + 1)


def _in_tar(data: bytes) -> Iterator[bytes]:
    # "r:" takes nothing compressed, so a bomb is as large as it looks.
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as package:
        for number, entry in enumerate(package):
            _check_count(number)
            if not entry.isfile() or entry.issparse() or not entry.name.endswith(ENDING):
                continue
            content = package.extractfile(entry)
            yield content.read(LARGEST + 1) if content else b""


def _check_count(count: int) -> None:
    if count > MOST_FILES:
        raise ReceiptsUnreadable(f"包里的文件超过 {MOST_FILES} 个，请分几次导入。")
