"""A voice of the engine sherpa-onnx: VITS, Matcha and Kokoro models that a person installed."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import sherpa_onnx

from broadcaster.core.errors import LineRefused, VoiceUnavailable
from broadcaster.core.model import Line, Waveform
from broadcaster.tts.base.loudness import LEVEL_LUFS, levelled
from broadcaster.tts.base.voice import Voice
from broadcaster.tts.sherpa.lexicon import PinyinLexicon
from broadcaster.tts.sherpa.package import ModelFamily, Package

DIGIT = re.compile(r"\d")


class SherpaVoice(Voice):
    """One speaker of a loaded model. A line is one piece: the engine has nothing smaller to give."""

    level_lufs = LEVEL_LUFS

    def __init__(self, package: Package, speaker: int, threads: int) -> None:
        """Raises `VoiceUnavailable`; over some damaged files the engine ends the process instead."""
        self.name = f"sherpa:{package.name}" + (f"/{speaker}" if speaker else "")
        self.version = package.version
        self.rate_hz = package.rate_hz
        self._speaker = speaker
        self._lexicon = _pinyin_lexicon(package)
        with _lexicon_files(package, self._lexicon) as lexicons:
            config = _config(package, lexicons, threads)
            if not config.validate():
                raise VoiceUnavailable(_broken(package))
            try:
                self._engine = sherpa_onnx.OfflineTts(config)
            except RuntimeError as error:
                raise VoiceUnavailable(_broken(package)) from error

    def speak(self, line: Line, pace: float = 1.0) -> Iterator[Waveform]:
        if not line.syllables:
            raise LineRefused(f"这一行没有可读的字：{line.written}")
        text = self._lexicon.text(line) if self._lexicon else line.spoken
        if DIGIT.search(text):
            raise LineRefused(f"这一行还有没念成字的数字：{line.spoken}")
        try:
            generated = self._engine.generate(text, sid=self._speaker, speed=pace)
        except (RuntimeError, MemoryError) as error:
            raise VoiceUnavailable(
                f"声音 {self.name} 内部出错，这一行没有做成：{line.written}"
            ) from error
        samples = np.asarray(generated.samples, np.float32)
        if not np.abs(samples).max(initial=0.0) > 0.0:
            raise LineRefused(f"声音 {self.name} 没有念出这一行：{line.written}")
        yield Waveform(levelled(samples, self.rate_hz), self.rate_hz)


def _broken(package: Package) -> str:
    return (
        f"声音 sherpa:{package.name} 的文件损坏，请重新安装："
        f"broadcaster voices install sherpa:{package.name} --from … --sha256 …"
    )


def _pinyin_lexicon(package: Package) -> PinyinLexicon | None:
    """None for Kokoro, which spells in bopomofo, and for models of another kind of lexicon."""
    if package.kind is ModelFamily.KOKORO or not package.lexicons:
        return None
    lexicon = PinyinLexicon(package.lexicons[0], package.tokens)
    return lexicon if lexicon.spells_pinyin else None


@contextmanager
def _lexicon_files(package: Package, lexicon: PinyinLexicon | None) -> Iterator[str]:
    """Their names as the engine takes them, which reads them while it loads and never again."""
    if lexicon is None:
        yield ",".join(str(path) for path in package.lexicons)
        return
    # In memory: a child that is killed while it loads leaves nothing behind.
    number = os.memfd_create("lexicon")
    try:
        path = Path(f"/proc/self/fd/{number}")
        lexicon.write_characters(path)
        yield str(path)
    finally:
        os.close(number)


def _config(package: Package, lexicons: str, threads: int) -> "sherpa_onnx.OfflineTtsConfig":
    model, tokens = str(package.model), str(package.tokens)
    models = sherpa_onnx.OfflineTtsModelConfig(num_threads=threads)
    match package.kind:
        case ModelFamily.VITS:
            models.vits = sherpa_onnx.OfflineTtsVitsModelConfig(
                model=model, lexicon=lexicons, tokens=tokens
            )
        case ModelFamily.MATCHA:
            models.matcha = sherpa_onnx.OfflineTtsMatchaModelConfig(
                acoustic_model=model,
                vocoder=str(package.vocoder),
                lexicon=lexicons,
                tokens=tokens,
            )
        case ModelFamily.KOKORO:
            models.kokoro = sherpa_onnx.OfflineTtsKokoroModelConfig(
                model=model, voices=str(package.styles), tokens=tokens, lexicon=lexicons
            )
    rules = ",".join(str(path) for path in package.rules)
    return sherpa_onnx.OfflineTtsConfig(model=models, rule_fsts=rules, max_num_sentences=1)
