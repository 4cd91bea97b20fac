"""Receives large sound files in chunks, over lines that break: a sender that comes back goes on where it
was, also after days and a power cut.
"""

import hashlib
import json
import logging
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

logger = logging.getLogger(__name__)

UPLOADS = "uploads"
CHUNK_BYTES = 256 * 1024
LEFT_DAYS = 7
# A song is measured by then, hours of sound in minutes; who asked asks again.
WAIT_SECONDS = 2.0
DAY_SECONDS = 86_400.0
GONE = "这个文件传到一半，放得太久，已经清掉了，请从头再传一遍。"
UNFINISHED = "这个文件还没有传完，请接着传。"
OVERFULL = "传来的比文件本身还长，请从头再传一遍。"


@dataclass(frozen=True)
class Upload:
    """A file on its way: `received` of `size` bytes are here, the sender goes on from there.

    While it waits to be measured and is, `measured_since` counts from 1970. At its end it `became` the
    sound of this key, which was there `again`, or was `refused` with this sentence.
    """

    key: str
    name: str
    size: int
    received: int
    sender: str = ""
    refused: str = ""
    became: str = ""
    title: str = ""
    measured_since: float = 0.0
    again: bool = False

    @property
    def ended(self) -> bool:
        return bool(self.refused or self.became)

    @property
    def is_measured(self) -> bool:
        """True until it has ended."""
        return bool(self.measured_since) and not self.ended


class SoundUploads:
    """Files on their way into the library. Any thread; one loop around `step` measures them, in the
    order in which they were finished, also those that a restart of the box cut off.

    `begin` with the name, the size and the first chunk; `append` until `received` is `size`; `finish`.
    A sender that lost its place calls `begin` again with the same and is told how far it had come. How
    each ended is known for seven days, so a lost answer is asked for again.
    """

    def __init__(self, library: SoundLibrary, wait_seconds: float = WAIT_SECONDS) -> None:
        self._library = library
        self._wait_seconds = wait_seconds
        self._folder = library.folder / UPLOADS
        self._changed = threading.Condition()
        # Until somebody asks: the disk took them not.
        self._unkept: dict[str, SoundUnkept] = {}

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
            if not there.ended:
                return there
            if self._library.find(there.became):
                self._end(known := replace(there, again=True))
                return known
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
            # All of it was here before it was measured; the library moves it.
            is_whole = upload.ended or upload.measured_since
            return upload if is_whole else replace(upload, received=_size(folder))
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
        with self._changed, self._library.writing():
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
        """Have it measured and taken into the library; wait a little for that.

        None while it is measured: ask again. Raises `SoundRefused`: what is no sound is told of until
        it is dropped, and what is not all here yet stays; `SoundUnkept`, and it stays.
        """
        with self._changed:
            upload = self.find(key)
            self._tell_unkept(key)
            if not upload.ended:
                self._have_measured(upload, title)
                self._changed.wait_for(lambda: self._is_over(key), self._wait_seconds)
                self._tell_unkept(key)
            return self._outcome(self.find(key))

    def step(self) -> None:
        """Measure the next; wait for one if there is none."""
        with self._changed:
            waiting = [one for one in self.all() if one.is_measured and one.key not in self._unkept]
            if not waiting:
                self._changed.wait()
                return
        self._measure(min(waiting, key=lambda one: one.measured_since))

    def wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _have_measured(self, upload: Upload, title: str) -> None:
        if upload.received != upload.size:
            raise SoundRefused(UNFINISHED)
        if not upload.measured_since:
            with self._library.writing():
                self._write(replace(upload, title=title, measured_since=time.time()))
        self._changed.notify_all()

    def _is_over(self, key: str) -> bool:
        return key in self._unkept or self.find(key).ended

    def _tell_unkept(self, key: str) -> None:
        if error := self._unkept.pop(key, None):
            raise error

    def _outcome(self, upload: Upload) -> Sound | None:
        if upload.refused:
            raise SoundRefused(upload.refused)
        if not upload.became:
            return None
        if there := self._library.find(upload.became):
            return replace(there, again=upload.again)
        raise SoundRefused(GONE)

    def _measure(self, upload: Upload) -> None:
        try:
            ended = self._taken_in(upload)
            with self._changed:
                # Else it was dropped meanwhile.
                if (self._folder / upload.key).exists():
                    self._end(ended)
        except SoundUnkept as error:
            logger.warning("传来的 %s 没有收下：%s", upload.name, error)
            self._unkept[upload.key] = error
            with suppress(OSError):
                self._write(replace(upload, measured_since=0.0))
        finally:
            self.wake()

    def _taken_in(self, upload: Upload) -> Upload:
        """As it ended. Raises `SoundUnkept`."""
        try:
            with self._library.writing():
                sound = self._library.keep(self._folder / upload.key / "sent", upload.name, upload.title)
        except SoundUnkept:
            raise
        except SoundRefused as error:
            return replace(upload, refused=str(error))
        return replace(upload, became=sound.key, again=sound.again)

    def drop(self, key: str) -> None:
        """Give up an upload, if there is one."""
        if is_key(key):
            self._unkept.pop(key, None)
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
