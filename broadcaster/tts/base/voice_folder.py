"""The folder of an installed voice: its files, and `voice.json` that describes them. The folder is put
in place atomically.

Reads without numpy or an engine, so that the main process can ask for a version.
"""

import hashlib
import json
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from broadcaster.core.errors import VoiceUnavailable, reason_of

DESCRIPTION_FILE = "voice.json"
OLD = "old"  # the voice that was there, between the two renames


class VoiceDamaged(Exception):
    """The folder's description is unreadable, or a file is not what it describes."""


def damaged(engine: str) -> VoiceUnavailable:
    """The error for a person whose installed voice is damaged."""
    return VoiceUnavailable(
        f"语音 {engine} 的文件损坏或不全，请重新安装：broadcaster voices install {engine}"
    )


@dataclass(frozen=True)
class Description:
    """The contents of `voice.json`; `files` maps each file's name to its SHA-256."""

    name: str
    version: str
    rate_hz: int
    licence: str
    source: str
    files: dict[str, str]


@contextmanager
def new_voice(voices_folder: Path, name: str) -> Iterator[tuple[Path, Path]]:
    """A folder to work in, and below it the one to fill, which becomes `voices_folder`/`name`.

    A voice that is there stays until the new one is whole, also where this process is killed. Raises
    `VoiceUnavailable` for what the disk refuses.
    """
    try:
        voices_folder.mkdir(parents=True, exist_ok=True)
        for leftover in voices_folder.glob(f".{name}-*"):
            if (leftover / OLD).exists() and not (voices_folder / name).exists():
                (leftover / OLD).rename(voices_folder / name)
            # A power cut in the middle of an earlier run leaves hundreds of megabytes.
            shutil.rmtree(leftover)
        with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=voices_folder) as work:
            new = Path(work) / "made"
            new.mkdir()
            yield Path(work), new
            # Two renames; whatever was there goes away with the temporary folder.
            if (voices_folder / name).exists():
                (voices_folder / name).rename(new.with_name(OLD))
            new.rename(voices_folder / name)
    except OSError as error:
        raise VoiceUnavailable(
            f"声音装不进 {voices_folder}：{reason_of(error)}。请检查磁盘空间和写权限。"
        ) from error


def digest(content: bytes) -> str:
    """SHA-256, as `voice.json` writes it."""
    return hashlib.sha256(content).hexdigest()


def read_description(folder: Path) -> Description:
    """Raises `VoiceDamaged` when there is none or it does not make sense."""
    try:
        return Description(**json.loads((folder / DESCRIPTION_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise VoiceDamaged(f"{DESCRIPTION_FILE}: {error}") from error


def write_voice(folder: Path, description: Description, contents: dict[str, bytes]) -> None:
    """Write the files and their description, which comes last."""
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    text = json.dumps(asdict(description), ensure_ascii=False, indent=2)
    (folder / DESCRIPTION_FILE).write_text(text + "\n", encoding="utf-8")


def check_there(folder: Path, description: Description) -> None:
    """Raises `VoiceDamaged` when a file is missing or empty: what is cut is known as it is read."""
    for name in description.files:
        try:
            status = (folder / name).stat()
        except OSError as error:
            raise VoiceDamaged(f"{name}: {error}") from error
        if not stat.S_ISREG(status.st_mode) or not status.st_size:
            raise VoiceDamaged(f"{name}: no file, or empty")


def check_files(folder: Path, description: Description) -> None:
    """Raises `VoiceDamaged` when a file is missing or not the one that was installed."""
    for name, expected in description.files.items():
        try:
            found = digest((folder / name).read_bytes())
        except OSError as error:
            raise VoiceDamaged(f"{name}: {error}") from error
        if found != expected:
            raise VoiceDamaged(f"{name}: digest {found}, expected {expected}")
