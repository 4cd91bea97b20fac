"""What an SD card does to a file: one bit, half of it, zeros, all of it."""

import os
from collections.abc import Callable
from pathlib import Path

Harm = Callable[[Path], None]


def flip_bit(path: Path, place: float = 0.5) -> None:
    """One bit of the byte that stands at this share of the file."""
    content = bytearray(path.read_bytes())
    content[min(int(len(content) * place), len(content) - 1)] ^= 0x10
    path.write_bytes(content)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def zero(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def remove(path: Path) -> None:
    path.unlink()


def make_unreadable(path: Path) -> None:
    """A folder in its place: what may not be read says so to root too only in this way."""
    path.unlink()
    path.mkdir()


HARMS: dict[str, Harm] = {
    "one bit": flip_bit,
    "cut at half": cut,
    "zeros": zero,
    "empty": empty,
    "missing": remove,
    "not readable": make_unreadable,
}
