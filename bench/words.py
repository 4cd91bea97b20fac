"""Right words and right sounds: the front end and other libraries on public test data, side by side.

    scripts/bench words --data FOLDER [--samples FOLDER] [--peers PYTHON] [--wrong]

FOLDER holds what is fetched by hand, under any folders; a set that is not there is left out:
  WeTextProcessing (wenet-e2e, Apache-2.0)            tn/chinese/test/data/*.txt
  NeMo-text-processing (NVIDIA, Apache-2.0)           tests/.../zh/data_text_normalization/*.txt
  chinese_text_normalization (speechio, MIT)          python/example.txt
  g2pM (kakaobrain, Apache-2.0), the CPP sentences    data/dev.sent dev.lb test.sent test.lb
The samples folder holds `numbers_spoken.tsv`. PYTHON is an interpreter that has the libraries of
`bench/word_peers.py`; without it only our own figures are printed.

Strict is the same string; lenient leaves out marks, space and case, and takes 两 for 二, 幺 for 一,
公斤 for 千克 and 公里 for 千米. `wetext_agreed` is wetext_full without what a speaker does not want:
儿 and 呃 left out, letters marked <oov>, and 2 read as the English to.
Dev is the split on which the preference between network and tables was chosen; test was only counted.
"""

import argparse
import csv
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from broadcaster.settings.schema import LexiconSettings
from broadcaster.text.clauses import split_clauses
from broadcaster.text.clean import clean
from broadcaster.text.frontend import Frontend
from broadcaster.text.normalise import normalise

WETEXT_FULL = (
    "cardinal char date fraction math money time whitelist normalizer normalizer_tag_oov".split()
)
WETEXT_RULE = "number measure sport postprocessor preprocessor".split()
VILLAGE = Path(__file__).with_name("village_notices.tsv")
# How the numbers of speechio's example.txt are said, line by line: it gives none itself.
SPEECHIO = [
    {"324.75": "三百二十四点七五"},
    {"86年8月18日": "八六年八月十八日", "1995年3月1日": "一九九五年三月一日"},
    {"27149": "二七一四九"},
    {"7/12": "十二分之七"},
    {"12块5": "十二块五", "34.5元": "三十四点五元", "20.1万": "二十点一万"},
    {"62％": "百分之六十二"},
    {"0421-33441122": "零四二一三三四四一一二二", "+86 18544139121": "八六一八五四四一三九一二一"},
    {"0595-23865596": "零五九五二三八六五五九六", "23880880": "二三八八零八八零"},
    {"0595-23865596": "零五九五二三八六五五九六", "23880880": "二三八八零八八零"},
    {"+86 19859213959": "八六一九八五九二一三九五九", "15659451527": "一五六五九四五一五二七"},
    {"32477/76391": "七万六千三百九十一分之三万二千四百七十七"},
    {"80.03%": "百分之八十点零三"},
    {"31520181154418": "三一五二零一八一一五四四一八"},
    {"2983.07克": "二千九百八十三点零七克", "12345.60米": "一万二千三百四十五点六零米"},
    {"1999年2月20日": "一九九九年二月二十日", "09年3月15号": "零九年三月十五号"},
    {"12块5": "十二块五", "34.5元": "三十四点五元", "20.1万": "二十点一万"},
    {},
    {"3456万": "三千四百五十六万"},
    {"2938": "二千九百三十八"},
    {"938": "九百三十八"},
    {"115": "一百一十五", "231": "二百三十一"},
    {"62％": "百分之六十二"},
]


@dataclass(frozen=True)
class Case:
    """A written text and the ways in which it may be said."""

    written: str
    spoken: tuple[str, ...]

    def is_said(self, spoken: str) -> bool:
        return spoken in self.spoken

    def is_said_about(self, spoken: str) -> bool:
        return _lenient(spoken) in map(_lenient, self.spoken)


@dataclass(frozen=True)
class Marked:
    """A sentence, the place of one character in it and its reading."""

    text: str
    place: int
    reading: str


ALIKE = (("两", "二"), ("幺", "一"), ("公斤", "千克"), ("公里", "千米"))
UNSHARED = re.compile("儿|呃|<oov>|[A-Z] to [A-Z]")


def _lenient(text: str) -> str:
    plain = re.sub(r"[\W_]", "", text).lower()
    for one, other in ALIKE:
        plain = plain.replace(one, other)
    return plain


def _find(data: Path, pattern: str) -> list[Path]:
    return sorted(data.rglob(pattern))


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def wetext(data: Path, names: list[str]) -> Iterator[Case]:
    for name in names:
        for path in _find(data, f"tn/chinese/test/data/{name}.txt"):
            for line in _lines(path):
                written, _, spoken = line.partition("=>")
                yield Case(written.strip(), (spoken.strip(),))


def nemo(data: Path) -> Iterator[Case]:
    for path in _find(data, "zh/data_text_normalization/test_cases_*.txt"):
        for line in _lines(path):
            written, _, spoken = line.partition("~")
            yield Case(written, (spoken,))


def speechio(data: Path) -> Iterator[Case]:
    for path in _find(data, "python/example.txt"):
        for line, numbers in zip(_lines(path), SPEECHIO, strict=False):
            spoken = line
            for number, said in numbers.items():
                spoken = spoken.replace(number, said)
            yield Case(line, (spoken,))


def table(path: Path) -> Iterator[Case]:
    if path.exists():
        with path.open(encoding="utf-8", newline="") as rows:
            for row in csv.reader(rows, delimiter="\t"):
                if not row[0].startswith("#"):
                    yield Case(row[0], tuple(row[1].split("|")))


def cpp(data: Path, split: str) -> Iterator[Marked]:
    for path in _find(data, f"data/{split}.sent"):
        for sentence, reading in zip(_lines(path), _lines(path.with_suffix(".lb")), strict=True):
            place = sentence.index("▁")
            yield Marked(sentence.replace("▁", ""), place, reading.strip().replace("u:", "v"))


def our_normalise(text: str) -> str:
    """With the marks that the text has, so that a strict comparison is fair."""
    said = ""
    for clause in split_clauses(clean("字\n\n" + text, 10_000)):
        mark = clause.mark if clause.written.endswith(clause.mark) else ""
        said += normalise(clause.words) + mark
    return re.sub("^字。?", "", said)


def our_spell(reader: Frontend) -> Callable[[Marked], str]:
    """The dictionary reading of the marked character, found by counting its like before it.

    A traditional or old form (藉, 菸) is said as the character of today that it stands for.
    """

    def spell(marked: Marked) -> str:
        read = clean(marked.text, 10_000)
        text = read if len(read) == len(marked.text) else marked.text
        char = text[marked.place]
        said = [
            one.pinyin
            for line in reader.lines(marked.text)
            for one in line.syllables
            if one.text == char
        ]
        at = text[: marked.place].count(char)
        return said[at] if len(said) == text.count(char) else ""

    return spell


def ask_peers(python: str, texts: list[str], marked: list[Marked]) -> dict[str, dict[str, list[str]]]:
    wanted = {"normalise": texts, "pronounce": [[one.text, one.place] for one in marked]}
    script = str(Path(__file__).with_name("word_peers.py"))
    done = subprocess.run(
        [python, script], input=json.dumps(wanted), capture_output=True, text=True, check=True
    )
    said: dict[str, dict[str, list[str]]] = json.loads(done.stdout)
    return said


def share(right: Iterable[bool]) -> str:
    counted = list(right)
    return f"{100 * sum(counted) / len(counted):.1f}"


def print_normalisation(sets: dict[str, list[Case]], said: dict[str, list[str]]) -> None:
    """One row for each library: strict / lenient by set."""
    names = " | ".join(f"{name} ({len(cases)})" for name, cases in sets.items())
    print(f"| said as meant, % strict / lenient | {names} |")
    print("|---" * (len(sets) + 1) + "|")
    for library, spoken in said.items():
        cells, start = [], 0
        for cases in sets.values():
            pairs = list(zip(cases, spoken[start:], strict=False))
            start += len(cases)
            cells.append(
                f"{share(case.is_said(text) for case, text in pairs)} / "
                f"{share(case.is_said_about(text) for case, text in pairs)}"
            )
        print(f"| {library} | {' | '.join(cells)} |")


def print_polyphones(sets: dict[str, list[Marked]], said: dict[str, list[str]]) -> None:
    print(f"\n| polyphones right, % | {' | '.join(f'CPP {n} ({len(c)})' for n, c in sets.items())} |")
    print("|---" * (len(sets) + 1) + "|")
    for library, spoken in said.items():
        cells, start = [], 0
        for rows in sets.values():
            pairs = zip(rows, spoken[start:], strict=False)
            right = sum(one.reading == text.replace("u:", "v") for one, text in pairs)
            cells.append(f"{100 * right / len(rows):.2f}")
            start += len(rows)
        print(f"| {library} | {' | '.join(cells)} |")


def print_wrong(sets: dict[str, list[Case]], ours: list[str]) -> None:
    """What we say otherwise, leniently, for the eye."""
    said = iter(ours)
    for name, cases in sets.items():
        for case in cases:
            spoken = next(said)
            if not case.is_said_about(spoken):
                print(f"{name}: {case.written} → {spoken} ≠ {'|'.join(case.spoken)}", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--samples", type=Path, default=Path(__file__).parents[2] / "shared" / "samples")
    parser.add_argument("--peers", metavar="PYTHON")
    parser.add_argument("--wrong", action="store_true", help="list what we say otherwise")
    given = parser.parse_args()

    full = list(wetext(given.data, WETEXT_FULL))
    numbers = {
        "wetext_full": full,
        "wetext_agreed": [one for one in full if not UNSHARED.search(one.written + one.spoken[0])],
        "wetext_rule": list(wetext(given.data, WETEXT_RULE)),
        "nemo": list(nemo(given.data)),
        "speechio": list(speechio(given.data)),
        "numbers_spoken": list(table(given.samples / "numbers_spoken.tsv")),
        "notices": list(table(VILLAGE)),
    }
    numbers = {name: cases for name, cases in numbers.items() if cases}
    texts = [case.written for cases in numbers.values() for case in cases]
    sounds = {split: rows for split in ("dev", "test") if (rows := list(cpp(given.data, split)))}
    marked = [one for rows in sounds.values() for one in rows]

    peers: dict[str, dict[str, list[str]]] = {"normalise": {}, "pronounce": {}}
    if given.peers:
        peers = ask_peers(given.peers, texts, marked)
    ours = [our_normalise(text) for text in texts]
    print_normalisation(numbers, peers["normalise"] | {"ours": ours})
    if given.wrong:
        print_wrong(numbers, ours)
    if not sounds:
        return
    spell = our_spell(Frontend(LexiconSettings()))
    print_polyphones(sounds, peers["pronounce"] | {"ours": [spell(one) for one in marked]})


if __name__ == "__main__":
    main()
