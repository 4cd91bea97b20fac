"""Recordings of the office: taken in as on a box, stored in its folder, served to boxes."""

import hashlib
import json
import re
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from broadcaster.core.errors import RecordingRefused
from broadcaster.studio.recordings import Recordings, recording_path
from broadcaster.system.atomic_file import atomic_write

SHA256 = re.compile("[0-9a-f]{64}")
# As a bulletin may name one: `Audio.size`.
LARGEST = 30_000_000
NO_ADDRESS = (
    "还不能发录音：office.yaml 里没有写 address（或 sound_address），广播站不知道到哪里取。"
    "请管理员写上。"
)


@dataclass(frozen=True)
class SignedRecording:
    """A recording as it is signed: the file's digest and bytes; `key` is its name in the folder."""

    sha256: str
    key: str
    size: int
    seconds: int


class RecordingStore:
    """The recordings in an office's folder, by the digest of their files. Any thread."""

    def __init__(self, folder: Path) -> None:
        self.office = folder
        self._folder = folder / "sounds"
        self._recordings = Recordings(folder)

    def take(self, pieces: Iterable[bytes], title: str) -> SignedRecording:
        """Decode, level and keep one. Raises `RecordingRefused`, and then nothing is kept."""
        kept = self._recordings.take(pieces, title)
        content = recording_path(self.office, kept.key).read_bytes()
        if len(content) > LARGEST:
            self._recordings.remove(kept.key)
            raise RecordingRefused("这个录音太大了，最多 30 兆、10 分钟，请录短一点。")
        digest = hashlib.sha256(content).hexdigest()
        sound = SignedRecording(digest, kept.key, len(content), round(kept.seconds))
        self._folder.mkdir(mode=0o700, exist_ok=True)
        with atomic_write(self._folder / f"{digest}.json", self._folder) as about:
            about.write_text(json.dumps(asdict(sound)), encoding="utf-8")
        return sound

    def find(self, sha256: str) -> SignedRecording | None:
        """None for one that is not there, or not any more."""
        if not SHA256.fullmatch(sha256):
            return None
        try:
            found = SignedRecording(
                **json.loads((self._folder / f"{sha256}.json").read_text(encoding="utf-8"))
            )
        except (OSError, ValueError, TypeError):
            return None
        return found if self.path(found).exists() else None

    def path(self, sound: SignedRecording) -> Path:
        return recording_path(self.office, sound.key)

    def remove_but(self, wanted: Collection[str], before: float) -> int:
        """Those that came before that moment (seconds from 1970) and are not wanted; how many."""
        gone = 0
        self._recordings.sweep()
        for about in self._folder.glob("*.json"):
            sound = self.find(about.stem)
            if about.stem in wanted or about.stat().st_mtime >= before:
                continue
            if sound:
                self._recordings.remove(sound.key)
            about.unlink(missing_ok=True)
            gone += 1
        return gone


def to_text(sound: SignedRecording | None) -> str:
    """For a column of the database."""
    return json.dumps(asdict(sound)) if sound else ""


def from_text(text: str) -> SignedRecording | None:
    return SignedRecording(**json.loads(text)) if text else None


def address_of(sound: SignedRecording, base: str) -> str:
    """The address at which boxes fetch it; `base` is how they reach the office."""
    return f"{base.rstrip('/')}/sound/{sound.sha256}.flac"
