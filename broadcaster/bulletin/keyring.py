"""Chain of trust by TUF: from a root that was pinned by hand to the keys that may sign today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from securesystemslib.signer import Key

from broadcaster.bulletin import areas, strict_json
from broadcaster.bulletin.delegation import Delegation
from broadcaster.bulletin.refusals import NotAccepted, Refusal
from broadcaster.bulletin.tuf_metadata import (
    LARGEST,
    MALFORMED,
    SignedRoot,
    SignedTargets,
    check_not_expired,
    read_root,
    read_targets,
)
from broadcaster.bulletin.upstream_office import UpstreamOffice

# A root is changed once in some years; a box that was off for all of them still finds the way.
MOST_ROOTS = 200


@dataclass(frozen=True)
class Keyring:
    """One update: all roots from the first on, and the county's list of keys, as signed envelopes."""

    roots: tuple[bytes, ...]
    targets: bytes

    def to_bytes(self) -> bytes:
        roots = [root.decode("ascii") for root in self.roots]
        return strict_json.write({"roots": roots, "targets": self.targets.decode("ascii")})

    @classmethod
    def from_bytes(cls, data: bytes) -> Keyring:
        """Nothing verified yet. Raises `NotAccepted`."""
        if len(data) > LARGEST:
            raise NotAccepted(Refusal.TOO_BIG, f"{len(data)}")
        try:
            written = strict_json.parse(data)
            roots, targets = written.pop("roots"), written.pop("targets")
            if written or not isinstance(roots, list) or not 0 < len(roots) <= MOST_ROOTS:
                raise ValueError("keys")
            return cls(tuple(root.encode("ascii") for root in roots), targets.encode("ascii"))
        except MALFORMED as error:
            raise NotAccepted(Refusal.KEYRING_BROKEN) from error


@dataclass(frozen=True)
class Trust:
    """The newest root and list of keys that the box has verified.

    A value: `updated` returns another one, or refuses and nothing has changed. `to_bytes` is for the
    box's own disk; `from_bytes` trusts the root on that disk, which was pinned there by hand, if its
    signature is good.
    """

    root: SignedRoot
    targets: SignedTargets

    @classmethod
    def pin(cls, bundle: bytes, digest: str, now: datetime) -> Trust:
        """From a bundle whose first root has this digest, told by hand. Raises `NotAccepted`."""
        keyring = Keyring.from_bytes(bundle)
        first = read_root(keyring.roots[0])
        if first.envelope.digest != digest:
            raise NotAccepted(Refusal.KEYRING_NOT_SIGNED, "根的指纹不一样")
        first.check_signs("root", first.envelope)
        return _follow(first, keyring, now)

    @classmethod
    def from_bytes(cls, data: bytes) -> Trust:
        """Raises `NotAccepted` where the file is damaged."""
        kept = Keyring.from_bytes(data)
        roots = [read_root(data) for data in kept.roots]
        for root in roots:
            root.check_signs("root", root.envelope)
        trust = cls(roots[-1], read_targets(kept.targets))
        _check_targets(trust.root, trust.targets)
        return trust

    def to_bytes(self) -> bytes:
        return Keyring((self.root.envelope.to_bytes(),), self.targets.envelope.to_bytes()).to_bytes()

    def updated(self, bundle: bytes, now: datetime) -> Trust:
        """Raises `NotAccepted`; `now` is the earliest that it can be where the clock is not trusted."""
        newer = _follow(self.root, Keyring.from_bytes(bundle), now)
        # New keys of the county begin their own count: who stole the old ones may have run it up.
        if newer.root.targets_key_ids == self.root.targets_key_ids:
            _check_not_older(self.targets, newer.targets)
        return newer

    @property
    def area(self) -> str:
        """The area of the office whose root this is; no key below it speaks for more."""
        return self.root.area

    @property
    def above(self) -> tuple[UpstreamOffice, ...] | None:
        """The upstream offices that the root names; None if it has never said."""
        return self.root.above

    @property
    def version(self) -> tuple[int, int]:
        """Of the root, and of the list of keys."""
        return self.root.root.version, self.targets.targets.version

    @property
    def expires(self) -> datetime:
        return min(self.root.root.expires, self.targets.targets.expires)

    def names_office_key(self, key_id: str) -> bool:
        """True if this is the office's own key: a signature by any other is refused everywhere."""
        return key_id in self.root.targets_key_ids and key_id not in self.targets.revoked

    def check_not_expired(self, now: datetime) -> None:
        """Raise `NotAccepted`."""
        check_not_expired(self.expires, now)

    def key(self, key_id: str) -> Key:
        """Of an issuer, or of who signs snapshots. Raises `NotAccepted`."""
        if key_id in self.targets.revoked:
            raise NotAccepted(Refusal.REVOKED_KEY, key_id[:8])
        delegations = self.targets.targets.delegations
        key = delegations and delegations.keys.get(key_id)
        if not key:
            raise NotAccepted(Refusal.UNKNOWN_KEY, key_id[:8])
        return key

    def delegations_of(self, key_id: str) -> tuple[Delegation, ...]:
        return tuple(one for one in self.targets.delegations if key_id in one.key_ids)


def _follow(root: SignedRoot, keyring: Keyring, now: datetime) -> Trust:
    """Root by root, each signed by the one before and by itself, then what the last one signs."""
    for data in keyring.roots:
        newer = read_root(data)
        if newer.root.version > root.root.version:
            root = _next_root(root, newer)
    trust = Trust(root, read_targets(keyring.targets))
    _check_targets(trust.root, trust.targets)
    trust.check_not_expired(now)
    return trust


def _next_root(old: SignedRoot, new: SignedRoot) -> SignedRoot:
    if new.root.version != old.root.version + 1:
        raise NotAccepted(Refusal.KEYRING_GAP, f"{new.root.version}")
    if new.area != old.area:
        raise NotAccepted(Refusal.KEYRING_BROKEN, "不是这个地方的")
    old.check_signs("root", new.envelope)
    new.check_signs("root", new.envelope)
    return new


def _check_targets(root: SignedRoot, targets: SignedTargets) -> None:
    root.check_signs("targets", targets.envelope)
    if not all(areas.contains(root.area, one.area) for one in targets.delegations):
        raise NotAccepted(Refusal.KEYRING_BROKEN, "不是这个地方的")


def _check_not_older(old: SignedTargets, new: SignedTargets) -> None:
    if new.targets.version < old.targets.version:
        raise NotAccepted(Refusal.KEYRING_ROLLED_BACK, f"{new.targets.version}")
    same = new.targets.version == old.targets.version
    if same and new.envelope.digest != old.envelope.digest:
        raise NotAccepted(Refusal.OTHER_BYTES, f"{new.targets.version}")
