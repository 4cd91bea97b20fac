"""How much of loops people can bear: minutes on the air, and silence between two."""

from collections import deque
from datetime import datetime, timedelta

from broadcaster.air_settings import LoopSettings

Aired = tuple[datetime, float]


class LoopLimits:
    """What loops have taken of their hour and their day. Told of starts in order, by one thread.

    Moments are aware and in the station's zone; an airing counts for the hour in which it began.
    """

    def __init__(self, settings: LoopSettings) -> None:
        self._settings = settings
        self._aired: deque[Aired] = deque()
        self._ends: dict[str, datetime] = {}

    def why_not(self, slot: str, moment: datetime, seconds: float) -> str:
        """Why a loop may not start now, in Chinese, or ""."""
        settings = self._settings
        last = self._ends.get(slot)
        if last and moment - last < timedelta(minutes=settings.lowest_gap_minutes):
            return f"离上一遍不到 {settings.lowest_gap_minutes:g} 分钟"
        today = [aired for aired in self._aired if aired[0].date() == moment.date()]
        hour = [aired for aired in today if aired[0].hour == moment.hour]
        for span, aired, most in (
            ("这个钟头", hour, settings.most_minutes_an_hour),
            ("今天", today, settings.most_minutes_a_day),
        ):
            minutes = sum(taken for _, taken in aired) / 60
            if minutes + seconds / 60 > most:
                return f"{span}循环已经播了 {minutes:.0f} 分钟，最多 {most:g} 分钟"
        return ""

    def spend(self, slot: str, moment: datetime, seconds: float) -> None:
        """A loop started, and took this long."""
        while self._aired and self._aired[0][0].date() < moment.date():
            self._aired.popleft()
        self._aired.append((moment, seconds))
        self._ends[slot] = moment + timedelta(seconds=seconds)
