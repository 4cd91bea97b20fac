"""Many boxes in one process, for `county.py`: light boxes of `tests/rig`, turned on one thread."""

from __future__ import annotations

import contextlib
import gc
import logging
import resource
import select
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from rig.light_box import LightBox

from broadcaster.bulletin import mqtt_topics
from broadcaster.bulletin.enrolment import Enrolment
from broadcaster.link.mqtt_client import _context

LOOK_MILLISECONDS = 50


class Boxes:
    """Answers to the words of `serve`, and turns all its boxes on one thread."""

    def __init__(self, folder: Path, enrolments: list[Enrolment]) -> None:
        self._took: dict[str, list[float]] = {}
        self._boxes = [LightBox(folder / one.box, one, came=self._note) for one in enrolments]
        self._on = False

    def _note(self, id: str) -> None:
        self._took.setdefault(id, []).append(time.time())

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
        return self._took.get(id, [])

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
        client.subscribe([(topic, 1) for topic in mqtt_topics.bulletins_for(enrolment.area)])
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
