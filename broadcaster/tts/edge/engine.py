"""The engine `edge`: the online voices of a public service, switched on by `voices install edge`."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from broadcaster.core.errors import VoiceUnavailable, reason_of
from broadcaster.settings.schema import EdgeSettings
from broadcaster.tts.base.engine import Engine, VoiceEntry
from broadcaster.tts.base.package_source import Source
from broadcaster.tts.base.voice import Voice
from broadcaster.tts.edge.speakers import SHIPPED, Speaker, SpeakerList

REVISION = 1  # raised when the same line comes to sound different, so that clips are made anew
LICENCE = "微软的网上服务，没有使用协议，随时可能停；要联网，通知的文字会发给微软"


class EdgeEngine(Engine):
    """`edge:xiaoxiao` and the others; nothing reaches the network until somebody switched them on."""

    name = "edge"
    online = True

    def __init__(self, voices_folder: Path, settings: EdgeSettings) -> None:
        self._list = SpeakerList(voices_folder / self.name)
        self._settings = settings
        # The service drops pieces of sound when it is asked for several lines at once.
        self._one_request = threading.Lock()

    def entries(self) -> list[VoiceEntry]:
        enabled = self._list.enabled
        return [
            VoiceEntry(
                name=speaker.name,
                ready=enabled and offered,
                state=("可用" if enabled else "未启用") if offered else "已停用",
                note=f"在线声音，{speaker.note}",
                licence=LICENCE,
                title=f"在线声音，{speaker.note}",
                speed="看网络快慢，一句一句地等",
            )
            for speaker, offered in self._list.speakers().items()
        ]

    def version(self, voice: str) -> str:
        """The library's release is no part of it: the sound is made at the service."""
        return f"{REVISION}.{self._settings.pitch_hz:+d}.{self._settings.volume_percent:+d}"

    def open(self, voice: str) -> Voice:
        from broadcaster.tts.edge.voice import EdgeVoice

        return EdgeVoice(
            self._speaker(voice), self.version(voice), self._settings, self._list, self._one_request
        )

    def install(self, source: str, report: Callable[[str], None], files: Sequence[Source] = ()) -> None:
        """Switch the online voices on, and fetch who speaks there if the service can be reached."""
        from broadcaster.tts.edge.voice import fetch_speakers

        report("正在向在线服务要声音的名单……")
        try:
            speakers = fetch_speakers()
        except VoiceUnavailable as error:
            report(f"{error}先用自带的名单。")
            speakers = list(SHIPPED)
        try:
            self._list.store(speakers)
        except OSError as error:
            raise VoiceUnavailable(
                f"名单存不下：{reason_of(error)}。请检查磁盘空间和写权限。"
            ) from error
        report(f"在线声音启用了，有 {len(speakers)} 个中文的。{LICENCE}。")

    def _speaker(self, voice: str) -> Speaker:
        return next(speaker for speaker in self._list.speakers() if speaker.name == voice)
