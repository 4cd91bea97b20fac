"""Sends long values of the remote API, such as sound files and long lists, in chunks."""

import json
import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from broadcaster.core.errors import RecordingRefused, RemoteRefused
from broadcaster.station.remote_api import PIECE_BYTES
from broadcaster.station.remote_values import write
from broadcaster.studio.recordings import LARGEST_BYTES

# Of people who listen at the same time in one village; who listens longest ago listens no more.
MOST_FETCHED, MOST_SENT = 8, 2
MOST_ROWS = 200
GONE = "放得太久，或者同时听的人太多，请再来一次。"


class Pieces:
    """Values that are fetched or sent in several calls, by names that nobody can guess. Any thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._fetched: OrderedDict[str, Iterator[Any]] = OrderedDict()
        self._sent: OrderedDict[str, IO[bytes]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, pieces: Iterable[Any]) -> str:
        """For who will ask for it by `fetch`."""
        name = secrets.token_hex(16)
        with self._lock:
            self._fetched[name] = _portions(iter(pieces))
            while len(self._fetched) > MOST_FETCHED:
                self._fetched.popitem(last=False)
        return name

    def fetch(self, name: str) -> list[Any]:
        """The next portion; [] is the end. Raises `RemoteRefused`."""
        with self._lock:
            found = self._fetched.get(name)
        if found is None:
            raise RemoteRefused(GONE)
        portion: list[Any] = next(found, [])
        if not portion:
            with self._lock:
                self._fetched.pop(name, None)
        return portion

    def send(self, name: str, piece: bytes) -> str:
        """Put a piece behind what was sent under this name; "" begins. Raises `RecordingRefused`."""
        with self._lock:
            if not name:
                name = secrets.token_hex(16)
                self._sent[name] = TemporaryFile(dir=self._folder)
                while len(self._sent) > MOST_SENT:
                    self._sent.popitem(last=False)[1].close()
            file = self._sent.get(name)
            if file is None:
                raise RecordingRefused(GONE)
            if file.tell() + len(piece) > LARGEST_BYTES + PIECE_BYTES:
                raise RecordingRefused("这个录音太大了，最多 30 兆、10 分钟，请录短一点。")
            file.write(piece)
        return name

    def take(self, name: str, shape: Any) -> Iterator[bytes]:
        """The value that was sent under this name; it can be taken once."""
        with self._lock:
            file = self._sent.pop(name, None)
        if file is None:
            raise RemoteRefused(GONE)
        return _read(file)


def _read(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(PIECE_BYTES):
            yield piece


def _portions(pieces: Iterator[Any]) -> Iterator[list[Any]]:
    """As many as fit into one message; what is longer than a message is bytes, and is cut."""
    portion: list[Any] = []
    size = 0
    for piece in _short(pieces):
        value = write(piece, _no_flow)
        length = len(value) * 3 // 4 if isinstance(piece, bytes) else len(json.dumps(value))
        if portion and (size + length > PIECE_BYTES or len(portion) >= MOST_ROWS):
            yield portion
            portion, size = [], 0
        portion.append(value)
        size += length
    if portion:
        yield portion


def _short(pieces: Iterator[Any]) -> Iterator[Any]:
    for piece in pieces:
        if not isinstance(piece, bytes):
            yield piece
            continue
        for start in range(0, len(piece), PIECE_BYTES):
            yield piece[start : start + PIECE_BYTES]


def _no_flow(pieces: Iterable[Any]) -> str:
    raise TypeError("pieces within pieces")
