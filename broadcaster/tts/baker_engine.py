"""The engine `baker`: one offline voice in the folder `voices/baker`."""

from collections.abc import Callable, Sequence
from pathlib import Path

from broadcaster.tts.baker_symbols import REVISION
from broadcaster.tts.engine import Engine, VoiceEntry
from broadcaster.tts.package_source import Source
from broadcaster.tts.voice import Voice
from broadcaster.tts.voice_folder import DESCRIPTION_FILE, VoiceDamaged, damaged, read_description


class BakerEngine(Engine):
    """`baker:female`, installed by `voices install baker`."""

    name = "baker"

    def __init__(self, voices_folder: Path, threads: int) -> None:
        self._voices_folder = voices_folder
        self._folder = voices_folder / self.name
        self._threads = threads

    def entries(self) -> list[VoiceEntry]:
        ready = (self._folder / DESCRIPTION_FILE).exists()
        return [
            VoiceEntry(
                name="baker:female",
                ready=ready,
                state="可用" if ready else "未安装",
                note="离线女声，不需要网络，24 kHz",
                licence="模型 MIT 许可；训练用的标贝数据集只供非商业用途",
                title="离线女声",
                speed="0.07 × 实时（两核 x86 测的）",
            )
        ]

    def version(self, voice: str) -> str:
        try:
            return f"{read_description(self._folder).version}.{REVISION}"
        except VoiceDamaged as error:
            raise damaged(self.name) from error

    def open(self, voice: str) -> Voice:
        from broadcaster.tts.baker import BakerVoice

        return BakerVoice(self._folder, self._threads)

    def install(self, source: str, report: Callable[[str], None], files: Sequence[Source] = ()) -> None:
        from broadcaster.tts.install_baker import install

        install(self._voices_folder, report)
