"""Room taken on the disk while there was some: it takes changes when the database cannot grow."""

import json
import logging
import os
import shutil
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)

# In the state folder.
SPARE = "broadcaster.spare"
# A notice with its progress and its end takes 3 kB: some 80 of them.
SPARE_BYTES = 256_000
# The last free bytes of a disk are the database's.
LEAST_FREE_BYTES = 4 * SPARE_BYTES

Record = dict[str, Any]


class Spare:
    """Lines of JSON in a file of a fixed size, written over in place: no disk is too full for that, but
    one that is read-only is, and so may be a file system that never writes over (btrfs).

    Each line has its checksum, and the name of its round, so that nothing of a round before is read.
    One thread at a time.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._round = os.urandom(4).hex()
        self._end = 0
        self._records: list[Record] = []
        with suppress(OSError):
            self._make()
            self._read()

    @property
    def records(self) -> tuple[Record, ...]:
        """What is kept, in its order."""
        return tuple(self._records)

    def keep(self, *records: Record) -> bool:
        """All on the disk, or none counts."""
        lines = b"".join(self._line(record) for record in records)
        try:
            self._write(lines)
        except OSError as error:
            logger.warning("the spare room took nothing: %s", error)
            return False
        self._end += len(lines)
        self._records.extend(records)
        return True

    def clear(self) -> None:
        """The database has it all."""
        if not self._end:
            return
        self._round, self._end = os.urandom(4).hex(), 0
        self._records.clear()
        with suppress(OSError):
            self._write(b"\n")

    def _make(self) -> None:
        """Written through, for room that was only promised is not there later."""
        folder = self._path.parent
        there = self._path.exists() and self._path.stat().st_size >= SPARE_BYTES
        if there or shutil.disk_usage(folder).free < LEAST_FREE_BYTES:
            return
        with os.fdopen(os.open(self._path, os.O_CREAT | os.O_WRONLY, 0o600), "wb") as file:
            file.seek(0, os.SEEK_END)
            file.write(b"\n" * (SPARE_BYTES - file.tell()))
            file.flush()
            os.fsync(file.fileno())

    def _read(self) -> None:
        for round_, record, size in _lines(self._path.read_bytes()):
            if self._end and round_ != self._round:
                return
            self._round = round_
            self._end += size
            self._records.append(record)

    def _write(self, lines: bytes) -> None:
        if self._end + len(lines) > SPARE_BYTES:
            raise OSError("no room left in it")
        with self._path.open("r+b") as file:
            file.seek(self._end)
            file.write(lines)
            file.flush()
            os.fdatasync(file.fileno())

    def _line(self, record: Record) -> bytes:
        content = json.dumps([self._round, record]).encode()
        return b"%08x %s\n" % (zlib.crc32(content), content)


def _lines(content: bytes) -> Iterator[tuple[str, Record, int]]:
    """Round, record and size of each up to the first that is not whole."""
    for line in content.splitlines(keepends=True):
        checksum, _, text = line.rstrip(b"\n").partition(b" ")
        if checksum != b"%08x" % zlib.crc32(text):
            return
        round_, record = json.loads(text)
        yield round_, record, len(line)
