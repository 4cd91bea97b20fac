"""Restores bulletins that are in force and missing in an office's database from an old copy: reads them
from the broker, where each is retained as it was signed.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from broadcaster.bulletin.bulletin import Bulletin, BulletinKind
from broadcaster.bulletin.replay_guard import Accepted
from broadcaster.core.clock import Clock
from broadcaster.core.notice import OfficeLevel
from broadcaster.county.notices.draft import DraftState
from broadcaster.county.notices.notice_columns import columns
from broadcaster.county.notices.recordings import SignedRecording, to_text
from broadcaster.county.register.register import Register
from broadcaster.county.store.delivery_state import DeliveryState
from broadcaster.county.store.office_database import OfficeDatabase, put
from broadcaster.county.store.tables import bulletin, reach

logger = logging.getLogger(__name__)

# A broker that has them gives them at once; one that has lost them never does, and a red one waits.
HOLD_SECONDS = 5.0
BY = "取回的"
NOTE = (
    "平台的数据库是旧的拷贝，里面没有这一则；它还有效，是从消息服务器上照原样取回来的。不要了就取消。"
    "取回以前的回执没有了，写着没回音的村可能已经播过。"
)
# What the database says of them is older than that they were signed.
UNSIGNED = (DraftState.DRAFT, DraftState.AWAITING, DraftState.CLEARED)


class RestoredBulletins:
    """For the office's own thread. `missing` are ids and digests that are waited for."""

    def __init__(self, database: OfficeDatabase, register: Register, clock: Clock) -> None:
        self._database = database
        self._register = register
        self._clock = clock
        self._missing: dict[str, str] = {}
        self._until = clock.monotonic()

    @property
    def missing(self) -> Mapping[str, str]:
        if self._missing and self._clock.monotonic() >= self._until:
            logger.critical(
                "这些通知发出去了还在效，数据库和消息服务器上都没有：%s",
                "、".join(sorted(self._missing)),
            )
            self._missing = {}
        return self._missing

    def find_missing(self, in_force: Mapping[str, str]) -> bool:
        """Compares our own snapshot on the broker; True if a new bulletin is missing. The snapshot may
        be the one that we sent a moment ago, when none was missing: a missing one stays so.
        """
        lost = in_force.keys() - self._known(in_force) - self._missing.keys()
        if lost:
            self._missing |= {id: in_force[id] for id in lost}
            self._until = self._clock.monotonic() + HOLD_SECONDS
        return bool(lost)

    def restore(self, found: Accepted, data: bytes) -> bool:
        """One of ours that stands on the broker; whether it was not known here, and is in force."""
        id, now = found.bulletin.id, self._clock.now()
        if self._missing.pop(id, found.digest) != found.digest:
            logger.critical("消息服务器上的通知 %s 和发出去的不一样，没有收回来", id)
            return False
        if found.bulletin.expires <= now or self._known([id]):
            return False
        with self._database.transaction() as connection:
            self._keep(connection, found, data, now)
        logger.critical("通知 %s 数据库里没有，从消息服务器上收回来了", id)
        return True

    def _known(self, ids: Iterable[str]) -> set[str]:
        query = select(bulletin.c.id).where(bulletin.c.id.in_(ids))
        return {row.id for row in self._database.read(query.where(bulletin.c.state.not_in(UNSIGNED)))}

    def _keep(self, connection: Connection, found: Accepted, data: bytes, now: datetime) -> None:
        ours = found.bulletin
        connection.execute(delete(bulletin).where(bulletin.c.id == ours.id))
        signed = {"key_id": found.issuer.key_id, "digest": found.digest, "envelope": data}
        connection.execute(insert(bulletin).values(_columns(ours) | signed | {"sent_at": now}))
        # Either of a cancel and what it cancels may be the first.
        both = bulletin.c.id.in_((ours.id, ours.cancels or ours.id))
        off = both & bulletin.c.id.in_(select(bulletin.c.cancels).where(bulletin.c.cancels.is_not(None)))
        connection.execute(update(bulletin).where(off).values(state=DraftState.CANCELLED))
        if ours.kind is not BulletinKind.CANCEL:
            for box in self._register.enrolled(ours.areas):
                put(connection, reach, {"bulletin": ours.id, "box": box, "stage": DeliveryState.SENT})


def warnings(database: OfficeDatabase, now: datetime) -> list[str]:
    """The restored bulletins that are still in force, in sentences for people."""
    query = select(bulletin).where(bulletin.c.written_by == BY, bulletin.c.state == DraftState.PUBLISHED)
    query = query.where(bulletin.c.kind != BulletinKind.CANCEL, bulletin.c.expires > now)
    found = [
        f"《{row.title}》（到 {row.expires.astimezone(now.tzinfo):%m月%d日 %H:%M}）"
        for row in database.read(query.order_by(bulletin.c.expires))
    ]
    sentence = (
        f"平台的数据库是旧的拷贝，从消息服务器取回了 {len(found)} 则还有效的通知：{'、'.join(found)}。"
    )
    return [f"{sentence}请在“通知”里看一遍，不要的取消。"] if found else []


def _columns(ours: Bulletin) -> dict[str, Any]:
    audio = ours.audio
    return {
        "id": ours.id,
        "state": DraftState.PUBLISHED,
        "kind": ours.kind,
        **columns(ours.to_notice("", OfficeLevel.COUNTY)),
        "text": ours.verse or ours.text,
        "areas": " ".join(ours.areas),
        "night_ok": int(ours.night_ok),
        "not_before": ours.not_before,
        "life_minutes": int((ours.expires - ours.not_before).total_seconds() // 60),
        "cancels": ours.cancels,
        "sound": to_text(
            SignedRecording(audio.sha256, ours.library_key, audio.size, 0) if audio else None
        ),
        "written_by": BY,
        "written_at": ours.issued,
        "note": NOTE,
        "issued": ours.issued,
        "expires": ours.expires,
        "seq": ours.seq,
    }
