"""Lists the contents of the cache, and removes the clips aired longest ago. Light: main does it."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Set
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from broadcaster.audio.clip_store import cannot_write
from broadcaster.core.model import Pruned


@dataclass(frozen=True)
class StoredFile:
    """One file of the cache; `moment` is when it was last written or stamped, seconds since 1970."""

    path: Path
    size: int
    moment: float

    @property
    def key(self) -> str:
        return self.path.stem


@dataclass(frozen=True)
class StoredProgramme:
    """A programme's manifest, stamped when it was last aired, and the clips that it needs."""

    file: StoredFile
    clips: frozenset[str]


@dataclass(frozen=True)
class Survey:
    """Everything in the cache at one moment."""

    clips: dict[str, StoredFile]
    programmes: tuple[StoredProgramme, ...]

    @property
    def size(self) -> int:
        files = [*self.clips.values(), *(programme.file for programme in self.programmes)]
        return sum(file.size for file in files)

    @property
    def oldest(self) -> datetime | None:
        """The time of the clip that has not been aired for longest; its making counts as an airing."""
        aired = {key: clip.moment for key, clip in self.clips.items()}
        for programme in self.programmes:
            for key in programme.clips & aired.keys():
                aired[key] = max(aired[key], programme.file.moment)
        return datetime.fromtimestamp(min(aired.values()), UTC) if aired else None


def total_size(folder: Path) -> int:
    """The bytes of all that is kept, and nothing more: for the start of the box."""
    parts = (folder / "clips", folder / "programmes")
    return sum(status.st_size for part in parts for _, status in _statuses(part))


def survey(folder: Path) -> Survey:
    """Look at every file, and into every manifest."""
    clips = {file.key: file for file in _files(folder / "clips")}
    programmes = tuple(
        StoredProgramme(file, _clips_of(file.path)) for file in _files(folder / "programmes")
    )
    return Survey(clips, programmes)


def prune(
    folder: Path, to_bytes: int, programmes: Set[str], clips: Set[str], leftovers_before: float
) -> Pruned:
    """Remove what was aired longest ago until so many bytes are left; but not what is named.

    First go the clips that no programme needs and that were made before a moment: younger ones may
    belong to a programme that is being made. Raises `CacheUnwritable`.
    """
    found = survey(folder)
    uses = Counter(key for programme in found.programmes for key in programme.clips)
    leftovers = (
        file for key, file in found.clips.items() if not uses[key] and file.moment < leftovers_before
    )
    going = [[file] for file in sorted(leftovers, key=lambda file: file.moment) if file.key not in clips]
    for programme in sorted(found.programmes, key=lambda programme: programme.file.moment):
        if programme.file.key not in programmes:
            uses.subtract(programme.clips)
            last = (found.clips.get(key) for key in programme.clips - clips if not uses[key])
            going.append([programme.file, *filter(None, last)])
    try:
        return _remove(going, found.size, to_bytes)
    except OSError as error:
        raise cannot_write(folder, error) from error


def _remove(going: Iterable[list[StoredFile]], size: int, to_bytes: int) -> Pruned:
    freed, gone = 0, Counter[str]()
    for files in going:
        if size - freed <= to_bytes:
            break
        for file in files:
            file.path.unlink(missing_ok=True)
            freed += file.size
            gone[file.path.suffix] += 1
    return Pruned(gone[".flac"], gone[".json"], freed, size - freed)


def _clips_of(manifest: Path) -> frozenset[str]:
    """Of a manifest that is damaged none: then it goes in its turn, and no clip is kept for it."""
    try:
        return frozenset(str(name) for name, *_ in json.loads(manifest.read_bytes())["items"])
    except (OSError, ValueError, KeyError, TypeError):
        return frozenset()


def _files(folder: Path) -> Iterator[StoredFile]:
    for path, status in _statuses(folder):
        yield StoredFile(Path(path), status.st_size, status.st_mtime)


def _statuses(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """The files two levels down; what goes meanwhile, or may not be looked at, is passed over."""
    for shelf in _entries(folder):
        for entry in _entries(shelf.path):
            with suppress(OSError):
                yield entry.path, entry.stat()


def _entries(folder: str | Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []
