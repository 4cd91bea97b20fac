"""The engine `baker`: one offline voice in the folder `voices/baker`."""

from collections.abc import Callable, Sequence
from pathlib import Path

from broadcaster.core.errors import VoiceUnavailable
from broadcaster.tts.baker.release import MODEL_VERSION, can_speak
from broadcaster.tts.baker.symbols import REVISION
from broadcaster.tts.base.engine import Engine, VoiceEntry
from broadcaster.tts.base.package_source import Source
from broadcaster.tts.base.voice import Voice
from broadcaster.tts.base.voice_folder import (
    DESCRIPTION_FILE,
    VoiceDamaged,
    check_files,
    check_there,
    damaged,
    read_description,
)

READY = "可用"


class BakerEngine(Engine):
    """`baker:female`, installed by `voices install baker`."""

    name = "baker"

    def __init__(self, voices_folder: Path, threads: int) -> None:
        self._voices_folder = voices_folder
        self._folder = voices_folder / self.name
        self._threads = threads

    def entries(self) -> list[VoiceEntry]:
        state = self._state()
        return [
            VoiceEntry(
                name="baker:female",
                ready=state == READY,
                state=state,
                note="离线女声，不需要网络，24 kHz",
                licence="模型 MIT 许可；训练用的标贝数据集只供非商业用途",
                title="离线女声",
                speed="0.07 × 实时（两核 x86 测的）",
            )
        ]

    def version(self, voice: str) -> str:
        model = self._installed_model()
        if not can_speak(model):
            raise VoiceUnavailable("语音 baker 是旧版的，请重新安装：broadcaster voices install baker")
        return f"{model}.{REVISION}"

    def is_of_this_release(self) -> bool:
        """Raises `VoiceUnavailable` where none is installed."""
        return self._installed_model() == MODEL_VERSION

    def check(self) -> None:
        """Read every byte of its 40 MB. Raises `VoiceUnavailable` where one is wrong."""
        try:
            check_files(self._folder, read_description(self._folder))
        except VoiceDamaged as error:
            raise damaged(self.name) from error

    def _installed_model(self) -> str:
        try:
            description = read_description(self._folder)
            check_there(self._folder, description)
            return description.version
        except VoiceDamaged as error:
            raise damaged(self.name) from error

    def _state(self) -> str:
        if not (self._folder / DESCRIPTION_FILE).exists():
            return "未安装"
        try:
            self.version("")
        except VoiceUnavailable:
            return "要重新安装"
        return READY

    def open(self, voice: str) -> Voice:
        from broadcaster.tts.baker.voice import BakerVoice

        return BakerVoice(self._folder, self._threads)

    def install(self, source: str, report: Callable[[str], None], files: Sequence[Source] = ()) -> None:
        from broadcaster.tts.baker.install import install

        install(self._voices_folder, report)
