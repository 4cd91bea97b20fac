"""Both ends of a village's page over the county, with a road between them that a test may spoil."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from bulletin.county_rig import COUNTY, VILLAGE, County
from securesystemslib.signer import CryptoSigner

from broadcaster.bulletin import mqtt_topics
from broadcaster.bulletin.keyring import Trust
from broadcaster.bulletin.keys import new_key, public
from broadcaster.bulletin.trusted_time import Now
from broadcaster.core.clock import Clock
from broadcaster.core.notice import Severity
from broadcaster.county.register.register import Box, BoxState
from broadcaster.county.villages.remote_client import RemoteClient
from broadcaster.county.villages.remote_station import RemoteStation
from broadcaster.link.remote_commands import THREADS, RemoteCommands
from broadcaster.station.station import Station
from broadcaster.system.thread_loop import ThreadLoop

BOX = f"{VILLAGE}-1"
__all__ = ["BOX", "COUNTY", "VILLAGE", "Ends", "Road", "far_ends"]


class Road:
    """As `MqttClient` for commands; `spoil` is what becomes of one on its way, and of an answer."""

    connected = True

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.answered: list[bytes] = []
        self.spoil: Callable[[bytes], bytes] = lambda data: data
        self.spoil_answer: Callable[[bytes], bytes] = lambda data: data
        self.takes: Callable[[bytes], None] = lambda data: None
        self._answers: Callable[[str, bytes], None] = lambda topic, data: None

    def on_answer(self, answered: Callable[[str, bytes], None]) -> None:
        self._answers = answered

    def send(self, topic: str, data: bytes) -> bool:
        if self.connected:
            self.sent.append(data)
            if data := self.spoil(data):
                self.takes(data)
        return self.connected

    def answer(self, data: bytes) -> None:
        self.answered.append(data)
        if data := self.spoil_answer(data):
            self._answers(mqtt_topics.done(BOX), data)


class WaitingClock(Clock):
    """The machine's, but a test may let time go by."""

    waited = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.waited


@dataclass
class Ends:
    """The box in its village; `trust` is the box's, `signs_by` what the office signs by."""

    county: County
    station: Station
    clock: WaitingClock
    road: Road = field(default_factory=Road)
    key: CryptoSigner = field(default_factory=new_key)
    signs_by: CryptoSigner | None = None
    now: datetime | None = None
    trust: Trust = field(init=False)
    line: RemoteClient = field(init=False)
    end: RemoteCommands = field(init=False)

    def __post_init__(self) -> None:
        self.trust = self.county.trust(self.clock.now())
        self.signs_by = self.signs_by or self.county.village
        keys = SimpleNamespace(signer=lambda area: self.signs_by)
        self.line = RemoteClient(cast(Any, self.road), cast(Any, self), cast(Any, keys), 0.0)
        self.restart()

    def restart(self) -> None:
        """The box has lost its memory."""
        self.end = RemoteCommands(
            *(self.station, BOX, VILLAGE, self.key, self.clock, lambda: self.trust),
            *(self._now, self.road.answer),
        )
        self.road.takes = self.end.take

    def get(self, box: str) -> Box:
        """As the register."""
        key = str(public(self.key).keyval["public"])
        return Box(box, VILLAGE, "洞背村", BoxState.ENROLLED, key, None, None, True)

    def remote(self, folder: Path) -> Any:
        return RemoteStation(partial(self.line.ask, BOX), folder)

    def _now(self) -> Now:
        now = self.now or self.clock.now()
        return Now(now, True, now)


@contextmanager
def far_ends(
    station: Any, severities: frozenset[Severity] = frozenset(Severity), **given: Any
) -> Iterator[Ends]:
    """The village's key may use these severities."""
    clock = WaitingClock(station.settings.station.zone)
    station.settings.paths.state.mkdir(parents=True, exist_ok=True)
    county = County(expires=clock.now() + timedelta(days=365))
    *others, own = county.list.delegations
    county.keyring(delegations=(*others, replace(own, severities=severities)))
    with ExitStack() as stack:
        ends = Ends(county, station, clock, **given)
        for number in range(THREADS):
            # By its name, for a restart makes another end.
            stack.enter_context(
                ThreadLoop(f"far-{number}", lambda: ends.end.step(), lambda: ends.end.wake())
            )
        yield ends
