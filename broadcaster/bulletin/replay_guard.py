"""Replay guard: remembers every bulletin, so a repeated one is rejected and a cancellation counts even
if it arrives first.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from broadcaster.bulletin.bulletin import Bulletin, BulletinKind
from broadcaster.bulletin.delegation import Issuer


@dataclass(frozen=True)
class Record:
    """One bulletin that was accepted."""

    id: str
    digest: str
    issuer: Issuer
    seq: int
    expires: datetime


class Waits(Enum):
    """The condition for which an accepted bulletin waits before it is queued."""

    NOTHING = "nothing"
    NOT_BEFORE = "not_before"
    CLOCK = "clock"


@dataclass(frozen=True)
class Accepted:
    """To be stored and fsynced, then acknowledged, then queued.

    `payload` is what was signed. What waits for the clock is asked of `check_time` again when the clock
    is trusted.
    """

    bulletin: Bulletin
    issuer: Issuer
    digest: str
    waits: Waits = Waits.NOTHING
    payload: bytes = b""

    @property
    def record(self) -> Record:
        bulletin = self.bulletin
        return Record(bulletin.id, self.digest, self.issuer, bulletin.seq, bulletin.expires)


@dataclass
class ReplayGuard:
    """Keeps a record until it expires, at least; in memory, filled again from the disk by its owner."""

    _records: dict[str, Record] = field(default_factory=dict)
    _by_seq: dict[tuple[str, int], Record] = field(default_factory=dict)
    _cancels: dict[str, tuple[str, Issuer]] = field(default_factory=dict)
    _highest: dict[str, int] = field(default_factory=dict)

    def record(self, id: str) -> Record | None:
        return self._records.get(id)

    def record_of(self, key_id: str, seq: int) -> Record | None:
        return self._by_seq.get((key_id, seq))

    def highest_seq(self, key_id: str) -> int:
        """0 for a key that nothing was accepted of; outlives the records."""
        return self._highest.get(key_id, 0)

    def tombstones(self, id: str) -> Sequence[Issuer]:
        """The issuers who have cancelled this bulletin, whether or not it has arrived."""
        return tuple(issuer for cancelled, issuer in self._cancels.values() if cancelled == id)

    def note(self, accepted: Accepted) -> None:
        bulletin = accepted.bulletin
        cancels = bulletin.cancels if bulletin.kind is BulletinKind.CANCEL else None
        self.remember(accepted.record, cancels)

    def called_off(self) -> frozenset[str]:
        """The cancels and what they cancel, of all that is remembered."""
        return frozenset(self._cancels) | {cancelled for cancelled, _ in self._cancels.values()}

    def remember(self, record: Record, cancels: str | None = None) -> None:
        self._records[record.id] = record
        self._by_seq[record.issuer.key_id, record.seq] = record
        self.raise_highest(record.issuer.key_id, record.seq)
        if cancels:
            self._cancels[record.id] = cancels, record.issuer

    def raise_highest(self, key_id: str, seq: int) -> None:
        self._highest[key_id] = max(seq, self.highest_seq(key_id))

    def digests(self) -> dict[str, str]:
        return {record.id: record.digest for record in self._records.values()}

    def drop(self, id: str) -> None:
        """As if it had never been."""
        if record := self._records.pop(id, None):
            self._by_seq.pop((record.issuer.key_id, record.seq), None)
            self._cancels.pop(id, None)
