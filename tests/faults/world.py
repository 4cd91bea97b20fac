"""A busy village that faults strike: its box is killed and comes up again, and its books are balanced.

Notices of all severities are asked for by the local door and by HTTP with an Idempotency-Key, beside a
slot and a loop of every minute; who got no answer by HTTP asks again under the same key. Card, clock and
disk fail when they are told to.
"""

import shutil
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from itertools import count
from pathlib import Path
from random import Random
from threading import Event
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

import psutil
from faults.books import Asked, Books
from faults.sounds import Ear, Matter, matter_of
from faults.wordings import PLAIN, fields_of, plain_wording, wording
from rig.failing_disk import FailingDisk
from rig.living import Refused
from rig.living_box import LivingBox, Program
from rig.rig import FakeCard, FakeRig, wait_until
from rig.village import Village
from rig.wall_clock import WallClock

from broadcaster.core.clock import Clock
from broadcaster.core.model import Airing, AiringKind
from broadcaster.core.notice import Notice
from broadcaster.core.people import Scope
from broadcaster.settings.schema import load_lexicon, load_settings
from broadcaster.store.database import tables
from broadcaster.store.database.read_connection import ReadConnection
from broadcaster.store.database.tables import DATABASE
from broadcaster.store.journal import JournalRow
from broadcaster.store.offline_journal import open_past
from broadcaster.store.store import open_store
from broadcaster.studio.studio import Studio

CLOCK = Clock(ZoneInfo("Asia/Shanghai"))
EACH_MINUTE = "报时"
SLOTS = {EACH_MINUTE: "现在报时。", "防火": "注意防火。"}
MANNER = 'late_minutes: 2, opening: "", closing: "", chime: 无'
TIMETABLE = f"""\
slots:
  - {{name: 报时, text: {SLOTS["报时"]}, cron: "* * * * *", {MANNER}}}
  - {{name: 防火, text: {SLOTS["防火"]}, every_minutes: 1, windows: ["00:00-24:00"], {MANNER}}}
"""
STARTS = 3
LATENESS = timedelta(minutes=20)
MINUTE, LATE = timedelta(minutes=1), timedelta(minutes=2)
SOUND_SECONDS = 5.0
DRAIN_SECONDS = 120.0
LEAVES_SECONDS = 20.0
# So many wait at most before nobody asks for more: the air must keep up with what is asked.
MOST_WAITING = 3


class Target(Enum):
    """What a kill hits."""

    GROUP = "whole group"
    START = "whole group at its start"
    MAIN = "main"
    SOUND = "sound"
    VOICE = "voice"


@dataclass(frozen=True)
class Tools:
    """Made once for all worlds: the card, the disk, and a cache of so many notices."""

    folder: Path
    wordings: int

    @property
    def village(self) -> Path:
        return self.folder / "village"

    @property
    def card(self) -> Path:
        return self.folder / "libasound_module_pcm_fakecard.so"

    @property
    def disk(self) -> Path:
        return self.folder / "failing_disk.so"


def configure(village: Village, **sections: dict[str, Any]) -> None:
    """The openings once, for the air must keep up."""
    station, loops = {"opening_repeats": 1}, {"lowest_gap_minutes": 0}
    village.configure(station=station, loops=loops, **sections)
    (village.folder / "timetable.yaml").write_text(TIMETABLE, encoding="utf-8")


class World:
    """One village from its first day on; `books` is what is known of it after each `balance`."""

    def __init__(self, folder: Path, tools: Tools, seed: str) -> None:
        self.folder, self.seed = folder, seed
        self.random, self.books = Random(seed), Books()
        village = folder / "village"
        for each in (village, folder / "cards"):
            each.mkdir(parents=True)
        self.rig = FakeRig(folder / "cards", tools.card)
        self.card, self.spare = (
            self.rig.village,
            FakeCard(folder / "cards" / "spare", tools.card, 48_000, 1),
        )
        self.ear = Ear(self.card, self.spare)
        self.clock, self.disk = WallClock(folder), FailingDisk(folder, tools.disk, village)
        both = f"{self.clock.environment['LD_PRELOAD']} {self.disk.environment['LD_PRELOAD']}"
        fails = {**self.clock.environment, **self.disk.environment, "LD_PRELOAD": both}
        self.village = Village(village, {**self.rig.environment, **fails})
        configure(self.village)
        shutil.copytree(tools.village / "cache", village / "cache")
        with open_store(self.database, CLOCK) as store:
            key = store.tokens.make("县平台", Scope.AIR, "王秀英")
        self.box = LivingBox(self.village, folder / "box.log")
        self.program = Program(self.box, key)
        self.clock_was_set, self._lives_since = False, datetime.now(UTC)
        self._numbers, self._fresh = count(1), count(tools.wordings)
        self._wordings = deque(map(wording, range(tools.wordings)))
        self._pending: list[Asked] = []
        self._matters: dict[Notice, Matter] = {}

    @property
    def database(self) -> Path:
        return self.village.state / DATABASE

    # The box.

    def start(self) -> None:
        """Up and answering; what got no answer before is asked again."""
        for _ in range(STARTS):
            try:
                self.box.start()
                return self.ask_again()
            except (Refused, AssertionError):
                self.books.note("broke", f"{self.seed}: {self.box.printed[-600:]}")
                self.box.cut_power()
        raise AssertionError(f"the box of {self.folder} does not start")

    def kill(self, target: Target) -> bool:
        """False if there is none such now."""
        if target in (Target.GROUP, Target.START):
            self.box.cut_power()
        elif target is Target.MAIN:
            self.box.kill(self.box.process)
            wait_until(lambda: not self.box.runs)
        else:
            child = self.box.child(target.value)
            if child is None:
                return False
            self.box.kill(child)
        return True

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Nothing of the box moves meanwhile: its files are as a power cut finds them."""
        those = [self.box.process, *self.box.process.children(recursive=True)]
        for one in those:
            one.suspend()
        wait_until(lambda: all(one.status() == psutil.STATUS_STOPPED for one in those))
        try:
            yield
        finally:
            for one in those:
                with suppress(psutil.NoSuchProcess):
                    one.resume()

    def replace_state(self, kept: Path) -> None:
        """Go on with other files, as after a power cut."""
        shutil.rmtree(self.village.state)
        kept.rename(self.village.state)

    def move_card(self) -> None:
        """The same name leads to the other device from now on, and the first one is gone."""
        old, new = self.card, self.spare
        self.ear.place()
        (new.folder / "unplug").unlink(missing_ok=True)
        settings = self.rig.asoundrc.read_text()
        self.rig.asoundrc.write_text(settings.replace(f'"{old.folder}"', f'"{new.folder}"'))
        self.card, self.spare = new, old

    def close(self) -> None:
        self.box.cut_power()

    def pause(self, longest_seconds: float) -> None:
        Event().wait(longest_seconds * self.random.random())

    # What is asked.

    def status(self) -> dict[str, Any]:
        """Nothing while it does not answer."""
        with suppress(OSError, Refused):
            return self.box.status()
        return {}

    def keep_busy(self, most: int = 2) -> None:
        """Somebody asks for one or more, unless enough waits."""
        left = MOST_WAITING - len(self.status().get("waiting", ()))
        for _ in range(min(left, self.random.randint(1, most))):
            self.ask()

    def sound_something(self) -> None:
        """Return while something can be heard, or nothing comes."""
        before = self.ear.place()
        self.keep_busy()
        with suppress(AssertionError):
            wait_until(lambda: self.ear.place() > before or not self.box.runs, SOUND_SECONDS)

    def ask(self, fresh: bool = False, read_only: bool = False) -> Asked:
        """By a door that chance chooses; a `fresh` one has to be made first."""
        notice = plain_wording(next(self._fresh)) if fresh else self._prepared()
        one = self._note(notice, self.random.choice(("door", "http")))
        one.read_only = read_only
        self._ask_for(one)
        return one

    def fall_due(self) -> None:
        """While the box is down: what the timetable had put as the power went."""
        one, now = self._note(self._prepared(), "timetable"), CLOCK.now()
        airing = Airing(one.notice, now, now + LATENESS, AiringKind.SCHEDULED, "钟点")
        with open_store(self.database, CLOCK) as store:
            assert store.queue.accept(airing)
        one.airing_id = airing.id

    def _note(self, notice: Notice, door: str) -> Asked:
        ticket = f"{self.seed}.{next(self._numbers)}"
        one = Asked(ticket, replace(notice, title=ticket), door, self.ear.place())
        self._pending.append(one)
        return one

    def promised(self) -> list[Asked]:
        """What was accepted since the last balance."""
        return [one for one in self._pending if one.accepted]

    def ask_again(self) -> None:
        for one in self._pending:
            if one.door == "http" and not one.accepted:
                self._ask_for(one)

    def _prepared(self) -> Notice:
        """Each text but once between two balances, so that it is known whose a sound is."""
        self._wordings.rotate(-1)
        if any(one.notice.text == self._wordings[0].text for one in self._pending):
            self.balance()
        return self._wordings[0]

    def _ask_for(self, one: Asked) -> None:
        with suppress(OSError, Refused):
            answer = self._by_http(one) if one.door == "http" else self._by_the_door(one)
            one.airing_id = answer["id"]
            one.told = one.told or not answer.get("kept", True)

    def _by_the_door(self, one: Asked) -> dict[str, Any]:
        request = {"do": "say", "notice": fields_of(one.notice), "asked_by": "王秀英", "wait": False}
        (answer,) = self.box.tell(request)
        accepted: dict[str, Any] = answer["accepted"]
        return accepted

    def _by_http(self, one: Asked) -> dict[str, Any]:
        return self.program.announce(one.ticket, **fields_of(one.notice))

    # What became of it.

    def waiting(self) -> str:
        """The rows of the queue."""
        with closing(ReadConnection(self.database)) as reader:
            return "\n".join(row.airing for row in reader.read(tables.queue.select()))

    def journal(self) -> list[JournalRow]:
        with open_past(self.village.state, Clock(ZoneInfo("Asia/Shanghai"))) as past:
            return list(past.each()) if past else []

    def has_ended(self, one: Asked) -> bool:
        return any(row.title == one.ticket for row in self.journal())

    def drain(self) -> None:
        """Let all end that somebody asked for; a box that died is started, as a service manager does."""
        end = monotonic() + DRAIN_SECONDS
        while monotonic() < end:
            if not self.box.runs:
                self.start()
            self.ask_again()
            waiting = self.waiting()
            if not any(f'"{one.ticket}"' in waiting for one in self._pending):
                return
            Event().wait(0.1)

    def balance(self) -> None:
        """End what waits, and judge each notice that was asked for since the last time."""
        self.drain()
        lines, waiting = defaultdict(list), self.waiting()
        for row in self.journal():
            lines[row.title].append(row)
        self.ear.place()
        matters = self.matters(one.notice for one in self._pending)
        for one, matter in zip(self._pending, matters, strict=True):
            self.books.judge(one, lines[one.ticket], f'"{one.ticket}"' in waiting, matter, self.ear)
        self._pending = []

    def balance_timetable(self) -> None:
        """At a world's end: each occurrence has its line, and none was heard without one of its own."""
        place = self.ear.place()
        # What was heard whole by then has its line when it has left the air.
        with suppress(AssertionError):
            wait_until(lambda: not self.status().get("on_air"), LEAVES_SECONDS)
        rows = [row for row in self.journal() if row.kind is not AiringKind.LIVE]
        matters = self.matters(Notice(text, **PLAIN) for text in SLOTS.values())
        for (name, text), matter in zip(SLOTS.items(), matters, strict=True):
            mine = [row for row in rows if row.text == text]
            often = len({row.due_at for row in mine})
            heard = matter.times(self.ear, 0, place)
            self.books.counts["slots"] += often
            if len(mine) > often:
                self.books.note("doubled", f"{self.seed}: {name}: {len(mine)} lines of {often}")
            if heard > often:
                self.books.note("twice", f"{self.seed}: {name}: {often} occurrences, {heard} heard")
        if not self.clock_was_set:
            self._look_for_minutes({row.due_at for row in rows if row.asked_by == EACH_MINUTE})

    def _look_for_minutes(self, due: set[datetime]) -> None:
        """The last ones may wait still."""
        first, last = self._lives_since, datetime.now(UTC) - LATE
        for number in range(1, (last - first) // MINUTE + 1):
            minute = first.replace(second=0, microsecond=0) + number * MINUTE
            if minute not in due:
                self.books.note("lost", f"{self.seed}: {EACH_MINUTE} of {minute:%H:%M} UTC: no line")

    def matters(self, notices: Iterable[Notice]) -> list[Matter]:
        """How they sound; what is not in the cache is made."""
        wanted = [_bare(notice) for notice in notices]
        if unknown := set(wanted) - self._matters.keys():
            folder = self.village.folder
            with closing(Studio(load_settings(folder), load_lexicon(folder), CLOCK)) as studio:
                for notice in unknown:
                    settled = studio.settle(notice)
                    found = studio.find(settled) or studio.programme(settled)
                    self._matters[notice] = matter_of(notice, found)
        return [self._matters[notice] for notice in wanted]


def _bare(notice: Notice) -> Notice:
    return replace(notice, id="", title="")
