"""Checks the cache: decodes every clip and compares every name and digest."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import soundfile

from broadcaster.audio.cache_survey import survey
from broadcaster.audio.clip_store import read_manifest
from broadcaster.system.flac_digest import is_undamaged

KEY = re.compile("[0-9a-f]{32,40}")
# STREAMINFO keeps the MD5 of the samples (RFC 9639, 8.2), as bytes 18 to 34 behind two headers of 4.
DIGEST = slice(26, 42)


@dataclass(frozen=True)
class CheckedFile:
    """One file of the cache; `problem` says in Chinese what is wrong with it, or ""."""

    path: Path
    problem: str


def check(folder: Path) -> Iterator[CheckedFile]:
    """Every clip, then every programme; what is broken is removed, and made again when it is wanted.

    Raises OSError where it cannot be removed.
    """
    found = survey(folder)
    whole: set[str] = set()
    for clip in found.clips.values():
        checked = CheckedFile(clip.path, _problem_of_clip(clip.path))
        if checked.problem:
            clip.path.unlink()
        else:
            whole.add(clip.key)
        yield checked
    for programme in found.programmes:
        path = programme.file.path
        checked = CheckedFile(path, _problem_of_programme(path, programme.clips - whole))
        if checked.problem:
            path.unlink()
        yield checked


def _problem_of_clip(path: Path) -> str:
    if path.suffix != ".flac" or not _is_well_named(path):
        return "名字不对，不是这里做的"
    try:
        digest = path.read_bytes()[DIGEST]
        with soundfile.SoundFile(path) as file:
            samples, title = file.read(dtype="int16"), str(file.title)
    except (OSError, soundfile.LibsndfileError):
        return "读不出声音来"
    if title != path.stem:
        return "名字和里面写的不一样"
    if hashlib.md5(samples.tobytes(), usedforsecurity=False).digest() != digest:
        return "声音和做好的时候不一样"
    if not is_undamaged(path):
        return "文件里有坏的地方"
    return "" if samples.any() else "没有声音"


def _problem_of_programme(path: Path, missing: frozenset[str]) -> str:
    if path.suffix != ".json" or not _is_well_named(path):
        return "名字不对，不是这里做的"
    try:
        readable = bool(read_manifest(path.read_bytes())[1])
    except (OSError, ValueError, KeyError, TypeError):
        readable = False
    if not readable:
        return "读不出来"
    return "用到的声音不全了" if missing else ""


def _is_well_named(path: Path) -> bool:
    return bool(KEY.fullmatch(path.stem)) and path.parent.name == path.stem[:2]
