"""What the county sent, however it came: judged, kept, aired or ended, told of. It knows no network."""

from __future__ import annotations

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from broadcaster.bulletin import strict_json
from broadcaster.bulletin.bulletin import Bulletin, BulletinKind, read_bulletin
from broadcaster.bulletin.delegation import Issuer
from broadcaster.bulletin.heads import PAYLOAD_TYPE as HEADS_TYPE
from broadcaster.bulletin.receipts import Heard, State
from broadcaster.bulletin.refusals import NotAccepted, Refusal
from broadcaster.bulletin.verify import (
    URGENT,
    Accepted,
    Refused,
    Waits,
    check_time,
    verify,
)
from broadcaster.clock import Clock
from broadcaster.errors import BroadcasterError, StoreUnusable, VoiceUnavailable
from broadcaster.link.county import WRITTEN, County
from broadcaster.link.membership import Membership
from broadcaster.link.memory import Memory, issuer_of
from broadcaster.link.sounds import Wanted
from broadcaster.link.superiors import Superiors
from broadcaster.manner import settle
from broadcaster.model import Airing, JournalEntry, Notice, Outcome
from broadcaster.station import JournalRow, Stage, Station, StoredBulletin

logger = logging.getLogger(__name__)

# By a clock that nobody trusts the end of a bulletin is no moment; what is urgent is said at once.
LIFE_WITHOUT_CLOCK = timedelta(minutes=30)
REMEMBERED_REFUSALS = 1_000
FORGET_SECONDS = 3600.0
NOT_THE_COUNTYS = frozenset({Refusal.UNKNOWN_KEY, Refusal.KEYRING_EXPIRED})
# What begins sooner begins now.
LATER = timedelta(seconds=1)


class Reception:
    """One thread. Nothing here depends on how the bytes came: broker, answer or stick."""

    def __init__(self, station: Station, membership: Membership, clock: Clock) -> None:
        self._station = station
        self._clock = clock
        self._rows = station.bulletins
        self._area = membership.area
        self.county = County(station, membership, clock)
        self.superiors = Superiors(membership, self.county.trust, self.county.now())
        self.memory = Memory(
            self._rows, membership, lambda: (_told(clock.now()), station.clock_is_trusted())
        )
        self.recordings = station.recordings
        self.want_sound: Callable[[Wanted], None] = lambda wanted: None
        """Has the sound of a bulletin fetched, and `sound_came` called on this thread."""
        self._refused: OrderedDict[bytes, None] = OrderedDict()
        self._aired_unkept: set[str] = set()
        self._clock_waits = True
        self._forget_at = clock.monotonic()

    def take(self, kind: str, data: bytes) -> Accepted | None:
        """Whatever stood under a kind of topic: k, h, n, or a for what says itself what it is.

        As `keep`, and raises `NotAccepted` for a keyring or heads.
        """
        kind = _kind_of(data) if kind == "a" else kind
        if not data:
            # A topic that was emptied.
            return None
        if kind == "k":
            self.take_keyring(data)
        elif kind == "h":
            self.take_heads(data)
        else:
            return self.keep(data)
        return None

    def keep(self, data: bytes) -> Accepted | None:
        """Judge an envelope. When this returns it may be acknowledged, and what it returns be acted on.

        Raises `StoreUnusable` where it could not be written down: it has to come again. What is urgent
        is aired all the same, once.
        """
        now = self.county.now()
        verdict = verify(data, self.county.trust, self.memory, self._area, now, self.county.heads)
        if isinstance(verdict, Refused) and verdict.reason in NOT_THE_COUNTYS:
            verdict = self.superiors.judge(data, self.memory, self._area, now) or verdict
        if isinstance(verdict, Refused):
            self._refuse(verdict, data)
            return None
        try:
            self.memory.note(verdict)
        except StoreUnusable:
            self._air_unkept(verdict)
            raise
        self.county.raise_floor(verdict.bulletin.issued)
        return verdict

    def act(self, accepted: Accepted) -> None:
        """Air what was kept, or end what it cancels."""
        bulletin = accepted.bulletin
        if bulletin.kind is BulletinKind.CANCEL:
            self._cancel(bulletin.cancels or "", accepted.issuer)
        elif accepted.waits is Waits.CLOCK:
            self._clock_waits = True
        elif bulletin.id in self._aired_unkept:
            self.recover(bulletin.id)
        else:
            self._air(bulletin, accepted.issuer)

    def recover(self, only: str = "") -> None:
        """Go on with what was kept when the box went down: not heard twice, nothing lost."""
        for row in self._rows.at(Stage.TAKEN):
            if only in ("", row.bulletin_id):
                with _one_by_one(row):
                    self._recover(row)

    def _recover(self, row: StoredBulletin) -> None:
        past = self._station.past(row.bulletin_id)
        if past:
            self._tell_end(row, past)
        elif self._is_cancelled(row):
            if not self._station.cancel(row.bulletin_id, "上级"):
                self._end_unheard(row, Outcome.CANCELLED, "取消")
        elif not self._station.find_airing(row.bulletin_id):
            self._air_later(row)

    def look(self) -> None:
        """Air what has waited for the clock, once that is trusted; once an hour forget what expired."""
        if self._clock_waits and self._station.clock_is_trusted():
            for row in self._rows.at(Stage.WAITS):
                with _one_by_one(row):
                    self._rows.move(row.bulletin_id, Stage.TAKEN)
                    self._air_later(row)
            self._clock_waits = False
        if self._clock.monotonic() >= self._forget_at:
            self._forget_at = self._clock.monotonic() + FORGET_SECONDS
            self.memory.forget(self.county.now().earliest)

    def begun(self, airing: Airing) -> None:
        row = self._rows.find(airing.id)
        if row and row.stage is Stage.TAKEN:
            self.memory.tell(row.bulletin_id, row.digest, State.ON_THE_AIR)

    def ended(self, entry: JournalEntry) -> None:
        row = self._rows.find(entry.airing.id)
        if row and row.stage is Stage.TAKEN:
            self._tell_end(row, entry)

    def take_keyring(self, data: bytes) -> None:
        """Raises `NotAccepted` and OSError; then nothing changed."""
        if office := self.superiors.of_keyring(data):
            newer = self.superiors.take_keyring(office, data, self.county.now())
            self._drop(newer.believed.targets.revoked if newer else frozenset())
        elif self.county.take_keyring(data):
            trust = self.county.trust
            # What a power cut leaves undone of this the start does: it goes by the same root.
            gone = self.superiors.follow(trust, self.county.now())
            self._drop(trust.targets.revoked | gone)

    def take_heads(self, data: bytes) -> bool:
        """Whether they answer what was asked. Raises `NotAccepted`."""
        if office := self.superiors.of_heads(data):
            heads = self.superiors.take_heads(office, data, self.county.now()).heads
            self.county.raise_floor(heads.at if heads else WRITTEN)
            return False
        return self.county.take_heads(data, self.known())

    def known(self) -> dict[str, str]:
        """Ids and digests of all that the box has kept."""
        return self._rows.digests()

    @property
    def fault(self) -> str:
        """A sentence in Chinese, or ""."""
        return self.county.fault or self.superiors.fault(self.county.now())

    @property
    def offices(self) -> tuple[str, ...]:
        """Whose keyring and heads the box follows."""
        return self.county.trust.area, *self.superiors.areas

    def _drop(self, keys: frozenset[str]) -> None:
        """Who has a stolen key may have said something for tomorrow."""
        for row in self._rows.at(Stage.TAKEN, Stage.WAITS) if keys else ():
            if row.key_id in keys:
                self._withdraw(row)

    def _withdraw(self, row: StoredBulletin) -> None:
        if not self._station.cancel(row.bulletin_id, "钥匙作废"):
            refused, reason = Refusal.REVOKED_KEY, Refusal.REVOKED_KEY.sentence
            self.memory.tell(row.bulletin_id, row.digest, State.REFUSED, refused, reason, settles=True)

    def _refuse(self, refused: Refused, data: bytes) -> None:
        """Tell of it once; what is sent again has been told of."""
        digest = hashlib.sha256(data).digest()
        if refused.reason is Refusal.ALREADY_SEEN or digest in self._refused:
            return
        logger.warning("refused %s: %s %s", refused.id or "?", refused.reason.name, refused.detail)
        self.county.refused(refused.id, refused.reason)
        self.memory.tell(refused.id, None, State.REFUSED, refused.reason, refused.reason.sentence)
        self._refused[digest] = None
        while len(self._refused) > REMEMBERED_REFUSALS:
            self._refused.popitem(last=False)

    def _air_unkept(self, accepted: Accepted) -> None:
        """A full disk does not silence what is urgent."""
        bulletin = accepted.bulletin
        urgent = bulletin.severity in URGENT and bulletin.kind is BulletinKind.NOTICE
        urgent = urgent and not bulletin.audio
        if urgent and accepted.waits is Waits.NOTHING and bulletin.id not in self._aired_unkept:
            self._aired_unkept.add(bulletin.id)
            self._announce(bulletin, accepted.issuer)

    def _air_later(self, row: StoredBulletin) -> None:
        bulletin = read_bulletin(row.payload)
        try:
            check_time(bulletin, self.county.now())
        except NotAccepted as refused:
            reason = refused.refusal
            self.memory.tell(
                row.bulletin_id, row.digest, State.REFUSED, reason, reason.sentence, settles=True
            )
            return
        self._air(bulletin, issuer_of(row))

    def sound_came(self, bulletin_id: str, recording: str, problem: str) -> None:
        """The sound that a bulletin waited for is kept under this key; or why there is none."""
        row = self._rows.find(bulletin_id)
        if row is None or row.stage is not Stage.TAKEN:
            return
        if problem:
            self._end_unheard(row, Outcome.FAILED, problem)
        else:
            self._air(read_bulletin(row.payload), issuer_of(row), recording)

    def _air(self, bulletin: Bulletin, issuer: Issuer, recording: str = "") -> None:
        if bulletin.audio and not recording:
            audio, expires = bulletin.audio, bulletin.expires
            self.want_sound(Wanted(bulletin.id, bulletin.title, audio, expires))
            return
        row = self._rows.find(bulletin.id)
        assert row
        try:
            reason = self._announce(bulletin, issuer, recording)
        except StoreUnusable:
            raise
        except BroadcasterError as error:
            self._end_unheard(row, Outcome.FAILED, str(error))
            return
        if reason:
            self.memory.tell(row.bulletin_id, row.digest, State.DEFERRED, reason=reason)

    def _announce(self, bulletin: Bulletin, issuer: Issuer, recording: str = "") -> str:
        """Queue it; why quiet hours keep it off when it is due, or "". Raises `BroadcasterError`."""
        notice = replace(bulletin.to_notice(issuer.name, issuer.office), recording=recording)
        now, trusted = self._clock.now(), self._station.clock_is_trusted()
        at = bulletin.not_before if trusted and bulletin.not_before > now + LATER else None
        expires = bulletin.expires if trusted else now + LIFE_WITHOUT_CLOCK
        # Of what is for later the office is told now, while somebody can still choose another time.
        verdict = self._station.verdict(notice, at)
        try:
            self._put(notice, issuer, at, expires)
        except VoiceUnavailable:
            # The voice was a wish.
            self._put(replace(notice, voice=None), issuer, at, expires)
        put_off = at or (verdict.until and verdict.until < expires)
        return verdict.reason if put_off and not verdict.passes else ""

    def _put(self, notice: Notice, issuer: Issuer, at: datetime | None, expires: datetime) -> None:
        self._station.announce(notice, asked_by=issuer.name, at=at, expires_at=expires)

    def _cancel(self, cancelled: str, issuer: Issuer) -> None:
        row = self._rows.find(cancelled)
        if row is None or row.stage is Stage.SETTLED or not issuer.may_cancel(issuer_of(row)):
            return
        if not self._station.cancel(cancelled, issuer.name) and not self._station.past(cancelled):
            self._end_unheard(row, Outcome.CANCELLED, f"取消（{issuer.name}）")

    def _is_cancelled(self, row: StoredBulletin) -> bool:
        issuer = issuer_of(row)
        return any(one.may_cancel(issuer) for one in self.memory.tombstones(row.bulletin_id))

    def _end_unheard(self, row: StoredBulletin, outcome: Outcome, reason: str) -> None:
        heard = Heard(outcome, None, _told(self._clock.now()), 0.0, 0.0, 0, "")
        self.memory.tell(
            row.bulletin_id, row.digest, State.ENDED, reason=reason, heard=heard, settles=True
        )

    def _tell_end(self, row: StoredBulletin, end: JournalEntry | JournalRow) -> None:
        heard = Heard(
            end.outcome,
            end.started_at and _told(end.started_at),
            _told(end.ended_at),
            end.seconds_played,
            end.seconds_due,
            self._times(row, end),
            end.voice[:80],
        )
        self.memory.tell(
            row.bulletin_id, row.digest, State.ENDED, reason=end.reason, heard=heard, settles=True
        )

    def _times(self, row: StoredBulletin, end: JournalEntry | JournalRow) -> int:
        """How often the text was heard, by the part of the whole that was."""
        bulletin, issuer = read_bulletin(row.payload), issuer_of(row)
        notice = settle(bulletin.to_notice(issuer.name, issuer.office), self._station.settings)
        if end.outcome is Outcome.PLAYED or not end.seconds_due:
            return (notice.repeats or 1) if end.outcome is Outcome.PLAYED else 0
        return int(end.seconds_played / end.seconds_due * (notice.repeats or 1))


def _told(moment: datetime) -> datetime:
    """As a receipt has it: a box without a clock of its own comes up in 1970, which no receipt holds."""
    return max(moment, WRITTEN)


@contextmanager
def _one_by_one(row: StoredBulletin) -> Iterator[None]:
    """One that breaks us must not stand before the others."""
    try:
        yield
    except StoreUnusable:
        raise
    except Exception:
        logger.exception("left out: %s", row.bulletin_id)


def _kind_of(data: bytes) -> str:
    """Which kind of topic this would stand under, by what it says of itself, which is not believed."""
    try:
        written = strict_json.parse(data)
    except ValueError:
        return "n"
    if not isinstance(written, dict):
        return "n"
    if "roots" in written:
        return "k"
    return "h" if written.get("payloadType") == HEADS_TYPE else "n"
