"""The relay's uplink: verifies boxes' receipts of upstream bulletins, and reports them as one signed
total for each bulletin.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

from securesystemslib.signer import Signer
from sqlalchemy import select

from broadcaster.bulletin import mqtt_topics, strict_json
from broadcaster.bulletin.keys import public_from_hex
from broadcaster.bulletin.receipts import read_receipts
from broadcaster.bulletin.refusals import NotAccepted
from broadcaster.bulletin.relay_totals import RelayHeartbeat, RelayTotals
from broadcaster.core.clock import Clock
from broadcaster.county.board.receipt_inbox import EnrolledBox, enrolled
from broadcaster.county.board.uncounted_receipts import is_of
from broadcaster.county.broker.mqtt_client import CONNECTED, Incoming, MqttClient
from broadcaster.county.register.versions_read import versions_read
from broadcaster.county.relay.relay_memory import BoxReport, RelayedBulletin, RelayMemory
from broadcaster.county.store.delivery_state import stage_of
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.county.store.tables import SIGNED_WITH, envelope, receipt
from broadcaster.system.log_brake import LogBrake

logger = logging.getLogger(__name__)

LISTENS_TO = (mqtt_topics.receipt("+", "+"),)
LOOK_SECONDS = 1.0
AT_ONCE = 500
# Three hundred boxes begin to speak within some seconds: they are one message above, not three hundred.
SUM_SECONDS = 3.0
# As often as a board should be able to say that a county is silent.
PRESENCE_SECONDS = 60.0
# So long after its end a box that was off may still tell of it.
REMEMBERED = timedelta(days=14)
# So long after its end a sum stands on the broker above; later ones are told, and stand nowhere: a
# broker that writes down all it holds at each change holds what is of use.
RETAINED_FOR = timedelta(days=1)
FindBulletin = Callable[[str], RelayedBulletin | None]


class OfficeReceipts:
    """The relay's view of the office's database."""

    def __init__(self, database: OfficeDatabase) -> None:
        self._database = database

    def boxes(self) -> Mapping[str, EnrolledBox]:
        """Those in use."""
        return enrolled(self._database)

    def receipts_of(self, bulletin: str) -> list[tuple[str, bytes]]:
        """The boxes' signed receipts of a bulletin, each with its box, as the office stored them."""
        query = select(receipt.c.box, envelope.c.envelope).join(envelope, SIGNED_WITH)
        rows = self._database.read(query.where(receipt.c.bulletin == bulletin))
        return [(row.box, row.envelope) for row in rows]

    def lowest_version_read(self, county: str) -> int:
        """Of a bulletin, by all boxes of the county and by the counties below it."""
        return versions_read(self._database, [county]).lowest


class Uplink:
    """`step` is for a `ThreadLoop`."""

    def __init__(
        self,
        county: str,
        memory: RelayMemory,
        upper: MqttClient,
        lower: MqttClient,
        clock: Clock,
        signer: Signer,
        office: OfficeReceipts,
    ) -> None:
        self._county = county
        self._memory = memory
        self._upper = upper
        self._lower = lower
        self._clock = clock
        self._signer = signer
        self._office = office
        self._held: list[Incoming] = []
        self._sum_at = self._presence_at = clock.monotonic()
        self._sent_in = self._presence_number = 0
        self._last_reported: tuple[bool, int] | None = None
        self._brake = LogBrake(clock, logger.warning)

    def wake(self) -> None:
        self._lower.wake()

    def step(self) -> None:
        self._held += self._lower.take(LOOK_SECONDS, AT_ONCE)
        came = [one for one in self._held if one is not CONNECTED]
        self._receive(came)
        self._lower.acknowledge(came)
        self._held = []
        self._brake.look()
        if self._clock.monotonic() >= self._sum_at:
            self._sum_at = self._clock.monotonic() + SUM_SECONDS
            self.report_upstream()

    def _receive(self, came: Sequence[Incoming]) -> None:
        if came:
            boxes, find = self._office.boxes(), cache(self._memory.find)
            self._memory.store_reports([said for one in came for said in self._read(one, boxes, find)])

    def _read(
        self, one: Incoming, boxes: Mapping[str, EnrolledBox], find: FindBulletin
    ) -> Iterator[BoxReport]:
        """None of what the county itself has sent, of what was not sent there, or is not genuine."""
        box, _, id = one.topic.removeprefix(f"{mqtt_topics.ROOT}/r/").partition("/")
        if id != mqtt_topics.SEVERAL and not find(id):
            return
        try:
            known = boxes[box]
            signed = read_receipts(one.payload, box, public_from_hex(known.key))
        except (NotAccepted, KeyError) as refused:
            whose = f"广播站 {box} " if box in boxes else "没有登记的广播站"
            why = refused if isinstance(refused, NotAccepted) else ""
            self._brake.note(f"{whose}的回执没有收", why)
            return
        for said in signed.receipts:
            carried, stage = find(said.bulletin), stage_of(said)
            if carried and stage and carried.is_for(known.area) and is_of(said, carried.digest):
                yield BoxReport(carried.id, box, stage, known.key, said.number)

    def report_upstream(self) -> None:
        """Each sum that has changed since the broker above took it; of a new connection all of them."""
        if not self._upper.connected:
            return
        if self._sent_in != self._upper.times_connected:
            # What it acknowledged a moment before it was killed it may have lost.
            self._sent_in = self._upper.times_connected
            self._memory.report_all_again()
            self._presence_at = self._clock.monotonic()
        for one in self._memory.to_report():
            if not one.sum_number:
                self._recall(one.id)
            if not self._report(one, self._memory.counts(one.id).to_json()):
                return
        self._forget()
        self._send_heartbeat()

    def _send_heartbeat(self) -> None:
        """After the sums: it says that all of them have been told. An office of 0.2.0 refuses one with
        `reads`, and takes the plain one behind it; a later one has that number already.
        """
        now = self._clock.monotonic()
        below, reads = reported = self._lower.connected, self._office.lowest_version_read(self._county)
        if now < self._presence_at and reported == self._last_reported:
            return
        at = self._clock.now()
        self._presence_number = max(int(at.timestamp() * 1000), self._presence_number + 1)
        full = RelayHeartbeat(self._county, self._presence_number, at, below, reads)
        both = [full, replace(full, reads=1)] if reads > 1 else [full]
        topic = mqtt_topics.heartbeat(self._county)
        if self._upper.publish([(topic, one.signed(self._signer).to_bytes()) for one in both]):
            self._presence_at, self._last_reported = now + PRESENCE_SECONDS, reported

    def _recall(self, id: str) -> None:
        """Reads the receipts that the office has stored, in case the relay's own database was lost."""
        signed = self._office.receipts_of(id)
        self._receive([Incoming(mqtt_topics.receipt(box, id), data) for box, data in signed])

    def _report(self, one: RelayedBulletin, counts: Mapping[str, Any]) -> bool:
        written = strict_json.write(counts).decode("ascii")
        if written == one.summed:
            self._memory.summed(one.id, written, one.sum_number)
            return True
        now = self._clock.now()
        # Above what it has signed before, also when its own database was lost.
        number = max(int(now.timestamp() * 1000), one.sum_number + 1)
        made = RelayTotals(self._county, number, one.id, one.digest, now, **counts)
        topic, data = mqtt_topics.totals(self._county, one.id), made.signed(self._signer).to_bytes()
        if not self._upper.publish([(topic, data)], retain=one.expires > now - RETAINED_FOR):
            return False
        self._memory.summed(one.id, written, number)
        return True

    def _forget(self) -> None:
        now = self._clock.now()
        for one in self._memory.old(now - RETAINED_FOR):
            if one.summed and self._upper.publish([(mqtt_topics.totals(self._county, one.id), b"")]):
                self._memory.summed(one.id, "", one.sum_number)
            if one.expires <= now - REMEMBERED:
                self._memory.forget(one.id)
