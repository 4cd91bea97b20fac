"""Makes the recordings of `recorded:alarm`: fixed phrases, said once by the offline voice."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from broadcaster.model import Break, Line, Syllable
from broadcaster.tts.baker_engine import BakerEngine
from broadcaster.tts.phrases import ALARM
from broadcaster.tts.voice import Voice
from broadcaster.tts.voice_folder import new_voice

# As they sound after sandhi: the text front end is not needed for them, now or in an emergency.
PHRASES = {
    "火灾！请立即撤离": "huo3zai1 , qing3 li4ji2 che4li2",
    "洪水来了！请往高处转移": "hong2shui3 lai2le5 , qing3 wang3 gao1chu4 zhuan3yi2",
    "地震了！请到空旷的地方去": "di4zhen4 le5 , qing3 dao4 kong1kuang4 de5 di4fang5 qu4",
    "山体滑坡！请马上离开": "shan1ti3 hua2po1 , qing2 ma3shang4 li2kai1",
    "泥石流来了！请往两边的高处跑": "ni2shi2liu2 lai2le5 , qing3 wang3 liang3bian1 de5 gao1chu4 pao3",
    "煤气泄漏！请不要点火，马上离开": "mei2qi4 xie4lou4 , qing3 bu2yao4 dian2huo3 , ma3shang4 li2kai1",
    "大风来了！请待在屋里": "da4feng1 lai2le5 , qing3 dai1zai4 wu1li5",
    "全体村民注意了": "quan2ti3 cun1min2 zhu4yi4 le5",
    "警报解除": "jing3bao4 jie3chu2",
    "这是演习，不是真的": "zhe4shi4 yan3xi2 , bu2shi4 zhen1de5",
    "广播完了": "guang3bo1 wan2le5",
}
CLAUSE_PAUSE_SECONDS = 0.25


def install(voices_folder: Path, threads: int, report: Callable[[str], None]) -> None:
    """Make `recorded/alarm` anew. Raises `VoiceUnavailable`, also when the offline voice is missing."""
    report(f"正在用离线语音录 {len(PHRASES)} 句应急的话……")
    baker = BakerEngine(voices_folder, threads).open("baker:female")
    with new_voice(voices_folder / "recorded", ALARM) as (_, made):
        for text, pinyin in PHRASES.items():
            samples = np.concatenate(list(_sounds(baker, pinyin)))
            soundfile.write(made / f"{text}.flac", samples, baker.rate_hz, subtype="PCM_16")
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
