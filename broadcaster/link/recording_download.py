"""Downloads the recordings that bulletins name, on a thread of its own; stores one if it is as
signed.
"""

import errno
import hashlib
import logging
import ssl
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPException

from broadcaster.bulletin.bulletin import Audio
from broadcaster.core.clock import Clock
from broadcaster.core.errors import BroadcasterError, RecordingRefused, RecordingUnkept, reason_of
from broadcaster.studio.recordings import Recordings

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 20.0
# 30 MB at 50 kB/s, a poor 4G.
LONGEST_SECONDS = 600.0
PIECE_BYTES = 64 * 1024
OTHER = "录音和签名的不一样，没有播。"


class SoundAway(BroadcasterError):
    """It cannot be fetched now."""


@dataclass(frozen=True)
class PendingRecording:
    """A bulletin that waits for its sound."""

    bulletin_id: str
    title: str
    audio: Audio
    expires: datetime


class RecordingDownloads:
    """One loop around `step`. `came` is told the key of a recording, or why there is none."""

    def __init__(
        self,
        recordings: Recordings,
        clock: Clock,
        came: Callable[[str, str, str], None],
        retry_seconds: float,
    ) -> None:
        self._recordings = recordings
        self._clock = clock
        self._came = came
        self._retry_seconds = retry_seconds
        self._wanted: list[PendingRecording] = []
        self._changed = threading.Event()
        self._stopping = False

    def want(self, wanted: PendingRecording) -> None:
        """Any thread; one that is wanted already is wanted once."""
        if wanted not in self._wanted:
            self._wanted.append(wanted)
        self._changed.set()

    def step(self) -> None:
        """Try each once, then wait."""
        self._changed.clear()
        for wanted in tuple(self._wanted):
            if self._try(wanted):
                self._wanted.remove(wanted)
        self._changed.wait(self._retry_seconds if self._wanted else None)

    def wake(self) -> None:
        self._stopping = True
        self._changed.set()

    def _try(self, wanted: PendingRecording) -> bool:
        key = problem = ""
        try:
            pieces = as_signed(wanted.audio, self._fetch(wanted.audio.url))
            key = self._recordings.take(pieces, wanted.title).key
        except (SoundAway, RecordingUnkept) as error:
            if self._clock.now() < wanted.expires:
                logger.warning("《%s》的录音现在还没有，过一会儿再试：%s", wanted.title, error)
                return False
            problem = f"到有效期为止都没有录音：{error}"
        except RecordingRefused as refused:
            problem = str(refused)
        self._came(wanted.bulletin_id, key, problem)
        return True

    def _fetch(self, url: str) -> Iterator[bytes]:
        """Raises `SoundAway`: what the network does is no error of the disk that keeps it."""
        until = time.monotonic() + LONGEST_SECONDS
        try:
            with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS, context=_context()) as answer:
                while piece := answer.read1(PIECE_BYTES):
                    if self._stopping or time.monotonic() > until:
                        raise TimeoutError("too slow")
                    yield piece
                # `read1` ends as if that were all when the line breaks.
                if answer.length:
                    raise ConnectionResetError(errno.ECONNRESET, "")
        except (OSError, HTTPException, ValueError) as error:
            raise SoundAway(f"录音下载不下来（{reason_of(error)}）。") from error


def _context() -> ssl.SSLContext:
    """Whoever gives it, as by plain HTTP: what comes must have the digest that was signed. So neither an
    office's own certificate nor a box's wrong clock is a hindrance.
    """
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


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
