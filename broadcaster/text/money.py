"""Normalisation rule for sums of money with the currency in front; CNY1.25 would otherwise be a code."""

import re

from broadcaster.text.digits import say_counted
from broadcaster.text.normalisation_rule import NUMBER, NormalisationRule, rule

CURRENCIES = dict(
    pair.split(":")
    for pair in """
    ¥:元 ￥:元 RMB:元 CNY:人民币 $:美元 US$:美元 USD:美元 HK$:港元 HKD:港元 A$:澳元 €:欧元 EUR:欧元
    £:英镑 GBP:英镑 JPY:日元 ₩:韩元
    """.split()
)
CURRENCY = "|".join(sorted(map(re.escape, CURRENCIES), key=len, reverse=True))


def _money(match: re.Match[str]) -> str:
    return f"{say_counted(match[2])}{match[3] or ''}{CURRENCIES[match[1]]}"


RULES: tuple[NormalisationRule, ...] = (
    rule("money sign", rf"({CURRENCY})\s*({NUMBER})([万亿千百]?)元?", _money),
)
