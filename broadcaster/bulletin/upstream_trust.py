"""Trust in an upstream office: its pinned root, and the keys that follow from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from broadcaster.bulletin import envelope
from broadcaster.bulletin.keyring import Keyring, Trust
from broadcaster.bulletin.refusals import NotAccepted, Refusal
from broadcaster.bulletin.snapshot import PAYLOAD_TYPE as SNAPSHOT_TYPE
from broadcaster.bulletin.snapshot import Snapshot, read_snapshot
from broadcaster.bulletin.trusted_time import Now
from broadcaster.bulletin.tuf_metadata import read_root


@dataclass(frozen=True)
class UpstreamTrust:
    """A value: what takes a keyring or a snapshot gives another one, or refuses and nothing has changed.

    `root` is the digest of the first root. Until a keyring has come, nothing is believed.
    """

    area: str
    root: str
    trust: Trust | None = None
    snapshot: Snapshot | None = None

    @property
    def believed(self) -> Trust:
        """Raises `NotAccepted` before the first keyring."""
        if self.trust is None:
            raise NotAccepted(Refusal.UNKNOWN_KEY, "还没有收到钥匙串")
        return self.trust

    def recalled(self, trust: bytes, snapshot: bytes, at: datetime) -> UpstreamTrust:
        """As it was kept on a disk of ours; b"" for what was not. Raises `NotAccepted`."""
        if not trust:
            return self
        known = replace(self, trust=Trust.from_bytes(trust))
        # Whatever the clock says: they were judged when they came.
        return known.with_snapshot(snapshot, Now(at, False, at)) if snapshot else known

    def with_keyring(self, data: bytes, now: datetime) -> UpstreamTrust:
        newer = self.trust.updated(data, now) if self.trust else Trust.pin(data, self.root, now)
        if newer.area != self.area:
            raise NotAccepted(Refusal.KEYRING_BROKEN, "不是这个地方的")
        if self.trust and newer.to_bytes() == self.trust.to_bytes():
            return self
        # A stolen key may have made the snapshot of next year.
        return replace(self, trust=newer, snapshot=None)

    def with_snapshot(self, data: bytes, now: Now) -> UpstreamTrust:
        return replace(self, snapshot=read_snapshot(data, self.believed, now, self.snapshot))

    def signs_snapshots(self, data: bytes) -> bool:
        """True if the envelope claims this office's snapshot key; the signature is not checked here."""
        try:
            signed = envelope.read(data, SNAPSHOT_TYPE)
        except NotAccepted:
            return False
        return bool(self.trust and self.trust.targets.snapshot_key_ids & signed.signatures.keys())


def area_of_keyring(data: bytes) -> str:
    """The area that a keyring claims, without checking it; "" if the bytes are no keyring."""
    try:
        return read_root(Keyring.from_bytes(data).roots[0]).area
    except NotAccepted:
        return ""
