"""Many boxes in one process, for `county.py`: the real link and its memory, over an air of no sound."""

from __future__ import annotations

import contextlib
import gc
import logging
import resource
import select
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from broadcaster.bulletin import topics
from broadcaster.bulletin.enrolment import Enrolment
from broadcaster.clock import Clock
from broadcaster.hours import PASSES, Verdict
from broadcaster.link.line import _context
from broadcaster.link.link import Link
from broadcaster.link.membership import enrol
from broadcaster.model import Airing, JournalEntry, Kind, Notice, Outcome
from broadcaster.recordings import Recordings
from broadcaster.settings import Settings
from broadcaster.store.bulletins import StoredBulletins
from broadcaster.store.database import Database
from broadcaster.store.tables import DATABASE

CLOCK = Clock(ZoneInfo("Asia/Shanghai"))
HEARD_SECONDS = 30.0
LOOK_MILLISECONDS = 50


@dataclass
class SilentStation:
    """What a link needs of a station: notices begin at once, and have been heard when `play` says so."""

    state: Path
    bulletins: StoredBulletins
    settings: Settings = field(default_factory=Settings)
    took: dict[str, float] = field(default_factory=dict)
    sounding: dict[str, Airing] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.recordings = Recordings(self.state)

    def clock_is_trusted(self) -> bool:
        return True

    def confirm_clock(self) -> None:
        pass

    def follow(self, begun: Callable[[Airing], None], ended: Callable[[JournalEntry], None]) -> None:
        self._begun, self._ended = begun, ended

    def announce(self, notice: Notice, *, asked_by: str, at: Any, expires_at: datetime) -> None:
        now = CLOCK.now()
        self.took[notice.id] = time.time()
        airing = Airing(notice, at or now, expires_at, Kind.SCHEDULED, asked_by, notice.id, firm=True)
        self.sounding[notice.id] = airing
        self._begun(airing)

    def play(self) -> None:
        """Everything that sounds has now been heard in full."""
        now = CLOCK.now()
        for id in tuple(self.sounding):
            airing = self.sounding.pop(id)
            how = "", "bench:silent", now, now, HEARD_SECONDS, HEARD_SECONDS
            self._ended(JournalEntry(airing, Outcome.PLAYED, *how))

    def verdict(self, notice: Notice, at: datetime | None = None) -> Verdict:
        return PASSES

    def find_airing(self, id: str) -> Airing | None:
        return self.sounding.get(id)

    def past(self, id: str) -> None:
        return None

    def cancel(self, id: str, asked_by: str) -> bool:
        return False


class SilentBox:
    """What outlasts its being off is its folder and its session on the broker."""

    def __init__(self, state: Path, enrolment: Enrolment) -> None:
        self.membership = enrol(state, enrolment, CLOCK.now())
        self.database = Database(state / DATABASE, CLOCK)
        self.station = SilentStation(state, StoredBulletins(self.database))

    def on(self) -> None:
        station: Any = self.station
        self.link = Link(station, self.membership, CLOCK)

    def off(self) -> None:
        self.link.close()

    def turn(self) -> None:
        """One step, which does not wait: it has been woken."""
        self.link.wake()
        self.link.step()

    def listens(self) -> list[int]:
        """What to look at for whether there is something to do."""
        sock = self.link._line and self.link._line._client.socket()
        found = [self.link._woken.fileno()]
        return [*found, sock.fileno()] if sock else found


class Boxes:
    """Answers to the words of `serve`, and turns all its boxes on one thread."""

    def __init__(self, folder: Path, enrolments: list[Enrolment]) -> None:
        self._boxes = [SilentBox(folder / one.box, one) for one in enrolments]
        self._on = False

    def attend(self, pipe: Connection) -> None:
        """Until something is asked."""
        while not pipe.poll(0 if self._on else None):
            if self._on:
                self._turn()

    def _turn(self) -> None:
        boxes = {number: one for one in self._boxes for number in one.listens()}
        look = select.poll()
        for number in boxes:
            look.register(number, select.POLLIN)
        busy = [boxes[number] for number, _ in look.poll(LOOK_MILLISECONDS)]
        due = [one for one in self._boxes if one.link._turn_seconds() == 0 or not one.link._line]
        for one in {id(one): one for one in (*busy, *due)}.values():
            one.turn()

    def keys(self) -> dict[str, str]:
        return {one.membership.box: one.membership.public_key for one in self._boxes}

    def on(self) -> None:
        for one in self._boxes:
            one.on()
        self._on = True
        self.rest()

    def rest(self) -> None:
        """Between two rounds: a collection would go through what a hundred boxes have, and in the field
        each has a process of its own.
        """
        gc.collect()
        gc.freeze()

    def off(self) -> None:
        self._on = False
        for one in self._boxes:
            one.off()

    def up(self) -> int:
        return sum(one.link._connected_since is not None for one in self._boxes)

    def waiting(self) -> int:
        """Receipts that the county has not."""
        return sum(one.link._outbox.waiting for one in self._boxes)

    def play(self) -> None:
        for one in self._boxes:
            one.station.play()

    def took(self, id: str) -> list[float]:
        """When each had it on its disk and queued, by the machine's clock."""
        return [one.station.took[id] for one in self._boxes if id in one.station.took]

    def worked(self) -> float:
        """Seconds of processor, of all."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        return used.ru_utime + used.ru_stime


class BareSubscribers:
    """The peer: paho alone, on the same topics, with nothing behind it."""

    def __init__(self, enrolments: list[Enrolment]) -> None:
        self._came: dict[str, list[float]] = {}
        self._up = 0
        self._clients = [self._client(one) for one in enrolments]

    def attend(self, pipe: Connection) -> None:
        """They have threads of their own."""

    def up(self) -> int:
        return self._up

    def took(self, topic: str) -> list[float]:
        return self._came.get(topic, [])

    def off(self) -> None:
        for client in self._clients:
            # This way round: paho's thread forgets itself when it has disconnected.
            client.loop_stop()
            client.disconnect()

    def _client(self, enrolment: Enrolment) -> Client:
        client = Client(CallbackAPIVersion.VERSION2, enrolment.box, protocol=MQTTv5)
        client.username_pw_set(enrolment.box, enrolment.password)
        client.tls_set_context(_context(enrolment.authority))
        client.on_message = lambda *given: self._came.setdefault(given[2].topic, []).append(time.time())
        client.on_subscribe = self._subscribed
        client.connect(enrolment.host, enrolment.port, 30)
        client.subscribe([(topic, 1) for topic in topics.bulletins_for(enrolment.area)])
        client.loop_start()
        return client

    def _subscribed(self, *_: object) -> None:
        self._up += 1


def serve(make: Callable[[], Any], pipe: Connection) -> None:
    """The program of a child: each word is a method, until the pipe is closed."""
    logging.disable(logging.WARNING)
    served = make()
    with contextlib.suppress(EOFError):
        while True:
            served.attend(pipe)
            word, *given = pipe.recv()
            pipe.send(getattr(served, word)(*given))
