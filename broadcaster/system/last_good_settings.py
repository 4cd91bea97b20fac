"""Keeps a copy of the settings of the last good start beside them, and tells which files have changed
since.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from broadcaster.core.errors import ConfigError, reason_of
from broadcaster.system.atomic_file import atomic_write

logger = logging.getLogger(__name__)

# In the folder of the settings: who carries that elsewhere carries it along.
LAST_GOOD = ".last-good"
REPORTED = "told-"
MOST_SHOWN = 5

T = TypeVar("T")


def refuse_missing(folder: Path, names: Sequence[str]) -> None:
    """Raise `ConfigError` for a file that was there at the last start and is not now."""
    good_folder = folder / LAST_GOOD
    gone = [name for name in names if (good_folder / name).exists() and not (folder / name).exists()]
    if gone:
        what = f"{'、'.join(gone)} 不见了；真的不要了，请把 {good_folder} 里的也删掉。"
        raise ConfigError([what])


def load_or_last_good(
    load: Callable[[Path], T], folder: Path, names: Sequence[str], tell: Callable[[ConfigError], object]
) -> T:
    """Loads these files of the folder by `load`; a copy of the first one always exists after a good
    start. A file that is damaged or missing since the last start is replaced by its last good copy, and
    `tell` is called. Raises `ConfigError` if there is no good copy.
    """
    good_folder = folder / LAST_GOOD
    try:
        refuse_missing(folder, names)
        return load(folder)
    except ConfigError as error:
        if not (good_folder / names[0]).exists():
            raise
        try:
            found = load(good_folder)
        except ConfigError:
            raise error from None
        tell(error)
        return found


def store_last_good(folder: Path, names: Sequence[str]) -> None:
    """These files of the folder, as they are now."""
    try:
        for name in changed_files(folder, names):
            _store(folder, name, name)
    except OSError as error:
        logger.warning("设置没能另存一份：%s", reason_of(error))


def note_reported(folder: Path, name: str) -> None:
    """The next start does not tell again that this file is as it is now; the copy kept stays."""
    try:
        _store(folder, name, f"{REPORTED}{name}")
    except OSError as error:
        logger.warning("%s 改过，没能记下来，下次启动会再说一遍：%s", name, reason_of(error))


@contextmanager
def own_change(folder: Path, name: str) -> Iterator[None]:
    """Marks a change by the program itself, so the next start does not report it."""
    was_known = (folder / LAST_GOOD / name).exists() and not changed_files(folder, [name])
    yield
    if was_known:
        store_last_good(folder, [name])


def _store(folder: Path, name: str, copy_name: str) -> None:
    good_folder = folder / LAST_GOOD
    good_folder.mkdir(exist_ok=True)
    with atomic_write(good_folder / copy_name, good_folder) as beside:
        beside.write_bytes(_read(folder / name))


def changed_files(folder: Path, names: Sequence[str]) -> list[str]:
    """Those that are not as they were kept, or were not there. Raises OSError."""
    return [name for name in names if (now := _read(folder / name)) and now != _read_good(folder, name)]


def unreported(folder: Path, names: Sequence[str]) -> list[str]:
    """Those that are not as at the last start, and that nobody was told of since. Raises OSError."""
    return [
        name
        for name in changed_files(folder, names)
        if _read_good(folder, name) and _read(folder / name) != _read_good(folder, f"{REPORTED}{name}")
    ]


def was_changed(
    folder: Path, names: Sequence[str], before: Mapping[str, Any], now: Mapping[str, Any]
) -> str:
    """In Chinese, what is not as at the last start, or "": a wrong bit may look like a setting. Values
    are plain; none `before` where they are not to be told. Raises OSError."""
    known = unreported(folder, names)
    if not known:
        return ""
    values = list(_differences(before, now)) if before else []
    if len(values) > MOST_SHOWN:
        values[MOST_SHOWN:] = [f"还有 {len(values) - MOST_SHOWN} 处"]
    where = f"{'、'.join(known)} 和上次启动时不一样"
    return f"{where}{'：' * bool(values)}{'；'.join(values)}。不是有意改的，请改回来。"


def _differences(before: object, now: object, name: str = "") -> Iterator[str]:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for key in [*now, *(key for key in before if key not in now)]:
            yield from _differences(before.get(key), now.get(key), f"{name}.{key}".strip("."))
    elif before != now:
        is_short = len(f"{before}{now}") < 60
        yield f"{name} {before} → {now}" if is_short else f"{name} 改了"


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _read_good(folder: Path, name: str) -> bytes:
    return _read(folder / LAST_GOOD / name)
