"""The library of sound files in the state folder: each kept as it came, named by the digest of its
bytes, with a JSON beside it. Nothing can make them again, and none is ever changed.
"""

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from itertools import chain, count
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Protocol, TypeVar

from broadcaster.audio.sound_files.facts import SoundFacts
from broadcaster.audio.sound_files.title import LONGEST_TITLE, title_of
from broadcaster.core.errors import SoundRefused, SoundUnkept, reason_of
from broadcaster.core.project_folders import SOUNDS
from broadcaster.studio.one_shot_child import report_of
from broadcaster.system.atomic_file import atomic_write, settle

HAN = re.compile(r"[\u3400-\u9fff]")
# Of a key, to type; of names of before, to know.
LEAST_OF_KEY, MOST_NAMES = 4, 20
TITLE_TAKEN = "已经有一个叫“{title}”的了，请换一个名字。"
LARGEST_BYTES = 500_000_000
LIMIT_BYTES = 8_000_000_000
# For the database, the cache and updates.
RESERVE_BYTES = 500_000_000
# What is still being taken in after so long was cut off.
LEFT_SECONDS = 6 * 3600.0
BIN_DAYS = 30
DAY_SECONDS = 86_400.0
# Longer than the child's own limit of processor time on a machine that does other work too.
LIMIT_SECONDS = 3600.0
CHILD = "broadcaster.studio.sound_child"
REMOVED = "removed"
# Beside a sound that could not be measured again: it may take half an hour, so not at each taking in.
REFUSED = ".refused"
GONE = "没有这段声音，可能已经删掉了，请重新传一遍。"
LARGE_SAID = f"这个文件太大了，最多 {LARGEST_BYTES // 1_000_000} 兆。请分成几段，或者转成 mp3 再传。"
NO_ROOM_SAID = "放声音的地方不够了，还剩 {room} 兆，这个文件要 {size} 兆。请先删掉几段不用的。"
FAILED_SAID = "这个文件解不开，请换一种格式再试。"


@dataclass(frozen=True)
class Sound:
    """One that is kept; `taken_at` counts from 1970, `size` is in bytes.

    It answers to the names and keys in `formerly` too, until another sound is called so. `again` is true
    of one that was there already when it was sent.
    """

    key: str
    title: str
    size: int
    taken_at: float
    facts: SoundFacts
    formerly: tuple[str, ...] = ()
    again: bool = False

    @property
    def seconds(self) -> float:
        return self.facts.seconds


class NamedSound(Protocol):
    """As much of a sound of the library as it is found by."""

    @property
    def key(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def formerly(self) -> tuple[str, ...]: ...


Found = TypeVar("Found", bound=NamedSound)


def named(sounds: Iterable[Found], name: str) -> Found | None:
    """The sound of this key or title, as it is or as a file's name; of two the newest. A name that no
    sound has any more finds the one that had it.
    """
    stem = str(PurePath(name).with_suffix("")) if name else ""
    known = list(sounds)
    by_key = (sound for sound in known if sound.key == name)
    by_title = (sound for sound in known if sound.title in (name, stem))
    formerly = (sound for sound in known if {name, stem} & set(sound.formerly))
    return next(chain(by_key, by_title, formerly), None)


def all_named(sounds: Iterable[Found], name: str) -> list[Found]:
    """Every sound that a person may mean: of this key, else title, else beginning of a key."""
    known = list(sounds)
    of_key = [sound for sound in known if sound.key == name]
    of_title = [sound for sound in known if sound.title == name]
    of_beginning = [sound for sound in known if sound.key.startswith(name)]
    found = of_key or of_title or (of_beginning if len(name) >= LEAST_OF_KEY else [])
    other = named(known, name)
    return found or ([other] if other else [])


def namesake(sounds: Iterable[Found], title: str) -> Found | None:
    """The sound that has the name which this one was to have: 故事会 of 故事会 2."""
    name, _space, number = title.rpartition(" ")
    return next((one for one in sounds if one.title == name), None) if number.isdecimal() else None


def folder_of(title: str) -> str:
    """ "戏曲/大登殿" lies in 戏曲; what has no slash in no folder."""
    return title.rpartition("/")[0]


def sound_path(state: Path, key: str) -> Path:
    """The path of a sound's own bytes, whether or not it exists."""
    return state / SOUNDS / f"{key}.sound"


def find_sound(state: Path, key: str) -> Sound | None:
    """None for a sound that is not there, or not whole."""
    return _read(sound_path(state, key)) if is_key(key) else None


def is_key(key: str) -> bool:
    """Anything else, from outside, might be a path."""
    return len(key) == 32 and set(key) <= set("0123456789abcdef")


class SoundLibrary:
    """The sounds that a village keeps, to air them again and again. Any thread.

    A sound that is taken away lies in a bin for 30 days, from where it comes back. All of it together
    stays within `limit_bytes`, and `reserve_bytes` of the disk stay free.
    """

    def __init__(
        self, state: Path, limit_bytes: int = LIMIT_BYTES, reserve_bytes: int = RESERVE_BYTES
    ) -> None:
        self._state = state
        self.folder = state / SOUNDS
        self._bin = self.folder / REMOVED
        self._limit_bytes = limit_bytes
        self._reserve_bytes = reserve_bytes

    def take(self, pieces: Iterable[bytes], name: str, title: str = "") -> Sound:
        """Receive, measure and keep a file that came under this name; blocks for it.

        Raises `SoundRefused` with what it is instead, and then nothing is kept; `SoundUnkept` is of
        this disk alone.
        """
        with self.writing(), TemporaryDirectory(dir=self.folder, prefix=".") as folder:
            sent = Path(folder) / "sent"
            self._receive(sent, pieces)
            return self.keep(sent, name, title)

    def keep(self, sent: Path, name: str, title: str = "") -> Sound:
        """Take in a file that lies in a folder within this one; it is moved. Raises as `take`."""
        self.sweep()
        key, facts = _examined(sent, name)
        if there := self.find(key) or self.restore(key):
            sent.unlink()
            return replace((title and self.rename(key, title)) or there, again=True)
        called, other = _titled(title, facts, name)
        free = self._free(called)
        formerly = tuple({other} - {called, free, ""})
        sound = Sound(key, free, sent.stat().st_size, time.time(), facts, formerly)
        with self.writing():
            settle(sent, self.folder)
            sent.replace(sound_path(self._state, key))
            self._write(sound)
        return sound

    def find(self, key: str) -> Sound | None:
        return find_sound(self._state, key)

    def all(self) -> list[Sound]:
        """The newest first."""
        return _newest_first(self.folder)

    def read(self, key: str, start: int, most_bytes: int) -> bytes:
        """So many of a sound's own bytes from there on; fewer at its end, none for one that is gone."""
        if start < 0 or self.find(key) is None:
            return b""
        with self.writing(), sound_path(self._state, key).open("rb") as file:
            file.seek(start)
            return file.read(most_bytes)

    def rename(self, key: str, title: str) -> Sound | None:
        """Call it so from now on; None if it is not there. It still answers to its names of before.

        Raises `SoundRefused` if another sound has that name.
        """
        sound, title = self.find(key), _tidied(title)
        if sound is None or title in ("", sound.title):
            return sound
        if any(one.title == title for one in self.all()):
            raise SoundRefused(TITLE_TAKEN.format(title=title))
        return self._rename(sound, title, sound.title)

    def replace(self, key: str, old_key: str) -> Sound | None:
        """Put a sound in the place of another: it has its name, is what slots find by its name or its
        key, and the other lies in the bin. None if either is not there.
        """
        sound, old = self.find(key), self.find(old_key)
        if sound is None or old is None or key == old_key:
            return None
        # Two of one name for a moment, of which the newer is found, rather than none.
        renamed = self._rename(sound, old.title, *old.formerly, old_key)
        self.remove(old_key)
        return renamed

    def _rename(self, sound: Sound, title: str, *more_names: str) -> Sound:
        names = dict.fromkeys((*sound.formerly, *more_names))
        formerly = tuple(name for name in names if name != title)[-MOST_NAMES:]
        renamed = replace(sound, title=title, formerly=formerly)
        with self.writing():
            self._write(renamed)
        return renamed

    def _free(self, title: str) -> str:
        """This title, or with a number behind it where another sound has it."""
        taken = {sound.title for sound in self.all()}
        more = (f"{title[: LONGEST_TITLE - 4]} {number}" for number in count(2))
        return next(one for one in chain([title], more) if one not in taken)

    def remove(self, key: str) -> bool:
        """Put a sound into the bin; False if there was none. What wanted to air it says so."""
        if self.find(key) is None:
            return False
        with self.writing():
            self._bin.mkdir(mode=0o700, exist_ok=True)
            settle(self._bin, self.folder)
            _move(key, self.folder, self._bin)
            os.utime(self._bin / f"{key}.json")
        return True

    def removed(self) -> list[Sound]:
        """The bin."""
        return _newest_first(self._bin)

    def restore(self, key: str) -> Sound | None:
        """Take a sound out of the bin; None if it is not there."""
        if is_key(key) and _read(self._bin / f"{key}.sound") is not None:
            others = {sound.title for sound in self.all()}
            with self.writing():
                _move(key, self._bin, self.folder)
            if (sound := self.find(key)) and sound.title in others:
                return self._rename(sound, self._free(sound.title))
        return self.find(key)

    def empty_bin(self) -> None:
        """Give up for good all that is in the bin, for the room."""
        for path in self._bin.glob("*"):
            path.unlink(missing_ok=True)

    def room(self) -> int:
        """Bytes that it still takes, the bin and uploads counted."""
        held = sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())
        free = shutil.disk_usage(self.folder if self.folder.exists() else self._state).free
        return max(min(self._limit_bytes - held, free - self._reserve_bytes), 0)

    def check_room(self, size: int) -> None:
        """Raises `SoundUnkept` if so many bytes more are too many, `SoundRefused` for a size that no
        sound may have.
        """
        if size > LARGEST_BYTES:
            raise SoundRefused(LARGE_SAID)
        if self.room() < size:
            self.sweep()
        if (room := self.room()) < size:
            told = {"room": room // 1_000_000, "size": -(-size // 1_000_000)}
            raise SoundUnkept(NO_ROOM_SAID.format(**told))

    def sweep(self) -> None:
        """Empties the bin of what lay there for 30 days, removes what a power cut left, and measures
        again a sound whose facts are lost, at most once a day. Each taking in does it first.
        """
        now = time.time()
        for path in self._bin.glob("*.sound"):
            about = path.with_suffix(".json")
            if (about if about.exists() else path).stat().st_mtime < now - BIN_DAYS * DAY_SECONDS:
                path.unlink()
                about.unlink(missing_ok=True)
        for left in self.folder.glob(".*"):
            if left.stat().st_mtime < now - LEFT_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
                left.unlink(missing_ok=True)
        for refusal in self.folder.glob(f"*{REFUSED}"):
            if refusal.stat().st_mtime < now - DAY_SECONDS:
                refusal.unlink(missing_ok=True)
        for path in self.folder.glob("*.sound"):
            if _read(path) is None and not path.with_suffix(REFUSED).exists():
                self._heal(path)

    def writing(self) -> "_Writing":
        """Errors of the disk become `SoundUnkept`; the folder is there."""
        return _Writing(self.folder)

    def _receive(self, path: Path, pieces: Iterable[bytes]) -> None:
        # Asked once: it is a walk over all files of the library.
        size, room = 0, self.room()
        with path.open("wb", buffering=0) as file:
            for piece in pieces:
                size += len(piece)
                if size > LARGEST_BYTES:
                    raise SoundRefused(LARGE_SAID)
                if size > room:
                    self.check_room(len(piece))
                    room = size - len(piece) + self.room()
                file.write(piece)

    def _heal(self, path: Path) -> None:
        try:
            key, facts = _examined(path, "")
        except SoundRefused:
            key = ""
        if key != path.stem:
            refusal = path.with_suffix(REFUSED)
            refusal.touch()
            settle(refusal, self.folder)
        # Another thread may just have taken it in.
        elif _read(path) is None:
            moment = path.stat().st_mtime
            title = f"{time.strftime('%m月%d日 %H:%M', time.localtime(moment))} 的声音"
            self._write(Sound(key, facts.title or title, path.stat().st_size, moment, facts))

    def _write(self, sound: Sound) -> None:
        with atomic_write(self.folder / f"{sound.key}.json", self.folder) as about:
            about.write_text(json.dumps(asdict(sound)), encoding="utf-8")


class _Writing:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> None:
        try:
            if not self._folder.is_dir():
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                settle(self._folder, self._folder.parent)
        except OSError as error:
            raise _unkept(error) from error

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            raise _unkept(error) from error


def _unkept(error: OSError) -> SoundUnkept:
    return SoundUnkept(f"声音存不下来（{reason_of(error)}），请看磁盘有没有空位。")


def _read(path: Path) -> Sound | None:
    """By the JSON beside it; None if that is lost, or the sound is not as long as it was."""
    try:
        told = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        formerly = tuple(map(str, told.get("formerly", ())))
        sound = Sound(**{**told, "facts": SoundFacts.of(told["facts"]), "formerly": formerly})
        return sound if sound.key == path.stem and path.stat().st_size == sound.size else None
    except (OSError, ValueError, TypeError, LookupError):
        return None


def _newest_first(folder: Path) -> list[Sound]:
    found = filter(None, map(_read, folder.glob("[!.]*.sound")))
    return sorted(found, key=lambda sound: -sound.taken_at)


def _move(key: str, source: Path, target: Path) -> None:
    """The JSON last: without it a sound is measured again, the other way round it would be lost."""
    for ending in (".sound", ".json"):
        (source / f"{key}{ending}").replace(target / f"{key}{ending}")


def _titled(title: str, facts: SoundFacts, name: str) -> tuple[str, str]:
    """As a person says, else as its file is called, for that name she looks for; but AUD-0001 says less
    than a tag in Chinese. Then its other name.
    """
    told = Path(name.replace("\\", "/")).stem.encode("utf-8", "surrogateescape")
    file, tag = title_of(told), facts.title
    if tag and HAN.search(tag) and not HAN.search(file):
        file, tag = tag, file
    given = _tidied(title)
    called = given or _tidied(file) or _tidied(tag) or "没有名字的声音"
    return called, file if given else tag


def _tidied(title: str) -> str:
    """A slash parts a folder and a name: neither is empty."""
    return "/".join(filter(None, map(str.strip, title.split("/"))))[:LONGEST_TITLE]


def key_digest() -> hashlib.blake2b:
    """Fed with the bytes of a sound it gives the key by which the library keeps it."""
    return hashlib.blake2b(digest_size=16)


def _examined(sent: Path, name: str) -> tuple[str, SoundFacts]:
    """Its digest and facts, by a child. Raises `SoundRefused`."""
    told = report_of(
        *(CHILD, str(sent), name), limit_seconds=LIMIT_SECONDS, refused=SoundRefused, failed=FAILED_SAID
    )
    return told["key"], SoundFacts.of(told["facts"])
