"""Other libraries on the sentences of `bench/words.py`, in an environment of their own.

    python -m venv ELSEWHERE && ELSEWHERE/bin/pip install wetext zh-normalization cn2an pypinyin g2pM

Standard input: {"normalise": [text, ...], "pronounce": [[text, place], ...]}.
Standard output: {"normalise": {library: [spoken, ...]}, "pronounce": {library: [syllable, ...]}};
a library that is not installed is left out.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

Normaliser = Callable[[str], str]
Speller = Callable[[str, int], str]


def wetext() -> Normaliser:
    from wetext import Normalizer

    normalizer = Normalizer(lang="zh", operator="tn")
    return lambda text: str(normalizer.normalize(text))


def zh_normalization() -> Normaliser:
    from zh_normalization import TextNormalizer

    normalizer = TextNormalizer()
    return lambda text: "".join(normalizer.normalize(text))


def cn2an() -> Normaliser:
    from cn2an import transform

    return lambda text: str(transform(text, "an2cn"))


def _sign_by_sign(text: str) -> Any:
    """What is no Chinese keeps its places."""
    return list(text)


def pypinyin() -> Speller:
    from pypinyin import Style, pinyin

    def spell(text: str, place: int) -> str:
        said = pinyin(text, style=Style.TONE3, neutral_tone_with_five=True, errors=_sign_by_sign)
        return str(said[place][0]) if len(said) == len(text) else ""

    return spell


def g2pm() -> Speller:
    from g2pM import G2pM

    model = G2pM()
    return lambda text, place: str(model(text, char_split=True)[place])


NORMALISERS = {"wetext": wetext, "zh-normalization": zh_normalization, "cn2an": cn2an}
SPELLERS = {"pypinyin": pypinyin, "g2pM": g2pm}


def main() -> None:
    wanted = json.load(sys.stdin)
    said: dict[str, dict[str, list[str]]] = {"normalise": {}, "pronounce": {}}
    for name, load in NORMALISERS.items():
        try:
            normalise = load()
        except ImportError:
            continue
        said["normalise"][name] = [normalise(text) for text in wanted["normalise"]]
    for name, load_speller in SPELLERS.items():
        try:
            spell = load_speller()
        except ImportError:
            continue
        said["pronounce"][name] = [spell(text, place) for text, place in wanted["pronounce"]]
    json.dump(said, sys.stdout)


if __name__ == "__main__":
    main()
