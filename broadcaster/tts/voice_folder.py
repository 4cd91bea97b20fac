"""The folder of an installed voice: its files, and `voice.json` that says what they are.

Reads without numpy or an engine, so that the main process can ask for a version.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from broadcaster.errors import VoiceUnavailable

DESCRIPTION_FILE = "voice.json"


class VoiceDamaged(Exception):
    """The folder's description is unreadable, or a file is not what it describes."""


def damaged(engine: str) -> VoiceUnavailable:
    """What a person is told of it."""
    return VoiceUnavailable(
        f"语音 {engine} 的文件损坏或不全，请重新安装：broadcaster voices install {engine}"
    )


@dataclass(frozen=True)
class Description:
    """What `voice.json` says; `files` maps each file's name to its SHA-256."""

    name: str
    version: str
    rate_hz: int
    licence: str
    source: str
    files: dict[str, str]


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


def check_files(folder: Path, description: Description) -> None:
    """Raises `VoiceDamaged` when a file is missing or not the one that was installed."""
    for name, expected in description.files.items():
        try:
            found = digest((folder / name).read_bytes())
        except OSError as error:
            raise VoiceDamaged(f"{name}: {error}") from error
        if found != expected:
            raise VoiceDamaged(f"{name}: digest {found}, expected {expected}")
