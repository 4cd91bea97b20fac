"""Checks SQLite's write-ahead log after a crash: finds out if it lost something, and writes its sound
frames into the file.

SQLite itself leaves out all frames behind the first damaged page, and lays those before it over a file
that may be newer. The form: sqlite.org/fileformat2.html#the_write_ahead_log, walformat.html.
"""

import logging
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

logger = logging.getLogger(__name__)

HEADER_END, FRAME_HEADER_END, INDEX_HEADER_END = 32, 24, 48
USUAL_PAGE = 4096
MAGIC = {0x377F0682: "little", 0x377F0683: "big"}
# Notes of progress are not synced: one page in 2 s, and the kernel writes what is older than 35 s. So
# many pages more in the index may be what a power cut always takes.
UNSYNCED = 40
GONE, HARMED = "不见了", "坏了"


@dataclass(frozen=True)
class _Frame:
    """One page as a transaction left it; the last of a transaction has `ends`."""

    page: int
    ends: bool
    content: bytes
    is_complete: bool


def mend_log(path: Path) -> str:
    """Of a database that was not closed: how its log was harmed, in Chinese, or "".

    What is harmed is gone afterwards, and what was whole of it is in the file, which is to be checked.
    Nobody may have it open. Raises OSError.
    """
    log, index = Path(f"{path}-wal"), Path(f"{path}-shm")
    if not log.exists() or not path.exists():
        return GONE
    content = log.read_bytes()
    frames = _complete(list(_frames(content)))
    known, backfilled = _read_index(index, content)
    is_cut = backfilled > len(frames) or known > len(frames) + UNSYNCED
    if _has_header(content) and not is_cut and all(frame.is_complete for frame in frames):
        return ""
    logger.critical("数据库的日志 %s 不全：有 %s 页，应有 %s 页，能用的都用上", log, len(frames), known)
    if len(frames) > backfilled:
        _play(frames, path)
    log.unlink()
    index.unlink(missing_ok=True)
    return HARMED if content else GONE


def _complete(frames: Sequence[_Frame]) -> list[_Frame]:
    """Those of ended transactions. A last one that is not whole was being written as the power went."""
    ends = [number for number, frame in enumerate(frames, 1) if frame.ends and frame.is_complete]
    last = ends[-1] if ends else 0
    before = ends[-2] if len(ends) > 1 else 0
    whole = all(frame.is_complete for frame in frames[before:last])
    return list(frames[: last if whole else before])


def _frames(content: bytes) -> Iterator[_Frame]:
    """All of this round: the log is written over from its beginning, and older ones lie behind."""
    is_known = _has_header(content)
    size = int.from_bytes(content[8:12], "big") if is_known else USUAL_PAGE
    step = FRAME_HEADER_END + size
    begins = range(HEADER_END, len(content) - step + 1, step)
    salts = content[16:24] if is_known else content[HEADER_END + 8 : HEADER_END + 16]
    ours = [begin for begin in begins if content[begin + 8 : begin + 16] == salts]
    sums = content[24:HEADER_END]
    for begin in begins[: begins.index(ours[-1]) + 1] if ours else ():
        head, page = (
            content[begin : begin + FRAME_HEADER_END],
            content[begin + FRAME_HEADER_END :][:size],
        )
        whole = head[8:16] == salts and _sums(head[:8] + page, sums, _order(content)) == head[16:]
        sums = head[16:]
        yield _Frame(int.from_bytes(head[:4], "big"), any(head[4:8]), page, whole)


def _has_header(content: bytes) -> bool:
    is_log = int.from_bytes(content[:4], "big") in MAGIC and len(content) >= HEADER_END
    return is_log and _sums(content[:24], bytes(8), _order(content)) == content[24:HEADER_END]


def _order(content: bytes) -> str:
    return MAGIC.get(int.from_bytes(content[:4], "big"), sys.byteorder)


def _sums(content: bytes, before: bytes, order: str) -> bytes:
    """Over pairs of words, going on from those `before`; kept big-endian, whatever the words are."""
    words = memoryview(content).cast("I").tolist()
    if order != sys.byteorder:
        words = [int.from_bytes(word.to_bytes(4, "little"), "big") for word in words]
    first, second = int.from_bytes(before[:4], "big"), int.from_bytes(before[4:], "big")
    for one, other in zip(words[::2], words[1::2], strict=True):
        first = first + one + second & 0xFFFFFFFF
        second = second + other + first & 0xFFFFFFFF
    return first.to_bytes(4, "big") + second.to_bytes(4, "big")


def _read_index(index: Path, content: bytes) -> tuple[int, int]:
    """The number of pages by the index, and how many of them the file has; 0 if the index is of another
    log.
    """
    stored = index.read_bytes() if index.exists() else b""
    header, again = stored[:INDEX_HEADER_END], stored[INDEX_HEADER_END : 2 * INDEX_HEADER_END]
    is_known = _has_header(content)
    if not again or header != again or (is_known and header[32:40] != content[16:24]):
        return 0, 0
    return (
        int.from_bytes(header[16:20], sys.byteorder),
        int.from_bytes(stored[2 * INDEX_HEADER_END :][:4], sys.byteorder),
    )


def _play(frames: Sequence[_Frame], path: Path) -> None:
    """As SQLite would bring it in, past what is damaged. Broken off it can be done again."""
    with path.open("r+b") as file:
        for frame in frames:
            if frame.is_complete:
                file.seek((frame.page - 1) * len(frame.content))
                file.write(frame.content)
        file.flush()
        os.fsync(file.fileno())
