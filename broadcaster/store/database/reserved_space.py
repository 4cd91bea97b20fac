"""Reserved space on the disk, allocated in advance: it takes changes when the database cannot grow."""

import json
import logging
import os
import re
import shutil
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

from broadcaster.core.errors import reason_of
from broadcaster.system.atomic_file import write_private

logger = logging.getLogger(__name__)

# In the state folder.
SPARE = "broadcaster.spare"
# A notice with its progress and its end takes 3 kB: some 80 of them.
SPARE_BYTES = 256_000
# The end of the file says how many lines there are: one that is damaged there would be none.
FOOT_BYTES = 64
MOST_BYTES = SPARE_BYTES - FOOT_BYTES
# The last free bytes of a disk are the database's.
LEAST_FREE_BYTES = 4 * SPARE_BYTES
# The room behind what is written is empty lines: looked at one by one they took each start 0.1 s here.
LINE = re.compile(rb"[^\n]+\n?")

Record = dict[str, Any]


class ReservedSpace:
    """Lines of JSON in a file of a fixed size, written over in place: no disk is too full for that, but
    one that is read-only is, and so may be a file system that never writes over (btrfs).

    Each line has its checksum, and the name of its round, so that nothing of a round before is read; the
    foot tells how many were promised. One thread at a time.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._round = os.urandom(4).hex()
        self._end = 0
        self._records: list[Record] = []
        # None where nobody knows how many, if any.
        self._lost: int | None = 0
        with suppress(OSError):
            self._read()
            self._make()

    @property
    def records(self) -> tuple[Record, ...]:
        """The stored records, in their order."""
        return tuple(self._records)

    @property
    def fault(self) -> str:
        """In Chinese, how many were promised and cannot be read any more, or ""."""
        if self._lost is None:
            return f"{SPARE} 坏了：磁盘满的时候安排的通知可能没有了，请看看播出记录，要播的再播一次。"
        what = f"磁盘满的时候记下的有 {self._lost} 条读不出来了：其中的通知可能不播，也可能再播一遍，"
        return f"{what}请看看播出记录。存储卡可能坏了，请换一张。" if self._lost else ""

    def keep(self, *records: Record) -> bool:
        """All on the disk, or none counts."""
        lines = b"".join(self._line(record) for record in records)
        try:
            self._write(lines)
        except OSError as error:
            logger.warning("磁盘满时备用的地方也写不进去：%s", reason_of(error))
            return False
        self._end += len(lines)
        self._records.extend(records)
        with suppress(OSError):
            self._put_foot(len(self._records))
        return True

    def clear(self) -> None:
        """The database has it all."""
        if not self._end:
            return
        self._round, self._end = os.urandom(4).hex(), 0
        self._records.clear()
        with suppress(OSError):
            self._put_foot(0)
            self._write(b"\n")

    def _make(self) -> None:
        """Written through, for room that was only promised is not there later."""
        folder = self._path.parent
        there = self._path.exists() and self._path.stat().st_size == SPARE_BYTES
        if (there and self._lost is not None) or shutil.disk_usage(folder).free < LEAST_FREE_BYTES:
            return
        lines = b"".join(map(self._line, self._records))
        write_private(self._path, lines.ljust(SPARE_BYTES, b"\n"))
        self._put_foot(len(self._records))

    def _read(self) -> None:
        if not self._path.exists():
            return
        content = self._path.read_bytes()
        round_, promised = _read_foot(content)
        ours = _lines(content, round_)
        if ours:
            self._round, _, self._end = ours[-1]
            self._records = [record for _, record, _ in ours]
        if round_:
            self._lost = max(promised - len(ours), 0)
        elif len(content) != SPARE_BYTES or b"\0" in content:
            self._lost = None

    def _write(self, lines: bytes) -> None:
        if self._end + len(lines) > MOST_BYTES:
            raise OSError("no room left in it")
        self._put(lines, self._end)

    def _put_foot(self, promised: int) -> None:
        self._put(self._line({"promised": promised}).rjust(FOOT_BYTES, b"\n"), MOST_BYTES)

    def _put(self, content: bytes, place: int) -> None:
        with self._path.open("r+b") as file:
            file.seek(place)
            file.write(content)
            file.flush()
            os.fdatasync(file.fileno())

    def _line(self, record: Record) -> bytes:
        content = json.dumps([self._round, record]).encode()
        return b"%08x %s\n" % (zlib.crc32(content), content)


def _lines(content: bytes, round_: str) -> list[tuple[str, Record, int]]:
    """Round, record and end of each of that round. Where none is known they are those of the first
    line, up to one that is not whole: behind it may be what was cleared."""
    found: list[tuple[str, Record, int]] = []
    end = 0
    for line in LINE.finditer(content, 0, MOST_BYTES):
        follows, end = line.start() == end, line.end()
        known = _read_line(line[0]) if round_ or follows else None
        if known and known[0] == (round_ or (found[0][0] if found else known[0])):
            found.append((*known, end))
        elif not round_:
            break
    return found


def _read_foot(content: bytes) -> tuple[str, int]:
    """Its round and number; no round where there is none that is whole."""
    known = _read_line(content[MOST_BYTES:SPARE_BYTES].lstrip(b"\n"))
    return (known[0], int(known[1]["promised"])) if known else ("", 0)


def _read_line(line: bytes) -> tuple[str, Record] | None:
    checksum, _, text = line.rstrip(b"\n").partition(b" ")
    if checksum != b"%08x" % zlib.crc32(text) or not text:
        return None
    round_, record = json.loads(text)
    return round_, record
