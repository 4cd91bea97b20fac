"""Receives large sound files in chunks, over lines that break: a sender that comes back goes on where it
was, also after days and a power cut.
"""

import hashlib
import json
import shutil
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from broadcaster.audio.sound_files.kind import EMPTY_SAID, ENOUGH_BYTES, demuxer_of
from broadcaster.core.errors import SoundRefused, SoundUnkept
from broadcaster.studio.sound_library import Sound, SoundLibrary, is_key
from broadcaster.system.atomic_file import atomic_write

UPLOADS = "uploads"
CHUNK_BYTES = 256 * 1024
LEFT_DAYS = 7
# Hours of sound are measured for minutes; who asks meanwhile waits so long, then asks again.
WAIT_SECONDS = 10.0
DAY_SECONDS = 86_400.0
GONE = "这个文件传到一半，放得太久，已经清掉了，请从头再传一遍。"
UNFINISHED = "这个文件还没有传完，请接着传。"
OVERFULL = "传来的比文件本身还长，请从头再传一遍。"


@dataclass(frozen=True)
class Upload:
    """A file on its way: `received` of `size` bytes are here, the sender goes on from there.

    At its end it `became` the sound of this key, or was `refused` with this sentence.
    """

    key: str
    name: str
    size: int
    received: int
    sender: str = ""
    refused: str = ""
    became: str = ""

    @property
    def ended(self) -> bool:
        return bool(self.refused or self.became)


class SoundUploads:
    """Files on their way into the library. Any thread.

    `begin` with the name, the size and the first chunk; `append` until `received` is `size`; `finish`.
    A sender that lost its place calls `begin` again with the same and is told how far it had come. How
    each ended is known for seven days, so a lost answer is asked for again.
    """

    def __init__(self, library: SoundLibrary) -> None:
        self._library = library
        self._folder = library.folder / UPLOADS
        self._lock = threading.Lock()
        self._measuring = threading.Lock()

    def begin(self, name: str, size: int, first: bytes, sender: str = "") -> Upload:
        """Start, or find again what this sender began with the same name, size and first chunk.

        The room is looked at before anything is written. Raises `SoundRefused`, at once for what its
        first chunk shows to be no sound, and `SoundUnkept`.
        """
        if not size:
            raise SoundRefused(EMPTY_SAID)
        told = json.dumps([sender, name, size, hashlib.sha256(first).hexdigest()])
        key = hashlib.blake2b(told.encode(), digest_size=16).hexdigest()
        with suppress(SoundRefused):
            there = self.find(key)
            if not there.ended or self._library.find(there.became):
                return there
            self.drop(key)
        self.sweep()
        self._library.check_room(size)
        folder = self._folder / key
        with self._library.writing():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (folder / "sent").write_bytes(first)
            upload = Upload(key, name, size, len(first), sender)
            self._write(upload)
            self._check_kind(upload, first)
        return self.find(key)

    def find(self, key: str) -> Upload:
        """Raises `SoundRefused` for one that is not there, or was swept."""
        folder = self._folder / key
        try:
            if not is_key(key):
                raise ValueError(key)
            told = json.loads((folder / "upload.json").read_text(encoding="utf-8"))
            upload = Upload(**told)
            return upload if upload.ended else replace(upload, received=_size(folder))
        except (OSError, ValueError, TypeError) as error:
            raise SoundRefused(GONE) from error

    def all(self) -> list[Upload]:
        """Those on their way and those that were refused, by name."""
        found = []
        for folder in self._folder.glob("*"):
            with suppress(SoundRefused):
                found.append(self.find(folder.name))
        return sorted((one for one in found if not one.became), key=lambda one: (one.name, one.key))

    def append(self, key: str, offset: int, chunk: bytes) -> Upload:
        """Put a chunk behind what is there. One that does not begin there is left out: the answer's
        `received` says from where to go on. Raises `SoundRefused` and `SoundUnkept`.
        """
        with self._lock, self._library.writing():
            upload = self.find(key)
            if offset != upload.received:
                return upload
            if offset + len(chunk) > upload.size:
                self.drop(key)
                raise SoundRefused(OVERFULL)
            with (self._folder / key / "sent").open("ab") as file:
                file.write(chunk)
            return self.find(key)

    def finish(self, key: str, title: str = "") -> Sound | None:
        """Measure it and take it into the library; blocks for it, minutes for hours of sound.

        None while another is measured: ask again. Raises `SoundRefused`: what is no sound is told of
        until it is dropped, and what is not all here yet stays; `SoundUnkept`, and it stays.
        """
        if not self._measuring.acquire(timeout=WAIT_SECONDS):
            return None
        try:
            return self._finish(self.find(key), title)
        finally:
            self._measuring.release()

    def _finish(self, upload: Upload, title: str) -> Sound:
        if upload.refused:
            raise SoundRefused(upload.refused)
        if upload.became:
            if there := self._library.find(upload.became):
                return there
            raise SoundRefused(GONE)
        if upload.received != upload.size:
            raise SoundRefused(UNFINISHED)
        try:
            sound = self._library.keep(self._folder / upload.key / "sent", upload.name, title)
        except SoundUnkept:
            raise
        except SoundRefused as error:
            self._end(replace(upload, refused=str(error)))
            raise
        self._end(replace(upload, became=sound.key))
        return sound

    def drop(self, key: str) -> None:
        """Give up an upload, if there is one."""
        if is_key(key):
            shutil.rmtree(self._folder / key, ignore_errors=True)

    def sweep(self) -> None:
        """Removes uploads that nobody went on with for seven days."""
        before = time.time() - LEFT_DAYS * DAY_SECONDS
        for folder in self._folder.glob("*"):
            sent = folder / "sent"
            if (sent if sent.exists() else folder).stat().st_mtime < before:
                self.drop(folder.name)

    def _check_kind(self, upload: Upload, first: bytes) -> None:
        """Raises `SoundRefused` for what the first chunk shows; tags may be longer than it."""
        if len(first) < ENOUGH_BYTES or first.startswith(b"ID3"):
            return
        try:
            demuxer_of(self._folder / upload.key / "sent", upload.name)
        except SoundRefused as error:
            self._end(replace(upload, refused=str(error)))
            raise

    def _end(self, upload: Upload) -> None:
        """Nothing of its bytes stays here."""
        with self._library.writing():
            self._write(upload)
            (self._folder / upload.key / "sent").unlink(missing_ok=True)

    def _write(self, upload: Upload) -> None:
        folder = self._folder / upload.key
        with atomic_write(folder / "upload.json", folder) as about:
            about.write_text(json.dumps(asdict(upload)), encoding="utf-8")


def _size(folder: Path) -> int:
    return (folder / "sent").stat().st_size
