"""What fell due while nobody looked: the box was off, stood still, or its clock jumped."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import islice

from broadcaster.clock import Clock
from broadcaster.clock_trust import Memory
from broadcaster.errors import StoreUnusable
from broadcaster.model import Airing, JournalEntry, Outcome
from broadcaster.schedule.slots import Slot

logger = logging.getLogger(__name__)

LOOKED_AT, SINCE = "timetable_looked_at", "timetable_since"
EVER = datetime.min.replace(tzinfo=UTC)
# 144 small writes a day, which wear no SD card out.
NOTED_EVERY = timedelta(minutes=10)
# Whoever looks comes every two seconds; a busy board is late by less than this.
LEAST_GAP = timedelta(seconds=30)
# A month off is 20,000 occurrences of a loop every two minutes: this many take 0.1 s to find here.
MOST_COUNTED = 1_000
OFF, JUMPED, STOOD_STILL = "关机错过了", "时钟跳过去，错过了", "广播站卡住了，错过了"


class Gaps:
    """Has a line in the journal for each slot and gap, of what came too late in it. One thread looks.

    `was_put` says of an occurrence that it has an end of its own, or will have; `may_come` whether it
    would have sounded. A box that is new (`is_new`) owes nothing of the time before it was.
    """

    def __init__(
        self,
        clock: Clock,
        memory: Memory,
        is_new: bool,
        was_put: Callable[[str], bool],
        may_come: Callable[[Airing], bool],
        tell: Callable[[JournalEntry], None],
    ) -> None:
        self._clock = clock
        self._memory = memory
        self._was_put = was_put
        self._may_come = may_come
        self._tell = tell
        self._looked_at = self._recall(LOOKED_AT)
        self._born_at = clock.monotonic() if is_new and self._looked_at is None else None
        self._noted_at = EVER
        self._began = False

    @property
    def since(self) -> datetime:
        """Nothing that was due before this is owed; not gone by where the clock ran ahead then."""
        now = self._clock.now()
        if self._born_at is not None:
            return now - timedelta(seconds=self._clock.monotonic() - self._born_at)
        since = self._recall(SINCE) or EVER
        return since if since <= now else EVER

    def look(self, slots: Iterable[tuple[Slot, datetime]], jumped: bool) -> None:
        """The timetable is gone by now; each slot with the moment before which it owes nothing."""
        now, before = self._clock.now(), self._looked_at
        self._looked_at = now
        if before and now - before > LEAST_GAP:
            why = OFF if not self._began else JUMPED if jumped else STOOD_STILL
            for slot, since in slots:
                try:
                    self._tell_of(slot, max(before, since), now - slot.lateness, why)
                except Exception:
                    # One that cannot say when it was due must not leave the others untold.
                    logger.exception("what slot %s missed is not known", slot.name)
        self._began = True
        if not now - NOTED_EVERY < self._noted_at <= now:
            self.note()

    def note(self) -> None:
        """Remember that the timetable was gone by until now."""
        if not self._looked_at:
            return
        self._noted_at = self._looked_at
        if self._born_at is not None:
            self._remember(SINCE, self.since)
        self._remember(LOOKED_AT, self._looked_at)

    def _tell_of(self, slot: Slot, after: datetime, until: datetime, why: str) -> None:
        dues = list(islice(_dues(slot, after, until), MOST_COUNTED))
        missed = [
            airing for due in dues if self._is_missed(airing := self._airing(slot, due), after, until)
        ]
        if not missed:
            return
        first, last = missed[0], missed[-1]
        reason = why
        if len(missed) > 1:
            more = "以上" if len(dues) == MOST_COUNTED else ""
            reason = f"{why} {len(missed)} 次{more}，从 {first.due_at:%m月%d日 %H:%M} 起"
        now = self._clock.now()
        self._tell(JournalEntry(_named(last, first), Outcome.EXPIRED, reason, "", None, now, 0.0, 0.0))

    def _airing(self, slot: Slot, due: datetime) -> Airing:
        return slot.airing_at(due.astimezone(self._clock.zone))

    def _is_missed(self, airing: Airing, after: datetime, until: datetime) -> bool:
        # The last note may be so old, and what is hardly too late may have been put just now.
        near = airing.due_at - after < NOTED_EVERY + LEAST_GAP or until - airing.due_at < LEAST_GAP
        return self._may_come(airing) and not (near and self._was_put(airing.id))

    def _recall(self, key: str) -> datetime | None:
        try:
            kept = self._memory.get(key)
            return datetime.fromisoformat(kept) if kept else None
        except (StoreUnusable, ValueError) as error:
            logger.warning("until when the timetable was gone by is not known: %s", error)
            return None

    def _remember(self, key: str, moment: datetime) -> None:
        try:
            self._memory.put(key, moment.isoformat())
        except StoreUnusable as error:
            logger.warning("a restart will not know what it missed: %s", error)


def _dues(slot: Slot, after: datetime, until: datetime) -> Iterator[datetime]:
    due = slot.next_after(after)
    while due and due <= until:
        yield due
        due = slot.next_after(due)


def _named(last: Airing, first: Airing) -> Airing:
    """The same name however often a gap is told of; another one than an occurrence has, which may still
    be aired when a clock that jumped is put back."""
    return replace(last, id=blake2b(f"missed {first.id}".encode(), digest_size=6).hexdigest())
