"""The village's lexicon: readings of names and dialect words, which go before every other table.

An entry gives a word's reading as pinyin (`lao4 ting2` or `lào tíng`) or as other characters that sound
right (`烙亭`), one for each character.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, cached_property

from broadcaster.core.errors import ConfigError, WordRefused
from broadcaster.settings.schema import LexiconSettings
from broadcaster.text.unicode_forms import HAN

INITIAL = "(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?"
FINAL = (
    "(?:iang|iong|uang|ueng|ang|eng|ing|ong|ian|iao|uai|uan|ai|ei|ao|ou|an|en|er|ia|ie|iu|in|ua|uo|ue|ui|un|"
    "van|ve|vn|a|o|e|i|u|v|ng|n|m)"
)
SYLLABLE = re.compile(rf"{INITIAL}{FINAL}[1-5]")
TONES = {"\u0304": "1", "\u0301": "2", "\u030c": "3", "\u0300": "4"}
WORD = re.compile(f"[{HAN}]+")


@dataclass(frozen=True)
class Lexicon:
    """Readings of whole words, and of characters that are surnames.

    `words` maps a word to its syllables, or to characters to be read in its place.
    """

    words: dict[str, tuple[str, ...] | str]
    surnames: dict[str, str]

    @cached_property
    def longest(self) -> int:
        return max(map(len, self.words), default=0)

    @cached_property
    def _openings(self) -> frozenset[str]:
        return frozenset(word[0] for word in self.words)

    def match(self, text: str, start: int) -> str:
        """The longest entry that `text` holds at `start`, or ""."""
        if text[start] not in self._openings:
            return ""
        for length in range(min(self.longest, len(text) - start), 0, -1):
            if (word := text[start : start + length]) in self.words:
                return word
        return ""


def load_lexicon(settings: LexiconSettings) -> Lexicon:
    """Check every entry; `ConfigError` lists all that are wrong at once."""
    problems: list[str] = []
    words: dict[str, tuple[str, ...] | str] = {}
    for section, entries in (("words", settings.words), ("places", settings.places)):
        for word, said in entries.items():
            if problem := _problem(word, said):
                problems.append(f"lexicon.yaml {section}.{word}：{problem}")
            else:
                words[word] = said.strip() if WORD.fullmatch(said.strip()) else syllables(said)
    for name, said in settings.surnames.items():
        if problem := _problem(name, said, pinyin_only=True):
            problems.append(f"lexicon.yaml surnames.{name}：{problem}")
    if problems:
        raise ConfigError(problems)
    return Lexicon(words, {name: " ".join(syllables(said)) for name, said in settings.surnames.items()})


def check_entry(section: str, word: str, said: str) -> None:
    """Raise `WordRefused` for an entry that could not be used."""
    if problem := _problem(word, said, section == "surnames") or toneless(said):
        raise WordRefused(f"“{word}”{problem}。" if problem.startswith(("要", "有")) else f"{problem}。")


def toneless(said: str) -> str:
    """The sentence for a reading in which a tone was forgotten, or "". Beside lào a bare zi is the light
    tone, as people write it; beside lao4 and alone it is a slip.
    """
    syllables = unicodedata.normalize("NFD", said.lower()).split()
    if WORD.fullmatch("".join(syllables)) or any(char in TONES for char in "".join(syllables)):
        return ""
    bare = next((one for one in syllables if not one[-1].isdecimal()), "")
    return bare and f"“{bare}”没写声调，请写成 {bare}1 到 {bare}4，轻声写 {bare}5"


def _problem(word: str, said: str, pinyin_only: bool = False) -> str:
    if not WORD.fullmatch(word):
        return "要写汉字"
    if not pinyin_only and WORD.fullmatch(said.strip()):
        given = tuple(said.strip())
    else:
        given = syllables(said)
        if wrong := [one for one in given if not SYLLABLE.fullmatch(one)]:
            return f"“{wrong[0]}”不是拼音，请写成 lao4 ting2 这样，或者写同音字"
    if len(given) != len(word):
        return f"有 {len(word)} 个字，读音却有 {len(given)} 个"
    return ""


def syllables(said: str) -> tuple[str, ...]:
    """Pinyin as it is typed, numbered."""
    return tuple(numbered(syllable) for syllable in said.lower().split())


@cache
def numbered(syllable: str) -> str:
    """lào → lao4, lǜ → lv4, zi → zi5; what is numbered already stays."""
    parts = unicodedata.normalize("NFD", syllable.replace("ü", "v").replace("u:", "v"))
    plain = "".join(char for char in parts if char not in TONES).replace("u\u0308", "v")
    tone = next((TONES[char] for char in parts if char in TONES), "5")
    return plain if plain[-1:].isdecimal() else plain + tone
