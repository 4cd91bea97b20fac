"""The edges' only door to the box: announce, cancel, stop, status, what comes, what was."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from broadcaster.clock import Clock
from broadcaster.errors import StoreUnusable
from broadcaster.model import Airing, JournalEntry, Kind, Notice, Outcome, Script
from broadcaster.playout.player import Player
from broadcaster.schedule.timetable import Timetable
from broadcaster.settings import Settings
from broadcaster.store.journal import EVERYTHING, Journal, JournalFilter, JournalRow
from broadcaster.store.queue import Unfinished
from broadcaster.store.store import Store
from broadcaster.studio import Studio, VoiceEntry

logger = logging.getLogger(__name__)

# A text that somebody wants said now is not worth saying when it has waited this long.
LIVE_LATENESS = timedelta(minutes=30)
REMEMBERED_ENDINGS = 200
PROGRESS_SECONDS = 2.0


@dataclass(frozen=True)
class OnAir:
    """What is sounding; `seconds_due` grows while the programme is still being made."""

    airing: Airing
    seconds_played: float
    seconds_due: float


@dataclass(frozen=True)
class Status:
    """The box at one moment; `fault` is a sentence in Chinese, or ""."""

    on_air: OnAir | None
    waiting: tuple[Airing, ...]
    fault: str


class Endings:
    """Where every airing's end goes: into the journal, and to whoever waits for it. Any thread."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._last: OrderedDict[str, JournalEntry] = OrderedDict()
        self._changed = threading.Condition()

    def record(self, entry: JournalEntry) -> None:
        self._journal.record(entry)
        with self._changed:
            self._last[entry.airing.id] = entry
            while len(self._last) > REMEMBERED_ENDINGS:
                self._last.popitem(last=False)
            self._changed.notify_all()

    def wait_for(self, airing_id: str, timeout_seconds: float | None = None) -> JournalEntry | None:
        """How an airing ended, waiting for it; None when the time is over first."""
        with self._changed:
            self._changed.wait_for(lambda: airing_id in self._last, timeout_seconds)
            return self._last.get(airing_id)


class Station:
    """One village's loudspeaker, as the page, the command line and the county see it. Any thread.

    `faults` are asked what is wrong, the gravest first; each answers with a sentence or "".
    """

    def __init__(
        self,
        settings: Settings,
        player: Player,
        studio: Studio,
        timetable: Timetable,
        endings: Endings,
        store: Store,
        clock: Clock,
        faults: Sequence[Callable[[], str]],
    ) -> None:
        self.settings = settings
        self.accounts = store.accounts
        self._player = player
        self._studio = studio
        self._timetable = timetable
        self._endings = endings
        self._store = store
        self._clock = clock
        self._faults = faults
        self._leaving = threading.Event()

    def announce(self, notice: Notice, *, asked_by: str = "") -> Airing:
        """Put a notice on the air as soon as its precedence allows; it outlasts a power cut from now on.

        Raises `TextRefused` or `VoiceUnavailable`; then nothing was queued.
        """
        self._studio.settled(notice)
        now = self._clock.now()
        airing = Airing(notice, now, now + LIVE_LATENESS, Kind.LIVE, asked_by)
        self._store.queue.accept(airing)
        self._player.put(airing)
        return airing

    def put(self, airing: Airing) -> None:
        """Air what the timetable has due; it must begin in time, so nothing waits for the disk."""
        self._player.put(airing)
        self._store.queue.accept(airing, wait=False)

    def take_up(self) -> None:
        """Go on with what was accepted when the box went down, as far as it is still worth saying."""
        try:
            unfinished = self._store.queue.unfinished()
        except StoreUnusable:
            logger.exception("what was accepted before is not known")
            return
        now = self._clock.now()
        for left in unfinished:
            airing = left.airing
            if left.noted_at and (airing.kind is not Kind.SCHEDULED or airing.expires_at < now):
                self._endings.record(_broken_off(left, left.noted_at))
            else:
                self._player.put(airing)

    def note_progress(self) -> None:
        """Note how far the sounding airing came, then wait a little."""
        on_air = self._player.on_air
        if on_air and on_air.started_monotonic is not None:
            seconds = self._clock.monotonic() - on_air.started_monotonic
            self._store.queue.progress(on_air.airing.id, 0, min(seconds, on_air.seconds_due))
        self._leaving.wait(PROGRESS_SECONDS)

    def wake(self) -> None:
        """Let a waiting `note_progress` return."""
        self._leaving.set()

    def cancel(self, airing_id: str, asked_by: str = "") -> bool:
        """End one airing, waiting or sounding; False if it is neither."""
        return self._player.cancel(airing_id, _by("取消", asked_by))

    def stop_all(self, asked_by: str = "") -> int:
        """Silence the air and empty the queue; how many airings that ended."""
        return self._player.stop_all(_by("停播", asked_by))

    def status(self) -> Status:
        on_air = self._player.on_air
        sounding = None
        if on_air:
            since = on_air.started_monotonic
            played = 0.0 if since is None else self._clock.monotonic() - since
            sounding = OnAir(on_air.airing, min(played, on_air.seconds_due), on_air.seconds_due)
        fault = next(filter(None, (fault() for fault in self._faults)), "")
        return Status(sounding, self._player.waiting(), fault)

    def upcoming(self, count: int = 5) -> list[Airing]:
        """The timetable's next airings, soonest first."""
        return self._timetable.upcoming(self._clock.now(), count)

    def history(
        self, count: int = 20, wanted: JournalFilter = EVERYTHING, skip: int = 0
    ) -> list[JournalRow]:
        """What was aired, newest first."""
        return self._store.journal.recent(count, wanted, skip)

    def history_count(self, wanted: JournalFilter = EVERYTHING) -> int:
        """How many lines there are of it."""
        return self._store.journal.count(wanted)

    def script(self, notice: Notice) -> Script:
        """What will be said and how; blocks while it is composed. Raises `TextRefused`."""
        return self._studio.script(notice)

    def voices(self) -> list[VoiceEntry]:
        """Every voice, and since when one that cannot be reached has been silent."""
        return self._studio.voices()

    def warm(self) -> None:
        """Somebody is about to say something: have the voice ready."""
        self._studio.warm()

    def wait_for_end(self, airing_id: str, timeout_seconds: float | None = None) -> JournalEntry | None:
        """How an airing ended, waiting for it; None when the time is over first."""
        return self._endings.wait_for(airing_id, timeout_seconds)


def _broken_off(left: Unfinished, noted_at: datetime) -> JournalEntry:
    """The journal line of what sounded when the power went; its whole length is not known any more."""
    seconds = left.seconds_played
    return JournalEntry(
        left.airing, Outcome.CUT_SHORT, "停电", "", left.started_at, noted_at, seconds, seconds
    )


def _by(what: str, asked_by: str) -> str:
    return f"{what}（{asked_by}）" if asked_by else what
