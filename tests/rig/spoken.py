"""Lines made by hand and the installed voice, for the tests of voices."""

import functools
import threading
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from broadcaster.core.model import Break, Line, Syllable, Waveform
from broadcaster.core.project_folders import PROJECT_FOLDER
from broadcaster.settings.schema import EdgeSettings
from broadcaster.tts.catalogue import Catalogue
from broadcaster.tts.edge.speakers import SHIPPED, SpeakerList
from broadcaster.tts.edge.voice import Connector, EdgeVoice

THIRTY = (
    "ge4 wei4 cun1 min2 qing3 zhu4 yi4 jin1 tian1 xia4 wu3 san1 dian3 zai4 cun1 "
    "wei3 hui4 da4 yuan4 zhao4 kai1 quan2 ti3 cun1 min2 da4 hui4 qing3 dao4 hui4"
)

# A character for each reading in the tests' lines.
CHARACTERS = {
    "ge4": "各", "wei4": "位", "cun1": "村", "min2": "民", "qing3": "请", "zhu4": "注", "yi4": "意",
    "jin1": "今", "tian1": "天", "xia4": "下", "wu3": "午", "san1": "三", "dian3": "点", "zai4": "在",
    "wei3": "委", "hui4": "会", "da4": "大", "yuan4": "院", "zhao4": "召", "kai1": "开", "quan2": "全",
    "ti3": "体", "dao4": "到", "chong2": "虫", "zhong4": "重", "qing4": "庆", "le5": "了", "ming2": "明",
    "ting2": "停", "shui3": "水", "shang4": "上", "xian1": "先", "chu3": "储", "ti2": "提",
    "qian2": "前",
}  # fmt: skip


def line(pinyin: str, breaks: dict[int, Break] | None = None) -> Line:
    """One syllable for each word of `pinyin`; `breaks` are those after syllables, by their place."""
    gaps = breaks or {}
    syllables = tuple(
        Syllable(CHARACTERS.get(sounded, "字"), sounded, sounded, gaps.get(place, Break.NONE))
        for place, sounded in enumerate(pinyin.split())
    )
    text = "".join(syllable.text for syllable in syllables)
    return Line(written=text, spoken=text, syllables=syllables)


def first_words(count: int) -> Line:
    """A notice of so many syllables, at most 30."""
    return line(" ".join(THIRTY.split()[:count]), {place: Break.WORD for place in range(1, count, 2)})


def joined(pieces: Iterable[Waveform]) -> NDArray[np.float32]:
    return np.concatenate([piece.samples for piece in pieces])


def record(path: Path, seconds: float, rate_hz: int = 16_000) -> None:
    """What a person might have recorded: sound with silence before and after."""
    times = np.arange(int(seconds * rate_hz)) / rate_hz
    silence = np.zeros(rate_hz // 2)
    sound = np.concatenate([silence, 0.05 * np.sin(2 * np.pi * 300 * times), silence])
    soundfile.write(path, sound, rate_hz)


@functools.cache
def baker_folder() -> Path:
    """The project's own copy of the voice, installed when it is missing."""
    voices = PROJECT_FOLDER / "voices"
    catalogue = Catalogue(voices, threads=1)
    if not catalogue.entries()[0].ready:
        catalogue.install("baker", lambda step: None)
    return voices / "baker"


def edge_voice(
    folder: Path,
    connector: Connector | None,
    settings: EdgeSettings | None = None,
    silence_seconds: float = 5,
) -> EdgeVoice:
    """The first online voice, reached by `connector`, with its list in `folder`."""
    settings = settings or EdgeSettings()
    speakers = SpeakerList(folder)
    return EdgeVoice(SHIPPED[0], "1", settings, speakers, threading.Lock(), connector, silence_seconds)
