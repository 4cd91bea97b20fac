"""Decides which signed receipts do not count, and reports how many by box and reason."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from broadcaster.bulletin import areas as area_codes
from broadcaster.bulletin.receipts import PlayedResult, Receipt, ReceiptState
from broadcaster.bulletin.trusted_time import CLOCKS_DIFFER
from broadcaster.core.clock import Clock
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.county.store.tables import doubt
from broadcaster.system.log_brake import LogBrake

logger = logging.getLogger(__name__)

# What was cut says its last line again, once for each cut.
SAID_AGAIN_SECONDS = 60.0
LONGEST_SECONDS = 24 * 3600.0
# A fortnight away with some hundred notices a day is told at once; after that one each ten seconds.
BURST, A_SECOND = 2_000, 0.1


class Doubt(StrEnum):
    """The reason for which a receipt does not count; `sentence` goes on from their number."""

    UNREADABLE = "unreadable"
    UNKNOWN = "unknown"
    ELSEWHERE = "elsewhere"
    OTHER_DIGEST = "other_digest"
    WRONG_TIME = "wrong_time"
    IMPOSSIBLE = "impossible"
    TOO_MANY = "too_many"
    RETAINED = "retained"

    @property
    def sentence(self) -> str:
        return SENTENCES[self]

    @property
    def accuses(self) -> bool:
        """The box's password is enough for it; the rest takes its key, and may come about by itself."""
        return self in (Doubt.UNREADABLE, Doubt.TOO_MANY, Doubt.RETAINED)


SENTENCES = {
    Doubt.UNREADABLE: "读不懂，或者不是它的钥匙签的",
    Doubt.UNKNOWN: "说的不是本平台发的通知（上级发的也在内）",
    Doubt.ELSEWHERE: "说的是没有发给它的通知",
    Doubt.OTHER_DIGEST: "说的内容和发出去的不一样",
    Doubt.WRONG_TIME: "时间不对，请村里看一看广播站的时钟",
    Doubt.IMPOSSIBLE: "播的秒数不可能",
    Doubt.TOO_MANY: "来得太多，没有要",
    Doubt.RETAINED: "赖在消息服务器上不走，清掉了",
}


@dataclass(frozen=True)
class SentBulletin:
    """A bulletin as it was signed; `areas` are trimmed."""

    digest: str
    areas: tuple[str, ...]
    issued: datetime


def is_of(receipt: Receipt, digest: str) -> bool:
    """True if a receipt is of the bulletin as it was signed. A refusal may lack the digest, because the
    box could not always read it.
    """
    return receipt.digest == digest or (receipt.digest is None and receipt.state is ReceiptState.REFUSED)


def doubt_of(receipt: Receipt, sent: SentBulletin | None, village: str, now: datetime) -> Doubt | None:
    """The reason for which a genuine receipt of this village's box does not count; None for one that
    does.
    """
    if sent is None:
        return Doubt.UNKNOWN
    if not any(area_codes.contains(area, village) for area in sent.areas):
        return Doubt.ELSEWHERE
    if not is_of(receipt, sent.digest):
        return Doubt.OTHER_DIGEST
    if receipt.clock_trusted and not _in_time(receipt, sent.issued, now):
        return Doubt.WRONG_TIME
    return Doubt.IMPOSSIBLE if receipt.heard and not _possible(receipt.heard) else None


def is_honest(receipt: Receipt, why: Doubt) -> bool:
    """True if the box cannot be blamed: it refused a bulletin that somebody gave it, for instance on a
    stick.
    """
    return receipt.state is ReceiptState.REFUSED and why in (
        Doubt.UNKNOWN,
        Doubt.ELSEWHERE,
        Doubt.OTHER_DIGEST,
    )


def clamped(moment: datetime, sent: SentBulletin, now: datetime) -> datetime:
    """As the board shows it: by a clock that nobody trusts it may be any time."""
    return min(max(moment, sent.issued), now)


def _in_time(receipt: Receipt, issued: datetime, now: datetime) -> bool:
    """A box that began without a clock may have begun to sound long before."""
    ended = receipt.heard.ended if receipt.heard else receipt.at
    return issued - CLOCKS_DIFFER <= receipt.at and max(receipt.at, ended) <= now + CLOCKS_DIFFER


def _possible(heard: PlayedResult) -> bool:
    most = 2 * heard.seconds_due + SAID_AGAIN_SECONDS if heard.seconds_due else LONGEST_SECONDS
    return heard.seconds_played <= most and heard.seconds_due <= LONGEST_SECONDS


class ReceiptRateLimit:
    """Limits the receipts of one box: many at once, then few, for ever. One thread."""

    def __init__(self, clock: Clock, burst: int = BURST, a_second: float = A_SECOND) -> None:
        self._clock = clock
        self._burst = burst
        self._a_second = a_second
        self._left: dict[str, tuple[float, float]] = {}

    def allows(self, box: str, wanted: int) -> bool:
        """True if so many more may come; then they are counted."""
        now = self._clock.monotonic()
        left, at = self._left.get(box, (float(self._burst), now))
        left = min(float(self._burst), left + (now - at) * self._a_second)
        allowed = left >= wanted
        self._left[box] = left - wanted if allowed else left, now
        return allowed


@dataclass(frozen=True)
class DoubtCount:
    """So many things of one box that do not count, for one reason."""

    why: Doubt
    count: int
    last_at: datetime


class DoubtLog(Protocol):
    """Receives the receipts that do not count."""

    def note(self, box: str, why: Doubt, detail: object = "", count: int = 1) -> None: ...

    def stranger(self, detail: object) -> None:
        """Of nobody who is enrolled."""

    def keep(self) -> None:
        """After each batch."""


class ImportDoubts:
    """Notes receipts from a stick that do not count: the person is told, and no box is blamed."""

    def __init__(self) -> None:
        self.noted: Counter[Doubt] = Counter()

    def note(self, box: str, why: Doubt, detail: object = "", count: int = 1) -> None:
        self.noted[why] += count

    def stranger(self, detail: object) -> None: ...

    def keep(self) -> None: ...


class StoredDoubts:
    """Notes receipts over the broker that do not count, by box: written by the office's own thread, read
    by any.
    """

    def __init__(self, database: OfficeDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._brake = LogBrake(clock, logger.warning)
        self._noted: Counter[tuple[str, Doubt]] = Counter()

    def note(self, box: str, why: Doubt, detail: object = "", count: int = 1) -> None:
        """On the disk at the next `keep`."""
        self._brake.note(f"广播站 {box} 的回执不算数：{why.sentence}", detail)
        self._noted[box, why] += count

    def stranger(self, detail: object) -> None:
        """Of nobody who is enrolled: in the log alone."""
        self._brake.note("来了没有登记的广播站的回执，不算数", detail)

    def keep(self) -> None:
        self._brake.look()
        if not self._noted:
            return
        noted, self._noted = self._noted, Counter()
        now = self._clock.now()
        rows = [
            {"box": box, "why": why, "number": number, "last_at": now}
            for (box, why), number in sorted(noted.items())
        ]
        with self._database.transaction() as connection:
            connection.execute(_upsert(connection.dialect.name), rows)

    def of(self, box: str, since: datetime | None) -> list[DoubtCount]:
        """The most first; what was before it was enrolled last was another's."""
        query = select(doubt).where(doubt.c.box == box).order_by(doubt.c.number.desc())
        return [
            DoubtCount(Doubt(row.why), row.number, row.last_at)
            for row in self._database.read(query)
            if since is None or row.last_at >= since
        ]


def _upsert(dialect_name: str) -> Any:
    dialect: Any = sqlite if dialect_name == "sqlite" else postgresql
    statement = dialect.insert(doubt)
    said: Mapping[str, Any] = statement.excluded
    together: Sequence[Any] = (doubt.c.box, doubt.c.why)
    return statement.on_conflict_do_update(
        index_elements=together,
        set_={"number": doubt.c.number + said["number"], "last_at": said["last_at"]},
    )
