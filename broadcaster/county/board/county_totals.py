"""Delivery totals of counties: verifies each by its relay's key, and stores the last of each."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from broadcaster.bulletin import mqtt_topics
from broadcaster.bulletin.keys import public_from_hex
from broadcaster.bulletin.refusals import NotAccepted
from broadcaster.bulletin.relay_totals import RelayHeartbeat, RelayTotals, read_heartbeat, read_totals
from broadcaster.core.clock import Clock
from broadcaster.county.register.counties import concerns
from broadcaster.county.register.register import BoxState
from broadcaster.county.store.delivery_state import DeliveryState
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.county.store.tables import bulletin, county, county_sum
from broadcaster.system.log_brake import LogBrake

logger = logging.getLogger(__name__)

COUNTED: tuple[str, ...] = (
    *("sent", "reached", "accepted", "on_the_air", "heard", "partly", "failed", "silent"),
    "cancelled",
)


class CountyTotals:
    """For the office's own thread."""

    def __init__(self, database: OfficeDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._brake = LogBrake(clock, logger.warning)

    def take(self, came: Sequence[tuple[str, bytes]]) -> int:
        """Keep what is genuine and new, by topic, in one transaction; how many of it."""
        self._brake.look()
        messages = [(_county_of(topic), topic, data) for topic, data in came if data]
        messages = [one for one in messages if one[0]]
        if not messages:
            return 0
        keys, kept = self._keys(), self._stored_envelopes(messages)
        # What stands retained comes again with every connection.
        new = [one for one in messages if one[2] not in kept]
        beats = [(code, data) for code, topic, data in new if topic == mqtt_topics.heartbeat(code)]
        totals = [(code, data) for code, topic, data in new if topic != mqtt_topics.heartbeat(code)]
        read = [
            (one, data) for code, data in totals if (one := self._read(read_totals, code, keys, data))
        ]
        heartbeats = [
            one for code, data in beats if (one := self._read(read_heartbeat, code, keys, data))
        ]
        return self._keep(self._ours(read), heartbeats, keys)

    def _read(self, read: Any, code: str, keys: Mapping[str, str], data: bytes) -> Any:
        """None for what is not genuine, which is told in the log only."""
        if not (key := keys.get(code)):
            self._brake.note("登记簿里没有的转发报来的数不算", code)
            return None
        try:
            return read(data, code, public_from_hex(key))
        except NotAccepted as refused:
            self._brake.note(f"{code} 的转发报来的数没有收", refused)
            return None

    def _keys(self) -> dict[str, str]:
        query = select(county.c.code, county.c.key).where(county.c.state == BoxState.ENROLLED)
        return {row.code: row.key for row in self._database.read(query)}

    def _stored_envelopes(self, messages: Sequence[tuple[str, str, bytes]]) -> set[bytes]:
        places = {(topic.rpartition("/")[2], code) for code, topic, _ in messages}
        both = tuple_(county_sum.c.bulletin, county_sum.c.county)
        rows = self._database.read(select(county_sum.c.envelope).where(both.in_(sorted(places))))
        return {bytes(row.envelope) for row in rows}

    def _ours(self, read: Sequence[tuple[RelayTotals, bytes]]) -> list[tuple[RelayTotals, bytes]]:
        """Of bulletins that this office has sent to that county, as it has signed them."""
        columns = select(bulletin.c.id, bulletin.c.digest, bulletin.c.areas)
        rows = self._database.read(columns.where(bulletin.c.id.in_({one.bulletin for one, _ in read})))
        ours = {(row.id, row.digest): row.areas.split() for row in rows}
        known = []
        for one, data in read:
            if concerns(ours.get((one.bulletin, one.digest), ()), one.county):
                known.append((one, data))
            else:
                self._brake.note(f"{one.county} 报来的数说的不是本平台的通知", one.bulletin)
        return known

    def _keep(
        self,
        totals: Sequence[tuple[RelayTotals, bytes]],
        heartbeats: Sequence[RelayHeartbeat],
        keys: Mapping[str, str],
    ) -> int:
        rows = [self._row(one, data, keys[one.county]) for one, data in totals]
        # PostgreSQL changes no row twice in one statement: the last of each counts.
        last: dict[tuple[str, str], dict[str, Any]] = {}
        for row in sorted(rows, key=lambda row: row["number"]):
            last[row["bulletin"], row["county"]] = row
        if last or heartbeats:
            with self._database.transaction() as connection:
                if last:
                    connection.execute(_upsert(connection.dialect.name), list(last.values()))
                for one in heartbeats:
                    newer = (county.c.code == one.county) & (county.c.told_number < one.number)
                    # No later than now: a clock that is ahead makes no relay fresher.
                    values: dict[str, Any] = {"told_number": one.number, "below": int(one.below)}
                    values |= {"told_at": min(one.at, self._clock.now()), "reads": one.reads}
                    connection.execute(update(county).where(newer).values(values))
        return len(totals) + len(heartbeats)

    def _row(self, one: RelayTotals, data: bytes, key: str) -> dict[str, Any]:
        counted = {name: value for name, value in asdict(one).items() if name in COUNTED}
        now = self._clock.now()
        values: dict[str, Any] = {"bulletin": one.bulletin, "county": one.county, "key": key}
        values["number"] = one.number
        return values | {"at": min(one.at, now), "taken_at": now, "envelope": data} | counted


def stages_of_totals(database: OfficeDatabase, ids: Sequence[str]) -> dict[str, Counter[DeliveryState]]:
    """Boxes of counties below by how far each bulletin came, of those of which there are sums."""
    found: dict[str, Counter[DeliveryState]] = {}
    columns = [county_sum.c[name] for name in COUNTED]
    query = select(county_sum.c.bulletin, *columns).where(county_sum.c.bulletin.in_(ids))
    for row in database.read(query):
        found.setdefault(row.bulletin, Counter()).update(stages_of(row))
    return found


def stages_of(row: Any) -> Counter[DeliveryState]:
    """So that `Counts` of them says what the sum says: a sum adds up, or it was refused."""
    refused = row.reached - row.accepted
    ended = row.on_the_air + row.heard + row.partly + row.failed + row.cancelled
    return Counter(
        {
            DeliveryState.SENT: row.silent,
            DeliveryState.ACCEPTED: row.reached - ended,
            DeliveryState.ON_THE_AIR: row.on_the_air,
            DeliveryState.HEARD: row.heard,
            DeliveryState.PARTLY: row.partly,
            DeliveryState.FAILED: row.failed - refused,
            DeliveryState.REFUSED: refused,
            DeliveryState.CANCELLED: row.cancelled,
        }
    )


def _county_of(topic: str) -> str:
    try:
        return mqtt_topics.county_of(topic)
    except ValueError:
        return ""


def _upsert(dialect_name: str) -> Any:
    """The sum of the highest number counts, whichever comes first; one of a new key always."""
    dialect: Any = sqlite if dialect_name == "sqlite" else postgresql
    statement = dialect.insert(county_sum)
    said = statement.excluded
    names = ("key", "number", "at", "taken_at", "envelope", *COUNTED)
    return statement.on_conflict_do_update(
        index_elements=[county_sum.c.bulletin, county_sum.c.county],
        set_={name: said[name] for name in names},
        where=or_(said.key != county_sum.c.key, said.number > county_sum.c.number),
    )
