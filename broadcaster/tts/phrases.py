"""Which phrases a folder of recordings holds: `火灾！请立即撤离.wav`, or any name with its text beside.

Reads names and short texts only, so that the main process can ask.
"""

import hashlib
import re
from pathlib import Path

ALARM = "alarm"  # the phrases that `voices install recorded` makes
SOUND_ENDINGS = {".wav", ".flac", ".mp3", ".ogg", ".opus", ".aiff", ".aif"}
# What phones record and libsndfile does not read.
OTHER_ENDINGS = {".m4a", ".aac", ".amr", ".3gp", ".wma"}
TEXT_ENDING = ".txt"
MOST_LINES = 20  # of a notice in one recording
REVISION = 1  # raised when the same recording comes to sound different, so that clips are made anew


def phrases(folder: Path) -> dict[str, Path]:
    """The words of each recording without their marks, and where it is."""
    found = {same_words(text_of(path)): path for path in _files(folder) if _is_sound(path)}
    found.pop("", None)
    return found


def text_of(recording: Path) -> str:
    """What it says: the text file of its name if there is one, else its name."""
    try:
        return recording.with_suffix(TEXT_ENDING).read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError):
        return recording.stem


def same_words(text: str) -> str:
    """What two ways of writing the same words have in common: no marks, no spaces, small letters."""
    return re.sub(r"[\W_]", "", text).lower()


def unreadable(folder: Path) -> list[Path]:
    """Recordings in a format that has to be converted first."""
    return [path for path in _files(folder) if path.suffix.lower() in OTHER_ENDINGS]


def version(folder: Path) -> str:
    """Changes with the recordings and their texts; reads no sound."""
    parts = [
        (path.name, path.stat().st_size, path.stat().st_mtime_ns)
        for path in _files(folder)
        if _is_sound(path) or path.suffix == TEXT_ENDING
    ]
    return f"{hashlib.sha256(repr(parts).encode()).hexdigest()[:8]}.{REVISION}"


def _is_sound(path: Path) -> bool:
    return path.suffix.lower() in SOUND_ENDINGS


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
