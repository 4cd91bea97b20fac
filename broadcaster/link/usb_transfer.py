"""Reads the county's messages from a folder `cb/` on a USB stick, and writes receipts there, for places
without a network. Other files are ignored.

cb/keyring.json  cb/heads.json  cb/bulletins/*.json  cb/audio/<sha256>
cb/outbox/<box>/<number>.json      receipts, for the county
"""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from broadcaster.bulletin import tuf_metadata, verify
from broadcaster.bulletin.bulletin import Audio
from broadcaster.bulletin.envelope import LARGEST as LARGEST_SNAPSHOT
from broadcaster.bulletin.refusals import NotAccepted
from broadcaster.bulletin.replay_guard import Accepted
from broadcaster.core.errors import BroadcasterError, RecordingRefused, SoundRefused, reason_of
from broadcaster.link.bulletin_airings import sound_of
from broadcaster.link.inbox import Inbox
from broadcaster.link.recording_download import as_signed
from broadcaster.station.station import StoredReceipts

FOLDER = "cb"
# As many as one county has in force at most, three times over.
MOST_BULLETINS = 3_000
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
FOLDERS = READ | os.O_DIRECTORY
WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class StickUnreadable(BroadcasterError):
    """There is no such folder on it."""


class UsbStick:
    """Names are listed, never taken from what stands in a file; no link is followed, at any depth."""

    def __init__(self, descriptor: int) -> None:
        self._folder = descriptor

    def keyring(self) -> bytes:
        """b"" where there is none, as for all that follows."""
        return self._read(self._folder, "keyring.json", tuf_metadata.LARGEST)

    def snapshot(self) -> bytes:
        return self._read(self._folder, "heads.json", LARGEST_SNAPSHOT)

    def bulletins(self) -> Iterator[bytes]:
        with self._within("bulletins") as folder:
            names = [] if folder is None else sorted(_names(folder, MOST_BULLETINS))
            for name in names:
                if folder is not None and (data := self._read(folder, name, verify.LARGEST)):
                    yield data

    def sound(self, audio: Audio) -> bytes:
        """As it is there: its digest is not looked at yet."""
        with self._within("audio") as folder:
            return b"" if folder is None else self._read(folder, audio.sha256, audio.size)

    def write_receipts(self, box: str, receipts: Sequence[StoredReceipts]) -> int:
        """Writes receipts and returns their number. Raises OSError: a stick may be read-only."""
        with _made(self._folder, "outbox") as outbox, _made(outbox, box) as folder:
            for number, _, envelope in receipts:
                with suppress(FileExistsError):
                    _write(folder, f"{number}.json", envelope)
            os.fsync(folder)
        return len(receipts)

    def _read(self, folder: int, name: str, largest: int) -> bytes:
        try:
            file = os.open(name, READ, dir_fd=folder)
        except OSError:
            return b""
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                return b""
            with os.fdopen(file, "rb", closefd=False) as content:
                # One byte more, so that what is too big is told so.
                return content.read(largest + 1)
        except OSError:
            return b""
        finally:
            os.close(file)

    @contextmanager
    def _within(self, name: str) -> Iterator[int | None]:
        try:
            folder = os.open(name, FOLDERS, dir_fd=self._folder)
        except OSError:
            yield None
            return
        try:
            yield folder
        finally:
            os.close(folder)


@dataclass(frozen=True)
class Taken:
    """The result of reading a stick; `problems` are sentences; `had` counts the bulletins that had been
    accepted before.
    """

    bulletins: int
    accepted: int
    had: int
    receipts: int
    problems: tuple[str, ...]


def take(
    stick: UsbStick, inbox: Inbox, box: str, waiting: Callable[[], Sequence[StoredReceipts]]
) -> Taken:
    """As if it had come by the network, keyring and snapshot first; then the receipts are written."""
    problems: list[str] = []
    for kind, data in (("k", stick.keyring()), ("h", stick.snapshot())):
        try:
            inbox.take(kind, data)
        except NotAccepted as refused:
            problems.append(str(refused))
    count = accepted = written = 0
    had_before = inbox.came_again
    for data in stick.bulletins():
        count += 1
        if kept := inbox.keep(data):
            accepted += 1
            inbox.save()
            if not _take_recording(stick, inbox, kept):
                inbox.airings.act_on([kept])
    inbox.save()
    try:
        written = stick.write_receipts(box, waiting())
    except OSError as error:
        problems.append(f"回执写不到盘上（{reason_of(error)}）。")
    had = inbox.came_again - had_before
    return Taken(count, accepted, had, written, tuple(problems))


def _take_recording(stick: UsbStick, inbox: Inbox, accepted: Accepted) -> bool:
    """True if the bulletin names a recording or a column's sound, and the stick has it."""
    bulletin = accepted.bulletin
    data = stick.sound(bulletin.audio) if bulletin.audio else b""
    if not bulletin.audio or not data:
        return False
    key = problem = ""
    try:
        pieces = as_signed(bulletin.audio, [data])
        sound = sound_of(bulletin, accepted.issuer)
        if sound is None:
            key = inbox.recordings.take(pieces, bulletin.title).key
        elif not inbox.sounds.has(sound):
            inbox.sounds.take(pieces, sound)
    except (RecordingRefused, SoundRefused) as refused:
        problem = str(refused)
    inbox.airings.recording_came(bulletin.id, key, problem)
    return True


@contextmanager
def open_stick(path: Path) -> Iterator[UsbStick]:
    """Raises `StickUnreadable`."""
    place = path if path.name == FOLDER else path / FOLDER
    try:
        folder = os.open(place, FOLDERS)
    except OSError as error:
        raise StickUnreadable(f"{path} 上没有 {FOLDER} 文件夹，请插好 U 盘，写它的位置。") from error
    try:
        yield UsbStick(folder)
    finally:
        os.close(folder)


def _names(folder: int, most: int) -> list[str]:
    found: list[str] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".json") and not entry.name.startswith("."):
                found.append(entry.name)
            if len(found) == most:
                break
    return found


@contextmanager
def _made(parent: int, name: str) -> Iterator[int]:
    with suppress(FileExistsError):
        os.mkdir(name, dir_fd=parent)
    folder = os.open(name, FOLDERS, dir_fd=parent)
    try:
        yield folder
    finally:
        os.close(folder)


def _write(folder: int, name: str, content: bytes) -> None:
    file = os.open(name, WRITE, 0o644, dir_fd=folder)
    with os.fdopen(file, "wb") as written:
        written.write(content)
        written.flush()
        os.fsync(file)
