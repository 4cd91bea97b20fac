"""Decides if an airing may sound at a moment, and how loud. The plan and the player ask the same
rules.
"""

from __future__ import annotations

import threading
from datetime import datetime

from broadcaster.core.model import Airing, AiringKind
from broadcaster.rules import quiet_hours
from broadcaster.rules.length_estimate import Lengths
from broadcaster.rules.loop_limits import LoopLimits
from broadcaster.rules.quiet_hours import Ruling, Verdict
from broadcaster.settings.schema import Settings


class AirRules:
    """Quiet hours, what people can bear of loops, and a person's stop; any thread may ask."""

    def __init__(self, settings: Settings, lengths: Lengths) -> None:
        self._settings = settings
        self.lengths = lengths
        self._limits = LoopLimits(settings.loops)
        self._lock = threading.Lock()
        self._loops_sounded = 0
        self.station_volume = settings.sound.volume
        """Per cent of full scale, as somebody set it last."""
        self.loops_stopped_at: datetime | None = None
        """Loops of windows that had begun by then are silent."""

    def verdict(self, airing: Airing, moment: datetime) -> Verdict:
        """The verdict on an airing at an aware moment, whoever asks for it."""
        verdict = quiet_hours.quiet(self._settings, moment, airing.notice, airing.night_ok)
        if not verdict.passes or airing.kind is not AiringKind.LOOP:
            return verdict
        if self.stopped(airing):
            return Verdict(Ruling.SUPPRESS, "停播以后，这个时段的循环不再播")
        with self._lock:
            why_not = self._limits.why_not(
                airing.asked_by, self._local(moment), self.lengths(airing.notice)
            )
        return Verdict(Ruling.LEAVE_OUT, why_not) if why_not else verdict

    def rest_begins(self, airing: Airing, moment: datetime, until: datetime) -> datetime | None:
        """When quiet hours begin in this span, for an airing that they hold off."""
        return quiet_hours.rest_begins(self._settings, airing.notice, moment, until)

    def stopped(self, airing: Airing) -> bool:
        """True if somebody stopped the loops in the airing's window."""
        stop = self.loops_stopped_at
        return bool(
            stop and airing.kind is AiringKind.LOOP and (airing.window_from or airing.due_at) <= stop
        )

    def may_come(self, airing: Airing) -> bool:
        """True if it will sound as far as is known ahead of its due time; limits of loops are not."""
        quiet = quiet_hours.quiet(self._settings, airing.due_at, airing.notice, airing.night_ok)
        return (quiet.passes or quiet.until is not None) and not self.stopped(airing)

    def spend(self, loop: str, started_at: datetime, seconds: float) -> None:
        """A loop sounded for so long."""
        with self._lock:
            self._limits.spend(loop, self._local(started_at), seconds)
            self._loops_sounded += 1

    @property
    def so_far(self) -> tuple[datetime | None, int, int]:
        """A plan that was made when this was another is out of date."""
        return self.loops_stopped_at, self._loops_sounded, self.station_volume

    def go_on_from(self, other: AirRules) -> None:
        """Loops have sounded as often, and so long ago, as the other says; a stop and the volume are
        the other's.
        """
        with other._lock:
            self._limits = other._limits.copy()
        self.loops_stopped_at, self.station_volume = other.loops_stopped_at, other.station_volume

    def volume(self, airing: Airing, moment: datetime) -> int:
        """Per cent of full scale."""
        return quiet_hours.volume_at(self._settings, moment, airing.notice, self.station_volume)

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self._settings.station.zone)
