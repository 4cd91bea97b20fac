"""A program that loads a package, has it say one line, and writes how fast it was."""

import json
import sys
import time
from pathlib import Path

from broadcaster.core.model import Break, Line, Syllable
from broadcaster.tts.sherpa.package import read_package
from broadcaster.tts.sherpa.voice import SherpaVoice

WORDS = "各 ge4 位 wei4 村 cun1 民 min2 请 qing3 注 zhu4 意 yi4".split()


def main() -> None:
    voice = SherpaVoice(read_package(Path(sys.argv[1])), 0, int(sys.argv[2]))
    pairs = zip(WORDS[::2], WORDS[1::2], strict=True)
    said = tuple(Syllable(text, pinyin, pinyin, Break.NONE) for text, pinyin in pairs)
    text = "".join(syllable.text for syllable in said)
    list(voice.speak(Line(text, text, said)))
    started = time.perf_counter()
    seconds = sum(piece.seconds for piece in voice.speak(Line(text, text, said)))
    measured = {"real_time": round((time.perf_counter() - started) / seconds, 3)}
    sys.stdout.write(json.dumps(measured) + "\n")


if __name__ == "__main__":
    main()
