"""Makes and signs an office's root and list of keys; `bulletin/keyring` verifies them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

from securesystemslib.signer import Key, Signer
from tuf.api.metadata import DelegatedRole, Delegations, Role, Root, Targets

from broadcaster.bulletin import areas, envelope, strict_json
from broadcaster.bulletin.delegation import Delegation
from broadcaster.bulletin.envelope import Envelope
from broadcaster.bulletin.tuf_metadata import (
    ABOVE,
    PAYLOAD_TYPE,
    SNAPSHOT_ROLE,
    SignedRoot,
    SignedTargets,
)
from broadcaster.bulletin.upstream_office import UpstreamOffice
from broadcaster.core.errors import BroadcasterError
from broadcaster.core.notice import Severity

# Of three root keys, kept by three people in three places, one may be lost and one stolen.
ROOT_KEYS, ROOT_SIGNATURES = 3, 2
# A list of keys is signed anew at every change, and must be within the year: a box that hears no
# newer one cannot be kept from a revocation for longer.
ROOT_LIFE, LIST_LIFE = timedelta(days=3650), timedelta(days=400)
# The office renews its list by itself at half its life: it may be off for 200 days, or fail as long.
LIST_RENEWED_BEFORE = LIST_LIFE / 2


class CharterRefused(BroadcasterError):
    """A delegation, revocation or rotation that cannot be."""


@dataclass(frozen=True)
class KeyList:
    """The contents of the list of keys: who may speak, who signs snapshots, which keys are revoked.

    `keys` holds every key that a delegation or `snapshot_keys` names.
    """

    version: int
    expires: datetime
    keys: tuple[Key, ...]
    delegations: tuple[Delegation, ...]
    snapshot_keys: tuple[str, ...]
    revoked: tuple[str, ...] = ()

    @classmethod
    def first(cls, area: str, name: str, county_key: Key, now: datetime) -> KeyList:
        """The first list: only the county may speak."""
        own = Delegation(area, name, frozenset(Severity), (county_key.keyid,))
        return cls(1, now + LIST_LIFE, (county_key,), (own,), (county_key.keyid,))

    @classmethod
    def of(cls, read: SignedTargets) -> KeyList:
        delegations = read.targets.delegations
        return cls(
            read.targets.version,
            read.targets.expires,
            tuple(delegations.keys.values()) if delegations else (),
            read.delegations,
            tuple(read.snapshot_key_ids),
            tuple(sorted(read.revoked)),
        )

    def delegation(self, area: str) -> Delegation | None:
        return next((one for one in self.delegations if one.area == area), None)

    def delegating(self, delegation: Delegation, key: Key, now: datetime) -> KeyList:
        """The key speaks for the area from now on; another one that did is revoked."""
        if key.keyid in self.revoked:
            raise CharterRefused("这把钥匙已经作废，不能再用，请另做一把。")
        old = self.delegation(delegation.area)
        given = replace(delegation, key_ids=(key.keyid,))
        others = tuple(one for one in self.delegations if one != old)
        changed = replace(self, keys=(*self.keys, key), delegations=(*others, given))
        return changed._without(set(old.key_ids if old else ()) - {key.keyid}, now)

    def revoking(self, key_ids: set[str], now: datetime) -> KeyList:
        """These keys count no more; an area that is left without one has no delegation."""
        return self._without(key_ids, now)

    def rotated(self, old: str, new: Key, now: datetime) -> KeyList:
        """The list with the county's new key in every place of the old one."""
        delegations = tuple(
            replace(one, key_ids=tuple(new.keyid if id == old else id for id in one.key_ids))
            for one in self.delegations
        )
        snapshot_keys = tuple(new.keyid if id == old else id for id in self.snapshot_keys)
        changed = replace(
            self, keys=(*self.keys, new), delegations=delegations, snapshot_keys=snapshot_keys
        )
        return changed._without({old}, now)

    def renewed(self, now: datetime) -> KeyList:
        return self._without(set(), now)

    def _without(self, key_ids: set[str], now: datetime) -> KeyList:
        left = tuple(
            replace(one, key_ids=kept)
            for one in self.delegations
            if (kept := tuple(id for id in one.key_ids if id not in key_ids))
        )
        used = {id for one in left for id in one.key_ids} | set(self.snapshot_keys)
        return replace(
            self,
            version=self.version + 1,
            expires=now + LIST_LIFE,
            keys=tuple({key.keyid: key for key in self.keys if key.keyid in used}.values()),
            delegations=left,
            revoked=tuple(sorted({*self.revoked, *key_ids})),
        )

    def signed(self, county_key: Signer, area: str) -> Envelope:
        """By the key that the root names for it."""
        roles = {one.area: one.to_role() for one in self.delegations}
        roles[SNAPSHOT_ROLE] = DelegatedRole(
            SNAPSHOT_ROLE, list(self.snapshot_keys), 1, True, [f"{SNAPSHOT_ROLE}/{areas.full(area)}"]
        )
        targets = Targets(
            version=self.version,
            expires=_utc(self.expires),
            delegations=Delegations({key.keyid: key for key in self.keys}, roles),
            unrecognized_fields={"revoked": list(self.revoked)},
        )
        return envelope.sign(PAYLOAD_TYPE, strict_json.write(targets.to_dict()), [county_key])


def make_root(
    area: str,
    version: int,
    expires: datetime,
    root_keys: Sequence[Key],
    county_key: Key,
    above: Sequence[UpstreamOffice] | None = None,
) -> bytes:
    """The payload of a root, to be signed by two keys of this one and two of the one before."""
    said = {} if above is None else {ABOVE: [asdict(one) for one in above]}
    root = Root(
        version=version,
        expires=_utc(expires),
        consistent_snapshot=False,
        unrecognized_fields={"area": areas.trim(area)} | said,
    )
    root.roles["root"] = Role([], ROOT_SIGNATURES)
    for key in root_keys:
        root.add_key(key, "root")
    root.add_key(county_key, "targets")
    return strict_json.write(root.to_dict())


def next_root(
    old: SignedRoot,
    signers: Sequence[Signer],
    new_keys: Sequence[Signer],
    county_key: Key,
    now: datetime,
    above: Sequence[UpstreamOffice] | None = None,
) -> Envelope:
    """The root after `old`, with `new_keys` if there are any, and who stands above if that changes.

    Raises `CharterRefused`.
    """
    own = set(old.root.roles["root"].keyids)
    by_old = {signer.public_key.keyid: signer for signer in signers if signer.public_key.keyid in own}
    if len(by_old) < ROOT_SIGNATURES:
        raise CharterRefused(f"要有 {ROOT_SIGNATURES} 把现在的根钥匙，认出来的有 {len(by_old)} 把。")
    keys = [signer.public_key for signer in new_keys] or [old.root.keys[id] for id in sorted(own)]
    above = old.above if above is None else above
    payload = make_root(old.area, old.root.version + 1, now + ROOT_LIFE, keys, county_key, above)
    return sign_root(payload, [*by_old.values(), *new_keys])


def sign_root(payload: bytes, signers: Sequence[Signer]) -> Envelope:
    return envelope.sign(PAYLOAD_TYPE, payload, signers)


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
