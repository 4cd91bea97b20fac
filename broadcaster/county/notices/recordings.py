"""Recordings of the office and the sounds of columns: taken in as on a box, stored in its folder, given
to boxes.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from broadcaster.core.errors import RecordingRefused, SoundRefused
from broadcaster.studio.recordings import Recordings, recording_path
from broadcaster.studio.sound_library import SoundLibrary, sound_path
from broadcaster.system.atomic_file import atomic_write

SHA256 = re.compile("[0-9a-f]{64}")
# As a bulletin may name one: `Audio.size`.
LARGEST = 30_000_000
LARGE_SAID = (
    "这个节目太大了，最多 30 兆：64 kbit/s 的 MP3 有 62 分钟，128 kbit/s 的有 31 分钟。"
    "请转成码率低一点的再传。"
)
NO_ADDRESS = (
    "还不能发录音：office.yaml 里没有写 address（或 sound_address），广播站不知道到哪里取。"
    "请管理员写上。"
)


@dataclass(frozen=True)
class SignedRecording:
    """A recording or a column's sound as it is signed: the file's digest and bytes; `key` is its name
    among recordings, or in a library of sounds.
    """

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
        self._library = SoundLibrary(folder)

    def take(self, pieces: Iterable[bytes], title: str) -> SignedRecording:
        """Decode, level and keep one. Raises `RecordingRefused`, and then nothing is kept."""
        kept = self._recordings.take(pieces, title)
        content = recording_path(self.office, kept.key).read_bytes()
        if len(content) > LARGEST:
            self._recordings.remove(kept.key)
            raise RecordingRefused("这个录音太大了，最多 30 兆、10 分钟，请录短一点。")
        digest = hashlib.sha256(content).hexdigest()
        return self._note(SignedRecording(digest, kept.key, len(content), round(kept.seconds)))

    def take_sound(self, pieces: Iterable[bytes], name: str) -> SignedRecording:
        """Measure and keep the sound of a column as it came, under the name of its file. Raises
        `SoundRefused`, and then nothing is kept.
        """
        kept = self._library.take(_within_limit(pieces), name)
        with sound_path(self.office, kept.key).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return self._note(SignedRecording(digest, kept.key, kept.size, round(kept.seconds)))

    def _note(self, sound: SignedRecording) -> SignedRecording:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        with atomic_write(self._folder / f"{sound.sha256}.json", self._folder) as about:
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
        path = sound_path if self.is_of_column(sound) else recording_path
        return path(self.office, sound.key)

    def is_of_column(self, sound: SignedRecording) -> bool:
        return self._library.find(sound.key) is not None

    def remove_but(self, wanted: Collection[str], before: float) -> int:
        """Those that came before that moment (seconds from 1970) and are not wanted; how many."""
        gone = 0
        self._recordings.sweep()
        for about in self._folder.glob("*.json"):
            sound = self.find(about.stem)
            # The library has files of its own beside.
            is_ours = SHA256.fullmatch(about.stem)
            if not is_ours or about.stem in wanted or about.stat().st_mtime >= before:
                continue
            if sound:
                self._recordings.remove(sound.key)
                self._library.remove(sound.key)
            about.unlink(missing_ok=True)
            gone += 1
        return gone


def _within_limit(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Raises `SoundRefused`."""
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > LARGEST:
            raise SoundRefused(LARGE_SAID)
        yield piece


def to_text(sound: SignedRecording | None) -> str:
    """For a column of the database."""
    return json.dumps(asdict(sound)) if sound else ""


def from_text(text: str) -> SignedRecording | None:
    return SignedRecording(**json.loads(text)) if text else None


def address_of(sound: SignedRecording, base: str, ending: str) -> str:
    """The address at which boxes fetch it; `base` is how they reach the office."""
    return f"{base.rstrip('/')}/sound/{sound.sha256}.{ending}"
