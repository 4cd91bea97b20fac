"""The office's own thread: takes in receipts, signs and sends bulletins, and clears topics."""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from broadcaster.bulletin import mqtt_topics
from broadcaster.bulletin.refusals import NotAccepted
from broadcaster.bulletin.snapshot import Snapshot
from broadcaster.bulletin.sync_request import SyncRequest
from broadcaster.core.clock import Clock
from broadcaster.county.board.county_totals import CountyTotals
from broadcaster.county.board.receipt_inbox import IncomingReceipts, ReceiptInbox
from broadcaster.county.broker.box_status import read_state
from broadcaster.county.broker.cleared_topics import ClearedTopics
from broadcaster.county.broker.mqtt_client import CONNECTED, Incoming, MqttClient
from broadcaster.county.keys.key_renewal import KeyRenewal
from broadcaster.county.notices.publisher import Outgoing, Publisher
from broadcaster.county.notices.recurring import RecurringNotices
from broadcaster.county.office.retained_junk import RetainedJunk
from broadcaster.system.log_brake import LogBrake

logger = logging.getLogger(__name__)

SNAPSHOT_EVERY = timedelta(minutes=10)
# What is changed within two seconds is one list: each costs a box a signature to check and an fsync, and
# it misses nothing before it has let what is on its way come for 3 s.
SNAPSHOT_AFTER = timedelta(seconds=2)
LOOK_SECONDS = 1.0
# A broker that is started with the office is there by then. Where it is away for hours a bulletin is
# signed all the same: its life counts from then.
UNREACHED_SECONDS = 60.0
AT_ONCE = 500
BULLETINS = f"{mqtt_topics.ROOT}/n/"


def own_topics(area: str) -> tuple[str, str]:
    """To be listened to besides what boxes say: what this office has sent before it knew what it knows.
    The snapshot comes last, for it tells what must have come before it.
    """
    return mqtt_topics.BULLETINS, mqtt_topics.snapshot(area)


class OfficeThread:
    """`step` is for a `ThreadLoop`; `wake` may be called by any thread.

    `areas_of` boxes are the areas of those that are in use; `tidy` takes away a little of what is over
    for long. With `hold_seconds` nothing is signed for so long once the broker is reached, or until its
    own snapshot has come from there.
    """

    def __init__(
        self,
        publisher: Publisher,
        inbox: ReceiptInbox,
        recurring: RecurringNotices,
        mqtt: MqttClient,
        clock: Clock,
        keys: KeyRenewal,
        areas_of: Callable[[Collection[str]], Mapping[str, str]],
        county_totals: CountyTotals,
        tidy: Callable[[], None] = lambda: None,
        hold_seconds: float = 0.0,
    ) -> None:
        self._publisher = publisher
        self._inbox = inbox
        self._recurring = recurring
        self._mqtt = mqtt
        self._clock = clock
        self._keys = keys
        self._areas_of = areas_of
        self._county_totals = county_totals
        self._tidy = tidy
        self._keyring_sent = b""
        self._snapshot_due = clock.now()
        self._cleared_topics = ClearedTopics(clock)
        self._retained_junk = RetainedJunk(mqtt, inbox, clock)
        self._brake = LogBrake(clock, logger.warning)
        self._woken, self._tended_at = True, clock.monotonic()
        # The numbers that boxes know stand on the broker, and come as soon as it is reached.
        self._hold_seconds, self._looks_back = hold_seconds, False
        self._signs_from = clock.monotonic() + (UNREACHED_SECONDS if hold_seconds else 0.0)
        # What could not be kept, for the database was away, is taken in by the next step.
        self._held: list[Incoming] = []
        # Since when there has been no line to the broker.
        self.cut_since: datetime | None = clock.now()

    def wake(self) -> None:
        """Somebody at the desk has done something."""
        self._woken = True
        self._mqtt.wake()

    def step(self) -> None:
        """Take in what has come, or wait a second for it; see to the rest once a second or when woken:
        while a county answers there is a batch every few milliseconds.
        """
        self._look_at_line()
        self._held += self._mqtt.take(LOOK_SECONDS, AT_ONCE)
        begins = CONNECTED in self._held
        if begins:
            self.begin()
        self._receive([one for one in self._held if one is not CONNECTED])
        self._held = []
        now = self._clock.monotonic()
        if begins:
            # One turn later: first comes what stands on the broker.
            self._tended_at = float("-inf")
        elif self._woken or now - self._tended_at >= LOOK_SECONDS:
            self._woken, self._tended_at = False, now
            self.tend()
            self._tidy()

    def _look_at_line(self) -> None:
        cut = not self._mqtt.connected
        if cut and self.cut_since is None:
            logger.warning("和消息服务器断开了，平台自己会再连")
        self.cut_since = (self.cut_since or self._clock.now()) if cut else None

    def tend(self) -> None:
        """Sign, send and clear away what is due; a snapshot soon after a change, or after 10 minutes."""
        self._keys.look()
        self._publisher.use(self._keys.signer, self._keys.trust)
        self._recurring.issue()
        changed = bool(self._publisher.expire())
        if self._clock.monotonic() >= self._signs_from and not self._publisher.restored.missing:
            self._look_back_no_more()
            changed = bool(self._publisher.sign_cleared()) or changed
        if self._mqtt.connected:
            changed = self._send_keyring() or changed
            changed = self._send_new() or changed
            changed = self._clear_old() or changed
        if changed:
            self._snapshot_due = min(self._snapshot_due, self._clock.now() + SNAPSHOT_AFTER)
        if self._mqtt.connected and self._clock.now() >= self._snapshot_due:
            self._send_snapshot()

    def begin(self) -> None:
        """The broker is there again, and may have lost what it had."""
        self._keyring_sent, self._snapshot_due = b"", self._clock.now()
        self._looks_back = True
        self._signs_from = min(self._signs_from, self._clock.monotonic() + self._hold_seconds)
        self._cleared_topics.begin()
        for outgoing in self._publisher.in_force():
            self._send(outgoing)

    def _send_new(self) -> bool:
        done = [self._send(outgoing) for outgoing in self._publisher.to_send()]
        return any(done)

    def _send(self, outgoing: Outgoing) -> bool:
        done = self._mqtt.publish([(topic, outgoing.envelope) for topic in outgoing.topics])
        if done:
            self._publisher.mark_sent(outgoing.id)
        return done

    def _clear_old(self) -> bool:
        for id in self._cleared_topics.saved():
            self._publisher.mark_cleared(id)
        old = [one for one in self._publisher.to_clear() if one.id not in self._cleared_topics]
        for one in old:
            if self._mqtt.publish([(topic, b"") for topic in one.topics]):
                self._cleared_topics.note(one.id)
        return bool(old)

    def _send_keyring(self) -> bool:
        """Also when a command has changed it meanwhile."""
        data, area = self._keys.keyring, self._keys.trust.area
        if data == self._keyring_sent or not self._mqtt.publish([(mqtt_topics.keyring(area), data)]):
            return False
        self._keyring_sent = data
        return True

    def _send_snapshot(self) -> None:
        if not self._publisher.may_sign:
            return
        area = self._publisher.trust.area
        snapshot = self._publisher.snapshot()
        if self._mqtt.publish([(mqtt_topics.snapshot(area), snapshot)]):
            self._snapshot_due = self._clock.now() + SNAPSHOT_EVERY
            self._keys.keep_snapshot(snapshot)

    def _receive(self, taken: Sequence[Incoming]) -> None:
        kinds: dict[str, list[tuple[str, bytes]]] = {"r": [], "s": [], "q": []}
        self._county_totals.take([(one.topic, one.payload) for one in taken])
        own_topic = mqtt_topics.snapshot(self._publisher.trust.area)
        for one in taken:
            self._retained_junk.see(one)
            if one.topic == own_topic and one.payload:
                self._follow(one.payload, one.fresh)
                continue
            if one.topic.startswith(BULLETINS):
                self._restore(one.payload)
                continue
            try:
                box = mqtt_topics.box_of(one.topic)
            except ValueError:
                continue
            if not one.payload:
                # A place that was emptied.
                continue
            kinds[one.topic.removeprefix(f"{mqtt_topics.ROOT}/")[0]].append((box, one.payload))
        self._inbox.take([IncomingReceipts(box, data) for box, data in kinds["r"]])
        states = [(box, read) for box, data in kinds["s"] if (read := read_state(data))]
        self._inbox.store_status(dict(states))
        if kinds["q"]:
            # Of one that asks again and again only the last question is answered.
            self._answer_all(dict(kinds["q"]))
        self._retained_junk.clear()
        self._brake.look()
        self._mqtt.acknowledge(taken)

    def _follow(self, snapshot: bytes, is_fresh: bool) -> None:
        """Our own, of before, that stand on the broker. One that has waited in the session says nothing
        of the bulletins that stand there: they come behind it.
        """
        if self._publisher.follow_own_snapshot(snapshot):
            self._snapshot_due = self._clock.now()
        if is_fresh:
            self._signs_from = self._clock.monotonic()

    def _restore(self, envelope: bytes) -> None:
        if self._publisher.follow_own_bulletin(envelope):
            self._snapshot_due = min(self._snapshot_due, self._clock.now() + SNAPSHOT_AFTER)

    def _look_back_no_more(self) -> None:
        """Else each bulletin that is sent would come back."""
        if self._looks_back:
            self._mqtt.leave(mqtt_topics.BULLETINS)
            self._looks_back = False

    def _answer_all(self, questions: Mapping[str, bytes]) -> None:
        """A county that comes back asks at once: one look at the database, one wait for the broker."""
        in_force, listing = self._publisher.in_force(), self._publisher.listing()
        areas = self._areas_of(questions.keys())
        answers: list[tuple[str, bytes]] = []
        read: dict[str, int] = {}
        for box, data in questions.items():
            try:
                asked, area = SyncRequest.from_bytes(data), areas[box]
            except (NotAccepted, KeyError) as error:
                whose = f"广播站 {box} " if box in areas else "没有登记的广播站"
                why = error if isinstance(error, NotAccepted) else ""
                self._brake.note(f"{whose}问的没有答", why)
                continue
            read[box] = asked.reads
            topic = mqtt_topics.answer(box)
            answers += [(topic, one) for one in self._answers(asked, area, in_force, listing)]
        self._mqtt.publish(answers, retain=False)
        self._publisher.note_versions(read)

    def _answers(
        self, asked: SyncRequest, area: str, in_force: Sequence[Outgoing], listing: Snapshot
    ) -> Iterator[bytes]:
        """In the order that `SyncRequest` promises: its snapshot last, and of its own area only."""
        if asked.keyring < self._publisher.trust.version:
            yield self._keys.keyring
        meant = [one for one in in_force if one.is_for(area)]
        yield from (one.envelope for one in meant if one.id in asked.missing)
        if self._publisher.may_sign:
            yield self._publisher.signed(listing, asked.nonce, {one.id for one in meant})
