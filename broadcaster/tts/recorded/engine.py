"""The engine `recorded`: each folder in `voices/recorded/` is a voice of its recordings."""

from collections.abc import Callable, Sequence
from pathlib import Path

from broadcaster.tts.base.engine import Engine, VoiceEntry
from broadcaster.tts.base.package_source import Source
from broadcaster.tts.base.voice import Voice
from broadcaster.tts.recorded.phrases import ALARM, phrases, text_of, unreadable, version

INSTALL = "请运行：broadcaster voices install recorded"


class RecordedEngine(Engine):
    """`recorded:alarm` for when every other voice is dead, and whatever people record."""

    name = "recorded"

    def __init__(self, voices_folder: Path, threads: int) -> None:
        self._voices_folder = voices_folder
        self._folder = voices_folder / self.name
        self._threads = threads

    def entries(self) -> list[VoiceEntry]:
        found = [path.name for path in self._folder.glob("[!.]*") if path.is_dir()]
        return [self._entry(name) for name in sorted({ALARM, *found})]

    def version(self, voice: str) -> str:
        return version(self._folder / voice.partition(":")[2])

    def open(self, voice: str) -> Voice:
        from broadcaster.tts.recorded.voice import RecordedVoice

        return RecordedVoice(self._folder / voice.partition(":")[2])

    def install(self, source: str, report: Callable[[str], None], files: Sequence[Source] = ()) -> None:
        from broadcaster.tts.recorded.install import install

        install(self._voices_folder, self._threads, report)

    def _entry(self, name: str) -> VoiceEntry:
        folder = self._folder / name
        recordings = list(phrases(folder).values())
        is_alarm = name == ALARM
        state = "可用" if recordings else "未安装" if is_alarm else "没有录音"
        return VoiceEntry(
            name=f"recorded:{name}",
            ready=bool(recordings),
            state=state,
            note=_note(folder, recordings),
            licence="由离线语音 baker 做成，许可同它" if is_alarm else "录音的人自己的",
            title="应急录音" if is_alarm else f"{name}的录音",
            speed="0.01 × 实时（两核 x86 测的）",
            remedy=INSTALL if is_alarm else f"请把录音放进 {folder}，文件名写录的话",
        )


def _note(folder: Path, recordings: list[Path]) -> str:
    said = "；".join(text_of(path) for path in recordings[:3])
    note = f"录好的 {len(recordings)} 句话，别的说不了" + (f"：{said}" if said else "")
    others = unreadable(folder)
    if others:
        note += f"。有 {len(others)} 个录音格式读不了（{others[0].name}），请转成 WAV 或 MP3"
    return note
