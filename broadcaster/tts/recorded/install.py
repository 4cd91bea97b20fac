"""Makes the recordings of `recorded:alarm`: fixed phrases, said once by the offline voice."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from broadcaster.core.model import Break, Line, Syllable
from broadcaster.tts.baker.engine import BakerEngine
from broadcaster.tts.base.voice import Voice
from broadcaster.tts.base.voice_folder import new_voice
from broadcaster.tts.recorded.phrases import ALARM, PHRASES, write_sums

CLAUSE_PAUSE_SECONDS = 0.25


def install(voices_folder: Path, threads: int, report: Callable[[str], None]) -> None:
    """Make `recorded/alarm` anew. Raises `VoiceUnavailable`, also when the offline voice is missing."""
    report(f"正在用离线语音录 {len(PHRASES)} 句应急的话……")
    baker = BakerEngine(voices_folder, threads).open("baker:female")
    with new_voice(voices_folder / "recorded", ALARM) as (_, folder):
        for text, pinyin in PHRASES.items():
            samples = np.concatenate(list(_sounds(baker, pinyin)))
            soundfile.write(folder / f"{text}.flac", samples, baker.rate_hz, subtype="PCM_16")
        write_sums(folder)
    report("应急的话录好了：所有语音引擎都坏了，也能用 recorded:alarm 播出。")


def _sounds(voice: Voice, pinyin: str) -> Iterator[NDArray[np.float32]]:
    pause = np.zeros(int(CLAUSE_PAUSE_SECONDS * voice.rate_hz), np.float32)
    for clause in pinyin.split(" , "):
        yield from (piece.samples for piece in voice.speak(_line(clause)))
        yield pause


def _line(pinyin: str) -> Line:
    syllables: list[Syllable] = []
    for word in pinyin.split():
        sounds = re.findall(r"[a-z]+\d", word)
        gaps = [Break.NONE] * (len(sounds) - 1) + [Break.WORD]
        syllables += [Syllable("", sound, sound, gap) for sound, gap in zip(sounds, gaps, strict=True)]
    return Line(pinyin, pinyin, tuple(syllables))
