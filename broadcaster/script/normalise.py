"""A written clause in spoken words: our own rules first, then wetext for ordinary numbers."""

import re
from functools import cache
from typing import Any

from broadcaster.script import codes, quantities
from broadcaster.script.digits import say_one_by_one
from broadcaster.script.forms import plain_forms

ORDER = codes.RULES + quantities.RULES

# Two clauses of three are like this; without the 65 rules they cost a tenth.
PLAIN = re.compile("[\u3400-\u9fff，、：]+")
SPOKEN = re.compile(r"[^\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffffA-Za-z，、：]")


def normalise(clause: str) -> str:
    """The spoken words of one clause without its closing mark: no digit, no sign is left.

    The only marks that stay are ，、： as pauses inside; letters stay letters.
    """
    if PLAIN.fullmatch(clause):
        return clause
    spoken = plain_forms(clause)
    for one in ORDER:
        spoken = one.apply(spoken)
    if re.search(r"\d", spoken):
        spoken = str(_wetext().normalize(spoken))
    spoken = re.sub(r"\d+", lambda m: say_one_by_one(m[0]), spoken)
    return SPOKEN.sub("", spoken.replace("〇", "零"))


@cache
def _wetext() -> Any:
    from wetext import Normalizer

    return Normalizer(lang="zh", operator="tn")
