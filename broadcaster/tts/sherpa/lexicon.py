"""Says a line to a Chinese model by pinyin: each syllable by a character that its lexicon reads so.

The models take characters and look them up themselves, so 重庆 would be read as the lexicon has it.
Where the lexicon spells pinyin, 虫庆 makes the reading, the sandhi and the village's own lexicon hold.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from broadcaster.core.errors import LineRefused
from broadcaster.core.model import Break, Line, Syllable

PINYIN = re.compile(r"[a-z]+[1-5]")
BREAK_MARK = re.compile(r"#\d")
ENOUGH = 0.5  # a lexicon of bopomofo or of letters has next to none, one of pinyin nearly all


class PinyinLexicon:
    """The single characters of a lexicon, and one of them for each reading."""

    def __init__(self, path: Path, tokens: Path) -> None:
        self._entries = dict(_single_characters(path))
        self._readings: dict[str, str] = {}
        for character, spelled in self._entries.items():
            self._readings.setdefault(_pinyin(spelled), character)
        self._marks = {line.split()[0] for line in _lines(tokens) if line.split()}

    @property
    def spells_pinyin(self) -> bool:
        """True if its tokens are pinyin, as a syllable or as initial and final."""
        spelled = sum(bool(PINYIN.fullmatch(_pinyin(each))) for each in self._entries.values())
        return spelled > ENOUGH * max(1, len(self._entries))

    def write_characters(self, path: Path) -> None:
        """The lexicon without its words, which would swallow the characters chosen here."""
        lines = (f"{character} {spelled}\n" for character, spelled in self._entries.items())
        path.write_text("".join(lines), encoding="utf-8")

    def text(self, line: Line) -> str:
        """The line in characters that sound as it should. Raises `LineRefused`."""
        said = "".join(part for syllable in line.syllables for part in self._spelled(syllable))
        return said.rstrip("，") + ("。" if "。" in self._marks else "")

    def _spelled(self, syllable: Syllable) -> Iterator[str]:
        for sound in syllable.sounded.split():
            character = self._readings.get(_pinyin(sound))
            if character is None and syllable.text in self._entries:
                character = syllable.text
            if character is None:
                raise LineRefused(
                    f"这个声音不会念“{syllable.text}”（{sound}），请换一个字或换一个声音。"
                )
            yield character
        if syllable.gap is Break.CLAUSE and "，" in self._marks:
            yield "，"


def _single_characters(path: Path) -> Iterator[tuple[str, str]]:
    characters: set[str] = set()
    for line in _lines(path):
        word, _, spelled = line.strip().partition(" ")
        if len(word) == 1 and spelled.strip() and word not in characters:
            characters.add(word)
            yield word, spelled.strip()


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def _pinyin(spelled: str) -> str:
    """One syllable as `Syllable.sounded` writes it, of tokens such as `l v4`, `lü4` or `l ü4 #0`."""
    joined = BREAK_MARK.sub("", spelled).replace(" ", "").lower()
    joined = joined.replace("u:", "v").replace("ü", "v")
    return joined.removesuffix("0") + "5" if joined.endswith("0") else joined
