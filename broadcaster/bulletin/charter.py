"""How an office makes its root and its list of keys. What is made here, `keyring` verifies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from securesystemslib.signer import Key, Signer
from tuf.api.metadata import DelegatedRole, Delegations, Role, Root, Targets

from broadcaster.bulletin import areas, envelope, strict_json
from broadcaster.bulletin.delegation import Delegation
from broadcaster.bulletin.envelope import Envelope
from broadcaster.bulletin.metadata import HEADS, PAYLOAD_TYPE

# Of three root keys, kept by three people in three places, one may be lost and one stolen.
ROOT_KEYS, ROOT_SIGNATURES = 3, 2


@dataclass(frozen=True)
class KeyList:
    """What the list of keys says: who may speak, who makes heads, whose key counts no more.

    `keys` holds every key that a delegation or `heads` names.
    """

    version: int
    expires: datetime
    keys: tuple[Key, ...]
    delegations: tuple[Delegation, ...]
    heads: tuple[str, ...]
    revoked: tuple[str, ...] = ()

    def signed(self, county_key: Signer, area: str) -> Envelope:
        """By the key that the root names for it."""
        roles = {one.area: one.to_role() for one in self.delegations}
        roles[HEADS] = DelegatedRole(HEADS, list(self.heads), 1, True, [f"{HEADS}/{areas.full(area)}"])
        targets = Targets(
            version=self.version,
            expires=_utc(self.expires),
            delegations=Delegations({key.keyid: key for key in self.keys}, roles),
            unrecognized_fields={"revoked": list(self.revoked)},
        )
        return envelope.sign(PAYLOAD_TYPE, strict_json.write(targets.to_dict()), [county_key])


def make_root(
    area: str, version: int, expires: datetime, root_keys: Sequence[Key], county_key: Key
) -> bytes:
    """The payload of a root, to be signed by two keys of this one and two of the one before."""
    root = Root(
        version=version,
        expires=_utc(expires),
        consistent_snapshot=False,
        unrecognized_fields={"area": areas.trim(area)},
    )
    root.roles["root"] = Role([], ROOT_SIGNATURES)
    for key in root_keys:
        root.add_key(key, "root")
    root.add_key(county_key, "targets")
    return strict_json.write(root.to_dict())


def sign_root(payload: bytes, signers: Sequence[Signer]) -> Envelope:
    return envelope.sign(PAYLOAD_TYPE, payload, signers)


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
