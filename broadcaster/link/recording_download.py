"""Downloads the recordings and sounds that bulletins name, on a thread of its own, and goes on where the
line was cut; keeps one if it is as signed.
"""

import errno
import hashlib
import logging
import random
import ssl
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from broadcaster.bulletin.bulletin import Audio
from broadcaster.core.clock import Clock
from broadcaster.core.errors import (
    BroadcasterError,
    RecordingRefused,
    RecordingUnkept,
    SoundRefused,
    SoundUnkept,
    reason_of,
)
from broadcaster.link.county_sounds import ColumnSound, CountySounds
from broadcaster.studio.recordings import Recordings

logger = logging.getLogger(__name__)

FOLDER = "downloads"
TIMEOUT_SECONDS = 20.0
# 30 MB at 50 kB/s, a poor 4G; the next try goes on from there.
LONGEST_SECONDS = 600.0
PIECE_BYTES = 64 * 1024
# What is not due at once begins within so long, each box at a moment of its own: 200 boxes with 30 MB
# each are 13 Mbit/s of the office's line then. At most a quarter of the time that is left.
SPREAD_SECONDS = 3600.0
# A bulletin lives for seven days: what is older is wanted by none.
LEFT_SECONDS = 8 * 86_400.0
OTHER = "录音和签名的不一样，没有播。"


class SoundAway(BroadcasterError):
    """It cannot be fetched now."""


class _GivesWay(BroadcasterError):
    """Another is due sooner, or nobody wants it any more; what came of it stays."""


@dataclass(frozen=True)
class PendingRecording:
    """A bulletin that waits for its sound: a recording, or the `sound` of a column."""

    bulletin_id: str
    title: str
    audio: Audio
    due: datetime
    expires: datetime
    sound: ColumnSound | None = None


class RecordingDownloads:
    """One loop around `step`. `came` is told the key of a recording, or why there is none; "" and "" of
    a column's sound that is in the library now. `folder` has what has come in part, over restarts.
    """

    def __init__(
        self,
        recordings: Recordings,
        sounds: CountySounds,
        folder: Path,
        clock: Clock,
        came: Callable[[str, str, str], None],
        retry_seconds: float,
    ) -> None:
        self._recordings = recordings
        self._sounds = sounds
        self._folder = folder / FOLDER
        self._clock = clock
        self._came = came
        self._retry_seconds = retry_seconds
        self._lock = threading.Lock()
        self._wanted: dict[PendingRecording, float] = {}
        """And when (monotonic) each is tried."""
        self._changed = threading.Event()
        self._stopping = False

    def want(self, wanted: PendingRecording) -> None:
        """Any thread; one that is wanted already is wanted once."""
        at = self._clock.monotonic() + self._rest(wanted)
        with self._lock:
            self._wanted.setdefault(wanted, at)
        self._changed.set()

    def drop(self, bulletin_id: str) -> None:
        """Any thread; it was called off."""
        with self._lock:
            self._wanted = {
                one: at for one, at in self._wanted.items() if one.bulletin_id != bulletin_id
            }

    def step(self) -> None:
        """Try what is due first, or wait until there is something to try."""
        self._changed.clear()
        if wanted := self._next():
            self._try(wanted)
            return
        with self._lock:
            first = min(self._wanted.values(), default=None)
        self._changed.wait(None if first is None else max(0.0, first - self._clock.monotonic()))

    def wake(self) -> None:
        self._stopping = True
        self._changed.set()

    def _next(self) -> PendingRecording | None:
        with self._lock:
            now = self._clock.monotonic()
            ready = [one for one, at in self._wanted.items() if at <= now]
        return min(ready, key=lambda one: one.due, default=None)

    def _try(self, wanted: PendingRecording) -> None:
        key = problem = ""
        try:
            key = self._keep(wanted)
        except _GivesWay:
            return
        except (SoundAway, RecordingUnkept, SoundUnkept) as error:
            if self._clock.now() < wanted.expires:
                logger.warning("《%s》的录音现在还没有，过一会儿再试：%s", wanted.title, error)
                self._later(wanted)
                return
            problem = f"到有效期为止都没有下载好：{error}"
        except (RecordingRefused, SoundRefused) as refused:
            problem = str(refused)
        with self._lock:
            self._wanted.pop(wanted, None)
        self._came(wanted.bulletin_id, key, problem)

    def _rest(self, wanted: PendingRecording) -> float:
        """The seconds to the box's own moment; none of what has come in part."""
        left = (wanted.due - self._clock.now()).total_seconds()
        most = min(SPREAD_SECONDS, max(left, 0.0) / 4)
        return 0.0 if self._part(wanted.audio).exists() else random.uniform(0.0, most)

    def _later(self, wanted: PendingRecording) -> None:
        """An office that was away has not all its boxes at once when it is back."""
        at = self._clock.monotonic() + max(self._retry_seconds, self._rest(wanted))
        with self._lock:
            if wanted in self._wanted:
                self._wanted[wanted] = at

    def _keep(self, wanted: PendingRecording) -> str:
        """The key of a recording; "" of a sound that is in the library now."""
        if wanted.sound and self._sounds.has(wanted.sound):
            return ""
        if wanted.sound:
            self._sounds.library.check_room(wanted.audio.size)
        file, key = self._fetched(wanted), ""
        if wanted.sound:
            self._sounds.take(_pieces_of(file), wanted.sound)
        else:
            key = self._recordings.take(_pieces_of(file), wanted.title).key
        file.unlink(missing_ok=True)
        return key

    def _fetched(self, wanted: PendingRecording) -> Path:
        """The file of what is signed. Raises `SoundAway`, `RecordingUnkept`, `RecordingRefused`."""
        audio, file = wanted.audio, self._part(wanted.audio)
        try:
            self._sweep()
            had = file.stat().st_size if file.exists() else 0
            if had < audio.size:
                self._receive(file, had, wanted)
            if _is_signed(audio, file):
                return file
            file.unlink()
        except OSError as error:
            raise RecordingUnkept(f"录音存不下来（{reason_of(error)}），请看磁盘有没有空位。") from error
        if had:
            # A power cut may have left bytes that were never written.
            raise SoundAway("接着下载的和签名的不一样，从头再来。")
        raise RecordingRefused(OTHER)

    def _receive(self, file: Path, had: int, wanted: PendingRecording) -> None:
        """Behind what has come, where who gives it can go on there. An error of the disk is an OSError,
        one of the network is none.
        """
        with closing(_asked(wanted.audio.url, had)) as answer:
            goes_on = answer.status == HTTPStatus.PARTIAL_CONTENT
            with file.open("ab" if goes_on else "wb", buffering=0) as written:
                for piece in self._pieces(answer, wanted):
                    written.write(piece)
                    if written.tell() > wanted.audio.size:
                        break

    def _pieces(self, answer: HTTPResponse, wanted: PendingRecording) -> Iterator[bytes]:
        """Raises `SoundAway` and `_GivesWay`."""
        until = time.monotonic() + LONGEST_SECONDS
        try:
            while piece := answer.read1(PIECE_BYTES):
                if self._stopping or time.monotonic() > until:
                    raise TimeoutError("too slow")
                yield piece
                self._give_way(wanted)
            # `read1` ends as if that were all when the line breaks.
            if answer.length:
                raise ConnectionResetError(errno.ECONNRESET, "")
        except (OSError, HTTPException, ValueError) as error:
            raise _away(error) from error

    def _give_way(self, wanted: PendingRecording) -> None:
        """To one that is due sooner: a column may take half an hour to come."""
        with self._lock:
            is_wanted = wanted in self._wanted
        first = self._next()
        if not is_wanted or (first and first.due < wanted.due):
            raise _GivesWay(wanted.title)

    def _part(self, audio: Audio) -> Path:
        return self._folder / audio.sha256

    def _sweep(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        before = time.time() - LEFT_SECONDS
        for left in self._folder.iterdir():
            if left.stat().st_mtime < before:
                left.unlink()


def _asked(url: str, had: int) -> HTTPResponse:
    """From that byte on, if it can. Raises `SoundAway`."""
    asked = urllib.request.Request(url, headers={"Range": f"bytes={had}-"} if had else {})
    try:
        answer: HTTPResponse = urllib.request.urlopen(asked, timeout=TIMEOUT_SECONDS, context=_context())
        return answer
    except (OSError, HTTPException, ValueError) as error:
        raise _away(error) from error


def _away(error: Exception) -> SoundAway:
    return SoundAway(f"录音下载不下来（{reason_of(error)}）。")


def _context() -> ssl.SSLContext:
    """Whoever gives it, as by plain HTTP: what comes must have the digest that was signed. So neither an
    office's own certificate nor a box's wrong clock is a hindrance.
    """
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _pieces_of(file: Path) -> Iterator[bytes]:
    with file.open("rb") as content:
        yield from iter(partial(content.read, PIECE_BYTES), b"")


def _is_signed(audio: Audio, file: Path) -> bool:
    with suppress(RecordingRefused):
        for _ in as_signed(audio, _pieces_of(file)):
            pass
        return True
    return False


def as_signed(audio: Audio, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same pieces. Raises `RecordingRefused` where they are not what was signed."""
    digest, size = hashlib.sha256(), 0
    for piece in pieces:
        size += len(piece)
        if size > audio.size:
            raise RecordingRefused(OTHER)
        digest.update(piece)
        yield piece
    if size != audio.size or digest.hexdigest() != audio.sha256:
        raise RecordingRefused(OTHER)
