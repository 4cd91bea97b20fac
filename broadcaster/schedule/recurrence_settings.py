"""Turns the days and times in a slot's settings into a recurrence."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from broadcaster.core.errors import ConfigError
from broadcaster.schedule import day_expressions, day_rules, time_rules
from broadcaster.schedule.holidays import DayKind
from broadcaster.schedule.recurrence import Recurrence
from broadcaster.schedule.slot_settings import HolidaySettings, SlotSettings
from broadcaster.settings.schema import StationSettings
from broadcaster.settings.values import CLOCK_TIME, read_season, read_time, read_window


def recurrence_of(slot: SlotSettings, holidays: HolidaySettings, station: StationSettings) -> Recurrence:
    """The days that every rule of the slot allows, and the times on them.

    Raises `ConfigError` for times by the sun where the station has no place on the earth.
    """
    when = _times(slot, station)
    rules = tuple(_rules(slot, holidays))
    if isinstance(when, day_rules.Days):
        rules = (*rules, when)
    return Recurrence(rules[0] if len(rules) == 1 else day_rules.AllOf(rules), when, station.zone)


def _rules(slot: SlotSettings, holidays: HolidaySettings) -> Iterator[day_rules.Days]:
    yield day_rules.Weekdays(slot.weekdays)
    if slot.dates:
        yield day_rules.Dates(tuple(map(day_expressions.read_date_word, slot.dates)))
    if slot.lunar:
        yield day_rules.LunarDays(
            tuple(map(day_expressions.read_lunar_day, slot.lunar)), slot.leap_month
        )
    if slot.terms:
        yield day_rules.TermDays(tuple(map(day_expressions.read_term_day, slot.terms)))
    if slot.market:
        yield day_rules.MarketDays(
            day_expressions.read_market(slot.market), slot.market_calendar == "农历"
        )
    if slot.holidays:
        written = (_days(holidays.days_off), _days(holidays.workdays))
        yield day_rules.Holidays(DayKind(slot.holidays), *written)
    if slot.seasons:
        yield day_rules.InSeasons(tuple(map(read_season, slot.seasons)))
    if slot.valid_from or slot.valid_until:
        first = date.fromisoformat(slot.valid_from) if slot.valid_from else date.min
        last = date.fromisoformat(slot.valid_until) if slot.valid_until else date.max
        yield day_rules.Between(first, last)


def _times(slot: SlotSettings, station: StationSettings) -> time_rules.Times:
    if slot.cron:
        return time_rules.Cron(slot.cron)
    if slot.once:
        moments = (datetime.fromisoformat(text) for text in slot.once)
        return time_rules.Moments(tuple((moment.date(), moment.time()) for moment in moments))
    if slot.every_minutes:
        windows = tuple(map(read_window, slot.windows))
        return time_rules.Every(timedelta(minutes=slot.every_minutes), windows)
    return _times_at(slot, station)


def _times_at(slot: SlotSettings, station: StationSettings) -> time_rules.Times:
    clock = tuple(read_time(text) for text in slot.at if CLOCK_TIME.fullmatch(text))
    sun = tuple(
        day_expressions.read_sun_time(text) for text in slot.at if not CLOCK_TIME.fullmatch(text)
    )
    if not sun:
        return time_rules.At(clock)
    if station.latitude is None or station.longitude is None:
        raise ConfigError(
            [
                f"{slot.place}：日出日落要先在 broadcaster.yaml 的 station 里写上"
                " latitude（纬度）和 longitude（经度）"
            ]
        )
    by_sun = time_rules.BySun(sun, station.latitude, station.longitude)
    return time_rules.Together((time_rules.At(clock), by_sun)) if clock else by_sun


def _days(texts: tuple[str, ...]) -> frozenset[date]:
    return frozenset(map(date.fromisoformat, texts))
