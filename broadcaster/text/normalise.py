"""Turns a written clause into spoken words, by the named rules in their order."""

import re

from broadcaster.text import dates_and_times, identifiers, money, quantities
from broadcaster.text.digits import say_one_by_one
from broadcaster.text.unicode_forms import plain_forms

ORDER = money.RULES + identifiers.RULES + dates_and_times.RULES + quantities.RULES

# Two clauses of three are like this; without the rules they cost a tenth.
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
    spoken = re.sub(r"\d+", lambda m: say_one_by_one(m[0]), spoken)
    return SPOKEN.sub("", spoken.replace("〇", "零"))
