"""Normalisation rules for numbers that say when: dates, days, hours."""

import re

from broadcaster.text.digits import say_amount, say_counted, say_one_by_one
from broadcaster.text.normalisation_rule import TO, NormalisationRule, rule

CLOCK = r"([01]?\d|2[0-4]):([0-5]\d)(?::([0-5]\d))?"
MONTHS = "正|腊|冬|闰?[一二三四五六七八九十]+"


def _day_before_year(match: re.Match[str]) -> str:
    year, last = say_one_by_one(match[3]), say_amount(match[2])
    return f"{year}年{say_amount(match[1])}月{last}日" if match[1] else f"{year}年{last}月"


def _clock(hour: str, minute: str, second: str | None = None) -> str:
    spoken = say_counted(str(int(hour))) + "点"
    if second and int(second):
        return f"{spoken}{_minutes(minute)}{_minutes(second).replace('分', '秒')}"
    if int(minute) == 30 and int(hour) <= 12:
        return spoken + "半"
    return spoken + (_minutes(minute) if int(minute) else "")


def _minutes(two_digits: str) -> str:
    return ("零" if two_digits[0] == "0" else "") + say_amount(two_digits) + "分"


def _hours(match: re.Match[str]) -> str:
    return _clock(match[1], match[2], match[3])


RULES: tuple[NormalisationRule, ...] = (
    rule(
        "date range of years",
        r"(?<!\d)(\d{4})年?[-~—–至到](\d{4})(?=学?年)",
        lambda m: f"{say_one_by_one(m[1])}到{say_one_by_one(m[2])}",
    ),
    rule(
        "date",
        r"(?<!\d)((?:19|20)\d{2})[-/.·年](1[0-2]|0?[1-9])[-/.·月](3[01]|[12]\d|0?[1-9])(?:日|号|(?!\d))",
        lambda m: f"{say_one_by_one(m[1])}年{say_amount(m[2])}月{say_amount(m[3])}日",
    ),
    rule(
        "year and month",
        r"(?<!\d)((?:19|20)\d{2})[-/.](1[0-2]|0[1-9])(?![\d-])",
        lambda m: f"{say_one_by_one(m[1])}年{say_amount(m[2])}月",
    ),
    rule(
        "day before year",
        r"(?<!\d)(?:(0[1-9]|1[0-2])[-/.])?(0[1-9]|[12]\d|3[01])[-/.]((?:19|20)\d{2})(?![\d.-])",
        _day_before_year,
    ),
    rule(
        "day with noughts",
        r"(?<![\d./-])(0[1-9]|1[0-2])[-/.](0[1-9]|[12]\d|3[01])(?![\d./%-])",
        lambda m: f"{say_amount(m[1])}月{say_amount(m[2])}日",
    ),
    rule("month with nought", r"(?<!\d)0([1-9])(?=月)", lambda m: say_amount(m[1])),
    rule("year before our time", r"(?<=公元前)\d{1,4}(?=年)", lambda m: say_one_by_one(m[0])),
    rule("year", r"(?<!\d)(\d{4})(?=年|学年|年度|届)", lambda m: say_one_by_one(m[1])),
    rule("short year", r"(?<!\d)(0\d|\d{2})(?=年\d{1,2}月)", lambda m: say_one_by_one(m[1])),
    rule(
        "month and day",
        r"(?<!\d)(\d{1,2})月(?:份)?(\d{1,2})(?!\d|\.)",
        lambda m: f"{say_amount(m[1])}月{say_amount(m[2])}",
    ),
    rule("lunar day", rf"((?:{MONTHS})月)(\d{{1,2}})(?!\d)", lambda m: m[1] + say_amount(m[2])),
    rule("first days", r"(?<=初)(\d{1,2})(?!\d)", lambda m: say_amount(m[1])),
    rule(
        "day range",
        rf"([月日号])({TO})(\d{{1,2}}|[一二三四五六七八九十]+)(?=[月日号])",
        lambda m: (
            f"{m[1]}{'至' if m[2] == '至' else '到'}{say_amount(m[3]) if m[3].isdecimal() else m[3]}"
        ),
    ),
    rule(
        "days of one month",
        rf"(月[一二三四五六七八九十]+){TO}(\d{{1,2}})(?=[日号])",
        lambda m: f"{m[1]}到{say_amount(m[2])}",
    ),
    rule(
        "clock range",
        rf"(?<![\d:]){CLOCK} ?(?:-|~|—+|–|至|到) ?{CLOCK}(?![\d:])",
        lambda m: _hours(m) + "到" + _clock(m[4], m[5], m[6]),
    ),
    rule(
        "clock of twelve hours",
        rf"(?<![\d:]){CLOCK} ?([aApP])\.?[mM]\b\.?",
        lambda m: ("上午" if m[4] in "aA" else "下午") + _hours(m),
    ),
    rule("clock", rf"(?<![\d:]){CLOCK}(?![\d:])(?!(?:的)?(?:比例|稀释|兑水|兑|配))", _hours),
    rule(
        "hours with a unit",
        rf"(\d{{1,2}})(点|时)?{TO}(\d{{1,2}})(点|时)",
        lambda m: f"{say_counted(m[1])}{m[2] or ''}到{say_counted(m[3])}{m[4]}",
    ),
    rule(
        "half past",
        r"(?<!\d)(\d{1,2})(?=点(?:半|钟|整|左右|前|后|开|到|至|$))",
        lambda m: say_counted(m[1]),
    ),
    rule(
        "date to date", r"(?<=[日号月年])[-~—–]+(?=[\d二三四五六七八九十零一次今明当本])", lambda m: "到"
    ),
)
