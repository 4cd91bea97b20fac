"""The box's inbox: judges every message of the county, from the network or a stick, and stores or
refuses it. It knows no network.
"""

import hashlib
import logging
from collections import OrderedDict

from broadcaster.bulletin import strict_json
from broadcaster.bulletin.receipts import ReceiptState
from broadcaster.bulletin.refusals import Refusal
from broadcaster.bulletin.replay_guard import Accepted, Record
from broadcaster.bulletin.snapshot import PAYLOAD_TYPE as SNAPSHOT_TYPE
from broadcaster.bulletin.verify import BulletinRefused, verify
from broadcaster.core.clock import Clock
from broadcaster.core.errors import StoreUnusable
from broadcaster.link.bulletin_airings import CountyAirings
from broadcaster.link.bulletin_log import BulletinLog
from broadcaster.link.county_sounds import CountySounds
from broadcaster.link.county_state import WRITTEN, CountyState, tellable
from broadcaster.link.membership import Membership
from broadcaster.link.upstream import UpstreamOffices
from broadcaster.station.station import BulletinStage, Station

logger = logging.getLogger(__name__)

REMEMBERED_REFUSALS = 1_000
FORGET_SECONDS = 3600.0
NOT_THE_COUNTYS = frozenset({Refusal.UNKNOWN_KEY, Refusal.KEYRING_EXPIRED})


class Inbox:
    """One thread. Nothing here depends on how the bytes came: broker, answer or stick."""

    def __init__(self, station: Station, membership: Membership, clock: Clock) -> None:
        self._station = station
        self._clock = clock
        self._area = membership.area
        self.county = CountyState(station, membership, clock)
        self.upstream = UpstreamOffices(membership, self.county.trust, self.county.now())
        self.log = BulletinLog(
            *(station.bulletins, membership),
            lambda: (tellable(clock.now()), station.clock_is_trusted()),
        )
        self.airings = CountyAirings(station, self.log, clock, self.county.now, self._is_revoked)
        self.recordings = station.recordings
        self.sounds = CountySounds(station.sounds, membership.folder, clock)
        self._refused: OrderedDict[bytes, None] = OrderedDict()
        self.came_again = 0
        """The count of those that had been accepted before."""
        self._unsaved: list[Accepted] = []
        self._forget_at = clock.monotonic()

    def take(self, kind: str, data: bytes) -> Accepted | None:
        """Whatever stood under a kind of topic: k, h, n, or a for what says itself what it is.

        As `keep`, and raises `NotAccepted` for a keyring or a snapshot.
        """
        kind = _kind_of(data) if kind == "a" else kind
        if not data:
            # A topic that was emptied.
            return None
        if kind == "k":
            self.take_keyring(data)
        elif kind == "h":
            self.take_snapshot(data)
        else:
            return self.keep(data)
        return None

    def keep(self, data: bytes) -> Accepted | None:
        """Judge an envelope. When `save` has returned too it may be acknowledged, and `airings` act on
        what this returned.
        """
        now = self.county.now()
        verdict = verify(data, self.county.trust, self.log.guard, self._area, now, self.county.snapshot)
        if isinstance(verdict, BulletinRefused) and verdict.reason in NOT_THE_COUNTYS:
            verdict = self.upstream.judge(data, self.log.guard, self._area, now) or verdict
        if isinstance(verdict, BulletinRefused):
            self._refuse(verdict, data)
            return None
        self.log.note(verdict)
        self._unsaved.append(verdict)
        self.county.raise_floor(verdict.bulletin.issued)
        return verdict

    def save(self) -> None:
        """All that was kept and told since, in one transaction, on the disk.

        Raises `StoreUnusable` where it could not be written down: what was kept has to come again. What
        is urgent is aired all the same, once.
        """
        unsaved, self._unsaved = self._unsaved, []
        try:
            self.log.save()
        except StoreUnusable:
            self._refused.clear()
            for accepted in unsaved:
                self.airings.air_unstored(accepted)
            raise

    def look(self) -> None:
        """Airs bulletins that waited for the clock; once an hour forgets expired ones."""
        self.airings.look()
        if self._clock.monotonic() >= self._forget_at:
            self._forget_at = self._clock.monotonic() + FORGET_SECONDS
            self.log.forget(self.county.now().earliest)

    def take_keyring(self, data: bytes) -> None:
        """Raises `NotAccepted`; then nothing changed."""
        if office := self.upstream.of_keyring(data):
            newer = self.upstream.take_keyring(office, data, self.county.now())
            self._drop(newer.believed.targets.revoked if newer else frozenset())
        elif self.county.take_keyring(data):
            trust = self.county.trust
            # What a power cut leaves undone of this the start does: it goes by the same root.
            gone = self.upstream.follow(trust, self.county.now())
            self._drop(trust.targets.revoked | gone)

    def take_snapshot(self, data: bytes) -> bool:
        """Takes a snapshot; True if it answers the sync request. Raises `NotAccepted`."""
        if office := self.upstream.of_snapshot(data):
            snapshot = self.upstream.take_snapshot(office, data, self.county.now()).snapshot
            self.county.raise_floor(snapshot.at if snapshot else WRITTEN)
            return False
        return self.county.take_snapshot(data, self.known())

    def known(self) -> dict[str, str]:
        """Ids and digests of all that the box has kept."""
        return self.log.guard.digests()

    @property
    def fault(self) -> str:
        """A sentence in Chinese, or ""."""
        return self.county.fault or self.upstream.fault(self.county.now())

    @property
    def offices(self) -> tuple[str, ...]:
        """The offices whose keyring and snapshot the box follows."""
        return self.county.trust.area, *self.upstream.areas

    def _is_revoked(self, record: Record) -> bool:
        """A power cut may have come between the keyring and what it withdraws."""
        believed = (self.county.trust, *(one.trust for one in self.upstream))
        return any(record.issuer.key_id in one.targets.revoked for one in believed if one)

    def _drop(self, keys: frozenset[str]) -> None:
        """Withdraws bulletins by revoked keys: the thief of a key may have sent one for tomorrow."""
        for record in self.log.at(BulletinStage.TAKEN, BulletinStage.WAITS) if keys else ():
            if record.issuer.key_id in keys:
                self.airings.withdraw(record)

    def _has_had(self, refused: BulletinRefused) -> bool:
        """True if the bulletin was accepted before: a late copy that is refused does not count against
        it.
        """
        if not refused.id:
            return False
        if known := self.log.guard.record(refused.id):
            return known.digest == refused.digest
        return self._station.past(refused.id) is not None

    def _refuse(self, refused: BulletinRefused, data: bytes) -> None:
        """Tell of it once; what is sent again has been told of."""
        digest = hashlib.sha256(data).digest()
        if digest in self._refused:
            return
        if self._has_had(refused):
            self.came_again += 1
            return
        logger.warning(
            "县里的通知 %s 没有收：%s", refused.id or "（没有编号）", refused.reason.told(refused.detail)
        )
        self.county.refused(refused.id, refused.reason)
        report = (
            refused.id,
            refused.digest,
            ReceiptState.REFUSED,
            refused.reason,
            refused.reason.sentence,
        )
        self.log.report(*report)
        self._refused[digest] = None
        while len(self._refused) > REMEMBERED_REFUSALS:
            self._refused.popitem(last=False)


def _kind_of(data: bytes) -> str:
    """The kind of topic that the message claims to belong to; its signature is not checked here."""
    try:
        written = strict_json.parse(data)
    except ValueError:
        return "n"
    if not isinstance(written, dict):
        return "n"
    if "roots" in written:
        return "k"
    return "h" if written.get("payloadType") == SNAPSHOT_TYPE else "n"
