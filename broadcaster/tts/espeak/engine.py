"""The engine `espeak`: one voice that needs no model, for when nothing better is left."""

from importlib import util

from broadcaster.tts.base.engine import Engine, VoiceEntry
from broadcaster.tts.base.voice import Voice
from broadcaster.tts.espeak.release import version


class EspeakEngine(Engine):
    """`espeak:cmn`, there as soon as its Python package is."""

    name = "espeak"

    def entries(self) -> list[VoiceEntry]:
        ready = util.find_spec("espeakng_loader") is not None
        return [
            VoiceEntry(
                name="espeak:cmn",
                ready=ready,
                state="可用" if ready else "未安装",
                note="应急用的机器声，十个字里有六个听不清，只在别的都坏了时用；不占内存，22 kHz",
                licence="eSpeak NG，GPL-3.0",
                title="应急合成音",
                speed="0.004 × 实时（两核 x86 测的）",
                remedy="请运行：scripts/setup",
            )
        ]

    def version(self, voice: str) -> str:
        return version()

    def open(self, voice: str) -> Voice:
        from broadcaster.tts.espeak.voice import EspeakVoice

        return EspeakVoice()
