"""Verifies a bulletin on the box, in the order of the design. No setting turns a check off, and no
bulletin airs without them.
"""

from dataclasses import dataclass

from broadcaster.bulletin import envelope
from broadcaster.bulletin.bulletin import PAYLOAD_TYPE, Bulletin, BulletinKind, read_bulletin
from broadcaster.bulletin.delegation import Issuer
from broadcaster.bulletin.envelope import Envelope
from broadcaster.bulletin.keyring import Trust
from broadcaster.bulletin.refusals import NotAccepted, Refusal
from broadcaster.bulletin.replay_guard import Accepted, Record, ReplayGuard, Waits
from broadcaster.bulletin.snapshot import Snapshot
from broadcaster.bulletin.trusted_time import CLOCKS_DIFFER, Now
from broadcaster.core.notice import Severity

# 2,000 characters in three bytes each, 500 areas, in base64, with room.
LARGEST = 64 * 1024
# A platform issues at most 9,999 a day (GD/J 080), so 70,000 in the longest life; and in a hundred
# days a million, which is the furthest that a box can have missed in one piece.
OLDEST_SEQUENCE, FURTHEST_SEQUENCE = 100_000, 1_000_000
URGENT = frozenset({Severity.RED, Severity.ORANGE})


@dataclass(frozen=True)
class BulletinRefused:
    """`id` and `digest` are those of the bulletin, once its signature was good; `detail` is for the
    record.
    """

    reason: Refusal
    detail: str = ""
    id: str = ""
    digest: str | None = None


Verdict = Accepted | BulletinRefused


def verify(
    data: bytes, trust: Trust, seen: ReplayGuard, box: str, now: Now, snapshot: Snapshot | None = None
) -> Verdict:
    """Judge an envelope as it came, for the box of this trimmed area code. Remembers nothing.

    `snapshot` are the newest that the box has, if any: after its own memory is lost they are what it
    knows of what was cancelled.
    """
    try:
        signed, bulletin = _read_verified(data, trust, now)
    except NotAccepted as refused:
        return BulletinRefused(refused.refusal, refused.detail)
    try:
        issuer = _issuer(trust, signed, bulletin)
        _check_meant_for(bulletin, box)
        check_time(bulletin, now)
        waits = _waits(bulletin, now)
        accepted = Accepted(bulletin, issuer, signed.digest, waits, signed.payload)
        _check_not_replayed(accepted.record, seen)
        _check_sequence(accepted.record, seen, snapshot)
        _check_cancels(accepted, seen)
        return accepted
    except NotAccepted as refused:
        return BulletinRefused(refused.refusal, refused.detail, bulletin.id, signed.digest)


def read_for_office(data: bytes, trust: Trust, now: Now) -> Accepted:
    """A bulletin that any box of the area would accept; a box's own place and memory are not checked.
    Raises `NotAccepted`.
    """
    signed, bulletin = _read_verified(data, trust, now)
    issuer = _issuer(trust, signed, bulletin)
    check_time(bulletin, now)
    return Accepted(bulletin, issuer, signed.digest, _waits(bulletin, now), signed.payload)


def check_time(bulletin: Bulletin, now: Now) -> None:
    """Raise `NotAccepted`."""
    if bulletin.expires - bulletin.issued > bulletin.longest_life:
        raise NotAccepted(Refusal.TOO_LONG_A_LIFE, f"{bulletin.expires - bulletin.issued}")
    if now.trusted and bulletin.issued > now.at + CLOCKS_DIFFER:
        raise NotAccepted(Refusal.NOT_YET_VALID, f"{bulletin.issued:%Y-%m-%d %H:%M}")
    if bulletin.expires <= now.earliest:
        raise NotAccepted(Refusal.EXPIRED, f"{bulletin.expires:%Y-%m-%d %H:%M}")


def _read_verified(data: bytes, trust: Trust, now: Now) -> tuple[Envelope, Bulletin]:
    signed = envelope.read(data, PAYLOAD_TYPE, LARGEST)
    key_id = signed.only_key_id
    trust.check_not_expired(now.earliest)
    key = trust.key(key_id)
    if not trust.delegations_of(key_id):
        raise NotAccepted(Refusal.UNKNOWN_KEY, key_id[:8])
    signed.check_signed_by(key)
    return signed, read_bulletin(signed.payload)


def _issuer(trust: Trust, signed: Envelope, bulletin: Bulletin) -> Issuer:
    """The first delegation of the key that allows all areas at this severity."""
    key_id = signed.only_key_id
    reaching = [
        delegation
        for delegation in trust.delegations_of(key_id)
        if all(delegation.allows_area(area) for area in bulletin.areas)
    ]
    if not reaching:
        raise NotAccepted(Refusal.AREA_NOT_ALLOWED, " ".join(bulletin.areas[:5]))
    for delegation in reaching:
        if all(delegation.allows(area, bulletin.severity, bulletin.id) for area in bulletin.areas):
            return delegation.issuer(key_id)
    raise NotAccepted(Refusal.SEVERITY_NOT_ALLOWED, f"{int(bulletin.severity)}")


def _check_meant_for(bulletin: Bulletin, box: str) -> None:
    if not bulletin.meant_for(box):
        raise NotAccepted(Refusal.NOT_FOR_THIS_BOX, " ".join(bulletin.areas[:5]))


def _check_not_replayed(record: Record, seen: ReplayGuard) -> None:
    known = seen.record(record.id)
    if known is None:
        return
    same = known.digest == record.digest
    raise NotAccepted(Refusal.ALREADY_SEEN if same else Refusal.OTHER_BYTES, record.id)


def _check_sequence(record: Record, seen: ReplayGuard, snapshot: Snapshot | None) -> None:
    """Each key has its own count, so that a stolen one moves no other, and a new one starts at 1.

    Bulletins of one key may overtake each other: each has its own topic.
    """
    key_id, seq = record.issuer.key_id, record.seq
    if snapshot and record.id in snapshot.in_force and snapshot.in_force[record.id] != record.digest:
        raise NotAccepted(Refusal.OTHER_BYTES, record.id)
    if snapshot and snapshot.has_dropped(key_id, seq, record.id):
        raise NotAccepted(Refusal.NOT_IN_FORCE, record.id)
    if seen.record_of(key_id, seq):
        raise NotAccepted(Refusal.SEQUENCE_USED, f"{seq}")
    highest = seen.highest_seq(key_id)
    if seq < highest - OLDEST_SEQUENCE:
        raise NotAccepted(Refusal.SEQUENCE_TOO_OLD, f"{seq} < {highest}")
    if seq > max(highest, snapshot.highest.get(key_id, 0) if snapshot else 0) + FURTHEST_SEQUENCE:
        raise NotAccepted(Refusal.SEQUENCE_JUMPED, f"{seq} > {highest}")


def _check_cancels(accepted: Accepted, seen: ReplayGuard) -> None:
    """A cancel is honoured whichever comes first, and only of who issued the other or stands above."""
    bulletin, issuer = accepted.bulletin, accepted.issuer
    if bulletin.kind is not BulletinKind.CANCEL:
        if any(canceller.may_cancel(issuer) for canceller in seen.tombstones(bulletin.id)):
            raise NotAccepted(Refusal.CANCELLED, bulletin.id)
        return
    cancelled = seen.record(bulletin.cancels or "")
    if cancelled and not issuer.may_cancel(cancelled.issuer):
        raise NotAccepted(Refusal.CANCEL_NOT_ALLOWED, cancelled.id)


def _waits(bulletin: Bulletin, now: Now) -> Waits:
    """Without a trusted clock only what is urgent and wanted at once is said at once; cancels always."""
    if bulletin.kind is BulletinKind.CANCEL:
        return Waits.NOTHING
    at_once = bulletin.not_before - bulletin.issued <= CLOCKS_DIFFER
    if not now.trusted:
        notice = bulletin.kind is BulletinKind.NOTICE
        return Waits.NOTHING if at_once and notice and bulletin.severity in URGENT else Waits.CLOCK
    return Waits.NOT_BEFORE if bulletin.not_before > now.at else Waits.NOTHING
