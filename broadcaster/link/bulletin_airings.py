"""Airs the bulletins that the box accepted: each is aired once, and each step is reported to the office
once.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from broadcaster.bulletin.bulletin import Audio, Bulletin, BulletinKind, read_bulletin
from broadcaster.bulletin.delegation import Issuer
from broadcaster.bulletin.receipts import PlayedResult, ReceiptState
from broadcaster.bulletin.refusals import NotAccepted, Refusal
from broadcaster.bulletin.replay_guard import Accepted, Record, Waits
from broadcaster.bulletin.trusted_time import Now
from broadcaster.bulletin.verify import URGENT, check_time
from broadcaster.core.clock import Clock
from broadcaster.core.errors import BroadcasterError, StoreUnusable, VoiceUnavailable
from broadcaster.core.labels import WAITS_FOR_SOUND
from broadcaster.core.model import Airing, JournalEntry, Outcome
from broadcaster.core.notice import SPECS, Notice
from broadcaster.link.bulletin_log import BulletinLog, issuer_of
from broadcaster.link.county_sounds import ColumnSound
from broadcaster.link.county_state import tellable
from broadcaster.link.recording_download import PendingRecording
from broadcaster.rules.severity_defaults import fill_in
from broadcaster.station.station import BulletinStage, JournalRow, Station, StoredBulletin

logger = logging.getLogger(__name__)

# By a clock that nobody trusts the end of a bulletin is no moment; what is urgent is said at once.
LIFE_WITHOUT_CLOCK = timedelta(minutes=30)
# What begins sooner begins now.
LATER = timedelta(seconds=1)
# Of a column: what is lost at both ends of a file when it is measured, and in a fade.
MISSED_SECONDS = 2.0


@dataclass
class _Queued:
    """A bulletin's airing that waits or is on the air; `reported` is the delay that the office knows."""

    airing: Airing
    reported: str = ""
    begun: bool = False


class CountyAirings:
    """One thread, the link's. `now` is the county's time, `is_revoked` asks of a bulletin's key."""

    def __init__(
        self,
        station: Station,
        log: BulletinLog,
        clock: Clock,
        now: Callable[[], Now],
        is_revoked: Callable[[Record], bool],
    ) -> None:
        self._station = station
        self._rows = station.bulletins
        self._log = log
        self._clock = clock
        self._now = now
        self._is_revoked = is_revoked
        self.want_recording: Callable[[PendingRecording], None] = lambda wanted: None
        """Has the sound of a bulletin fetched, and `recording_came` called on this thread."""
        self.drop_recording: Callable[[str], None] = lambda bulletin_id: None
        """Has it fetched no more: the bulletin was called off."""
        self._aired_unstored: set[str] = set()
        self._queued: dict[str, _Queued] = {}
        self._clock_waits = True

    def act_on(self, accepted: Sequence[Accepted]) -> None:
        """Air what was kept, and end what is cancelled: that first, so nothing of it is heard."""
        for one in sorted(accepted, key=lambda one: one.bulletin.kind is not BulletinKind.CANCEL):
            self._act(one)

    def _act(self, accepted: Accepted) -> None:
        bulletin = accepted.bulletin
        if bulletin.kind is BulletinKind.CANCEL:
            self._cancel(bulletin.cancels or "", accepted.issuer)
        elif self._log.settled(bulletin.id):
            # Cancelled, or its key revoked, by what came with it.
            return
        elif accepted.waits is Waits.CLOCK:
            self._report_sound_awaited(bulletin)
            self._clock_waits = True
        elif bulletin.id in self._aired_unstored:
            self.recover(bulletin.id)
        else:
            self._air(bulletin, accepted.issuer)

    def recover(self, only: str = "") -> None:
        """Go on with what was kept when the box went down: not heard twice, nothing lost."""
        for row in self._rows.at(BulletinStage.TAKEN):
            if only in ("", row.bulletin_id):
                with _one_by_one(row):
                    self._recover(row)

    def _recover(self, row: StoredBulletin) -> None:
        record = self._log.taken(row.bulletin_id)
        if not record:
            # Its end is told of already, and not on the disk yet.
            return
        past = self._station.past(record.id)
        if past:
            self._report_end(record, past, past.notice)
        elif self._is_cancelled(record):
            if not self._station.cancel(record.id, "上级"):
                self._end_unheard(record, Outcome.CANCELLED, "取消")
        elif self._is_revoked(record):
            self.withdraw(record)
        elif airing := self._station.find_airing(row.bulletin_id):
            self._watch(airing)
        else:
            self._air_later(row)

    def look(self) -> None:
        """Air what has waited for the clock, once that is trusted; tell what keeps off the others."""
        if self._clock_waits and self._station.clock_is_trusted():
            for row in self._rows.at(BulletinStage.WAITS):
                with _one_by_one(row):
                    self._log.move(row.bulletin_id, BulletinStage.TAKEN)
                    self._air_later(row)
            self._clock_waits = False
        self._report_delays()

    def _watch(self, airing: Airing, reported: str = "") -> None:
        self._queued.setdefault(airing.id, _Queued(airing, reported))

    def _report_delays(self) -> None:
        """Whenever it is another thing: quiet hours go by, and then there is no card."""
        for id, queued in list(self._queued.items()):
            record = self._log.taken(id)
            if record is None:
                del self._queued[id]
            elif (reason := self._station.why_waits(queued.airing)) != queued.reported:
                queued.reported = reason
                # One that has begun says itself when it goes on.
                if reason or not queued.begun:
                    state = ReceiptState.DEFERRED if reason else ReceiptState.ACCEPTED
                    self._log.report(id, record.digest, state, reason=reason)

    def begun(self, airing: Airing) -> None:
        if record := self._log.taken(airing.id):
            self._log.report(record.id, record.digest, ReceiptState.ON_THE_AIR)
            queued = self._queued.setdefault(airing.id, _Queued(airing))
            queued.begun, queued.reported = True, ""

    def ended(self, entry: JournalEntry) -> None:
        if record := self._log.taken(entry.airing.id):
            self._report_end(record, entry, entry.airing.notice)

    def withdraw(self, record: Record) -> None:
        if not self._station.cancel(record.id, "钥匙作废"):
            self._report_refusal(record.id, record.digest, Refusal.REVOKED_KEY)

    def air_unstored(self, accepted: Accepted) -> None:
        """A full disk does not silence what is urgent."""
        bulletin = accepted.bulletin
        urgent = bulletin.severity in URGENT and bulletin.kind is BulletinKind.NOTICE
        urgent = urgent and not bulletin.audio
        if urgent and accepted.waits is Waits.NOTHING and bulletin.id not in self._aired_unstored:
            self._aired_unstored.add(bulletin.id)
            self._announce(bulletin, accepted.issuer)

    def _air_later(self, row: StoredBulletin) -> None:
        bulletin = read_bulletin(row.payload)
        try:
            check_time(bulletin, self._now())
        except NotAccepted as refused:
            self._report_refusal(row.bulletin_id, row.digest, refused.refusal)
            return
        self._air(bulletin, issuer_of(row))

    def recording_came(self, bulletin_id: str, recording: str, problem: str) -> None:
        """The sound that a bulletin waited for is kept, a recording under this key; or why there is
        none.
        """
        record, row = self._log.taken(bulletin_id), self._rows.find(bulletin_id)
        if record is None or row is None:
            return
        if problem:
            self._end_unheard(record, Outcome.FAILED, problem)
        else:
            self._put_on(read_bulletin(row.payload), record.issuer, recording)

    def _air(self, bulletin: Bulletin, issuer: Issuer) -> None:
        if bulletin.audio:
            self._want_sound(bulletin, bulletin.audio, issuer)
        else:
            self._put_on(bulletin, issuer)

    def _want_sound(self, bulletin: Bulletin, audio: Audio, issuer: Issuer) -> None:
        self._report_sound_awaited(bulletin)
        times = bulletin.not_before, bulletin.expires
        sound = sound_of(bulletin, issuer)
        self.want_recording(PendingRecording(bulletin.id, bulletin.title, audio, *times, sound))

    def _report_sound_awaited(self, bulletin: Bulletin) -> None:
        """The office is told again when it has come."""
        record = self._log.guard.record(bulletin.id)
        if bulletin.audio and record:
            self._log.report(record.id, record.digest, ReceiptState.DEFERRED, reason=WAITS_FOR_SOUND)

    def _put_on(self, bulletin: Bulletin, issuer: Issuer, recording: str = "") -> None:
        record = self._log.guard.record(bulletin.id)
        assert record
        try:
            reported = WAITS_FOR_SOUND if bulletin.audio else ""
            self._watch(self._announce(bulletin, issuer, recording), reported)
        except StoreUnusable:
            raise
        except BroadcasterError as error:
            self._end_unheard(record, Outcome.FAILED, str(error))
            return
        self._report_delays()

    def _announce(self, bulletin: Bulletin, issuer: Issuer, recording: str = "") -> Airing:
        """Queue it. Raises `BroadcasterError`."""
        notice = replace(bulletin.to_notice(issuer.name, issuer.office), recording=recording)
        if notice.pieces:
            notice = replace(notice, title=f"{issuer.name}：{notice.title}"[: SPECS["title"].longest])
        now, trusted = self._clock.now(), self._station.clock_is_trusted()
        put = partial(
            self._station.announce,
            asked_by=issuer.name,
            at=bulletin.not_before if trusted and bulletin.not_before > now + LATER else None,
            expires_at=bulletin.expires if trusted else now + LIFE_WITHOUT_CLOCK,
            night_ok=bulletin.passes_quiet(issuer.office),
        )
        try:
            return put(notice)
        except VoiceUnavailable:
            # The voice was a wish.
            return put(replace(notice, voice=None))

    def _cancel(self, cancelled: str, issuer: Issuer) -> None:
        record = self._log.guard.record(cancelled)
        if not record or self._log.settled(cancelled) or not issuer.may_cancel(record.issuer):
            return
        if not self._station.cancel(cancelled, issuer.name) and not self._station.past(cancelled):
            self._end_unheard(record, Outcome.CANCELLED, f"取消（{issuer.name}）")

    def _is_cancelled(self, record: Record) -> bool:
        return any(one.may_cancel(record.issuer) for one in self._log.guard.tombstones(record.id))

    def _end_unheard(self, record: Record, outcome: Outcome, reason: str) -> None:
        heard = PlayedResult(outcome, None, tellable(self._clock.now()), 0.0, 0.0, 0, "")
        self._end(record, reason, heard)

    def _report_end(self, record: Record, end: JournalEntry | JournalRow, notice: Notice) -> None:
        due = max(end.seconds_due, self._length(notice))
        # What was cut says its last line again: no more was heard of it for that.
        played = min(end.seconds_played, due or end.seconds_played)
        # The village has skipped it, or its window was over first.
        partly = end.outcome is Outcome.PLAYED and notice.pieces and due - played > MISSED_SECONDS
        heard = PlayedResult(
            Outcome.CUT_SHORT if partly else end.outcome,
            end.started_at and tellable(end.started_at),
            tellable(end.ended_at),
            played,
            due,
            0 if partly else self._times(notice, end),
            end.voice[:80],
        )
        self._end(record, end.reason, heard)

    def _length(self, notice: Notice) -> float:
        """Of a column; its end in the journal tells no more than was made of it by then."""
        sounds = (self._station.sounds.find(piece.source) for piece in notice.pieces)
        return sum(sound.seconds for sound in sounds if sound)

    def _end(self, record: Record, reason: str, heard: PlayedResult) -> None:
        self.drop_recording(record.id)
        ended = record.id, record.digest, ReceiptState.ENDED
        self._log.report(*ended, reason=reason, heard=heard, settles=True)

    def _report_refusal(self, id: str, digest: str, refusal: Refusal) -> None:
        self.drop_recording(id)
        refused = id, digest, ReceiptState.REFUSED, refusal, refusal.sentence
        self._log.report(*refused, settles=True)

    def _times(self, notice: Notice, end: JournalEntry | JournalRow) -> int:
        """The number of times that the text was heard, by the share of the programme that was played."""
        repeats = 1 if notice.pieces else fill_in(notice, self._station.settings).repeats or 1
        if end.outcome is Outcome.PLAYED or not end.seconds_due:
            return repeats if end.outcome is Outcome.PLAYED else 0
        return int(end.seconds_played / end.seconds_due * repeats)


def sound_of(bulletin: Bulletin, issuer: Issuer) -> ColumnSound | None:
    """The sound that a bulletin airs as a column; None if it has words or a recording."""
    key = bulletin.library_key
    return ColumnSound(key, bulletin.title, issuer.name, bulletin.expires) if key else None


@contextmanager
def _one_by_one(row: StoredBulletin) -> Iterator[None]:
    """One that breaks us must not stand before the others."""
    try:
        yield
    except StoreUnusable:
        raise
    except Exception:
        logger.exception("县里的通知 %s 没有处理成，跳过它，错误在下面", row.bulletin_id)
