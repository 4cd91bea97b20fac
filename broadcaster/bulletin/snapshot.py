"""Snapshot: the county's signed list of all bulletins in force, by which a box sees that one was kept
from it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass
from securesystemslib.signer import Signer

from broadcaster.bulletin import envelope, strict_json
from broadcaster.bulletin.envelope import Envelope
from broadcaster.bulletin.keyring import Trust
from broadcaster.bulletin.message_fields import (
    AS_TUPLE,
    HIGHEST_SEQUENCE,
    STRICT,
    BulletinId,
    Moment,
    Sha256,
    read_payload,
)
from broadcaster.bulletin.refusals import NotAccepted, Refusal
from broadcaster.bulletin.trusted_time import CLOCKS_DIFFER, Now

PAYLOAD_TYPE = "application/vnd.broadcaster.heads+json"
# They come every 10 minutes; three missing in a row are no accident of the network.
FRESH = timedelta(minutes=30)
SHORTEST_NONCE = 16

Sequence = Annotated[int, Field(ge=1, le=HIGHEST_SEQUENCE)]


@dataclass(frozen=True, config=STRICT)
class Snapshot:
    """`highest` is the last `seq` of each key, `in_force` the digest of each id, cancels among them.

    What has a `seq` up to `highest` and is not in force is so no longer. `nonce` answers the one box
    that asked what time it is.
    """

    at: Moment
    keyring: Annotated[tuple[Sequence, Sequence], AS_TUPLE]
    highest: Mapping[Sha256, Sequence]
    in_force: Mapping[BulletinId, Sha256]
    nonce: Annotated[str, Field(min_length=SHORTEST_NONCE, max_length=64)] | None = None
    v: Literal[1] = 1

    def signed(self, signer: Signer) -> Envelope:
        return envelope.sign(PAYLOAD_TYPE, strict_json.write(vars(self)), [signer])

    def is_fresh(self, now: datetime) -> bool:
        """True if the snapshot is recent, so the box is in touch with the county. Needs a
        trusted clock.
        """
        return abs(now - self.at) <= FRESH

    def tells_time_to(self, nonce: str) -> bool:
        """True if the county made this after the box asked with `nonce`; then `at` is the time."""
        return len(nonce) >= SHORTEST_NONCE and self.nonce == nonce

    def missing(self, known: Mapping[str, str]) -> frozenset[str]:
        """Ids that are in force and that the box, which knows these ids and digests, has not."""
        return frozenset(id for id, digest in self.in_force.items() if known.get(id) != digest)

    def has_dropped(self, key_id: str, seq: int, id: str) -> bool:
        """True if the county has issued this bulletin and it is no longer in force."""
        return id not in self.in_force and seq <= self.highest.get(key_id, 0)


def read_snapshot(data: bytes, trust: Trust, now: Now, newest: Snapshot | None = None) -> Snapshot:
    """A snapshot that is signed, and not older than the one the box has. Raises `NotAccepted`.

    `newest` is to be forgotten when `trust` is updated: a stolen key may have made one of next year.
    """
    signed = envelope.read(data, PAYLOAD_TYPE)
    key_id = signed.only_key_id
    key = trust.key(key_id)
    if key_id not in trust.targets.snapshot_key_ids:
        raise NotAccepted(Refusal.UNKNOWN_KEY, key_id[:8])
    signed.check_signed_by(key)
    snapshot = read_payload(Snapshot, signed.payload)
    if now.trusted and snapshot.at > now.at + CLOCKS_DIFFER:
        raise NotAccepted(Refusal.NOT_YET_VALID, f"{snapshot.at:%Y-%m-%d %H:%M}")
    if newest and snapshot.at < newest.at:
        raise NotAccepted(Refusal.SNAPSHOT_OLD, f"{snapshot.at:%Y-%m-%d %H:%M}")
    if snapshot.keyring < trust.version:
        raise NotAccepted(Refusal.KEYRING_ROLLED_BACK, f"{snapshot.keyring}")
    return snapshot
