"""Keeps the sounds of the county's columns in the village's library, each once, as long as it is
wanted.
"""

import json
import logging
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from broadcaster.core.clock import Clock
from broadcaster.core.errors import SoundRefused
from broadcaster.studio.sound_library import Sound, SoundLibrary, folder_of, key_digest
from broadcaster.system.atomic_file import atomic_write

logger = logging.getLogger(__name__)

FILE = "sounds.json"
# After its last bulletin, so that a village may hear it again; then it lies in the bin for 30 days.
KEPT = timedelta(days=7)
OTHER = "节目和签名的不一样，没有播。"


@dataclass(frozen=True)
class ColumnSound:
    """The sound of a column by its key in the library; it is wanted `until` its bulletin's end."""

    key: str
    title: str
    issuer: str
    until: datetime

    @property
    def folder(self) -> str:
        """Of the library: an office has one of its name."""
        return self.issuer.replace("/", "／")


class CountySounds:
    """Any thread. What the village has by itself, or puts into another folder, is its own and stays."""

    def __init__(self, library: SoundLibrary, folder: Path, clock: Clock) -> None:
        self.library = library
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()

    def has(self, wanted: ColumnSound) -> bool:
        """True if it is there, as it came for another bulletin or lies in the bin."""
        there = self.library.find(wanted.key) or self.library.restore(wanted.key)
        if there:
            self._note(there, wanted)
        return there is not None

    def take(self, pieces: Iterable[bytes], wanted: ColumnSound) -> None:
        """Take in the bytes of the sound of this key. Raises `SoundRefused`, or `SoundUnkept`."""
        self._tidy()
        title = f"{wanted.folder}/{wanted.title.replace('/', '／')}"
        sound = self.library.take(_as_named(wanted.key, pieces), "", title)
        self._note(sound, wanted)

    def _tidy(self) -> None:
        """Put into the bin what no bulletin has wanted for a week."""
        before = self._clock.now() - KEPT
        with self._lock:
            kept = self._read()
            over = {key: folder for key, (folder, until) in kept.items() if until < before}
            for key, folder in over.items():
                sound = self.library.find(key)
                if sound and folder_of(sound.title) == folder:
                    self.library.remove(key)
                    logger.info("“%s”播完一个星期了，放进节目里删掉的那些", sound.title)
            if over:
                self._write({key: one for key, one in kept.items() if key not in over})

    def _note(self, sound: Sound, wanted: ColumnSound) -> None:
        if folder_of(sound.title) != wanted.folder:
            return
        with self._lock:
            kept = self._read()
            _, before = kept.get(wanted.key, ("", wanted.until))
            self._write(kept | {wanted.key: (wanted.folder, max(before, wanted.until))})

    def _read(self) -> dict[str, tuple[str, datetime]]:
        """The folder of each, and until when it is wanted; where that is lost, what came stays."""
        try:
            written = json.loads((self._folder / FILE).read_text(encoding="utf-8"))
            return {key: (str(name), datetime.fromisoformat(at)) for key, (name, at) in written.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def _write(self, kept: dict[str, tuple[str, datetime]]) -> None:
        told = {key: (name, at.astimezone(UTC).isoformat()) for key, (name, at) in kept.items()}
        with self.library.writing(), atomic_write(self._folder / FILE, self._folder) as written:
            written.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")


def _as_named(key: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same pieces. Raises `SoundRefused` where a library would give them another key."""
    digest = key_digest()
    for piece in pieces:
        digest.update(piece)
        yield piece
    if digest.hexdigest() != key:
        raise SoundRefused(OTHER)
