"""Keeps many slots in the order in which they fall due, without asking all of them each time."""

import heapq
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from broadcaster.schedule.slot import FixedTimes

# When in UTC, how severe, which slot: what sorts first is due first, the severer of two together.
Entry = tuple[datetime, int, int]


class Agenda:
    """Each slot's next due time after a moment, kept in a heap. Any thread.

    Going on to a later moment asks only the slots that have fallen due since; going back asks all.
    """

    def __init__(self, slots: Sequence[FixedTimes]) -> None:
        self._slots = slots
        self._ranks = [slot.notice.rank for slot in slots]
        self._moment: datetime | None = None
        self._entries: list[Entry] = []
        self._lock = threading.Lock()

    def after(
        self, moment: datetime, until: datetime | None = None
    ) -> Iterator[tuple[FixedTimes, datetime]]:
        """Every slot and due time strictly after one aware moment and before another, in order, in UTC;
        maybe endless.
        """
        end = until and until.astimezone(UTC)
        with self._lock:
            self._turn_to(moment)
            entries = self._entries.copy()
        coming: dict[int, Iterator[datetime]] = {}
        while entries and (end is None or entries[0][0] < end):
            due, rank, number = entries[0]
            slot = self._slots[number]
            yield slot, due
            if number not in coming:
                coming[number] = slot.after(due, end)
            following = next(coming[number], None)
            if following is None:
                heapq.heappop(entries)
                del coming[number]
            else:
                heapq.heapreplace(entries, (following, rank, number))

    def next_of_each(self, moment: datetime) -> list[tuple[FixedTimes, datetime]]:
        """Each slot with its first due time strictly after an aware moment, in order, in UTC."""
        with self._lock:
            self._turn_to(moment)
            entries = sorted(self._entries)
        return [(self._slots[number], due) for due, _, number in entries]

    def _turn_to(self, moment: datetime) -> None:
        moment = moment.astimezone(UTC)
        if self._moment is None or moment < self._moment:
            self._entries = []
            passed: Sequence[int] = range(len(self._slots))
        else:
            passed = []
            while self._entries and self._entries[0][0] <= moment:
                passed.append(heapq.heappop(self._entries)[2])
        for number in passed:
            due = next(self._slots[number].after(moment), None)
            if due:
                heapq.heappush(self._entries, (due, self._ranks[number], number))
        self._moment = moment
