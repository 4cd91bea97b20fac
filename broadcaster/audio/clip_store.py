"""Stores rendered clips and programmes on disk. Light: main looks clips up without numpy."""

import errno
import json
import logging
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from broadcaster.core.errors import CacheFull, CacheUnwritable, reason_of
from broadcaster.core.model import Clip, Item, Programme
from broadcaster.system.atomic_file import atomic_write, writer_has_ended
from broadcaster.system.flac_digest import STREAM_INFO_END, flac_seconds, is_undamaged

logger = logging.getLogger(__name__)

STAMP_SECONDS = 600.0
# More than a clip of a long line needs.
PROBE_BYTES = 1_000_000


class ClipStore:
    """`clips/ab/abcd….flac`, `programmes/ab/abcd….json`, and `unfinished/` for what is being made.

    Any process and thread may use it at any time: what is found was whole when it was renamed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._unfinished = folder / "unfinished"
        # What cannot be removed, on a disk that takes no writing, is not read again all the same.
        self._damaged: dict[str, tuple[int, int]] = {}

    def path(self, key: str) -> Path:
        """The path of the clip with this key, whether or not it exists."""
        return self.folder / "clips" / key[:2] / f"{key}.flac"

    def find(self, key: str) -> Clip | None:
        """The clip, if it was made; only its beginning is looked at."""
        path = self.path(key)
        try:
            if key in self._damaged and self._damaged[key] == _identity(path):
                return None
            with path.open("rb") as file:
                seconds = flac_seconds(file.read(STREAM_INFO_END))
        except OSError:
            return None
        if seconds == 0:
            _discard(path)
            return None
        return Clip(key, path, seconds)

    def find_checked(self, key: str) -> Clip | None:
        """The same, every byte of it looked at; what is damaged is removed and will be made again."""
        clip = self.find(key)
        if clip and not is_undamaged(clip.path):
            self.discard(clip.path)
            return None
        return clip

    def discard(self, path: Path) -> None:
        """Remove what was found to be damaged, if it is a clip of this store."""
        if path == self.path(path.stem):
            with suppress(OSError):
                self._damaged[path.stem] = _identity(path)
            _discard(path)

    def find_programme(self, key: str, whole: bool = False, lacking: str = "") -> Programme | None:
        """The programme, if it was made and every clip of it is there; `whole`, if every byte is.

        The clip of the key `lacking` may be away: then the programme is without it.
        """
        path = self._programme_path(key)
        try:
            voice, order = read_manifest(path.read_bytes())
        except OSError:
            return None
        except (ValueError, KeyError, TypeError):
            _discard(path)
            return None
        find = self.find_checked if whole else self.find
        clips = {item.clip.key: find(item.clip.key) for item in order}
        if any(clip is None and name != lacking for name, clip in clips.items()):
            return None
        items = (replace(item, clip=clip) for item in order if (clip := clips[item.clip.key]))
        return Programme(voice, tuple(items))

    def keep_programme(self, key: str, programme: Programme) -> None:
        """Remember the order of clips that are already kept; `CacheUnwritable` if that fails."""
        order = [_row_of(item) for item in programme.items]
        with self.making(self._programme_path(key)) as unfinished:
            manifest = {"voice": programme.voice, "items": order}
            unfinished.write_text(json.dumps(manifest | {"sum": _sum_of(manifest)}))

    def stamp(self, key: str, aired_at: datetime) -> None:
        """Remember when a programme was aired: its file's time, forward only, and not every time.

        A loop of every ten minutes costs the card one small write in ten minutes, whatever its length.
        """
        path, moment = self._programme_path(key), aired_at.timestamp()
        try:
            if moment - path.stat().st_mtime >= STAMP_SECONDS:
                os.utime(path, (moment, moment))
        except OSError:
            logger.debug("cannot stamp %s", path)

    def check_writable(self) -> None:
        """Find out by writing; raises `CacheUnwritable`."""
        probe = self._unfinished / f".{os.getpid()}-probe"
        try:
            self._unfinished.mkdir(parents=True, exist_ok=True)
            try:
                probe.write_bytes(bytes(PROBE_BYTES))
            finally:
                probe.unlink(missing_ok=True)
        except OSError as error:
            raise cannot_write(self.folder, error) from error

    @contextmanager
    def making(self, path: Path) -> Iterator[Path]:
        """A name to write under, renamed to `path` when the block ends; OSError is `CacheUnwritable`."""
        try:
            self._unfinished.mkdir(parents=True, exist_ok=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(path, self._unfinished) as unfinished:
                yield unfinished
        except OSError as error:
            raise cannot_write(self.folder, error) from error

    def sweep(self) -> None:
        """Remove what processes that are gone left unfinished."""
        for leftover in self._unfinished.glob(".*-*"):
            if writer_has_ended(leftover):
                _discard(leftover)

    def _programme_path(self, key: str) -> Path:
        return self.folder / "programmes" / key[:2] / f"{key}.json"


def read_manifest(content: bytes) -> tuple[str, list[Item]]:
    """The voice and the items, of whose clips only the key is known. Raises `ValueError` and the like
    for what was not written so; what was made before manifests had a sum has none."""
    manifest = json.loads(content)
    if manifest.pop("sum", None) not in (None, _sum_of(manifest)):
        raise ValueError("not as it was written")
    return str(manifest["voice"]), [_item_of(*item) for item in manifest["items"]]


def _sum_of(manifest: object) -> int:
    return zlib.crc32(json.dumps(manifest).encode())


def _item_of(
    name: object,
    pause: Any,
    says: object = "",
    matter: object = True,
    continuous: object = False,
    *piece_and_place: Any,
) -> Item:
    """One of a manifest; an older one has no text, and takes everything for matter."""
    clip = Clip(str(name), Path(), 0.0)
    piece, at, of = piece_and_place or (0, 0.0, 0.0)
    part = int(piece), float(at), float(of)
    return Item(clip, float(pause), str(says), bool(matter), bool(continuous), *part)


def _row_of(item: Item) -> tuple[object, ...]:
    """The same to be written; of a notice as ever, so that an older program finds it made."""
    row = (item.clip.key, item.pause_seconds, item.says, item.matter)
    place = (item.continuous, item.piece, item.at_seconds, item.of_seconds)
    return (*row, *place) if item.piece else row


def cannot_write(folder: Path, error: OSError) -> CacheUnwritable:
    """The error for a person about a cache that cannot be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return CacheFull(f"磁盘满了，做好的声音存不下：{folder}。请删掉一些不用的文件，再试一次。")
    return CacheUnwritable(
        f"存声音的文件夹写不进去：{folder}（{reason_of(error)}）。"
        "请检查这个文件夹的权限，或者在 config/broadcaster.yaml 里把 paths.audio_cache 改到别处。"
    )


def _identity(path: Path) -> tuple[int, int]:
    """Another one for another file in the same place."""
    status = path.stat()
    return status.st_ino, status.st_mtime_ns


def _discard(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
        logger.warning("声音文件 %s 坏了，或者没有写完，删掉了，要用时重新做", path)
    except OSError:
        logger.warning("声音文件 %s 坏了，又删不掉，请检查文件夹的权限和磁盘", path)
