"""Export jobs: sound files of programmes for people to take along, made one at a time, off the air."""

import json
import logging
import re
import subprocess
import sys
import threading
import zipfile
from collections import OrderedDict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from math import ceil
from pathlib import Path
from typing import Any, Protocol

from broadcaster.core.errors import BroadcasterError, FileUnwritable, reason_of
from broadcaster.core.model import Item, Programme, SettledNotice
from broadcaster.core.notice import Notice
from broadcaster.settings.schema import Settings
from broadcaster.system.atomic_file import atomic_write

logger = logging.getLogger(__name__)

# An hour of MP3 is 43 MB: what is kept stays below a few hundred.
MOST_KEPT, MOST_WAITING = 6, 4
MOST_TRACKS = 60
# The child holds a whole track: 58 MB of samples for ten minutes, and as much again.
LONGEST_MINUTES = 10
# Long enough to tell the end of one time from the next, short enough for a car that drives by.
PAUSE_SECONDS = 5.0
CHILD_SECONDS = 300
# What FAT and Windows do not take in a name.
NOT_IN_A_NAME = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f\ud800-\udfff]')


@dataclass(frozen=True)
class Track:
    """One MP3: notices one after the other, again and again for so many minutes; 0 is one time."""

    name: str
    notices: tuple[Notice, ...]
    minutes: int = 0


@dataclass(frozen=True)
class Copy:
    """The progress of one order: `path` when the file is ready, `problem` in Chinese if it cannot be
    made.
    """

    id: str
    file_name: str
    tracks: int
    done: int = 0
    path: Path | None = None
    problem: str = ""


class ProgrammeSource(Protocol):
    """As much of a `Studio` as sound files are made from."""

    def settle(self, notice: Notice) -> SettledNotice: ...

    def find(self, settled: SettledNotice) -> Programme | None: ...

    def programme(self, settled: SettledNotice) -> Programme: ...


class Copies:
    """Takes orders from any thread; one loop around `step` makes them. The last ones are kept."""

    def __init__(self, studio: ProgrammeSource, settings: Settings) -> None:
        self._studio = studio
        self._rate_hz = settings.sound.rate_hz
        self._folder = settings.paths.state / "copies"
        self._copies: OrderedDict[str, Copy] = OrderedDict()
        self._waiting: deque[tuple[str, tuple[Track, ...]]] = deque()
        self._changed = threading.Condition()
        for leftover in self._folder.glob("*"):
            leftover.unlink(missing_ok=True)

    def order(self, tracks: Sequence[Track], zipped: bool = False) -> Copy:
        """Have an MP3 made of the one track, or a ZIP of all. The same order is made once.

        Raises `TextRefused` or `VoiceUnavailable`, and `FileUnwritable` where too much waits already.
        """
        tracks = tuple(tracks)[:MOST_TRACKS]
        copy_id = self._id_of(tracks, zipped)
        with self._changed:
            there = self._copies.get(copy_id)
            if there and not there.problem and (there.path is None or there.path.exists()):
                return there
            if len(self._waiting) >= MOST_WAITING:
                raise FileUnwritable("前面还有几份在做，请过几分钟再试。")
            name = "广播.zip" if zipped else f"{_safe(tracks[0].name)}.mp3"
            copy = self._copies[copy_id] = Copy(copy_id, name, len(tracks))
            self._copies.move_to_end(copy_id)
            self._waiting.append((copy_id, tracks))
            self._changed.notify()
        return copy

    def find(self, copy_id: str) -> Copy | None:
        with self._changed:
            return self._copies.get(copy_id)

    def file(self, copy_id: str) -> Path | None:
        """The sound file of an order that is done, as long as it is kept."""
        found = self.find(copy_id)
        return found.path if found and found.path and found.path.exists() else None

    def step(self) -> None:
        """Make the next order; wait for one if there is none."""
        with self._changed:
            if not self._waiting:
                self._changed.wait()
            if not self._waiting:
                return
            copy_id, tracks = self._waiting.popleft()
        try:
            self._note(copy_id, path=self._make(copy_id, tracks))
        except (BroadcasterError, OSError) as error:
            sentence = str(error) if isinstance(error, BroadcasterError) else _full(error)
            logger.warning("声音文件没有做成：%s", sentence)
            self._note(copy_id, problem=sentence)
        self._forget_old()

    def wake(self) -> None:
        with self._changed:
            self._changed.notify()

    def _make(self, copy_id: str, tracks: Sequence[Track]) -> Path:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._copies[copy_id].file_name.endswith(".mp3"):
            path = self._folder / f"{copy_id}.mp3"
            self._write(path, tracks[0])
            return path
        path = self._folder / f"{copy_id}.zip"
        track_path = self._folder / f"{copy_id}.track.mp3"
        try:
            with (
                atomic_write(path, self._folder) as unfinished,
                zipfile.ZipFile(unfinished, "w") as archive,
            ):
                for number, track in enumerate(tracks, start=1):
                    self._write(track_path, track)
                    archive.write(track_path, f"{number:02} {_safe(track.name)}.mp3")
                    self._note(copy_id, done=number)
        finally:
            track_path.unlink(missing_ok=True)
        return path

    def _write(self, path: Path, track: Track) -> None:
        items = [(str(item.clip.path), item.pause_seconds) for item in self._items(track)]
        order = {"path": str(path), "rate_hz": self._rate_hz, "items": items}
        command = [sys.executable, "-m", "broadcaster.studio.export_child"]
        try:
            done = subprocess.run(
                command,
                input=json.dumps(order),
                capture_output=True,
                text=True,
                check=False,
                timeout=CHILD_SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise FileUnwritable("声音文件做得太慢，没有做成，请再试一次。") from error
        if done.returncode:
            logger.error("声音文件没有做成：%s", done.stderr)
            told = done.returncode == 1 and done.stderr and "\n" not in done.stderr
            raise FileUnwritable(done.stderr if told else "声音文件没有做成，请再试一次。")

    def _items(self, track: Track) -> list[Item]:
        once = [item for notice in track.notices for item in self._items_of(notice)]
        seconds = sum(item.seconds for item in once)
        times = ceil(60 * min(track.minutes, LONGEST_MINUTES) / seconds) if seconds else 1
        return once * max(times, 1)

    def _items_of(self, notice: Notice) -> Iterator[Item]:
        settled = self._studio.settle(notice)
        *first, last = (self._studio.find(settled) or self._studio.programme(settled)).items
        yield from first
        yield replace(last, pause_seconds=last.pause_seconds + PAUSE_SECONDS)

    def _id_of(self, tracks: Sequence[Track], zipped: bool) -> str:
        keys = [
            (track.name, track.minutes, self._studio.settle(notice).key)
            for track in tracks
            for notice in track.notices
        ]
        return blake2b(repr((zipped, keys)).encode("utf-8", "replace"), digest_size=10).hexdigest()

    def _note(self, copy_id: str, **fields: Any) -> None:
        with self._changed:
            self._copies[copy_id] = replace(self._copies[copy_id], **fields)

    def _forget_old(self) -> None:
        with self._changed:
            ended = [copy for copy in self._copies.values() if copy.path or copy.problem]
            for copy in ended[:-MOST_KEPT]:
                del self._copies[copy.id]
                if copy.path:
                    copy.path.unlink(missing_ok=True)


def _safe(name: str) -> str:
    """The name as any stick and any player takes it."""
    return NOT_IN_A_NAME.sub("", name)[:40].strip(" .") or "广播"


def _full(error: OSError) -> str:
    return f"声音文件存不下（{reason_of(error)}），请看磁盘有没有空位，再试一次。"
