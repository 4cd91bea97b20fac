"""The box's thread for its county: connects, receives, asks for missing bulletins, sends receipts. It
never delays the air.
"""

import logging
import random
import select
import socket
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from paho.mqtt.client import MQTTMessage

from broadcaster.bulletin import mqtt_topics, strict_json
from broadcaster.bulletin.refusals import NotAccepted, Refusal
from broadcaster.bulletin.replay_guard import Accepted
from broadcaster.core.clock import Clock
from broadcaster.core.errors import StoreUnusable, reason_of
from broadcaster.core.model import Airing, JournalEntry
from broadcaster.link.inbox import Inbox
from broadcaster.link.membership import Membership
from broadcaster.link.mqtt_client import BrokerConnection, DisconnectCause
from broadcaster.link.outbox import Outbox
from broadcaster.link.reconnect_policy import ReconnectPolicy, Steadiness
from broadcaster.link.recording_download import RecordingDownloads
from broadcaster.link.refusal_log import RefusalLog
from broadcaster.link.remote_commands import RemoteCommands
from broadcaster.link.sync import CatchingUp
from broadcaster.link.usb_transfer import Taken, open_stick, take
from broadcaster.station.station import Station

logger = logging.getLogger(__name__)

T = TypeVar("T")

LONGEST_TURN_SECONDS = 30.0
# After an answer, a snapshot or a keyring something may be missed.
OF_WHAT_IS_IN_FORCE = frozenset("ahk")
# On one stick.
MOST_RECEIPTS = 10_000


class Link:
    """One loop around `step`; `wake`, `status` and `do` from any thread."""

    def __init__(
        self,
        station: Station,
        membership: Membership,
        clock: Clock,
        policy: ReconnectPolicy | None = None,
    ) -> None:
        self._station = station
        self._membership = membership
        self._clock = clock
        self._policy = policy or ReconnectPolicy()
        self._inbox = Inbox(station, membership, clock)
        self._jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        self._line: BrokerConnection | None = None
        self._recovered = False
        self._steadiness = Steadiness(self._policy, clock)
        self._refusals = RefusalLog(clock)
        self._try_at = clock.monotonic()
        log = self._inbox.log
        given = log, station.bulletins, membership.box, clock
        self._outbox = Outbox(*given, self._policy.nobody)
        self._reported_state: dict[str, Any] = {}
        self._connected_since: datetime | None = None
        self._trouble = ""
        self.downloads = RecordingDownloads(
            *(station.recordings, self._inbox.sounds, membership.folder, clock),
            *(self._recording_came, self._policy.sound),
        )
        self._inbox.airings.want_recording = self.downloads.want
        self._inbox.airings.drop_recording = self.downloads.drop
        county = self._inbox.county
        waits = self._policy.settle, self._policy.ask_again
        self._catching_up = CatchingUp(county, self._inbox.known, clock, *waits)
        self.remote_commands = RemoteCommands(
            *(station, membership.box, membership.area, membership.key, clock),
            *(lambda: county.trust, county.now, self._answer),
        )
        self._follow_no_more = station.follow(self._begun, self._ended)

    @property
    def fault(self) -> str:
        """A sentence in Chinese, or ""."""
        return " ".join(filter(None, (self._steadiness.fault, self._inbox.fault)))

    @property
    def hosted_by_county(self) -> bool:
        return self.remote_commands.is_reached

    def step(self) -> None:
        """Do what there is to do, then wait for the broker or for being woken."""
        self._look_after()
        if self._line:
            self._converse(self._line)
        elif self._clock.monotonic() >= self._try_at:
            self._connect()
        else:
            self._wait(self._try_at - self._clock.monotonic())

    def _look_after(self) -> None:
        """Handles endings of airings and the passing of time; the receipts are on the disk when this
        returns.
        """
        self._steadiness.look()
        self._refusals.look()
        if not self._recovered:
            self._inbox.airings.recover()
            self._recovered = True
        try:
            self._do_jobs()
            self._inbox.look()
            self._inbox.save()
        except StoreUnusable:
            # What ended meanwhile is in the journal.
            self._recovered = False
            raise

    def wake(self) -> None:
        with suppress(OSError):
            self._waker.send(b".")

    def close(self) -> None:
        """After the loop has ended."""
        self._follow_no_more()
        if self._line:
            self._line.leave(strict_json.write(self._state(online=False)))
            self._line = None
        self._woken.close()
        self._waker.close()

    def do(self, what: Callable[[Inbox], T]) -> T:
        """Have something done on this thread, between two messages; blocks for it."""
        done: Future[T] = Future()

        def job() -> None:
            try:
                result = what(self._inbox)
                self._inbox.save()
                done.set_result(result)
            except Exception as error:
                done.set_exception(error)

        self._jobs.put(job)
        self.wake()
        return done.result(60)

    def read_stick(self, path: Path) -> dict[str, Any]:
        """Raises `StickUnreadable` and `StoreUnusable`."""
        box, waiting = self._membership.box, self._station.bulletins

        def read(inbox: Inbox) -> Taken:
            with open_stick(path) as stick:
                return take(stick, inbox, box, lambda: waiting.receipts(MOST_RECEIPTS))

        return asdict(self.do(read))

    def status(self) -> dict[str, Any]:
        """The values that `broadcaster link show` prints."""
        county, since = self._inbox.county, self._connected_since
        upstream, zone = self._inbox.upstream, self._clock.zone
        snapshot = county.snapshot
        known = self._inbox.known().keys() - self._inbox.log.guard.called_off()
        return {
            "box": self._membership.box,
            "area": self._membership.area,
            "public_key": self._membership.public_key,
            "connected_since": since and since.isoformat(),
            "trouble": self._trouble,
            "keyring": list(county.trust.version),
            "keyring_expires": county.trust.expires.astimezone(zone).isoformat(),
            "above": {one.area: one.trust and list(one.trust.version) for one in upstream},
            "heads_at": snapshot and snapshot.at.astimezone(zone).isoformat(),
            "in_force": sorted(set(snapshot.in_force) & known) if snapshot else [],
            "withheld": sorted(county.withheld),
            "receipts_waiting": self._outbox.waiting,
            "last_refusal": county.last_refusal,
            "reached_from_afar": self.hosted_by_county,
            "fault": self.fault,
        }

    def _connect(self) -> None:
        enrolment, offices = self._membership.enrolment, self._inbox.offices
        try:
            line = BrokerConnection(enrolment, offices, strict_json.write(self._state(online=False)))
            line.open()
        except OSError as error:
            self._lost(reason_of(error))
            return
        self._line = line

    def _converse(self, line: BrokerConnection) -> None:
        was_up = line.up
        heard = line.turn(self._turn_seconds(), self._woken.fileno())
        self._drain()
        if line.up and not was_up:
            self._arrived()
        try:
            self._receive(line)
            self._outbox.take(line)
            if heard:
                self._outbox.heard()
            if line.up and not line.over:
                self._speak(line)
        except (StoreUnusable, OSError) as error:
            # What was not written down was not acknowledged: it comes with the next connection.
            line.over = str(error) if isinstance(error, StoreUnusable) else reason_of(error)
            self._recovered = False
        if line.over:
            line.close()
            self._line = None
            self._lost(line.over, line.ending)

    def _arrived(self) -> None:
        self._connected_since, self._trouble = self._clock.now(), ""
        self._steadiness.came()
        self._reported_state = {}
        self._catching_up.begin()
        self._outbox.begin()

    def _lost(self, reason: str, ending: DisconnectCause = DisconnectCause.USUAL) -> None:
        self._connected_since, self._trouble = None, reason
        self._outbox.begin()
        wait = self._steadiness.lost(reason, ending)
        # A whole county that comes back at once comes back one after the other.
        self._try_at = self._clock.monotonic() + wait * random.uniform(0.5, 1.0)

    def _receive(self, line: BrokerConnection) -> None:
        """All that has come: judged, written down with one fsync, acknowledged, and then gone by."""
        came = [line.messages.popleft() for _ in range(len(line.messages))]
        kinds = [mqtt_topics.kind_of(one.topic) for one in came]
        judged = [self._judge(kind, one) for kind, one in zip(kinds, came, strict=True)]
        self._inbox.save()
        for one in came:
            line.acknowledge(one)
        if accepted := [one for one in judged if one]:
            # Should this fail, it is found among what was kept.
            self._recovered = False
            self._inbox.airings.act_on(accepted)
            self._inbox.save()
            self._recovered = True
        if not OF_WHAT_IS_IN_FORCE.isdisjoint(kinds):
            self._catching_up.look()
            if self._inbox.county.answered:
                self._outbox.answered()

    def _judge(self, kind: str, message: MQTTMessage) -> Accepted | None:
        if kind == "c":
            self.remote_commands.take(bytes(message.payload))
            return None
        try:
            return self._inbox.take(kind, bytes(message.payload))
        except NotAccepted as refused:
            if refused.refusal is Refusal.SNAPSHOT_OLD and message.retain:
                # What stands on the broker is as old as its last save; the box has had newer, and asks.
                return None
            self._refusals.tell(message.topic, refused)
            self._inbox.county.refused("", refused.refusal)
        except (StoreUnusable, OSError):
            raise
        except Exception:
            # One that breaks us must not stand before the others for ever.
            logger.exception("县里发来的没有处理成，跳过它（%s），错误在下面", message.topic)
        return None

    def _speak(self, line: BrokerConnection) -> None:
        line.follow(self._inbox.offices)
        state = self._state(online=True)
        if state != self._reported_state:
            line.publish(mqtt_topics.state(self._membership.box), strict_json.write(state), retain=True)
            self._reported_state = state
        if self._catching_up.due_seconds <= 0:
            line.publish(
                mqtt_topics.sync_request(self._membership.box), self._catching_up.sync_request()
            )
            self._outbox.asked()
        self._outbox.send(line)

    def _state(self, online: bool) -> dict[str, Any]:
        return {
            "v": 1,
            "online": online,
            "clock_trusted": self._station.clock_is_trusted(),
            "keyring": list(self._inbox.county.trust.version),
            "fault": self.fault,
            "sound": self._station.silent_for,
            "quiet": self._station.settings.quiet.written(),
        }

    def _turn_seconds(self) -> float:
        due = self._catching_up.due_seconds, self._outbox.due_seconds
        return max(0.0, min(LONGEST_TURN_SECONDS / 2, *due))

    def _wait(self, seconds: float) -> None:
        select.select([self._woken], [], [], seconds)
        self._drain()

    def _drain(self) -> None:
        with suppress(OSError):
            self._woken.recv(4096)

    def _do_jobs(self) -> None:
        with suppress(Empty):
            while True:
                self._jobs.get_nowait()()

    def _begun(self, airing: Airing) -> None:
        if airing.firm:
            self._jobs.put(lambda: self._inbox.airings.begun(airing))
            self.wake()

    def _answer(self, data: bytes) -> None:
        """Any thread; where the line is gone nobody waits for it any more."""

        def job() -> None:
            if self._line and self._line.up:
                self._line.answer(data)

        self._jobs.put(job)
        self.wake()

    def _recording_came(self, bulletin_id: str, recording: str, problem: str) -> None:
        self._jobs.put(lambda: self._inbox.airings.recording_came(bulletin_id, recording, problem))
        self.wake()

    def _ended(self, entry: JournalEntry) -> None:
        if entry.airing.firm:
            self._jobs.put(lambda: self._inbox.airings.ended(entry))
            self.wake()
