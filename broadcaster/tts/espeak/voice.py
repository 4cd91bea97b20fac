"""The last fallback, `espeak:cmn`: espeak-ng speaks our pinyin, like a machine, whatever else is
broken.
"""

import ctypes
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import espeakng_loader
import numpy as np
from numpy.typing import NDArray

from broadcaster.core.errors import LineRefused, VoiceUnavailable
from broadcaster.core.model import Break, Line, Syllable, Waveform
from broadcaster.tts.base.loudness import LEVEL_LUFS, levelled
from broadcaster.tts.base.voice import Voice
from broadcaster.tts.espeak.release import version

# The library's voice `cmn` says tone numbers in English ("nee three"); this one takes pinyin.
LIBRARY_VOICE = b"cmn-latn-pinyin"
WORDS_A_MINUTE = 190  # 0.25 s a syllable
SYNCHRONOUS, DONT_EXIT = 2, 0x8000
RATE, CHARACTERS, UTF8 = 1, 1, 1
ENGLISH = "(en)"  # what the library writes before a word that it takes for English
# What it takes for English, and the nearest that it does not.
SPELLINGS = {"n": "en", "ng": "eng", "m": "mu", "hm": "heng", "hng": "heng", "ê": "ei", "r": "er"}
SPELLINGS |= {"jiong": "jong", "qiong": "qong", "xiong": "xong"}

_SOUND = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


@lru_cache(maxsize=1)
def _library() -> tuple[ctypes.CDLL, int]:
    """The library with its voice, and its rate in Hz. Set up a second time, it reads pinyin wrongly."""
    try:
        library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
    except (OSError, RuntimeError) as error:
        raise VoiceUnavailable("应急合成音的程序库装不上，请运行：scripts/setup") from error
    rate_hz = library.espeak_Initialize(SYNCHRONOUS, 0, data, DONT_EXIT)
    if rate_hz <= 0 or library.espeak_SetVoiceByName(LIBRARY_VOICE) != 0:
        raise VoiceUnavailable("应急合成音的文件不全，请运行：scripts/setup")
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    return library, rate_hz


class EspeakVoice(Voice):
    """The library holds one voice for the whole process; a line takes 10 to 25 ms."""

    name = "espeak:cmn"
    level_lufs = LEVEL_LUFS

    def __init__(self) -> None:
        """Raises `VoiceUnavailable` when the library does not load."""
        self.version = version()
        self._pieces: list[NDArray[np.int16]] = []
        self._known: dict[str, bool] = {}
        self._take = _SOUND(self._take_samples)
        self._library, self.rate_hz = _library()

    def speak(self, line: Line, pace: float = 1.0) -> Iterator[Waveform]:
        if not line.syllables:
            raise LineRefused(f"这一行没有可读的字：{line.written}")
        text = " ".join(self._spelled(syllable) for syllable in line.syllables).rstrip(",").encode()
        self._pieces = []
        self._library.espeak_SetSynthCallback(self._take)
        self._library.espeak_SetParameter(RATE, round(WORDS_A_MINUTE * pace), 0)
        failed = self._library.espeak_Synth(text, len(text) + 1, 0, CHARACTERS, 0, UTF8, None, None)
        made = np.concatenate([np.zeros(0, np.int16), *self._pieces])
        samples = made.astype(np.float32) / np.float32(32_768)
        if failed or not np.abs(samples).max(initial=0.0) > 0.0:
            raise LineRefused(f"应急合成音没有念出这一行：{line.written}")
        yield Waveform(levelled(samples, self.rate_hz), self.rate_hz)

    def _take_samples(self, samples: Any, count: int, events: object) -> int:
        if samples and count:
            self._pieces.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    def _spelled(self, syllable: Syllable) -> str:
        sounds = [self._spelling(sound, syllable) for sound in syllable.sounded.split()]
        return " ".join(sounds) + ("," if syllable.gap is Break.CLAUSE else "")

    def _spelling(self, sound: str, syllable: Syllable) -> str:
        base, tone = sound.rstrip("012345"), sound[-1] if sound[-1] in "12345" else "5"
        spelled = SPELLINGS.get(base, base) + tone
        if spelled not in self._known:
            self._known[spelled] = ENGLISH not in self.phonemes(spelled)
        if not self._known[spelled]:
            raise LineRefused(f"应急合成音不会念“{syllable.text}”（{sound}）。")
        return spelled

    def phonemes(self, spelled: str) -> str:
        """The library's phonemes for a spelled text, in its own notation."""
        text = ctypes.create_string_buffer(spelled.encode())
        rest = ctypes.c_void_p(ctypes.addressof(text))
        made = self._library.espeak_TextToPhonemes(ctypes.byref(rest), UTF8, 0)
        return bytes(made or b"").decode(errors="replace")
