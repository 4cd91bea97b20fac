"""What the box remembers of bulletins, on its disk: `Seen` over plain rows, and the receipts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from broadcaster.bulletin.bulletin import BulletinKind
from broadcaster.bulletin.delegation import Issuer
from broadcaster.bulletin.receipts import Heard, Receipt, State
from broadcaster.bulletin.refusals import Refusal
from broadcaster.bulletin.seen import Record
from broadcaster.bulletin.verify import Accepted, Waits
from broadcaster.link.membership import Membership
from broadcaster.station import Stage, StoredBulletin, StoredBulletins


class Memory:
    """One thread. Raises `StoreUnusable`; `changed` says that a receipt was added."""

    def __init__(
        self, rows: StoredBulletins, membership: Membership, when: Callable[[], tuple[datetime, bool]]
    ) -> None:
        self._rows = rows
        self._membership = membership
        self._when = when
        self.changed = True

    def record(self, id: str) -> Record | None:
        return _record(self._rows.find(id))

    def record_of(self, key_id: str, seq: int) -> Record | None:
        return _record(self._rows.of_seq(key_id, seq))

    def highest_seq(self, key_id: str) -> int:
        return self._rows.highest_seq(key_id)

    def tombstones(self, id: str) -> Sequence[Issuer]:
        return tuple(issuer_of(row) for row in self._rows.cancels_of(id))

    def note(self, accepted: Accepted) -> None:
        """With its first receipt."""
        bulletin, issuer = accepted.bulletin, accepted.issuer
        stage = Stage.WAITS if accepted.waits is Waits.CLOCK else Stage.TAKEN
        if bulletin.kind is BulletinKind.CANCEL:
            stage = Stage.SETTLED
        row = StoredBulletin(
            bulletin.id,
            accepted.digest,
            issuer.key_id,
            issuer.area,
            issuer.name,
            bulletin.seq,
            bulletin.expires,
            bulletin.cancels,
            accepted.payload,
            stage,
        )
        now, _ = self._when()
        self._rows.put(row, _least(now), self._writer(row.bulletin_id, row.digest, State.ACCEPTED))
        self.changed = True

    def forget(self, floor: datetime) -> None:
        self._rows.forget(floor)

    def tell(
        self,
        id: str,
        digest: str | None,
        state: State,
        refusal: Refusal | None = None,
        reason: str = "",
        heard: Heard | None = None,
        settles: bool = False,
    ) -> None:
        """Another receipt; with `settles` the last one of a bulletin that the box has kept."""
        write = self._writer(id, digest, state, refusal, reason, heard)
        self._rows.add_receipt(id, _least(self._when()[0]), write, settles)
        self.changed = True

    def _writer(
        self,
        id: str,
        digest: str | None,
        state: State,
        refusal: Refusal | None = None,
        reason: str = "",
        heard: Heard | None = None,
    ) -> Callable[[int], bytes]:
        now, trusted = self._when()

        def write(number: int) -> bytes:
            receipt = Receipt(
                self._membership.box,
                number,
                id,
                digest,
                state,
                now,
                trusted,
                refusal,
                reason[:300],
                heard,
            )
            return receipt.signed(self._membership.key).to_bytes()

        return write


def issuer_of(row: StoredBulletin) -> Issuer:
    return Issuer(row.key_id, row.area, row.issuer)


def _record(row: StoredBulletin | None) -> Record | None:
    if row is None:
        return None
    return Record(row.bulletin_id, row.digest, issuer_of(row), row.seq, row.expires)


def _least(now: datetime) -> int:
    """A box that lost its memory goes on above what it has signed; it signs no thousand a second."""
    return max(1, int(now.timestamp() * 1000))
