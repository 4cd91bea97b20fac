"""Quiet hours and volume by the hour: decides if a notice may sound now, and how loud. Pure functions of
the settings.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum

from broadcaster.core.notice import Notice, OfficeLevel, Severity, WhenQuiet
from broadcaster.settings.hourly_limits import QuietRule
from broadcaster.settings.schema import Settings
from broadcaster.settings.values import read_season, read_window

DAY = timedelta(days=1)
# Where rests follow one another for longer than this there is no end to wait for.
LONGEST_WAIT = timedelta(days=2)


class Ruling(Enum):
    """The decision of the rules on a notice; LEAVE_OUT is for too many loops."""

    PASS = "pass"
    LEAVE_OUT = "leave_out"
    SUPPRESS = "suppress"
    DEFER = "defer"


@dataclass(frozen=True)
class Verdict:
    """A ruling, why in Chinese, and until when a notice is deferred."""

    ruling: Ruling
    reason: str = ""
    until: datetime | None = None

    @property
    def passes(self) -> bool:
        return self.ruling is Ruling.PASS


PASSES = Verdict(Ruling.PASS)


def quiet(settings: Settings, moment: datetime, notice: Notice, night_ok: bool = False) -> Verdict:
    """The verdict of quiet hours on a notice at an aware moment, whoever asks; `night_ok` as of an
    `Airing`.
    """
    if night_ok and settings.quiet.county_orange_passes and not notice.comes_in:
        return PASSES
    local = moment.astimezone(settings.station.zone)
    rest = _rest_at(settings, local)
    if rest is None or _always_passes(settings, notice):
        return PASSES
    name, until = rest
    end = _end_of_quiet(settings, until)
    if notice.when_quiet is WhenQuiet.WAIT and end:
        return Verdict(Ruling.DEFER, f"{name}不播，{end:%m月%d日 %H:%M} 再播", end)
    return Verdict(Ruling.SUPPRESS, f"{name}不播（{name}到 {until:%H:%M}）")


def rest_begins(
    settings: Settings, notice: Notice, moment: datetime, until: datetime
) -> datetime | None:
    """The first beginning of quiet hours in a span of aware time that such a notice does not pass."""
    if _always_passes(settings, notice):
        return None
    first = moment.astimezone(settings.station.zone).date()
    last = until.astimezone(settings.station.zone).date()
    days = (first + number * DAY for number in range((last - first).days + 1))
    begins = [rest.begins for day in days for rest in rests_on(settings, day)]
    return min((begin for begin in begins if moment < begin < until), default=None)


@dataclass(frozen=True)
class QuietPeriod:
    """Quiet hours as they fall on one day."""

    name: str
    begins: datetime
    ends: datetime


def rests_on(settings: Settings, day: date) -> list[QuietPeriod]:
    """The parts of a day in which the loudspeaker keeps quiet, from its midnight to the next."""
    midnight = datetime.combine(day, time(), settings.station.zone)
    next_midnight = datetime.combine(day + DAY, time(), settings.station.zone)
    rests = [
        QuietPeriod(rule.name, max(begin, midnight), min(end, next_midnight))
        for rule in settings.quiet.hours
        for begun_on in (day - DAY, day)
        if _begins_on(rule, begun_on)
        for begin, end in _windows_of(rule, begun_on, midnight)
    ]
    return [rest for rest in rests if rest.begins < rest.ends]


def volume_at(
    settings: Settings, moment: datetime, notice: Notice, station_volume: int | None = None
) -> int:
    """Per cent of full scale: the station's volume, the notice's own part of it, and the hour's.

    What passes quiet hours by its severity is as loud as the station is, at any hour, and is not
    turned down by who turned the station down.
    """
    volume = settings.sound.volume if station_volume is None else station_volume
    if notice.meant in (Severity.RED, Severity.ORANGE):
        return max(volume, settings.sound.volume)
    local = moment.astimezone(settings.station.zone).time()
    for hour in settings.sound.volume_by_hour:
        if _in_window(local, *read_window(hour.window)):
            return round(volume * notice.volume * hour.percent / 10_000)
    return round(volume * notice.volume / 100)


def _always_passes(settings: Settings, notice: Notice) -> bool:
    """By its severity; of what comes in from outside nobody knows what it will say, so it passes only
    where the county wants it, and red."""
    if notice.comes_in:
        return notice.meant is Severity.RED and notice.office is not OfficeLevel.VILLAGE
    orange = settings.quiet.orange_passes and notice.meant is Severity.ORANGE
    return orange or notice.meant is Severity.RED


def _rest_at(settings: Settings, local: datetime) -> tuple[str, datetime] | None:
    """The rest that holds a moment, and when that one ends; the longest of several."""
    ends = [
        (rule.name, end)
        for rule in settings.quiet.hours
        for day in (local.date() - DAY, local.date())
        if _begins_on(rule, day)
        for begin, end in _windows_of(rule, day, local)
        if begin <= local < end
    ]
    return max(ends, key=lambda rest: rest[1], default=None)


def _end_of_quiet(settings: Settings, until: datetime) -> datetime | None:
    latest = until + LONGEST_WAIT
    while until < latest:
        rest = _rest_at(settings, until)
        if rest is None:
            return until
        until = rest[1]
    return None


def _begins_on(rule: QuietRule, day: date) -> bool:
    seasons = [read_season(text) for text in rule.seasons]
    return day.weekday() in rule.weekdays and (
        not seasons or any(season.holds(day) for season in seasons)
    )


def _windows_of(rule: QuietRule, day: date, local: datetime) -> list[tuple[datetime, datetime]]:
    spans = []
    for text in rule.windows:
        begin, end = read_window(text)
        last = day if begin < end else day + DAY
        spans.append(
            (
                datetime.combine(day, begin, local.tzinfo),
                datetime.combine(last, end, local.tzinfo),
            )
        )
    return spans


def _in_window(now: time, begin: time, end: time) -> bool:
    return begin <= now < end if begin < end else now >= begin or now < end
