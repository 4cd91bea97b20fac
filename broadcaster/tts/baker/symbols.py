"""Turns syllables into the symbols that the Baker voice was trained on."""

import difflib
import json
from collections.abc import Iterator
from pathlib import Path

from broadcaster.core.model import Break, Line, Syllable

REVISION = 2  # raised when the same syllables come to sound different, so that clips are made anew

SILENCE, END = "sil", "eos"
ERHUA = "er5"
INTERJECTIONS = {"n": "en", "hm": "heng", "hng": "heng", "ê": "ei"}  # 嗯 噷 哼 欸


class BakerSymbols:
    """The voice's table: syllable -> initial and final, symbol -> number."""

    def __init__(self, path: Path) -> None:
        table = json.loads(path.read_text(encoding="utf-8"))
        self._numbers: dict[str, int] = table["symbol_to_id"]
        self._parts: dict[str, list[str]] = table["pinyin_dict"]

    def numbers(self, line: Line) -> list[int]:
        """The line as the model takes it, with silence at both ends."""
        return [self._numbers[symbol] for symbol in self.symbols(line)]

    def symbols(self, line: Line) -> list[str]:
        """Each syllable's initial and final, and the break after it; the last break is a clause's."""
        spoken: list[str] = [SILENCE]
        for syllable in line.syllables:
            if _is_erhua(syllable) and spoken[-1] == _mark(Break.NONE):
                spoken[-1] = ERHUA
            else:
                spoken += self._sounds(syllable)
            spoken.append(_mark(syllable.gap))
        spoken[-1] = _mark(Break.CLAUSE)
        return [*spoken, SILENCE, END]

    def finals(self, line: Line) -> list[int]:
        """The positions in `symbols` of the finals of the line's `sounds`."""
        places, place = [], 1
        for before, syllable in zip((None, *line.syllables), line.syllables, strict=False):
            if before and syllable.colours(before):
                place += 1
                continue
            places.append(place + 1)
            place += 3 * len(syllable.sounded.split())
        return places

    def _sounds(self, syllable: Syllable) -> Iterator[str]:
        for place, sound in enumerate(syllable.sounded.split()):
            if place:
                yield _mark(Break.NONE)
            initial, final = self._parts[self._nearest(sound.rstrip("012345"))]
            yield initial
            yield final + (sound[-1] if sound[-1] in "12345" else "5")

    def _nearest(self, base: str) -> str:
        """The syllable itself, or for one that nobody taught the voice the most alike that it knows."""
        known = INTERJECTIONS.get(base, base)
        if known in self._parts:
            return known
        return difflib.get_close_matches(base, self._parts, n=1, cutoff=0.0)[0]


def _is_erhua(syllable: Syllable) -> bool:
    """儿 that colours the syllable before it: Baker's labels write 花儿 as h ua1 er5."""
    return syllable.text == "儿" and syllable.sounded == ERHUA


def _mark(gap: Break) -> str:
    return f"#{gap.value}"
