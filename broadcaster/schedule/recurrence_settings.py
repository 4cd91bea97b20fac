"""What a slot's settings say of its days and times, as a recurrence."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from broadcaster import day_words
from broadcaster.errors import ConfigError
from broadcaster.schedule import days, times
from broadcaster.schedule.holidays import DayKind
from broadcaster.schedule.recurrence import Recurrence
from broadcaster.setting_values import CLOCK_TIME, read_season, read_time, read_window
from broadcaster.settings import StationSettings
from broadcaster.timetable_settings import HolidaySettings, SlotSettings


def recurrence_of(slot: SlotSettings, holidays: HolidaySettings, station: StationSettings) -> Recurrence:
    """The days that every rule of the slot allows, and the times on them.

    Raises `ConfigError` for times by the sun where the station has no place on the earth.
    """
    when = _times(slot, station)
    rules = tuple(_rules(slot, holidays))
    if isinstance(when, days.Days):
        rules = (*rules, when)
    return Recurrence(rules[0] if len(rules) == 1 else days.AllOf(rules), when, station.zone)


def _rules(slot: SlotSettings, holidays: HolidaySettings) -> Iterator[days.Days]:
    yield days.Weekdays(slot.weekdays)
    if slot.dates:
        yield days.Dates(tuple(map(day_words.read_date_word, slot.dates)))
    if slot.lunar:
        yield days.LunarDays(tuple(map(day_words.read_lunar_day, slot.lunar)), slot.leap_month)
    if slot.terms:
        yield days.TermDays(tuple(map(day_words.read_term_day, slot.terms)))
    if slot.market:
        yield days.MarketDays(day_words.read_market(slot.market), slot.market_calendar == "农历")
    if slot.holidays:
        written = (_days(holidays.days_off), _days(holidays.workdays))
        yield days.Holidays(DayKind(slot.holidays), *written)
    if slot.seasons:
        yield days.InSeasons(tuple(map(read_season, slot.seasons)))
    if slot.valid_from or slot.valid_until:
        first = date.fromisoformat(slot.valid_from) if slot.valid_from else date.min
        last = date.fromisoformat(slot.valid_until) if slot.valid_until else date.max
        yield days.Between(first, last)


def _times(slot: SlotSettings, station: StationSettings) -> times.Times:
    if slot.cron:
        return times.Cron(slot.cron)
    if slot.once:
        moments = (datetime.fromisoformat(text) for text in slot.once)
        return times.Moments(tuple((moment.date(), moment.time()) for moment in moments))
    if slot.every_minutes:
        windows = tuple(map(read_window, slot.windows))
        return times.Every(timedelta(minutes=slot.every_minutes), windows)
    return _times_at(slot, station)


def _times_at(slot: SlotSettings, station: StationSettings) -> times.Times:
    clock = tuple(read_time(text) for text in slot.at if CLOCK_TIME.fullmatch(text))
    sun = tuple(day_words.read_sun_time(text) for text in slot.at if not CLOCK_TIME.fullmatch(text))
    if not sun:
        return times.At(clock)
    if station.latitude is None or station.longitude is None:
        raise ConfigError(
            [
                f"{slot.place}：日出日落要先在 broadcaster.yaml 的 station 里写上"
                " latitude（纬度）和 longitude（经度）"
            ]
        )
    by_sun = times.BySun(sun, station.latitude, station.longitude)
    return times.Together((times.At(clock), by_sun)) if clock else by_sun


def _days(texts: tuple[str, ...]) -> frozenset[date]:
    return frozenset(map(date.fromisoformat, texts))
