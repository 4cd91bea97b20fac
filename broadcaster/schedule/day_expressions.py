"""Parses days as people name them: 腊月二十三, 除夕, 芒种前三天, 逢三逢八, 日落前30分钟."""

import re
from dataclasses import dataclass
from datetime import timedelta

from broadcaster.settings.values import is_date, is_month_day

DIGITS = "零一二三四五六七八九"
LAST_DAY = 0
YEARS_END = 13

TERMS = (
    *("小寒", "大寒", "立春", "雨水", "惊蛰", "春分", "清明", "谷雨", "立夏", "小满", "芒种", "夏至"),
    *("小暑", "大暑", "立秋", "处暑", "白露", "秋分", "寒露", "霜降", "立冬", "小雪", "大雪", "冬至"),
)

_LUNAR_MONTHS = {
    **{f"{name}月": number for number, name in enumerate("正二三四五六七八九十冬腊", 1)},
    **{"一月": 1, "十一月": 11, "十二月": 12},
}
_TENS = {"初": 0, "十": 10, "廿": 20, "二十": 20}
_LUNAR_DAYS = {
    **{f"{tens}{DIGITS[n]}": base + n for tens, base in _TENS.items() for n in range(1, 10)},
    **{"初十": 10, "二十": 20, "三十": 30, "卅": 30, "月末": LAST_DAY},
}
_SHIFT = re.compile(r"(.+?)(?:([前后])(\d{1,2}|[一二两三四五六七八九十])天)?")
_SUN = re.compile(r"(日出|日落)(?:([前后])(\d{1,3})分钟?)?")
_MARKET_DIGIT = "10|[0-9一二三四五六七八九十]"
_MARKET = re.compile(rf"逢?({_MARKET_DIGIT})([逢、，, ]+({_MARKET_DIGIT}))*")


@dataclass(frozen=True)
class LunarDay:
    """A day of one lunar month, or of every one; LAST_DAY is the month's last, 29th or 30th."""

    month: int | None
    day: int
    shift: timedelta


@dataclass(frozen=True)
class TermDay:
    """The day of a solar term, or so many days from it."""

    term: str
    shift: timedelta


@dataclass(frozen=True)
class SunTime:
    """Sunrise or sunset, or so long from it."""

    rising: bool
    shift: timedelta


@dataclass(frozen=True)
class DateWord:
    """A day of the solar calendar; year or month None is every one, LAST_DAY the month's last."""

    year: int | None
    month: int | None
    day: int


def read_lunar_day(text: str) -> LunarDay:
    """正月十五, 初一 (of every month), 月末, 除夕, each with 前N天 or 后N天. Raises `ValueError`."""
    name, shift = _split_shift(text)
    if name == "除夕":
        return LunarDay(YEARS_END, LAST_DAY, shift)
    month, day = re.fullmatch(r"(.{1,2}月(?!末))?(.+)", name or " ").groups()  # type: ignore[union-attr]
    if (month and month not in _LUNAR_MONTHS) or day not in _LUNAR_DAYS:
        raise ValueError(f"没有这样的农历日子：{text}，要写成 正月十五、腊月二十三、初一、月末 或 除夕")
    return LunarDay(_LUNAR_MONTHS[month] if month else None, _LUNAR_DAYS[day], shift)


def read_term_day(text: str) -> TermDay:
    """芒种, 芒种前三天. Raises `ValueError`."""
    name, shift = _split_shift(text)
    if name not in TERMS:
        raise ValueError(f"没有这样的节气：{text}，要写成 芒种，或 芒种前3天、芒种后2天")
    return TermDay(name, shift)


def read_market(text: str) -> frozenset[int]:
    """逢三逢八 → the last digits of the days: 3 and 8; ten is 0. Raises `ValueError`."""
    if not _MARKET.fullmatch(text):
        raise ValueError(f"集日写法不对：{text}，要写成 逢三逢八")
    return frozenset(_number(digit) % 10 for digit in re.findall(_MARKET_DIGIT, text))


def read_sun_time(text: str) -> SunTime:
    """日出, 日落前30分钟. Raises `ValueError`."""
    found = _SUN.fullmatch(text)
    if not found:
        raise ValueError(f'时间写法不对：{text}，要写成 "07:30"，或者 日出、日落前30分钟')
    minutes = int(found[3] or 0) * (-1 if found[2] == "前" else 1)
    return SunTime(found[1] == "日出", timedelta(minutes=minutes))


def read_date_word(text: str) -> DateWord:
    """2026-12-01, 12-01 (every year), 每月15日, 每月最后一天. Raises `ValueError`."""
    if is_date(text):
        year, month, day = map(int, text.split("-"))
        return DateWord(year, month, day)
    if is_month_day(text):
        month, day = map(int, text.split("-"))
        return DateWord(None, month, day)
    monthly = re.fullmatch(r"每月(?:(\d\d?)[日号]|最后一天)", text)
    if not monthly or (monthly[1] and not 1 <= int(monthly[1]) <= 31):
        raise ValueError(
            f"没有这样的日子：{text}，要写成 2026-12-01、12-01（每年）、每月15日 或 每月最后一天"
        )
    return DateWord(None, None, int(monthly[1] or LAST_DAY))


def _split_shift(text: str) -> tuple[str, timedelta]:
    found = _SHIFT.fullmatch(text)
    if not found or not found[2]:
        return text, timedelta()
    return found[1], timedelta(days=_number(found[3]) * (-1 if found[2] == "前" else 1))


def _number(text: str) -> int:
    if text.isdecimal():
        return int(text)
    return {"两": 2, "十": 10}.get(text) or DIGITS.index(text)
