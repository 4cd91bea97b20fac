"""Describes a slot in plain words: 每逢农历初三、十三、二十三 早上 6:30."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from broadcaster.schedule.day_expressions import read_lunar_day, read_market
from broadcaster.schedule.slot_settings import SlotSettings
from broadcaster.settings.values import (
    CLOCK_TIME,
    EVERY_DAY,
    WEEKDAYS,
    read_season,
    read_time,
    read_window,
)
from broadcaster.web.base.language import N_, _, own, together
from broadcaster.web.base.wording import say_date, say_month_day, say_weekday

# The hour at which each part of the day is over.
PARTS_OF_THE_DAY = {
    5: N_("凌晨 %(time)s"),
    9: N_("早上 %(time)s"),
    12: N_("上午 %(time)s"),
    13: N_("中午 %(time)s"),
    18: N_("下午 %(time)s"),
    24: N_("晚上 %(time)s"),
}
HOLIDAYS = {
    "放假日": N_("放假的日子（连周末）"),
    "工作日": N_("上班的日子（连补班）"),
    "节假日": N_("过节放假的日子"),
    "补班日": N_("补班的日子"),
}
AND = N_("，又是")
HALF_A_DAY = 12
DIGITS = "十一二三四五六七八九"


def say_slot(slot: SlotSettings) -> str:
    """The days and times of a slot, all in one line."""
    if slot.once:
        return say_once(slot.once) + _validity(slot)
    when = _("%(days)s %(times)s", days=_days(slot), times=_times(slot))
    return when + _validity(slot)


def say_once(moments: Iterable[str]) -> str:
    """只播一次：11月28日（周六）上午 9:00"""
    said = []
    for text in moments:
        moment = datetime.fromisoformat(text)
        day, weekday, time = say_date(moment), say_weekday(moment), say_time(text[11:])
        said.append(_("%(day)s（%(weekday)s）%(time)s", day=day, weekday=weekday, time=time))
    if len(said) == 1:
        return _("只播一次：%(moment)s", moment=said[0])
    return _("只播 %(count)s 次：%(moments)s", count=len(said), moments=together(said))


def say_time(text: str) -> str:
    """06:30 → 早上 6:30; 日落前30分钟 stays."""
    if text == "24:00":
        return _("半夜 12:00")
    if not CLOCK_TIME.fullmatch(text):
        return own(text)
    time = read_time(text)
    part = next(said for end, said in PARTS_OF_THE_DAY.items() if time.hour < end)
    return _(part, time=f"{time.hour - 12 if time.hour > 12 else time.hour}:{time:%M}")


def say_weekdays(numbers: Iterable[int]) -> str:
    """周一至周五; two that follow one another stay two."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return together(map(_say_run, runs))


def _say_run(run: list[int]) -> str:
    names = [_(WEEKDAYS[number]) for number in run]
    if len(run) < 3:
        return together(names)
    return _("%(first)s至%(last)s", first=names[0], last=names[-1])


def _days(slot: SlotSettings) -> str:
    rules = list(_rules(slot))
    if slot.weekdays != EVERY_DAY:
        rules.append(say_weekdays(slot.weekdays))
    if not rules:
        return "" if slot.cron else _("每天")
    if len(rules) == 1:
        return rules[0]
    return _("%(rules)s的日子", rules=together(rules, AND))


def _rules(slot: SlotSettings) -> Iterator[str]:
    if slot.dates:
        yield together(map(_say_date_word, slot.dates))
    if slot.lunar:
        every_month = all(read_lunar_day(text).month is None for text in slot.lunar)
        days = together(map(own, slot.lunar))
        said = _("每逢农历%(days)s", days=days) if every_month else _("农历%(days)s", days=days)
        yield said + (_("（闰月也播）") if slot.leap_month else "")
    if slot.market:
        digits = "".join(f"逢{DIGITS[digit]}" for digit in sorted(read_market(slot.market)))
        calendar = _(slot.market_calendar)
        yield _("%(calendar)s%(days)s赶集的日子", calendar=calendar, days=own(digits))
    if slot.terms:
        yield together(
            _("%(term)s当天", term=own(one)) if len(one) == 2 else own(one) for one in slot.terms
        )
    if slot.holidays:
        yield _(HOLIDAYS[slot.holidays])
    if slot.seasons:
        yield _("每年%(days)s", days=together(map(_say_season, slot.seasons)))


def _say_date_word(text: str) -> str:
    parts = text.split("-")
    if len(parts) == 3:
        return say_date(date.fromisoformat(text))
    return _("每年%(days)s", days=_say_day(*map(int, parts))) if len(parts) == 2 else own(text)


def _say_season(text: str) -> str:
    season = read_season(text)
    return _("%(first)s至%(last)s", first=_say_day(*season.first), last=_say_day(*season.last))


def _say_day(month: int, day: int) -> str:
    return say_month_day(date(2000, month, day))


def _times(slot: SlotSettings) -> str:
    if slot.cron:
        return _("按 cron 排：%(cron)s（分 时 日 月 星期）", cron=slot.cron)
    if slot.every_minutes:
        windows = together(map(_say_window, slot.windows))
        return _("%(windows)s，每 %(count)s 分钟一遍", windows=windows, count=slot.every_minutes)
    return together(map(say_time, slot.at))


def say_left_out(slot: SlotSettings, gap_minutes: float) -> str:
    """The real interval of a loop that comes round before the least silence is over; or ""."""
    every = slot.every_minutes
    if not every or every > gap_minutes:
        return ""
    return _(
        "两遍中间至少要停 %(gap)s 分钟，实际大约每 %(real)s 分钟播一遍。"
        "要每一遍都播，请写 %(least)s 分钟或者更长。",
        gap=f"{gap_minutes:g}",
        real=(int(gap_minutes // every) + 1) * every,
        least=int(gap_minutes) + 1,
    )


def _say_window(text: str) -> str:
    begin, end = text.split("-")
    words = {"first": say_time(begin), "last": say_time(end)}
    if _hours_into_next_day(text):
        return _("%(first)s 到第二天 %(last)s", **words)
    return _("%(first)s 到 %(last)s", **words)


def turned_round(slot: SlotSettings) -> list[str]:
    """The windows that go on into the next day for longer than half a day, as they are said: whoever
    turns two hours round gets such a one, and who loops through a night does not."""
    return [_say_window(text) for text in slot.windows if _hours_into_next_day(text) > HALF_A_DAY]


def _hours_into_next_day(window: str) -> float:
    """The length of such a window; 0 of one that ends on its day."""
    begin, end = read_window(window)
    if begin < end or window.endswith("24:00"):
        return 0
    return 24 + end.hour - begin.hour + (end.minute - begin.minute) / 60


def is_over(slot: SlotSettings, now: datetime) -> bool:
    """True if its last day or its last moment has passed."""
    last_day = slot.valid_until and date.fromisoformat(slot.valid_until)
    moments = [datetime.fromisoformat(text).replace(tzinfo=now.tzinfo) for text in slot.once]
    return bool(last_day and last_day < now.date()) or (bool(moments) and max(moments) < now)


def _validity(slot: SlotSettings) -> str:
    said = ""
    if slot.valid_from:
        said += _("，从 %(day)s 起", day=say_date(date.fromisoformat(slot.valid_from)))
    if slot.valid_until:
        said += _("，到 %(day)s 为止", day=say_date(date.fromisoformat(slot.valid_until)))
    return said
