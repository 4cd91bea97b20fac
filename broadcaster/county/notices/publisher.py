"""Signs cleared bulletins and the snapshot; the only place where the county's key is used."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from securesystemslib.signer import Signer
from sqlalchemy import Connection, Row, insert, select, update

from broadcaster.bulletin import areas as area_codes
from broadcaster.bulletin import envelope, mqtt_topics
from broadcaster.bulletin.bulletin import PAYLOAD_TYPE, Audio, Bulletin, BulletinKind, wire_of
from broadcaster.bulletin.keyring import Trust
from broadcaster.bulletin.refusals import NotAccepted
from broadcaster.bulletin.snapshot import Snapshot, read_snapshot
from broadcaster.bulletin.trusted_time import Now
from broadcaster.bulletin.verify import read_for_office
from broadcaster.core.clock import Clock
from broadcaster.county.notices import approval_rules, preview_log
from broadcaster.county.notices.approval_desk import draft_of, record_of
from broadcaster.county.notices.draft import Draft, DraftRefused, DraftState, settled
from broadcaster.county.notices.preview_log import PreviewEntry
from broadcaster.county.notices.recordings import NO_ADDRESS, SignedRecording, address_of
from broadcaster.county.notices.restored_bulletins import RestoredBulletins
from broadcaster.county.register.register import Register
from broadcaster.county.register.versions_read import note_versions, versions_read
from broadcaster.county.store.delivery_state import DeliveryState
from broadcaster.county.store.office_database import OfficeDatabase, put
from broadcaster.county.store.tables import bulletin, reach, sequence

logger = logging.getLogger(__name__)

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
# Of what is over by now the number counts still.
WHENEVER = Now(LONG_AGO, False, LONG_AGO)


@dataclass(frozen=True)
class Outgoing:
    """A signed bulletin, or the place of one that is to be empty again."""

    id: str
    areas: tuple[str, ...]
    envelope: bytes

    @property
    def topics(self) -> tuple[str, ...]:
        return tuple(mqtt_topics.bulletin(area, self.id) for area in self.areas)

    def is_for(self, village: str) -> bool:
        return any(area_codes.contains(area, village) for area in self.areas)


class Publisher:
    """For the office's own thread. `signer` is the unlocked key of the county, in memory only.

    While the keyring names another key it signs nothing, and what is cleared waits.
    `sound_address` is how boxes reach the office for recordings.
    """

    def __init__(
        self,
        database: OfficeDatabase,
        register: Register,
        clock: Clock,
        signer: Signer,
        trust: Trust,
        sound_address: str = "",
    ) -> None:
        self._database = database
        self._register = register
        self._clock = clock
        self._signer = signer
        self.trust = trust
        self._sound_address = sound_address
        self.restored = RestoredBulletins(database, register, clock)

    def use(self, signer: Signer, trust: Trust) -> None:
        """From now on this key, by this keyring."""
        self._signer, self.trust = signer, trust

    @property
    def may_sign(self) -> bool:
        return self.trust.names_office_key(self._key_id)

    def sign_cleared(self) -> int:
        """Sign and keep each bulletin that may be sent; how many there were."""
        if not self.may_sign:
            return 0
        query = select(bulletin.c.id).where(bulletin.c.state == DraftState.CLEARED)
        waiting = self._database.read(query.order_by(bulletin.c.written_at))
        return sum(self._sign(row.id) for row in waiting)

    def note_versions(self, read: Mapping[str, int]) -> None:
        """The versions of a bulletin that boxes say they read: no higher one is signed for them."""
        note_versions(self._database, read)

    def to_send(self) -> list[Outgoing]:
        """Signed, in force, and not on the broker yet as far as is known."""
        return self._signed(bulletin.c.sent_at.is_(None))

    def in_force(self) -> list[Outgoing]:
        return self._signed()

    def to_clear(self) -> list[Outgoing]:
        """The finished bulletins that are still on the broker."""
        query = select(bulletin).where(
            bulletin.c.state.in_((DraftState.CANCELLED, DraftState.EXPIRED)),
            bulletin.c.sent_at.is_not(None),
            bulletin.c.cleared_at.is_(None),
        )
        return [Outgoing(row.id, tuple(row.areas.split()), b"") for row in self._database.read(query)]

    def mark_sent(self, id: str) -> None:
        """For the first time; it is sent again whenever the broker was away."""
        first = (bulletin.c.id == id) & bulletin.c.sent_at.is_(None)
        self._database.write(update(bulletin).where(first).values(sent_at=self._clock.now()))

    def mark_cleared(self, id: str) -> None:
        self._note(id, cleared_at=self._clock.now())

    def follow_own_snapshot(self, data: bytes) -> bool:
        """Never give a number again that boxes were told of, and forget nothing that they were told:
        the database may know less, as one does that was put back by hand. Whether it misses something.
        """
        try:
            snapshot = read_snapshot(data, self.trust, WHENEVER)
        except NotAccepted as error:
            logger.warning("消息服务器上的清单用不了：%s", error)
            return False
        self._raise_sequence(snapshot.highest)
        return self.restored.find_missing(snapshot.in_force)

    def follow_own_bulletin(self, data: bytes) -> bool:
        """The same of one that stands on the broker: the office may have ended before its snapshot named
        it. Whether it is taken back.
        """
        try:
            found = read_for_office(data, self.trust, WHENEVER)
        except NotAccepted:
            # The relay brings those of the offices above.
            return False
        if found.issuer.area != self.trust.area:
            return False
        self._raise_sequence({found.issuer.key_id: found.bulletin.seq})
        return self.restored.restore(found, data)

    def _raise_sequence(self, highest_of: Mapping[str, int]) -> None:
        known = {row.key_id: row.highest for row in self._database.read(select(sequence))}
        behind = {id: highest for id, highest in highest_of.items() if known.get(id, 0) < highest}
        if behind:
            logger.critical(
                "数据库比发出去的旧，序号从发出去的接着用：%s",
                "、".join(map("{0[0]:.8} {0[1]}".format, behind.items())),
            )
            with self._database.transaction() as connection:
                for id, highest in behind.items():
                    put(connection, sequence, {"key_id": id, "highest": highest}, over=("highest",))

    def expire(self) -> int:
        """Mark what is over; how many there were."""
        over = (bulletin.c.state == DraftState.PUBLISHED) & (bulletin.c.expires <= self._clock.now())
        return self._database.write(update(bulletin).where(over).values(state=DraftState.EXPIRED))

    def snapshot(self) -> bytes:
        """The signed snapshot of this moment."""
        return self.signed(self.listing())

    def listing(self) -> Snapshot:
        """The same before it is signed: read once for all that ask."""
        rows = self._database.read(select(bulletin.c.id, bulletin.c.digest).where(self._is_in_force()))
        counted = self._database.read(select(sequence).where(sequence.c.highest > 0))
        return Snapshot(
            at=self._clock.now(),
            keyring=self.trust.version,
            highest={row.key_id: row.highest for row in counted},
            in_force={**self.restored.missing, **{row.id: row.digest for row in rows}},
        )

    def signed(
        self, listing: Snapshot, nonce: str | None = None, only: Collection[str] | None = None
    ) -> bytes:
        """For one box `only` what is meant for it."""
        meant = {id: digest for id, digest in listing.in_force.items() if only is None or id in only}
        return replace(listing, in_force=meant, nonce=nonce).signed(self._signer).to_bytes()

    def _sign(self, id: str) -> bool:
        try:
            with self._database.transaction() as connection:
                row = connection.execute(
                    select(bulletin).where(bulletin.c.id == id).with_for_update()
                ).first()
                if row is None or row.state != DraftState.CLEARED:
                    return False
                self._publish(connection, row)
        except (DraftRefused, NotAccepted, ValueError) as error:
            logger.warning("通知 %s 没有签，退回草稿：%s", id, error)
            self._note(id, state=DraftState.DRAFT, note=str(error)[:200], approved_by="")
            return False
        logger.info("通知 %s 签好了", id)
        return True

    def _publish(self, connection: Connection, row: Row[Any]) -> None:
        now = self._clock.now()
        draft = draft_of(row)
        if draft.version != row.version:
            raise DraftRefused("内容和提交的时候不一样，没有签发。请看过再发。")
        if draft.not_before and draft.not_before < now:
            draft = replace(draft, not_before=None)
        draft = settled(draft, self.trust.area, now)
        approval_rules.check_cleared(draft, row.approved_by, record_of(row).contributors, now)
        made = self._bulletin(connection, draft, now)
        signed = envelope.sign(PAYLOAD_TYPE, made.to_bytes(), [self._signer])
        data = signed.to_bytes()
        # What the boxes would refuse is not sent.
        read_for_office(data, self.trust, Now(now, True, now))
        values = {"state": DraftState.PUBLISHED, "issued": now, "expires": made.expires, "seq": made.seq}
        values |= {"key_id": self._key_id, "digest": signed.digest, "envelope": data, "note": ""}
        heard = preview_log.of(connection, row.version)
        values["hearings"] = self._sign_previews(heard, signed.digest, row)
        connection.execute(update(bulletin).where(bulletin.c.id == row.id).values(values))
        if made.kind is BulletinKind.CANCEL:
            off = update(bulletin).where(bulletin.c.id == made.cancels)
            connection.execute(off.values(state=DraftState.CANCELLED))
        else:
            boxes = self._register.enrolled(made.areas)
            rows = [{"bulletin": made.id, "box": box, "stage": DeliveryState.SENT} for box in boxes]
            if rows:
                connection.execute(insert(reach), rows)

    def _bulletin(self, connection: Connection, draft: Draft, now: datetime) -> Bulletin:
        begins, notice = draft.not_before or now, replace(draft.as_sent, text=draft.spoken_text)
        reads = versions_read(self._database, draft.areas).lowest
        return Bulletin(
            id=draft.id,
            seq=self._next_sequence(connection),
            issued=now,
            not_before=begins,
            expires=begins + draft.life,
            kind=draft.kind,
            areas=draft.areas,
            audio=self._audio(draft.sound, draft.is_column),
            cancels=draft.cancels,
            night_ok=draft.night_ok,
            **wire_of(notice, reads),
        )

    def _audio(self, sound: SignedRecording | None, is_column: bool) -> Audio | None:
        if sound is None:
            return None
        if not self._sound_address:
            raise DraftRefused(NO_ADDRESS)
        address = address_of(sound, self._sound_address, "sound" if is_column else "flac")
        return Audio(sound.sha256, sound.size, address)

    def _sign_previews(self, heard: Sequence[PreviewEntry], digest: str, row: Row[Any]) -> bytes | None:
        """The signed list of officers who heard this very version, by the same key as the bulletin; None
        if nobody did.
        """
        if not heard:
            return None
        payload = preview_log.to_bytes(row.id, row.version, digest, heard)
        return envelope.sign(preview_log.PAYLOAD_TYPE, payload, [self._signer]).to_bytes()

    def _next_sequence(self, connection: Connection) -> int:
        put(connection, sequence, {"key_id": self._key_id, "highest": 0})
        ours = sequence.c.key_id == self._key_id
        query = select(sequence.c.highest).where(ours).with_for_update()
        number: int = connection.execute(query).scalar_one() + 1
        connection.execute(update(sequence).where(ours).values(highest=number))
        return number

    @property
    def _key_id(self) -> str:
        return str(self._signer.public_key.keyid)

    def _is_in_force(self) -> Any:
        return (bulletin.c.state == DraftState.PUBLISHED) & (bulletin.c.expires > self._clock.now())

    def _signed(self, *which: Any) -> list[Outgoing]:
        query = select(bulletin).where(self._is_in_force(), *which).order_by(bulletin.c.seq)
        rows = self._database.read(query)
        return [Outgoing(row.id, tuple(row.areas.split()), row.envelope) for row in rows]

    def _note(self, id: str, **values: Any) -> None:
        self._database.write(update(bulletin).where(bulletin.c.id == id).values(values))
