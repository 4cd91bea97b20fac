"""Previews: a notice is rendered as it will sound, heard on a phone before it is aired, and its rhymes
are judged.
"""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from broadcaster.audio.wav_stream import wav_bytes, wav_size
from broadcaster.core.errors import BroadcasterError
from broadcaster.core.model import Programme, Script
from broadcaster.core.notice import Notice
from broadcaster.studio.studio import Studio
from broadcaster.text.rhyme_scheme import judge, verses
from broadcaster.text.verse_report import as_values

REMEMBERED = 40
# A notice of usual length is made by then, and its length is known; a long one goes on being made.
WAIT_SECONDS = 1.5
# A thread that answers is held by who listens.
LONGEST_WAIT_SECONDS = 120.0


@dataclass(frozen=True)
class PreviewSound:
    """A programme as one WAV file: its bytes, and how many they will be."""

    size: int
    sound: Iterator[bytes]


class Previews:
    """The previews that were asked for, by tokens that nobody can guess. Any thread.

    A preview is rendered after everything for the air, and stored: once confirmed, it sounds at once.
    """

    def __init__(self, studio: Studio, rate_hz: int) -> None:
        self._studio = studio
        self._rate_hz = rate_hz
        self._made: OrderedDict[str, Future[Programme]] = OrderedDict()
        self._lock = threading.Lock()

    def start(self, notice: Notice) -> str:
        """Have a notice made; the token by which it is heard. Raises `BroadcasterError`."""
        made, token = self._studio.start(self._studio.settle(notice)), secrets.token_urlsafe(12)
        with self._lock:
            self._made[token] = made
            while len(self._made) > REMEMBERED:
                self._made.popitem(last=False)
        return token

    def seconds(self, token: str) -> float | None:
        """The true length of the programme; None while unknown, and for one that is forgotten."""
        made = self._find(token)
        with suppress(BroadcasterError, TimeoutError):
            return made.result(WAIT_SECONDS).seconds if made else None
        return None

    def hear(self, token: str) -> PreviewSound | None:
        """Its sound, waiting until it is made; None for one that is forgotten.

        Raises `BroadcasterError` when it cannot be made.
        """
        made = self._find(token)
        if made is None:
            return None
        try:
            programme = made.result(LONGEST_WAIT_SECONDS)
        except TimeoutError as error:
            raise BroadcasterError("还没有做好，请过一会儿再听。") from error
        return PreviewSound(wav_size(programme, self._rate_hz), wav_bytes(programme, self._rate_hz))

    def _find(self, token: str) -> Future[Programme] | None:
        with self._lock:
            return self._made.get(token)

    def rhymes(self, script: Script) -> list[dict[str, Any]]:
        """Each verse of it, judged by the thirteen tracks, as values."""
        return as_values([judge(verse) for verse in verses(script.lines)])
