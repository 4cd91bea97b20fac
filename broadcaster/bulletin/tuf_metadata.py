"""Reads TUF metadata strictly out of our envelopes: the root, and the list of keys below it."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from securesystemslib.exceptions import VerificationError
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Root, Targets

from broadcaster.bulletin import areas, envelope, keys, strict_json
from broadcaster.bulletin.delegation import Delegation
from broadcaster.bulletin.envelope import KEY_ID, Envelope
from broadcaster.bulletin.refusals import NotAccepted, Refusal
from broadcaster.bulletin.upstream_office import UpstreamOffice, read_upstream_offices

PAYLOAD_TYPE = "application/vnd.tuf+json"
# 530 bytes a delegation: a county of 30 towns and 300 villages has 175 kB, one of 3,000 villages 1.6 MB.
LARGEST = 4 * 1024 * 1024
SNAPSHOT_ROLE = "heads"
ABOVE = "above"
CALLED = {"root": "根", "targets": "钥匙的名单"}
# What TUF raises for what is none of its metadata, and what ours does.
MALFORMED = (ValueError, KeyError, TypeError, AttributeError, areas.AreaUnknown)


@dataclass(frozen=True)
class SignedRoot:
    """A root with the envelope that it came in; `above` is None where it says nothing of that."""

    envelope: Envelope
    root: Root
    area: str
    above: tuple[UpstreamOffice, ...] | None

    def check_signs(self, role: str, signed: Envelope) -> None:
        """Raise `NotAccepted` unless enough of the role's keys have signed these bytes."""
        try:
            self.root.verify_delegate(role, signed.signed_bytes, signed.tuf_signatures)
        except (RepositoryError, VerificationError, ValueError) as error:
            raise NotAccepted(Refusal.KEYRING_NOT_SIGNED, CALLED[role]) from error

    @property
    def targets_key_ids(self) -> frozenset[str]:
        return frozenset(self.root.roles["targets"].keyids)


@dataclass(frozen=True)
class SignedTargets:
    """The county's list of keys with the envelope that it came in."""

    envelope: Envelope
    targets: Targets
    delegations: tuple[Delegation, ...]
    snapshot_key_ids: frozenset[str]
    revoked: frozenset[str]


def read_root(data: bytes) -> SignedRoot:
    """Not verified. Raises `NotAccepted`."""
    signed = envelope.read(data, PAYLOAD_TYPE, LARGEST)
    try:
        root = Root.from_dict(_fields(signed))
        _check_keys(root.keys)
        area: Any = root.unrecognized_fields["area"]
        if areas.trim(area) != area:
            raise ValueError("area")
        said = root.unrecognized_fields.get(ABOVE)
        above = None if said is None else read_upstream_offices(said, area)
    except MALFORMED as error:
        raise NotAccepted(Refusal.KEYRING_BROKEN, CALLED["root"]) from error
    return SignedRoot(signed, root, area, above)


def read_targets(data: bytes) -> SignedTargets:
    """Not verified. Raises `NotAccepted`."""
    signed = envelope.read(data, PAYLOAD_TYPE, LARGEST)
    try:
        return _read_targets(signed)
    except MALFORMED as error:
        raise NotAccepted(Refusal.KEYRING_BROKEN, CALLED["targets"]) from error


def _read_targets(signed: Envelope) -> SignedTargets:
    targets = Targets.from_dict(_fields(signed))
    if targets.delegations is None or targets.delegations.roles is None:
        raise ValueError("delegations")
    _check_keys(targets.delegations.keys)
    roles = dict(targets.delegations.roles)
    snapshots = roles.pop(SNAPSHOT_ROLE)
    revoked: Any = targets.unrecognized_fields["revoked"]
    if not isinstance(revoked, list) or not all(re.fullmatch(KEY_ID, one) for one in revoked):
        raise ValueError("revoked")
    if ABOVE in targets.unrecognized_fields:
        # The county's key alone pins nobody: that is the root's to say, by two of three.
        raise ValueError(ABOVE)
    delegations = tuple(map(Delegation.of_role, roles.values()))
    return SignedTargets(signed, targets, delegations, frozenset(snapshots.keyids), frozenset(revoked))


def _fields(signed: Envelope) -> dict[str, Any]:
    fields = strict_json.parse(signed.payload)
    if not isinstance(fields, dict) or type(fields.get("version")) is not int:
        raise ValueError("fields")
    return fields


def _check_keys(found: dict[str, Any]) -> None:
    if not all(keys.is_sound(key) for key in found.values()):
        raise ValueError("keys")


def check_not_expired(expires: datetime, now: datetime) -> None:
    if expires <= now:
        raise NotAccepted(Refusal.KEYRING_EXPIRED, f"{expires:%Y-%m-%d}")
