"""A slot in plain words: 每逢农历初三、十三、二十三 早上 6:30."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from broadcaster.day_words import read_lunar_day, read_market
from broadcaster.setting_values import CLOCK_TIME, EVERY_DAY, WEEKDAYS, read_season, read_time
from broadcaster.timetable_settings import SlotSettings

# The hour at which each part of the day is over.
PARTS_OF_THE_DAY = {5: "凌晨", 9: "早上", 12: "上午", 13: "中午", 18: "下午", 24: "晚上"}
HOLIDAYS = {
    "放假日": "放假的日子（连周末）",
    "工作日": "上班的日子（连补班）",
    "节假日": "过节放假的日子",
    "补班日": "补班的日子",
}
DIGITS = "十一二三四五六七八九"


def say_slot(slot: SlotSettings) -> str:
    """When it is due, all in one line."""
    when = say_once(slot.once) if slot.once else f"{_days(slot)} {_times(slot)}"
    return when + _validity(slot)


def say_once(moments: Iterable[str]) -> str:
    """只播一次：11月28日（周六）上午 9:00"""
    said = []
    for text in moments:
        moment = datetime.fromisoformat(text)
        said.append(f"{say_date(moment.date())}（{WEEKDAYS[moment.weekday()]}）{say_time(text[11:])}")
    return f"{'只播一次' if len(said) == 1 else f'只播 {len(said)} 次'}：{'、'.join(said)}"


def say_time(text: str) -> str:
    """06:30 → 早上 6:30; 日落前30分钟 stays."""
    if text == "24:00":
        return "半夜 12:00"
    if not CLOCK_TIME.fullmatch(text):
        return text
    time = read_time(text)
    part = next(name for end, name in PARTS_OF_THE_DAY.items() if time.hour < end)
    return f"{part} {time.hour - 12 if time.hour > 12 else time.hour}:{time:%M}"


def say_date(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def say_weekdays(numbers: Iterable[int]) -> str:
    """周一至周五; two that follow one another stay two."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    said = (
        f"{WEEKDAYS[run[0]]}至{WEEKDAYS[run[-1]]}"
        if len(run) > 2
        else "、".join(WEEKDAYS[number] for number in run)
        for run in runs
    )
    return "、".join(said)


def _days(slot: SlotSettings) -> str:
    rules = list(_rules(slot))
    if slot.weekdays != EVERY_DAY:
        rules.append(say_weekdays(slot.weekdays))
    if not rules:
        return "" if slot.cron else "每天"
    return rules[0] if len(rules) == 1 else "，又是".join(rules) + "的日子"


def _rules(slot: SlotSettings) -> Iterator[str]:
    if slot.dates:
        yield "、".join(map(_say_date_word, slot.dates))
    if slot.lunar:
        every_month = all(read_lunar_day(text).month is None for text in slot.lunar)
        leap = "（闰月也播）" if slot.leap_month else ""
        yield f"{'每逢' if every_month else ''}农历{'、'.join(slot.lunar)}{leap}"
    if slot.market:
        digits = "".join(f"逢{DIGITS[digit]}" for digit in sorted(read_market(slot.market)))
        yield f"{slot.market_calendar}{digits}赶集的日子"
    if slot.terms:
        yield "、".join(f"{term}当天" if len(term) == 2 else term for term in slot.terms)
    if slot.holidays:
        yield HOLIDAYS[slot.holidays]
    if slot.seasons:
        yield "每年" + "、".join(map(_say_season, slot.seasons))


def _say_date_word(text: str) -> str:
    parts = text.split("-")
    if len(parts) == 3:
        return say_date(date.fromisoformat(text))
    return f"每年{int(parts[0])}月{int(parts[1])}日" if len(parts) == 2 else text


def _say_season(text: str) -> str:
    season = read_season(text)
    first, last = (f"{month}月{day}日" for month, day in (season.first, season.last))
    return f"{first}至{last}"


def _times(slot: SlotSettings) -> str:
    if slot.cron:
        return f"按 cron 排：{slot.cron}（分 时 日 月 星期）"
    if slot.every_minutes:
        windows = (f"{say_time(w.split('-')[0])} 到 {say_time(w.split('-')[1])}" for w in slot.windows)
        return f"{'、'.join(windows)}，每 {slot.every_minutes} 分钟一遍"
    return "、".join(map(say_time, slot.at))


def _validity(slot: SlotSettings) -> str:
    first = f"，从 {say_date(date.fromisoformat(slot.valid_from))} 起" if slot.valid_from else ""
    last = f"，到 {say_date(date.fromisoformat(slot.valid_until))} 为止" if slot.valid_until else ""
    return first + last
