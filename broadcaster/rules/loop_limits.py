"""Limits of loops: minutes on the air in an hour and in a day, and silence between two."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from broadcaster.settings.hourly_limits import LoopSettings


class LoopLimits:
    """Counts the minutes of loops in the current hour and day. One thread reports them.

    Moments are aware and in the station's zone; an airing counts for the hour in which it began.
    """

    def __init__(self, settings: LoopSettings) -> None:
        self._settings = settings
        self._hour: tuple[date, int] = (date.min, 0)
        self._hour_seconds = 0.0
        self._day_seconds = 0.0
        self._ends: dict[str, datetime] = {}

    def copy(self) -> LoopLimits:
        other = LoopLimits(self._settings)
        other._hour, other._ends = self._hour, dict(self._ends)
        other._hour_seconds, other._day_seconds = self._hour_seconds, self._day_seconds
        return other

    def why_not(self, slot: str, moment: datetime, seconds: float) -> str:
        """The reason in Chinese for which a loop may not start now, or ""."""
        settings = self._settings
        self._turn_to(moment)
        last = self._ends.get(slot)
        # An end that lies far ahead was told by a clock that has been put back since.
        if last and abs(moment - last) < timedelta(minutes=settings.lowest_gap_minutes):
            return f"离上一遍不到 {settings.lowest_gap_minutes:g} 分钟"
        for span, taken, most in (
            ("这个钟头", self._hour_seconds, settings.most_minutes_an_hour),
            ("今天", self._day_seconds, settings.most_minutes_a_day),
        ):
            if taken + seconds > most * 60:
                return f"{span}循环已经播了 {taken / 60:.0f} 分钟，最多 {most:g} 分钟"
        return ""

    def spend(self, slot: str, moment: datetime, seconds: float) -> None:
        """A loop started, and took this long; one of an hour that is over counts for no other."""
        if (moment.date(), moment.hour) >= self._hour:
            self._turn_to(moment)
            self._hour_seconds += seconds
            self._day_seconds += seconds
        self._ends[slot] = moment + timedelta(seconds=seconds)

    def _turn_to(self, moment: datetime) -> None:
        hour = (moment.date(), moment.hour)
        if hour != self._hour:
            self._hour_seconds = 0.0
            self._day_seconds = self._day_seconds if hour[0] == self._hour[0] else 0.0
            self._hour = hour
