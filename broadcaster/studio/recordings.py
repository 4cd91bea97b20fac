"""People's recordings: received as their phones made them, stored as plain sound, named by their
digest.
"""

import json
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from broadcaster.core.errors import RecordingRefused, RecordingUnkept, reason_of
from broadcaster.core.project_folders import RECORDINGS
from broadcaster.studio.one_shot_child import report_of
from broadcaster.system.atomic_file import atomic_write
from broadcaster.system.flac_digest import STREAM_INFO_END, flac_seconds

# None takes that long to come.
LEFT_SECONDS = 3600.0
LONGEST_SECONDS = 600
LARGEST_BYTES = 30 * 1024 * 1024
# Ten minutes are decoded in 4 s on a Raspberry Pi 4; what takes longer was made to take long.
LIMIT_SECONDS = 90.0
FULL_BYTES = 500 * 1024 * 1024
CHILD = "broadcaster.studio.recording_child"
FAILED_SAID = "这个文件解不开，请重新录一遍，或者换一种格式再试。"
GONE = "没有这个录音，可能已经删掉了，请重新录一遍。"


@dataclass(frozen=True)
class Recording:
    """One that is kept; `taken_at` counts from 1970."""

    key: str
    title: str
    seconds: float
    taken_at: float


def recording_path(state: Path, key: str) -> Path:
    """The path of a recording's sound, whether or not it exists."""
    return state / RECORDINGS / f"{key}.flac"


class Recordings:
    """The recordings in the state folder: nothing can make them again. Any thread."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._folder = state / RECORDINGS

    def sweep(self) -> None:
        """Removes remains of a recording whose taking in was cut off by a power cut."""
        before = time.time() - LEFT_SECONDS
        for left in self._folder.glob(".*"):
            with suppress(OSError):
                if left.is_dir() and left.stat().st_mtime < before:
                    shutil.rmtree(left)

    def take(self, pieces: Iterable[bytes], title: str) -> Recording:
        """Decode what was sent, off the air and in bounds, and keep it; blocks for it.

        Raises `RecordingRefused`, and then nothing is kept; `RecordingUnkept` is of this disk alone. An
        error of `pieces` that is none of the system's goes through as it is.
        """
        self.sweep()
        self._check_room()
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with TemporaryDirectory(dir=self._folder, prefix=".") as folder:
                sent = Path(folder) / "sent"
                _receive(sent, pieces)
                decoded = Path(folder) / "decoded.flac"
                told = report_of(
                    *(CHILD, str(sent), str(decoded)),
                    limit_seconds=LIMIT_SECONDS,
                    refused=RecordingRefused,
                    failed=FAILED_SAID,
                )
                recording = Recording(told["key"], title, told["seconds"], time.time())
                with atomic_write(self._folder / f"{recording.key}.json", Path(folder)) as about:
                    about.write_text(json.dumps(asdict(recording)), encoding="utf-8")
                decoded.replace(recording_path(self._state, recording.key))
        except OSError as error:
            raise RecordingUnkept(f"录音存不下来（{reason_of(error)}），请看磁盘有没有空位。") from error
        return recording

    def find(self, key: str) -> Recording | None:
        return next((one for one in self.all() if one.key == key), None)

    def all(self) -> list[Recording]:
        """The newest first; one of which only the sound is left has its day for a title."""
        found = filter(None, map(self._about, self._folder.glob("[!.]*.flac")))
        return sorted(found, key=lambda one: -one.taken_at)

    def _about(self, sound: Path) -> Recording | None:
        """None of a sound that is damaged too."""
        try:
            told = json.loads(sound.with_suffix(".json").read_text(encoding="utf-8"))
            seconds, taken_at = float(told["seconds"]), float(told["taken_at"])
            about = Recording(str(told["key"]), str(told["title"]), seconds, taken_at)
            if about.key == sound.stem:
                return about
        except (OSError, ValueError, TypeError, LookupError):
            pass
        return _by_its_sound(sound)

    def remove(self, key: str) -> bool:
        """Removes a recording; False if there was none. A notice that wanted to air it fails with a
        sentence.
        """
        if self.find(key) is None:
            return False
        recording_path(self._state, key).unlink(missing_ok=True)
        (self._folder / f"{key}.json").unlink(missing_ok=True)
        return True

    def _check_room(self) -> None:
        if sum(path.stat().st_size for path in self._folder.glob("*.flac")) > FULL_BYTES:
            raise RecordingUnkept("存的录音太多了，请先删掉几条不用的，再录新的。")


def _by_its_sound(path: Path) -> Recording | None:
    try:
        taken_at = path.stat().st_mtime
        with path.open("rb") as file:
            seconds = flac_seconds(file.read(STREAM_INFO_END))
    except OSError:
        return None
    title = f"{time.strftime('%m月%d日 %H:%M', time.localtime(taken_at))} 的录音"
    return Recording(path.stem, title, seconds, taken_at) if seconds else None


def _receive(path: Path, pieces: Iterable[bytes]) -> None:
    size = 0
    with path.open("wb") as file:
        for piece in pieces:
            size += len(piece)
            if size > LARGEST_BYTES:
                raise RecordingRefused("这个录音太大了，最多 30 兆、10 分钟，请录短一点。")
            file.write(piece)
    if not size:
        raise RecordingRefused("没有收到录音，请先选一个录音文件。")
