"""A county in memory: its keys, its keyring, and envelopes as it and others would make them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from securesystemslib.signer import CryptoSigner

from broadcaster.bulletin import envelope
from broadcaster.bulletin.bulletin import PAYLOAD_TYPE, Bulletin, BulletinKind, new_bulletin_id
from broadcaster.bulletin.delegation import Delegation
from broadcaster.bulletin.keyring import Keyring, Trust
from broadcaster.bulletin.keys import new_key, public
from broadcaster.bulletin.metadata_signing import KeyList, make_root, sign_root
from broadcaster.bulletin.replay_guard import Accepted, ReplayGuard
from broadcaster.bulletin.snapshot import Snapshot
from broadcaster.bulletin.trusted_time import Now
from broadcaster.bulletin.tuf_metadata import read_root
from broadcaster.bulletin.verify import BulletinRefused, Verdict, verify
from broadcaster.core.notice import Severity

BEIJING = timezone(timedelta(hours=8))
NOON = datetime(2026, 5, 1, 12, 0, tzinfo=BEIJING)
COUNTY, TOWN, OTHER_TOWN, VILLAGE = "331121", "331121104", "331121105", "331121104200"
ORDINARY = frozenset({Severity.DAILY, Severity.YELLOW, Severity.BLUE})


def trusted(at: datetime = NOON) -> Now:
    return Now(at, True, at)


def untrusted(at: datetime, floor: datetime = NOON) -> Now:
    return Now(at, False, floor)


def bulletin(**given: Any) -> Bulletin:
    fields: dict[str, Any] = {
        "id": new_bulletin_id(),
        "seq": 1,
        "issued": NOON,
        "not_before": NOON,
        "expires": NOON + timedelta(hours=6),
        "kind": BulletinKind.NOTICE,
        "severity": Severity.BLUE,
        "areas": (COUNTY,),
        "title": "停水通知",
        "text": "今天下午停水。",
    }
    return Bulletin(**fields | given)


def cancel_of(id: str, **given: Any) -> Bulletin:
    return bulletin(kind=BulletinKind.CANCEL, cancels=id, text="", title="取消", **given)


def signed(what: Bulletin, by: CryptoSigner, payload_type: str = PAYLOAD_TYPE) -> bytes:
    return envelope.sign(payload_type, what.to_bytes(), [by]).to_bytes()


@dataclass
class County:
    """All keys in one hand, as only a test has them. A province's has another area."""

    area: str = COUNTY
    root_keys: list[CryptoSigner] = field(default_factory=lambda: [new_key() for _ in range(3)])
    key: CryptoSigner = field(default_factory=new_key)
    town: CryptoSigner = field(default_factory=new_key)
    village: CryptoSigner = field(default_factory=new_key)
    expires: datetime = NOON + timedelta(days=365)
    roots: list[bytes] = field(default_factory=list)
    list: KeyList = field(init=False)

    def __post_init__(self) -> None:
        self.rotate_root(self.root_keys)
        delegations = (
            Delegation(self.area, "青田县应急管理局", frozenset(Severity), (self.id(self.key),)),
            Delegation(TOWN, "高市乡", ORDINARY, (self.id(self.town),)),
            Delegation(VILLAGE, "洞背村", ORDINARY, (self.id(self.village),)),
        )
        keys = tuple(public(key) for key in (self.key, self.town, self.village))
        self.list = KeyList(1, self.expires, keys, delegations, (self.id(self.key),))

    def id(self, key: CryptoSigner) -> str:
        return public(key).keyid

    def rotate_root(self, root_keys: Sequence[CryptoSigner], key: CryptoSigner | None = None) -> None:
        """Signed by two of the old and two of the new."""
        self.key = key or self.key
        version = len(self.roots) + 1
        keys = [public(one) for one in root_keys]
        payload = make_root(
            self.area, version, self.expires + timedelta(days=3650), keys, public(self.key)
        )
        signers = {self.id(one): one for one in (*self.root_keys[:2], *root_keys[:2])}
        self.roots.append(sign_root(payload, list(signers.values())).to_bytes())
        self.root_keys = list(root_keys)

    def keyring(self, **changes: Any) -> bytes:
        self.list = replace(self.list, **changes)
        return Keyring(tuple(self.roots), self.list.signed(self.key, self.area).to_bytes()).to_bytes()

    def replace_key(self, area: str, new: CryptoSigner, revoke: bool = True) -> bytes:
        """The keyring in which another key speaks for an area, heads too where it was the county's."""
        old = next(one for one in self.list.delegations if one.area == area)
        others = tuple(one for one in self.list.delegations if one.area != area)
        old_id, new_id = old.key_ids[0], self.id(new)
        return self.keyring(
            version=self.list.version + 1,
            keys=(*(key for key in self.list.keys if key.keyid != old_id), public(new)),
            delegations=(*others, replace(old, key_ids=(new_id,))),
            snapshot_keys=tuple(new_id if id == old_id else id for id in self.list.snapshot_keys),
            revoked=(*self.list.revoked, old_id) if revoke else self.list.revoked,
        )

    def trust(self, now: datetime = NOON) -> Trust:
        return Trust.pin(self.keyring(), self.pinned, now)

    @property
    def pinned(self) -> str:
        return read_root(self.roots[0]).envelope.digest

    def snapshot(self, *in_force: Bulletin, at: datetime = NOON, **given: Any) -> Snapshot:
        highest = max((one.seq for one in in_force), default=0)
        digests = {one.id: envelope.sign("", one.to_bytes(), []).digest for one in in_force}
        version = (len(self.roots), self.list.version)
        counted = {self.id(self.key): highest} if highest else {}
        fields: dict[str, Any] = {"at": at, "keyring": version, "highest": counted, "in_force": digests}
        return Snapshot(**fields | given)


@dataclass
class Box:
    """What a box keeps, and its one question."""

    trust: Trust
    code: str = VILLAGE
    seen: ReplayGuard = field(default_factory=ReplayGuard)
    snapshot: Snapshot | None = None

    def judge(self, data: bytes, now: Now | None = None) -> Verdict:
        return verify(data, self.trust, self.seen, self.code, now or trusted(), self.snapshot)

    def take(self, data: bytes, now: Now | None = None) -> Accepted:
        accepted = self.judge(data, now)
        assert isinstance(accepted, Accepted), accepted
        self.seen.note(accepted)
        return accepted

    def refusal(self, data: bytes, now: Now | None = None) -> str:
        refused = self.judge(data, now)
        assert isinstance(refused, BulletinRefused), refused
        return refused.reason.name
