"""The approval desk: a bulletin's way from draft to "may be sent", who took part in it, and its
cancellation.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from broadcaster.bulletin.bulletin import LONGEST_LIFE, BulletinKind, new_bulletin_id
from broadcaster.core.clock import Clock
from broadcaster.core.notice import Notice
from broadcaster.county.notices import approval_rules, recordings
from broadcaster.county.notices.draft import (
    Draft,
    DraftRefused,
    DraftState,
    check_filled,
    check_id,
    settled,
)
from broadcaster.county.notices.notice_columns import columns, notice_of
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.county.store.officers import Officer
from broadcaster.county.store.tables import bulletin

LONGEST_NOTE = 200
# What the record of deeds says of one that is not sent by it.
HANDED_IN = "（交上去审批，还没有发）"
NONE_SUCH = "没有这一则通知。"
CHANGED_SINCE = "你看过以后内容改过了，请再看一遍再批。"
NOT_SENT_BACK = "你看过以后内容改过了，没有退回。请看过这一版再退，写的原因还在。"
KEPT_SINCE = "你看过以后内容改过了，没有删。请看过这一版再删。"


@dataclass(frozen=True)
class DraftRecord:
    """A bulletin as the office has it; what is only known once it is signed is None before."""

    draft: Draft
    state: DraftState
    written_by: str
    written_at: datetime
    approval_reason: str
    approved_by: str
    note: str
    issued: datetime | None
    expires: datetime | None
    sent_at: datetime | None
    # Who had heard it before, signed.
    signed_previews: bytes | None
    # Whose words these are; `written_by` has handed it in.
    writers: tuple[str, ...]

    @property
    def id(self) -> str:
        return self.draft.id

    @property
    def version(self) -> str:
        """Another one as soon as anything of it is another."""
        return self.draft.version

    @property
    def contributors(self) -> frozenset[str]:
        """The officers who cannot approve it, because they wrote a part of it."""
        return frozenset((*self.writers, self.written_by))


class DraftChanged(DraftRefused):
    """Somebody else has kept other words there since it was opened; `theirs` are these."""

    def __init__(self, theirs: DraftRecord) -> None:
        super().__init__("你打开以后，这份草稿别人改过了。两份都在下面，什么也没有存，也没有发。")
        self.theirs = theirs


class ApprovalDesk:
    """Any thread. What is cleared here the office signs and sends; `wake` tells it to."""

    def __init__(
        self,
        database: OfficeDatabase,
        clock: Clock,
        county: str,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._county = county
        self._wake = wake

    def preview(self, who: Officer, draft: Draft) -> tuple[Draft, str]:
        """The draft as it would be sent, and why a second person must agree. Raises `DraftRefused`."""
        now = self._clock.now()
        draft = settled(draft, self._county, now)
        approval_rules.check_may_send(who, draft)
        return draft, approval_rules.approval_reason(draft, now)

    def write(self, who: Officer, draft: Draft, opened: str | None = None) -> DraftRecord:
        """Keep a draft, in the place of one of the same id that is not further yet.

        `opened` is the version that it was begun from, "" for none. Raises `DraftChanged` where another
        one stands there now.
        """
        with self._database.transaction() as connection:
            self._write(connection, who, draft, opened)
        return self.get(draft.id)

    def _write(self, connection: Connection, who: Officer, draft: Draft, opened: str | None) -> None:
        check_id(draft.id)
        draft, _ = self.preview(who, draft)
        known = _locked(connection, draft.id)
        values = self._row(who, draft, DraftState.DRAFT)
        if known:
            record = record_of(known)
            approval_rules.check_state(record.state, DraftState.DRAFT)
            if opened is not None and record.version not in (opened, draft.version):
                raise DraftChanged(record)
            values |= _writer_columns(record, who, draft)
            connection.execute(delete(bulletin).where(bulletin.c.id == draft.id))
        connection.execute(insert(bulletin).values(values))

    def submit(self, who: Officer, id: str) -> DraftRecord:
        """Send a draft, or to whom must agree."""
        with self._database.transaction() as connection:
            self._submit(connection, who, id)
        self._wake()
        return self.get(id)

    def _submit(self, connection: Connection, who: Officer, id: str) -> None:
        record = self._open(connection, id, DraftState.DRAFT)
        _, why = self.preview(who, record.draft)
        check_filled(record.draft)
        state = DraftState.AWAITING if why else DraftState.CLEARED
        _change(connection, id, state=state, why_two=why, written_by=who.name, note="")

    def send(self, who: Officer, draft: Draft, opened: str | None = None) -> DraftRecord:
        """These very words, whoever keeps others in the same moment. Raises the same as `write`."""
        with self._database.transaction() as connection:
            self._write(connection, who, draft, opened)
            self._submit(connection, who, draft.id)
        self._wake()
        return self.get(draft.id)

    def approve(self, who: Officer, id: str, seen: str) -> DraftRecord:
        """By a second person, who has `seen` this version. What was to sound earlier sounds at once."""
        with self._database.transaction() as connection:
            record = self._open(connection, id, DraftState.AWAITING)
            approval_rules.check_may_approve(who, record.draft, record.contributors)
            if seen != record.version:
                raise DraftRefused(CHANGED_SINCE if seen else "请先看一遍内容再批。")
            start = record.draft.not_before
            late = start is not None and start < self._clock.now()
            agreed = replace(record.draft, not_before=None if late else start)
            values = {"not_before": agreed.not_before, "version": agreed.version}
            _change(connection, id, state=DraftState.CLEARED, approved_by=who.name, **values)
        self._wake()
        return self.get(id)

    def send_back(self, who: Officer, id: str, note: str, seen: str) -> DraftRecord:
        """The version that he has `seen`, to who wrote it; the reason stands there until it is handed in
        again.
        """
        reason = note.strip()[:LONGEST_NOTE] or "没有写原因，请去问他"
        remark = f"{self._clock.now():%m月%d日 %H:%M} {who.name}退回来改：{reason}"
        with self._database.transaction() as connection:
            record = self._open(connection, id, DraftState.AWAITING)
            if who.name not in record.contributors:
                approval_rules.check_may_approve(who, record.draft, record.contributors)
            if seen != record.version:
                raise DraftRefused(NOT_SENT_BACK)
            _change(connection, id, state=DraftState.DRAFT, note=remark)
        return self.get(id)

    def discard(self, id: str, seen: str) -> None:
        """The version that he has `seen`: what another keeps there meanwhile stays."""
        with self._database.transaction() as connection:
            if self._open(connection, id, DraftState.DRAFT).version != seen:
                raise DraftRefused(KEPT_SINCE)
            connection.execute(delete(bulletin).where(bulletin.c.id == id))

    def cancel(self, who: Officer, id: str) -> DraftRecord:
        """Call one off, in one hop: nobody has to agree. What was not sent yet goes no further."""
        with self._database.transaction() as connection:
            record = self._open(
                connection, id, DraftState.AWAITING, DraftState.CLEARED, DraftState.PUBLISHED
            )
            off = _cancel_of(record)
            approval_rules.check_may_send(who, off)
            if record.draft.kind is BulletinKind.CANCEL:
                raise DraftRefused("取消的通知不能再取消，请重新发一则。")
            if record.state is not DraftState.PUBLISHED:
                _change(connection, id, state=DraftState.CANCELLED, note=f"{who.name}在发出以前取消了")
            else:
                if _is_being_cancelled(connection, id):
                    raise DraftRefused("这一则已经取消了。")
                connection.execute(insert(bulletin).values(self._row(who, off, DraftState.CLEARED)))
        self._wake()
        return self.get(id)

    def get(self, id: str) -> DraftRecord:
        """Raises `DraftRefused` where there is none."""
        if record := self.find(id):
            return record
        raise DraftRefused(NONE_SUCH)

    def find(self, id: str) -> DraftRecord | None:
        row = self._database.first(select(bulletin).where(bulletin.c.id == id[:36]))
        return row and record_of(row)

    def recent(
        self,
        count: int,
        skip: int = 0,
        kinds: Collection[BulletinKind] = (BulletinKind.NOTICE, BulletinKind.DRILL, BulletinKind.TEST),
    ) -> list[DraftRecord]:
        """The newest first; cancels stand with what they cancel, and not here."""
        query = select(bulletin).where(bulletin.c.kind.in_(kinds))
        query = query.order_by(bulletin.c.written_at.desc()).limit(count).offset(skip)
        return [record_of(row) for row in self._database.read(query)]

    def in_state(self, state: DraftState) -> list[DraftRecord]:
        query = select(bulletin).where(bulletin.c.state == state).order_by(bulletin.c.written_at)
        return [record_of(row) for row in self._database.read(query)]

    def unsent(self) -> int:
        """The number of bulletins that are signed, in force, and on no broker yet; cancels too."""
        waits = (bulletin.c.state == DraftState.PUBLISHED) & bulletin.c.sent_at.is_(None)
        waits &= bulletin.c.expires > self._clock.now()
        return int(self._database.read(select(func.count()).where(waits))[0][0])

    def unsent_cancels(self) -> set[str]:
        """Of which bulletins the cancel is signed, and on no broker yet."""
        waits = bulletin.c.cancels.is_not(None) & bulletin.c.sent_at.is_(None)
        waits &= bulletin.c.state == DraftState.PUBLISHED
        return {row.cancels for row in self._database.read(select(bulletin.c.cancels).where(waits))}

    def cancel_of(self, id: str) -> DraftRecord | None:
        row = self._database.first(select(bulletin).where(bulletin.c.cancels == id))
        return row and record_of(row)

    def _open(self, connection: Connection, id: str, *allowed: DraftState) -> DraftRecord:
        record = record_of(_found(_locked(connection, id)))
        approval_rules.check_state(record.state, *allowed)
        return record

    def _row(self, who: Officer, draft: Draft, state: DraftState) -> dict[str, Any]:
        return {
            "id": draft.id,
            "state": state,
            "kind": draft.kind,
            **columns(draft.notice),
            "areas": " ".join(draft.areas),
            "night_ok": int(draft.night_ok),
            "not_before": draft.not_before,
            "life_minutes": int(draft.life.total_seconds() // 60),
            "cancels": draft.cancels,
            "sound": recordings.to_text(draft.sound),
            "version": draft.version,
            "written_by": who.name,
            "written_at": self._clock.now(),
        }


def draft_of(row: Row[Any]) -> Draft:
    return Draft(
        notice_of(row),
        tuple(row.areas.split()),
        kind=BulletinKind(row.kind),
        night_ok=bool(row.night_ok),
        not_before=row.not_before,
        life=timedelta(minutes=row.life_minutes),
        cancels=row.cancels,
        sound=recordings.from_text(row.sound),
        id=row.id,
    )


def as_new_draft(draft: Draft) -> Draft:
    """The same words as a new draft, for now."""
    return replace(draft, id=new_bulletin_id(), not_before=None, cancels=None)


def record_of(row: Row[Any]) -> DraftRecord:
    return DraftRecord(
        *(draft_of(row), DraftState(row.state), row.written_by, row.written_at, row.why_two),
        *(row.approved_by, row.note, row.issued, row.expires, row.sent_at, row.hearings),
        tuple(row.writers.split("\n")) if row.writers else (row.written_by,),
    )


def _writer_columns(before: DraftRecord, who: Officer, draft: Draft) -> dict[str, Any]:
    """The writers after this change; an officer who changed nothing is not added."""
    if draft.version == before.version:
        return {"written_by": before.written_by, "writers": "\n".join(before.writers)}
    return {"writers": "\n".join(dict.fromkeys((*before.writers, who.name)))}


def _cancel_of(record: DraftRecord) -> Draft:
    return Draft(
        Notice(title=f"取消：{record.draft.title}"[:100], severity=record.draft.severity),
        record.draft.areas,
        kind=BulletinKind.CANCEL,
        # A box that was off must still learn of it, as long as it could take up what is cancelled.
        life=max(LONGEST_LIFE.values()) - timedelta(minutes=1),
        cancels=record.id,
    )


def _locked(connection: Connection, id: str) -> Row[Any] | None:
    query = select(bulletin).where(bulletin.c.id == id[:36]).with_for_update()
    return connection.execute(query).first()


def _found(row: Row[Any] | None) -> Row[Any]:
    if row is None:
        raise DraftRefused(NONE_SUCH)
    return row


def _is_being_cancelled(connection: Connection, id: str) -> bool:
    return connection.execute(select(bulletin.c.id).where(bulletin.c.cancels == id)).first() is not None


def _change(connection: Connection, id: str, **values: Any) -> None:
    connection.execute(update(bulletin).where(bulletin.c.id == id).values(values))
