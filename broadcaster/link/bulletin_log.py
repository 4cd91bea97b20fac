"""The box's log of bulletins, on disk and in memory: replay guard, stages, and waiting receipts."""

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from broadcaster.bulletin.bulletin import BulletinKind
from broadcaster.bulletin.delegation import Issuer
from broadcaster.bulletin.receipts import MOST_TOGETHER, PlayedResult, Receipt, Receipts, ReceiptState
from broadcaster.bulletin.refusals import Refusal
from broadcaster.bulletin.replay_guard import Accepted, Record, ReplayGuard, Waits
from broadcaster.core.errors import StoreUnusable
from broadcaster.link.membership import Membership
from broadcaster.station.station import (
    BulletinStage,
    NewReceipts,
    StoredBulletin,
    StoredBulletins,
    StoredReceipts,
)

# Of those that wait for the network the others are on the disk.
MOST_AT_HAND = 100


class _PendingReceipt(NamedTuple):
    """A receipt that wants its number only."""

    id: str
    receipt: partial[Receipt]
    settles: bool


class BulletinLog:
    """One thread. It answers without the disk, half a kilobyte a bulletin; what is noted and reported is
    on the disk, all of it or nothing, when `save` returns. What asks the disk raises `StoreUnusable`.

    `to_send` are the latest receipts; where `more` is set there are others on the disk.
    """

    def __init__(
        self, rows: StoredBulletins, membership: Membership, when: Callable[[], tuple[datetime, bool]]
    ) -> None:
        self._rows = rows
        self._membership = membership
        self._when = when
        self._filled_guard: ReplayGuard | None = None
        self._stages: dict[str, BulletinStage] = {}
        self._bulletins: list[StoredBulletin] = []
        self._unsaved: list[_PendingReceipt] = []
        self._before: dict[str, BulletinStage] = {}
        self.to_send: deque[StoredReceipts] = deque()
        self.more = True

    @property
    def guard(self) -> ReplayGuard:
        if self._filled_guard is None:
            guard, stages = ReplayGuard(), {}
            for key_id, seq in self._rows.highest().items():
                guard.raise_highest(key_id, seq)
            for row in self._rows.all():
                guard.remember(_record(row), row.cancels)
                stages[row.bulletin_id] = row.stage
            self._filled_guard, self._stages = guard, stages
        return self._filled_guard

    def at(self, *stages: BulletinStage) -> list[Record]:
        """Those that came so far."""
        found = (self.guard.record(id) for id, stage in self._stages.items() if stage in stages)
        return [one for one in found if one]

    def taken(self, id: str) -> Record | None:
        """It, if it is queued or about to be."""
        record = self.guard.record(id)
        return record if self._stages.get(id) is BulletinStage.TAKEN else None

    def settled(self, id: str) -> bool:
        return self._stages.get(id) is BulletinStage.SETTLED

    def note(self, accepted: Accepted) -> None:
        """With its first receipt."""
        bulletin, issuer = accepted.bulletin, accepted.issuer
        stage = BulletinStage.WAITS if accepted.waits is Waits.CLOCK else BulletinStage.TAKEN
        if bulletin.kind is BulletinKind.CANCEL:
            stage = BulletinStage.SETTLED
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
        self.guard.note(accepted)
        self._stages[bulletin.id] = stage
        self._bulletins.append(row)
        self.report(bulletin.id, accepted.digest, ReceiptState.ACCEPTED, ignored=bulletin.ignored)

    def report(
        self,
        id: str,
        digest: str | None,
        state: ReceiptState,
        refusal: Refusal | None = None,
        reason: str = "",
        heard: PlayedResult | None = None,
        settles: bool = False,
        ignored: tuple[str, ...] = (),
    ) -> None:
        """Another receipt; with `settles` the last one of a bulletin that the box has kept."""
        now, trusted = self._when()
        if settles and id in self._stages:
            self._before.setdefault(id, self._stages[id])
            self._stages[id] = BulletinStage.SETTLED
        receipt = partial(
            Receipt,
            bulletin=id,
            digest=digest,
            state=state,
            at=now,
            clock_trusted=trusted,
            refusal=refusal,
            reason=reason[:300],
            heard=heard,
            ignored=ignored,
        )
        self._unsaved.append(_PendingReceipt(id, receipt, settles))

    def save(self) -> None:
        """One transaction, however much there is. After `StoreUnusable` all of it is as if it had never
        been, for what comes over the network comes again, and what was aired is in the journal.
        """
        bulletins, unsaved, before = self._bulletins, self._unsaved, self._before
        if not unsaved:
            return
        self._bulletins, self._unsaved, self._before = [], [], {}
        at_once = range(0, len(unsaved), MOST_TOGETHER)
        try:
            receipts = [self._together(unsaved[at : at + MOST_TOGETHER]) for at in at_once]
            self.to_send.extend(self._rows.write(bulletins, receipts))
        except StoreUnusable:
            # From what is at hand: the disk may not answer either.
            self._stages |= before
            for row in bulletins:
                self.guard.drop(row.bulletin_id)
                self._stages.pop(row.bulletin_id, None)
            raise
        if len(self.to_send) > MOST_AT_HAND:
            self.leave_to_the_disk()

    def leave_to_the_disk(self) -> None:
        """All receipts that are not sent are found there."""
        self.to_send.clear()
        self.more = True

    def _together(self, unsaved: Sequence[_PendingReceipt]) -> NewReceipts:
        def write(first: int) -> bytes:
            made = tuple(one.receipt(number=number) for number, one in enumerate(unsaved, first))
            return Receipts(self._membership.box, made).signed(self._membership.key).to_bytes()

        ids = {one.id for one in unsaved}
        settled = [one.id for one in unsaved if one.settles]
        now, _ = self._when()
        return NewReceipts(ids.pop() if len(ids) == 1 else "", len(unsaved), _least(now), write, settled)

    def move(self, id: str, stage: BulletinStage) -> None:
        """On the disk at once."""
        self._rows.move(id, stage)
        self._stages[id] = stage

    def forget(self, floor: datetime) -> None:
        self._rows.forget(floor)
        self._filled_guard = None


def issuer_of(row: StoredBulletin) -> Issuer:
    return Issuer(row.key_id, row.area, row.issuer)


def _record(row: StoredBulletin) -> Record:
    return Record(row.bulletin_id, row.digest, issuer_of(row), row.seq, row.expires)


def _least(now: datetime) -> int:
    """A box that lost its memory goes on above what it has signed; it signs no thousand a second."""
    return max(1, int(now.timestamp() * 1000))
