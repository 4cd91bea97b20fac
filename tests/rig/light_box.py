"""A box without a sound card: the real link and its memory, over an air of no sound."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from broadcaster.bulletin.enrolment import Enrolment
from broadcaster.core.clock import Clock
from broadcaster.core.model import Airing, AiringKind, JournalEntry, Outcome
from broadcaster.core.notice import Notice
from broadcaster.link.county_link import Link
from broadcaster.link.membership import Membership, enrol
from broadcaster.link.reconnect_policy import ReconnectPolicy
from broadcaster.rules.quiet_hours import PASSES, Verdict
from broadcaster.settings.schema import Settings
from broadcaster.store.bulletins import StoredBulletins
from broadcaster.store.database.station_database import Database
from broadcaster.store.database.tables import DATABASE
from broadcaster.studio.recordings import Recordings

CLOCK = Clock(ZoneInfo("Asia/Shanghai"))
HEARD_SECONDS = 30.0


@dataclass
class SilentStation:
    """What a link needs of a station: notices begin at once, and have been heard when `play` says so.

    `heard` has each as often as it sounded to its end, `ends` how each ended last, by its id.
    """

    state: Path
    bulletins: StoredBulletins
    settings: Settings = field(default_factory=Settings)
    came: Callable[[str], None] = lambda id: None
    sounding: dict[str, Airing] = field(default_factory=dict)
    heard: list[Notice] = field(default_factory=list)
    ends: dict[str, JournalEntry] = field(default_factory=dict)
    silent_for = ""

    def __post_init__(self) -> None:
        self.recordings = Recordings(self.state)

    def clock_is_trusted(self) -> bool:
        return True

    def confirm_clock(self) -> None:
        pass

    def follow(
        self, begun: Callable[[Airing], None], ended: Callable[[JournalEntry], None]
    ) -> Callable[[], None]:
        self._begun, self._ended = begun, ended
        return lambda: None

    def announce(
        self, notice: Notice, *, asked_by: str, at: Any, expires_at: datetime, night_ok: bool
    ) -> Airing:
        now = CLOCK.now()
        self.came(notice.id)
        airing = Airing(
            notice, at or now, expires_at, AiringKind.SCHEDULED, asked_by, notice.id, firm=True
        )
        self.sounding[notice.id] = airing
        self._begun(airing)
        return airing

    def play(self) -> None:
        """Everything that sounds has now been heard in full."""
        for id in tuple(self.sounding):
            self.heard.append(self.sounding[id].notice)
            self._end(id, Outcome.PLAYED, HEARD_SECONDS)

    def cancel(self, id: str, asked_by: str) -> bool:
        found = id in self.sounding
        if found:
            self._end(id, Outcome.CANCELLED, 0.0)
        return found

    def _end(self, id: str, outcome: Outcome, seconds: float) -> None:
        now, airing = CLOCK.now(), self.sounding.pop(id)
        self.ends[id] = JournalEntry(
            airing, outcome, "", "light:silent", now, now, seconds, HEARD_SECONDS
        )
        self._ended(self.ends[id])

    def verdict(self, notice: Notice, at: datetime | None = None) -> Verdict:
        return PASSES

    def why_waits(self, airing: Airing) -> str:
        return ""

    def find_airing(self, id: str) -> Airing | None:
        return self.sounding.get(id)

    def past(self, id: str) -> JournalEntry | None:
        return self.ends.get(id)


class LightBox:
    """What outlasts its being off is its folder and its session on the broker."""

    def __init__(
        self,
        state: Path,
        enrolment: Enrolment,
        policy: ReconnectPolicy | None = None,
        came: Callable[[str], None] = lambda id: None,
    ) -> None:
        self._state, self._policy = state, policy
        self.membership: Membership = enrol(state, enrolment, CLOCK.now())
        self.database = Database(state / DATABASE, CLOCK)
        self.station = SilentStation(state, StoredBulletins(self.database), came=came)

    def on(self) -> None:
        station: Any = self.station
        self.link = Link(station, self.membership, CLOCK, self._policy)

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
