"""The engine `sherpa`: every folder in `voices/` that holds a sherpa-onnx package is a voice."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from broadcaster.core.errors import VoiceUnavailable
from broadcaster.tts.base.engine import Engine, VoiceEntry
from broadcaster.tts.base.package_source import Source
from broadcaster.tts.base.voice import Voice
from broadcaster.tts.sherpa.package import (
    RECORD_FILE,
    Package,
    PackageIncomplete,
    looks_like_package,
    read_package,
)

UNKNOWN_LICENCE = "由模型的作者规定，请看文件夹里的 LICENSE 或来源的网页"
# By a part of the folder's name: licence, and seconds of work for a second of speech on a Raspberry
# Pi 4 with two threads (k2-fsa/sherpa's documentation, 2026-08).
KNOWN: dict[str, tuple[str, float | None]] = {
    "zh-baker": ("训练用的标贝数据集只供非商业用途", 0.54),
    "aishell3": ("训练用的 AISHELL-3 数据集为 Apache-2.0", 0.22),
    "melo": ("MeloTTS，MIT 许可", 3.9),
    "kokoro": ("Kokoro，Apache-2.0 许可", 4.5),
    "zh-ll": (UNKNOWN_LICENCE, 2.5),
    "fanchen": (UNKNOWN_LICENCE, 2.5),
}


class SherpaEngine(Engine):
    """`sherpa:NAME` is a package's first speaker, `sherpa:NAME/3` its fourth."""

    name = "sherpa"

    def __init__(self, voices_folder: Path, threads: int) -> None:
        self._folder = voices_folder
        self._threads = threads

    def entries(self) -> list[VoiceEntry]:
        folders = sorted(self._folder.iterdir()) if self._folder.is_dir() else []
        return [self._entry(folder) for folder in folders if looks_like_package(folder)]

    def entry(self, voice: str) -> VoiceEntry | None:
        folder, speaker = self._place(voice)
        if not looks_like_package(folder):
            return None
        try:
            known = speaker in range(read_package(folder).speakers)
        except PackageIncomplete:
            known = True
        return self._entry(folder, voice) if known else None

    def version(self, voice: str) -> str:
        return self._package(voice).version

    def open(self, voice: str) -> Voice:
        from broadcaster.tts.sherpa.voice import SherpaVoice

        return SherpaVoice(self._package(voice), self._place(voice)[1], self._threads)

    def install(self, source: str, report: Callable[[str], None], files: Sequence[Source] = ()) -> None:
        from broadcaster.tts.sherpa.install import install

        install(self._folder, source.partition(":")[2], files, self._threads, report)

    def _package(self, voice: str) -> Package:
        try:
            return read_package(self._place(voice)[0])
        except (PackageIncomplete, OSError) as error:
            raise VoiceUnavailable(f"语音 {voice} 用不了：{error}") from error

    def _place(self, voice: str) -> tuple[Path, int]:
        """The folder and the speaker; -1 for what is no number."""
        name, slash, speaker = voice.partition(":")[2].partition("/")
        number = int(speaker) if speaker.isascii() and speaker.isdigit() else -1
        return self._folder / (name or "-"), number if slash else 0

    def _entry(self, folder: Path, voice: str = "") -> VoiceEntry:
        licence, seconds = next(
            (known for part, known in KNOWN.items() if part in folder.name), (UNKNOWN_LICENCE, None)
        )
        voice = voice or f"sherpa:{folder.name}"
        try:
            package = read_package(folder)
        except PackageIncomplete as error:
            remedy = f"补上缺的文件，或者删掉文件夹 {folder} 重新安装"
            return VoiceEntry(voice, False, f"不能用：{error}", "", licence, remedy=remedy)
        return VoiceEntry(
            name=voice,
            ready=True,
            state="可用",
            note=_note(package),
            licence=licence,
            title=f"本机声音 {folder.name}",
            speed=_speed(folder, seconds),
        )


def _note(package: Package) -> str:
    note = f"自己装的离线声音，{package.kind.value} 模型，{package.rate_hz / 1000:g} kHz"
    if package.speakers > 1:
        name = f"sherpa:{package.name}"
        note += f"，{package.speakers} 个人：{name}/0 到 {name}/{package.speakers - 1}"
    if package.rate_hz < 16_000:
        note += "，声音发闷"
    return note


def _speed(folder: Path, known_seconds: float | None) -> str:
    try:
        measured = json.loads((folder / RECORD_FILE).read_text(encoding="utf-8"))["real_time"]
        return f"{float(measured):.2f} × 实时（装的时候在本机测的）"
    except (OSError, ValueError, KeyError, TypeError):
        return f"{known_seconds} × 实时（树莓派 4，公布的）" if known_seconds else "没有测过"
