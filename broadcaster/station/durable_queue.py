"""The one way into the air's queue: each accepted airing is written down, aired once, and taken up again
after a power cut.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from broadcaster.core.clock import Clock
from broadcaster.core.errors import StoreUnusable
from broadcaster.core.labels import HELD, OFF
from broadcaster.core.model import Airing, AiringKind, JournalEntry, Outcome, SettledNotice
from broadcaster.core.notice import Notice, Severity
from broadcaster.playout.air_queue import QueuedAiring
from broadcaster.playout.player import Player
from broadcaster.rules.air_rules import AirRules
from broadcaster.rules.precedence import Cause, goes_on, valid_until
from broadcaster.store.accepted_airings import AcceptedAirings, Unfinished
from broadcaster.store.journal import Journal, JournalFilter, JournalReader, JournalRow

logger = logging.getLogger(__name__)

REMEMBERED_ENDINGS = 200
PROGRESS_SECONDS = 2.0
# So much of a piece of sound is heard again after a power cut at most: two hours of it are 720 notes.
PLACE_SECONDS = 10.0
# So many that no step of the clock makes an older one due again: three days of a loop every two minutes.
REMEMBERED_AIRINGS = 2_000


class Endings:
    """Reports the end of every airing: to the journal, and to whoever waits for it. Any thread."""

    def __init__(self, journal: Journal, rules: AirRules) -> None:
        self._journal = journal
        self._rules = rules
        self._last: OrderedDict[str, JournalEntry] = OrderedDict()
        self._changed = threading.Condition()
        self.on_end: list[Callable[[JournalEntry], None]] = []
        """Each is told of every end, on the thread that it came on, and returns at once."""

    def record(self, *entries: JournalEntry) -> None:
        """Those that ended together are written together: a stop of 10,000 is some 20 transactions."""
        self._journal.record(*entries)
        for entry in entries:
            _count(self._rules, entry.airing.kind, entry.airing.asked_by, entry)
        with self._changed:
            self._last.update((entry.airing.id, entry) for entry in entries)
            while len(self._last) > REMEMBERED_ENDINGS:
                self._last.popitem(last=False)
            self._changed.notify_all()
        for entry in entries:
            for told in self.on_end:
                told(entry)

    def recall(self, midnight: datetime) -> None:
        """Count what loops took of the day before the box came up."""
        try:
            recall(self._rules, self._journal, midnight)
        except StoreUnusable:
            logger.exception("循环今天播了多久读不出来，从现在算起，错误在下面")

    def wait_for(self, airing_id: str, timeout_seconds: float | None = None) -> JournalEntry | None:
        """Waits for the end of an airing and returns it; None if the time is over first."""
        with self._changed:
            self._changed.wait_for(lambda: airing_id in self._last, timeout_seconds)
            return self._last.get(airing_id)


def recall(rules: AirRules, journal: JournalReader, midnight: datetime) -> None:
    """Count what loops took of the day that began at midnight. Raises `StoreUnusable`."""
    # A clock that ran ahead has left lines of days to come.
    today = JournalFilter(since=midnight, until=midnight + timedelta(days=1))
    for row in reversed(list(journal.each(today))):
        _count(rules, row.kind, row.asked_by, row)


def _count(rules: AirRules, kind: AiringKind, loop: str, heard: JournalEntry | JournalRow) -> None:
    """One that began and of which no sample was heard takes nothing, and no other keeps away from it."""
    if kind is AiringKind.LOOP and heard.started_at and heard.seconds_played:
        rules.spend(loop, heard.started_at, heard.seconds_played)


class DurableQueue:
    """The one way into the queue; any thread."""

    def __init__(self, queue: AcceptedAirings, player: Player, endings: Endings, clock: Clock) -> None:
        self._queue = queue
        self._player = player
        self._endings = endings
        self._clock = clock
        self._up_since = clock.monotonic()
        self._taken_up = False
        self._held: tuple[Airing, ...] = ()
        self._given: OrderedDict[str, None] = OrderedDict()
        self._look = threading.Event()
        self.choose: Callable[[Notice, str], Notice] = lambda notice, asked_by: notice
        """Puts sounds in the place of the folders of a column."""
        self.plays_elsewhere: Callable[[str], bool] = lambda airing_id: False
        """True of an airing that a command without a box plays now, and will record."""
        self.on_start: list[Callable[[Airing], None]] = []
        """Each is told of every airing that is heard now, on the player's thread; returns at once."""
        player.on_start, player.on_pause = self._started, self._paused

    def accept(self, airing: Airing, settled: SettledNotice | None = None) -> bool:
        """Accepts an airing that a person asked for; True if it outlasts a power cut from now on.

        It goes to the air while the disk writes, some 30 ms on an SD card; nobody was told yet that it
        is accepted, so a power cut in between breaks no promise.
        """
        self._give(airing.id)
        waiting = QueuedAiring(airing, settled=settled, not_before=self._later(airing))
        return self._queue.accept(airing, meanwhile=lambda: self._player.put(waiting))

    def take_back(self, those: Sequence[QueuedAiring]) -> None:
        """Air what a person had stopped and wants on the air again, in this order."""
        for waiting in those:
            self._give(waiting.airing.id)
            self._player.put(waiting)
        for waiting in those:
            self._queue.accept(waiting.airing, wait=waiting is those[-1])

    def put(self, airing: Airing) -> None:
        """Air what the timetable has due, unless it was put before the clock or the box went down."""
        if self.known([airing.id]):
            return
        self._give(airing.id)
        airing = replace(airing, notice=self.choose(airing.notice, airing.asked_by))
        # Late already is what a clock that jumps has leapt over: put back, it waits for its own time.
        is_late = airing.expires_at < self._clock.now()
        # It must begin in time, so nothing waits for the disk.
        self._player.put(QueuedAiring(airing, not_before=airing.due_at if is_late else None))
        self._queue.accept(airing, wait=False)

    def known(self, airing_ids: Collection[str]) -> set[str]:
        """Those that went to the air, now or before the box went down, as far as that is written."""
        given = {one for one in airing_ids if one in self._given}
        try:
            return given | self._queue.known(set(airing_ids) - given)
        except StoreUnusable as error:
            logger.warning("以前播过哪些查不到：%s", error)
            return given

    def held(self) -> tuple[Airing, ...]:
        """The airings that were accepted before the last shutdown and wait until the clock is
        trusted.
        """
        return tuple(airing for airing in self._held if airing.id not in self._given)

    def withdraw(self, airing_id: str, reason: str) -> bool:
        """End one that waits on the disk alone, for the clock is not trusted yet; False if none does."""
        if self._taken_up or airing_id in self._given:
            return False
        try:
            left = [one for one in self._queue.unfinished() if one.airing.id == airing_id]
        except StoreUnusable:
            logger.exception("关机以前排着的通知读不出来，错误在下面")
            return False
        for one in left:
            self._give(airing_id)
            self._endings.record(_not_taken_up(one, reason, self._clock.now()))
        return bool(left)

    def take_up(self, clock_is_right: bool = True) -> None:
        """Go on with what was accepted when the box went down, as far as it is still worth saying; while
        the clock is not trusted only with what was due already: what is live, and red that had begun.

        Each goes on once, and not what was accepted since: live notices do not wait for it.
        """
        if self._taken_up:
            return
        try:
            unfinished = self._queue.unfinished()
        except StoreUnusable:
            logger.exception("关机以前排着的通知读不出来，错误在下面")
            return
        self._taken_up = clock_is_right
        for left in unfinished:
            id = left.airing.id
            if id in self._given or self.plays_elsewhere(id):
                continue
            if clock_is_right or _was_due(left):
                self._give(left.airing.id)
                self._go_on(left)
        self._held = () if clock_is_right else tuple(left.airing for left in unfinished)

    def _go_on(self, left: Unfinished) -> None:
        airing, now = self._by_clock(left.airing), self._clock.now()
        half_said = left.noted_at and left.next_line > 0
        is_late = valid_until(airing, left.noted_at) < now
        if (half_said and is_late) or not goes_on(airing, Cause.DOWN, left.next_line):
            self._endings.record(_not_taken_up(left, "停电", left.noted_at or now))
        elif is_late and not left.noted_at:
            why = self._why_late(airing)
            end = JournalEntry(airing, Outcome.EXPIRED, why, "", None, now, 0.0, 0.0)
            self._endings.record(end)
        else:
            begun = QueuedAiring(
                airing,
                left.next_line,
                left.seconds_in_line,
                cut_at=left.noted_at,
                seconds_played=left.seconds_played,
                started_at=left.started_at,
                not_before=None if _was_due(left) else self._later(airing),
                cut_by=Cause.DOWN,
            )
            self._player.put(begun)

    def _why_late(self, airing: Airing) -> str:
        """It went by while the box was off, or while its clock was not believed."""
        up = timedelta(seconds=self._clock.monotonic() - self._up_since)
        return OFF if airing.expires_at < self._clock.now() - up else HELD

    def _by_clock(self, airing: Airing) -> Airing:
        """Corrects a live airing that was asked for by a clock that was behind: it has as long as it had
        then.
        """
        behind = airing.due_at - self._clock.now()
        if airing.kind is not AiringKind.LIVE or behind <= timedelta():
            return airing
        return replace(airing, due_at=airing.due_at - behind, expires_at=airing.expires_at - behind)

    def _later(self, airing: Airing) -> datetime | None:
        """The earliest start, for an airing that a person wants at a later time; else None."""
        return airing.due_at if airing.due_at > self._clock.now() else None

    def _give(self, airing_id: str) -> None:
        """Remember that it went to the player, also while the disk cannot tell."""
        self._given[airing_id] = None
        while len(self._given) > REMEMBERED_AIRINGS:
            self._given.popitem(last=False)

    def _started(self, airing: Airing) -> None:
        self._look.set()
        for told in self.on_start:
            told(airing)

    def _paused(self, waiting: QueuedAiring) -> None:
        """It may be long until it goes on, and the power may go before."""
        self._queue.progress(
            waiting.airing.id,
            waiting.next_line,
            waiting.seconds_played,
            seconds_in_line=waiting.seconds_in_line,
        )

    def note_progress(self) -> None:
        """Note how far the sounding airing came, then wait a little.

        It is noted at its start and after each line, so that what is killed is not said whole again.
        """
        on_air, wait = self._player.on_air, PROGRESS_SECONDS
        if on_air and on_air.started_monotonic is not None:
            seconds = self._clock.monotonic() - on_air.started_monotonic
            played = on_air.waited.seconds_played + min(seconds, on_air.seconds_due)
            line, said_all = on_air.next_line(seconds), on_air.said_all(seconds)
            place = on_air.seconds_in_line(seconds)
            self._queue.progress(on_air.airing.id, line, played, said_all, place)
            # The only line of a talk ends with every block.
            if on_air.is_continuous(seconds):
                wait = PLACE_SECONDS
            elif not on_air.airing.notice.talk:
                wait = min(wait, on_air.seconds_to_line_end(seconds))
        self._look.wait(wait)
        self._look.clear()

    def wake(self) -> None:
        """Let a waiting `note_progress` return."""
        self._look.set()


def _was_due(left: Unfinished) -> bool:
    """True if it was to be heard at once, which no clock is needed to know."""
    begun_red = left.noted_at and left.airing.notice.meant is Severity.RED
    return left.airing.kind is AiringKind.LIVE or bool(begun_red)


def _not_taken_up(left: Unfinished, reason: str, ended_at: datetime) -> JournalEntry:
    """The journal line of what the box left; its whole length is not known any more."""
    outcome = Outcome.CUT_SHORT if left.noted_at else Outcome.CANCELLED
    heard = left.seconds_played, 0.0, left.next_line, left.seconds_in_line
    return JournalEntry(left.airing, outcome, reason, "", left.started_at, ended_at, *heard)
