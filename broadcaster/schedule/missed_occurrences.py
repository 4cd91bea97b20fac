"""Finds occurrences that were missed while the box was off, stood still, or its clock jumped."""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import islice

from broadcaster.core.clock import Clock
from broadcaster.core.clock_trust import SETTLED_SECONDS, StateStore
from broadcaster.core.errors import StoreUnusable
from broadcaster.core.labels import HELD, JUMPED, LOST, OFF, STOOD_STILL
from broadcaster.core.model import Airing, JournalEntry, Outcome
from broadcaster.schedule.slot import Slot

logger = logging.getLogger(__name__)

LOOKED_AT, SINCE = "timetable_looked_at", "timetable_since"
# Where the clock jumped to while that may still be put back.
LEAPT_TO = "timetable_leapt_to"
EVER = datetime.min.replace(tzinfo=UTC)
# 144 small writes a day, which wear no SD card out.
NOTED_EVERY = timedelta(minutes=10)
# Whoever looks comes every two seconds; a busy board is late by less than this.
LEAST_GAP = timedelta(seconds=30)
# A month off is 20,000 occurrences of a loop every two minutes: this many take 0.1 s to find here.
MOST_COUNTED = 1_000


class Gaps:
    """Has a line in the journal for each slot and gap, of what came too late in it. One thread looks.

    `known` says which ids have an end, or will have; `may_come` whether an occurrence would have
    sounded. A box that is new (`is_new`) owes nothing of the time before it was. From `lost_since` on
    the record was lost before this start.
    """

    def __init__(
        self,
        clock: Clock,
        memory: StateStore,
        is_new: bool,
        known: Callable[[Collection[str]], Collection[str]],
        may_come: Callable[[Airing], bool],
        tell: Callable[..., None],
        lost_since: datetime | None = None,
    ) -> None:
        self._clock = clock
        self._memory = memory
        self._known = known
        self._may_come = may_come
        self._tell = tell
        self._looked_at = self._recall(LOOKED_AT)
        # Where it was looked at later than that, what was noted then is not lost.
        is_lost = lost_since and not (self._looked_at and self._looked_at - lost_since > LEAST_GAP)
        self._before_start = LOST if is_lost else OFF
        self._born_at = clock.monotonic() if is_new and self._looked_at is None else None
        self._noted_at = EVER
        self._began = False
        self._jumped_at: float | None = None
        self._held_since: float | None = None

    @property
    def since(self) -> datetime:
        """Nothing that was due before this is owed; not gone by where the clock ran ahead then."""
        now = self._clock.now()
        if self._born_at is not None:
            return now - timedelta(seconds=self._clock.monotonic() - self._born_at)
        since = self._recall(SINCE) or EVER
        return since if since <= now else EVER

    def hold(self) -> None:
        """The clock is not believed: what falls due is held back from now on, until somebody looks."""
        if self._held_since is None:
            self._held_since = self._clock.monotonic()

    @property
    def held_since(self) -> datetime | None:
        """From when on what falls due is held back, by the clock as it is now; None if it is not."""
        return None if self._held_since is None else self._held_from(self._clock.now())

    def look(self, slots: Iterable[tuple[Slot, datetime]], jumped: bool) -> None:
        """The timetable is gone by now; each slot with the moment before which it owes nothing."""
        now, before = self._clock.now(), self._looked_at
        if self._may_be_put_back(now, jumped):
            return
        why = (
            self._before_start if not self._began else STOOD_STILL if self._jumped_at is None else JUMPED
        )
        until, self._held_since = self._held_from(now), None
        leapt = None if self._began else self._recall(LEAPT_TO)
        if leapt or self._jumped_at is not None:
            self._remember(LEAPT_TO, None)
        self._looked_at, self._began, self._jumped_at = now, True, None
        if before and now - before > LEAST_GAP:
            ends = [(leapt, JUMPED)] if leapt and before < leapt < until else []
            ends += [(until, why), (now, HELD)]
            lines = [
                line for slot, since in slots for line in self._lines_of(slot, max(before, since), ends)
            ]
            if lines:
                self._tell(*lines)
                self.note()
        if not now - NOTED_EVERY < self._noted_at <= now:
            self.note()

    @property
    def leap(self) -> str:
        """A sentence in Chinese, while a clock that jumped ahead may be put back; or ""."""
        before, now = self._looked_at, self._clock.now()
        if self._jumped_at is None or before is None or now - before <= LEAST_GAP:
            return ""
        return (
            f"时钟从 {before:%m月%d日 %H:%M} 跳到了后面：中间到点的没有播，"
            "十分钟里不拨回来就记进播出记录；现在的时间不对，请把时钟拨准。"
        )

    def _lines_of(
        self, slot: Slot, after: datetime, ends: Iterable[tuple[datetime, str]]
    ) -> Iterator[JournalEntry]:
        """Of each stretch up to an end; what was in time then may be late at the next one."""
        for end, why in ends:
            yield from self._lines(slot, after, end, why)
            after = max(after, end - slot.lateness)

    def _may_be_put_back(self, now: datetime, jumped: bool) -> bool:
        """True if the clock has just jumped, and may be put back to where the timetable was."""
        # What it showed before the first look was not gone by, or not believed.
        if jumped and self._began:
            self._jumped_at = self._clock.monotonic()
            self.note()
            self._remember(LEAPT_TO, now)
        if self._jumped_at is None or not self._looked_at:
            return False
        is_settled = self._clock.monotonic() - self._jumped_at >= SETTLED_SECONDS
        return abs(now - self._looked_at) > LEAST_GAP and not is_settled

    def note(self) -> None:
        """Remember that the timetable was gone by until now."""
        if not self._looked_at:
            return
        self._noted_at = self._looked_at
        if self._born_at is not None:
            self._remember(SINCE, self.since)
        self._remember(LOOKED_AT, self._looked_at)

    def _held_from(self, now: datetime) -> datetime:
        """From when on it was the clock alone, by the clock as it is now."""
        held = self._held_since
        return now if held is None else now - timedelta(seconds=self._clock.monotonic() - held)

    def _lines(self, slot: Slot, after: datetime, until: datetime, why: str) -> list[JournalEntry]:
        """One of what was too late by then, or none where nothing was missed."""
        now = self._clock.now()
        try:
            dues = list(islice(_dues(slot, after, until - slot.lateness), MOST_COUNTED))
            missed = self._missed([self._airing(slot, due) for due in dues])
        except Exception:
            # One that cannot say when it was due must not leave the others untold.
            logger.exception("时间表里的“%s”错过了哪几次算不出来，错误在下面", slot.name)
            return []
        if not missed:
            return []
        first, last = missed[0], missed[-1]
        reason = why
        if len(missed) > 1:
            more = "以上" if len(dues) == MOST_COUNTED else ""
            among = "，其中到点的" if why == LOST else ""
            reason = f"{why}{among} {len(missed)} 次{more}，从 {first.due_at:%m月%d日 %H:%M} 起"
        outcome = Outcome.UNKNOWN if why == LOST else Outcome.EXPIRED
        return [JournalEntry(_named(first, last), outcome, reason, "", None, now, 0.0, 0.0)]

    def _missed(self, airings: list[Airing]) -> list[Airing]:
        """Without those that have a line already, of their own or as the only one of a gap."""
        may = {_named(one, one).id: one for one in airings if self._may_come(one)}
        known = self._known([*may, *(one.id for one in may.values())]) if may else ()
        return [one for name, one in may.items() if name not in known and one.id not in known]

    def _airing(self, slot: Slot, due: datetime) -> Airing:
        return slot.airing_at(due.astimezone(self._clock.zone))

    def _recall(self, key: str) -> datetime | None:
        try:
            kept = self._memory.get(key)
            return datetime.fromisoformat(kept) if kept else None
        except (StoreUnusable, ValueError) as error:
            logger.warning("时间表上次走到哪里读不出来，错过的记不全：%s", error)
            return None

    def _remember(self, key: str, moment: datetime | None) -> None:
        try:
            self._memory.put(key, moment.isoformat() if moment else "")
        except StoreUnusable as error:
            logger.warning("时间表走到哪里没有记下来，下次启动不知道错过了什么：%s", error)


def _dues(slot: Slot, after: datetime, until: datetime) -> Iterator[datetime]:
    due = slot.next_after(after)
    while due and due <= until:
        yield due
        due = slot.next_after(due)


def _named(first: Airing, last: Airing) -> Airing:
    """The same name however often a gap is told of, and of no other gap; another one than an occurrence
    has, which may still be aired when a clock that jumped is put back."""
    name = f"missed {first.id} {last.id}".encode()
    return replace(last, id=blake2b(name, digest_size=6).hexdigest())
