"""Which voices there are, which are installed, and how to get the others."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from broadcaster.errors import VoiceUnavailable
from broadcaster.tts.baker_symbols import REVISION
from broadcaster.tts.voice import Voice
from broadcaster.tts.voice_folder import DESCRIPTION_FILE, VoiceDamaged, damaged, read_description

BAKER = "baker:female"


@dataclass(frozen=True)
class VoiceEntry:
    """One line of the list of voices; `note` and `licence` are for people."""

    name: str
    ready: bool
    note: str
    licence: str

    @property
    def state(self) -> str:
        return "可用" if self.ready else "未安装"


class Catalogue:
    """The voices of one folder. All but `open` and `install` keep out of numpy and the engines."""

    def __init__(self, voices_folder: Path, threads: int) -> None:
        self._folder = voices_folder
        self._threads = threads

    def entries(self) -> list[VoiceEntry]:
        """Every voice there is, ready or not."""
        return [
            VoiceEntry(
                name=BAKER,
                ready=(self._folder / "baker" / DESCRIPTION_FILE).exists(),
                note="离线女声，不需要网络，24 kHz",
                licence="模型 MIT 许可；训练用的标贝数据集只供非商业用途",
            )
        ]

    def version(self, name: str) -> str:
        """The `version` of the voice once opened. Raises `VoiceUnavailable` for one that can't be."""
        self._require(name)
        try:
            return f"{read_description(self._folder / 'baker').version}.{REVISION}"
        except VoiceDamaged as error:
            raise damaged("baker") from error

    def open(self, name: str) -> Voice:
        """Load a voice. Raises `VoiceUnavailable`."""
        self._require(name)
        from broadcaster.tts.baker import BakerVoice

        return BakerVoice(self._folder / "baker", self._threads)

    def install(self, engine: str, report: Callable[[str], None]) -> None:
        """Fetch and make a voice's files; `report` is told each step. Raises `VoiceUnavailable`."""
        if engine.partition(":")[0] != "baker":
            raise VoiceUnavailable(f"没有可以安装的语音 {engine}，可以安装的有：baker")
        from broadcaster.tts.install_baker import install

        install(self._folder, report)

    def _require(self, name: str) -> None:
        entries = {entry.name: entry for entry in self.entries()}
        if name not in entries:
            raise VoiceUnavailable(f"没有语音 {name}{_did_you_mean(name, entries)}")
        if not entries[name].ready:
            engine = name.partition(":")[0]
            raise VoiceUnavailable(
                f"语音 {name} 还没有安装，请运行：broadcaster voices install {engine}"
            )


def _did_you_mean(name: str, known: dict[str, VoiceEntry]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"（是不是 {close[0]}？）" if close else f"，现有的声音：{'、'.join(known)}"
