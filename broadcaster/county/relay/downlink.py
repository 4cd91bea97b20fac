"""The relay's downlink: verifies the upstream office's messages, stores them, and passes them on as they
were signed.
"""

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import timedelta

from broadcaster.bulletin import areas, mqtt_topics
from broadcaster.bulletin.keyring import Trust
from broadcaster.bulletin.refusals import NotAccepted, Refusal
from broadcaster.bulletin.replay_guard import Accepted
from broadcaster.bulletin.trusted_time import Now
from broadcaster.bulletin.upstream_trust import UpstreamTrust
from broadcaster.bulletin.verify import read_for_office
from broadcaster.core.clock import Clock
from broadcaster.county.broker.cleared_topics import ClearedTopics
from broadcaster.county.broker.mqtt_client import CONNECTED, Incoming, MqttClient
from broadcaster.county.relay.relay_memory import RelayMemory

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
AT_ONCE = 500
# Villages are added now and then; another place is listened to so much later.
PLACES_EVERY = timedelta(minutes=1)
REMEMBERED_REFUSALS = 1_000
KEYRING, TRUST, SNAPSHOT = "keyring", "trust", "heads"


class Downlink:
    """`step` is for a `ThreadLoop`. `places` are the trimmed codes of towns and villages of the county;
    `boxes` tells which boxes in use lie in some areas.
    """

    def __init__(
        self,
        upstream: UpstreamTrust,
        county: str,
        memory: RelayMemory,
        upper: MqttClient,
        lower: MqttClient,
        clock: Clock,
        places: Callable[[], Sequence[str]],
        boxes: Callable[[Sequence[str]], Sequence[str]],
    ) -> None:
        self.upstream = upstream
        self._county = county
        self._memory = memory
        self._upper = upper
        self._lower = lower
        self._clock = clock
        self._places = places
        self._boxes = boxes
        self.last_refusal = ""
        self._refused: OrderedDict[bytes, None] = OrderedDict()
        self._unsent = {KEYRING, SNAPSHOT}
        self._sent_in = 0
        self._resubscribes = False
        self._asked_for: frozenset[str] = frozenset()
        self._listens_to: tuple[str, ...] = ()
        self._places_at = clock.now() - PLACES_EVERY
        self._held: list[Incoming] = []
        self._cleared_topics = ClearedTopics(clock)
        self._load_trust()

    def _load_trust(self) -> None:
        trust, snapshot = self._memory.content(TRUST), self._memory.content(SNAPSHOT)
        try:
            self.upstream = self.upstream.recalled(trust, snapshot, self._clock.now())
        except NotAccepted as error:
            logger.warning("存着的上级的钥匙串用不了，等新的：%s", error)

    def wake(self) -> None:
        self._upper.wake()

    def step(self) -> None:
        """Take in what has come, or wait a second for it; then see to the broker below."""
        self._listen()
        self._held += self._upper.take(LOOK_SECONDS, AT_ONCE)
        came = [one for one in self._held if one is not CONNECTED]
        for one in came:
            self._receive(one)
        # Written down and fsynced: until here it would come again.
        self._upper.acknowledge(came)
        self._held = []
        self.tend()

    def _listen(self) -> None:
        """To the keyring first, the snapshot, each area above ours, ours and all inside it."""
        if self._clock.now() - self._places_at >= PLACES_EVERY:
            self._places_at = self._clock.now()
            ours = dict.fromkeys((*areas.ancestors(self._county), *self._places()))
            bulletins = tuple(mqtt_topics.bulletin(area, "+") for area in ours)
            wanted = (
                mqtt_topics.keyring(self.upstream.area),
                mqtt_topics.snapshot(self.upstream.area),
                *bulletins,
            )
            self._resubscribes = self._resubscribes or wanted != self._listens_to
            self._listens_to = wanted
        if self._resubscribes:
            self._resubscribes = False
            self._upper.listen_to(self._listens_to)

    def _receive(self, one: Incoming) -> None:
        """Takes one message. An empty one is ignored: only the snapshot takes a bulletin off."""
        kind = one.topic.removeprefix(f"{mqtt_topics.ROOT}/").partition("/")[0]
        take = {"k": self._take_keyring, "h": self._take_snapshot, "n": self._take_bulletin}.get(kind)
        if not take or not one.payload:
            return
        try:
            take(one.payload)
        except NotAccepted as refused:
            self._refuse(one, refused)

    def _refuse(self, one: Incoming, refused: NotAccepted) -> None:
        """Named, once for each bytes: what is retained comes again with every connection."""
        digest = hashlib.sha256(one.payload).digest()
        if digest in self._refused:
            return
        logger.warning("上级发来的没有收（%s）：%s", one.topic, refused)
        self.last_refusal = f"{one.topic}：{refused}"
        self._refused[digest] = None
        while len(self._refused) > REMEMBERED_REFUSALS:
            self._refused.popitem(last=False)

    def _now(self) -> Now:
        return Now(self._clock.now(), True, self._clock.now())

    def _take_keyring(self, data: bytes) -> None:
        newer = self.upstream.with_keyring(data, self._clock.now())
        if newer == self.upstream:
            return
        # In this order: what a power cut leaves undone is done when it comes again.
        self._end_unsigned(newer.believed)
        self._memory.keep({KEYRING: data, TRUST: newer.believed.to_bytes(), SNAPSHOT: b""})
        self.upstream = newer
        self._unsent |= {KEYRING}
        # What came before it and was refused for its key comes again.
        self._refused.clear()
        self._resubscribes = True
        logger.info("上级 %s 的钥匙串换成第 %s.%s 版", newer.area, *newer.believed.version)

    def _end_unsigned(self, trust: Trust) -> None:
        for one in self._memory.in_force():
            if one.key_id in trust.targets.revoked or not trust.delegations_of(one.key_id):
                logger.warning("上级的通知 %s 撤下了：签它的钥匙作废了", one.id)
                self._memory.end(one.id)

    def _take_snapshot(self, data: bytes) -> None:
        newer = self.upstream.with_snapshot(data, self._now())
        if newer == self.upstream or not (snapshot := newer.snapshot):
            return
        carried = self._memory.in_force()
        for one in carried:
            if snapshot.has_dropped(one.key_id, one.seq, one.id):
                logger.info("上级的通知 %s 撤下了：上级的清单上没有它了", one.id)
                self._memory.end(one.id)
        self._memory.keep({SNAPSHOT: data})
        self.upstream = newer
        self._unsent |= {SNAPSHOT}
        self._ask_for(snapshot.missing({one.id: one.digest for one in carried}))

    def _ask_for(self, missing: frozenset[str]) -> None:
        """Most of it is of other counties; what is ours and was lost stands there retained."""
        self._resubscribes = self._resubscribes or bool(missing - self._asked_for)
        self._asked_for = missing

    def _take_bulletin(self, data: bytes) -> None:
        accepted = read_for_office(data, self.upstream.believed, self._now())
        ours = self._ours(accepted)
        known = self._memory.find(accepted.bulletin.id)
        if known and known.digest != accepted.digest:
            raise NotAccepted(Refusal.OTHER_BYTES, known.id)
        if known:
            return
        snapshot, record = self.upstream.snapshot, accepted.record
        if snapshot and snapshot.has_dropped(record.issuer.key_id, record.seq, record.id):
            raise NotAccepted(Refusal.NOT_IN_FORCE, record.id)
        self._memory.take(accepted, data, ours, self._boxes(ours))
        logger.info("上级的通知 %s 收下了，转给县里，发的单位：%s", record.id, accepted.issuer.name)

    def _ours(self, accepted: Accepted) -> list[str]:
        """Those of its areas that contain the county or lie in it, wherever it stood above."""
        found = [
            area
            for area in accepted.bulletin.areas
            if areas.contains(area, self._county) or areas.contains(self._county, area)
        ]
        if not found:
            raise NotAccepted(Refusal.NOT_FOR_THIS_BOX, " ".join(accepted.bulletin.areas[:5]))
        return found

    def tend(self) -> None:
        """The broker below: whom to believe first, then what is said, then the snapshot of it."""
        self._memory.expire(self._clock.now())
        if not self._lower.connected:
            return
        if self._sent_in != self._lower.times_connected:
            # It may have lost what it had.
            self._sent_in = self._lower.times_connected
            self._unsent |= {KEYRING, SNAPSHOT}
            self._memory.mark_all_unsent()
            self._cleared_topics.begin()
        area = self.upstream.area
        done = self._send(KEYRING, mqtt_topics.keyring(area)) and self._send_bulletins()
        if done and self._clear():
            self._send(SNAPSHOT, mqtt_topics.snapshot(area))

    def _send(self, name: str, topic: str) -> bool:
        data = self._memory.content(name) if name in self._unsent else b""
        if data and not self._lower.publish([(topic, data)]):
            return False
        self._unsent -= {name}
        return True

    def _send_bulletins(self) -> bool:
        for one in self._memory.to_send():
            if not self._lower.publish([(topic, one.envelope) for topic in one.topics]):
                return False
            self._memory.mark_on_broker(one.id, True)
        return True

    def _clear(self) -> bool:
        for id in self._cleared_topics.saved():
            self._memory.mark_on_broker(id, False)
        for one in self._memory.to_clear():
            if one.id in self._cleared_topics:
                continue
            if not self._lower.publish([(topic, b"") for topic in one.topics]):
                return False
            self._cleared_topics.note(one.id)
        return True
