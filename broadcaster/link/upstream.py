"""The upstream offices that the box trusts too: their keyrings and snapshots, which come through the
county's relay.

The county's root names these offices, and two of three keys have signed it; if it never has, the
enrolment names them.
"""

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

from broadcaster.bulletin.keyring import Trust
from broadcaster.bulletin.refusals import NotAccepted, Refusal
from broadcaster.bulletin.replay_guard import ReplayGuard
from broadcaster.bulletin.trusted_time import Now
from broadcaster.bulletin.upstream_office import UpstreamOffice
from broadcaster.bulletin.upstream_trust import UpstreamTrust, area_of_keyring
from broadcaster.bulletin.verify import BulletinRefused, Verdict, verify
from broadcaster.core.errors import reason_of
from broadcaster.link.county_state import trust_fault
from broadcaster.link.membership import Membership, read_kept
from broadcaster.system.atomic_file import write_private

logger = logging.getLogger(__name__)


class UpstreamOffices:
    """One thread changes it. Nothing is asked of them: what they say comes by the county's relay."""

    def __init__(self, membership: Membership, county: Trust, now: Now) -> None:
        self._folder = membership.folder
        self._enrolled = membership.enrolment.above
        self._offices: dict[str, UpstreamTrust] = {}
        self.follow(county, now)

    def follow(self, county: Trust, now: Now) -> frozenset[str]:
        """Believe whom the county's root names now; the keys of those that it names no more."""
        wanted = self._enrolled if county.above is None else county.above
        before = self._offices
        self._offices = {one.area: self._office(one, before.get(one.area), now) for one in wanted}
        gone = [one for one in before.values() if not _is_among(one, wanted)]
        for one in gone:
            logger.warning("%s 不再是县里的上级，它的通知不再收", one.area)
            for path in self._files(one):
                path.unlink(missing_ok=True)
        left = _keys(self._offices.values())
        return _keys(gone) - left

    def _office(self, pinned: UpstreamOffice, known: UpstreamTrust | None, now: Now) -> UpstreamTrust:
        if known and known.root == pinned.root:
            return known
        office = UpstreamTrust(pinned.area, pinned.root)
        trust, snapshot = map(read_kept, self._files(office))
        try:
            return office.recalled(trust, snapshot, now.earliest)
        except NotAccepted as error:
            logger.warning("存着的上级 %s 的钥匙串用不了，等新的：%s", office.area, error)
            return office

    @property
    def areas(self) -> tuple[str, ...]:
        return tuple(self._offices)

    def fault(self, now: Now) -> str:
        """A sentence in Chinese, or ""."""
        found = (trust_fault(f"上级（{one.area}）", one.trust, now) for one in self)
        return next(filter(None, found), "")

    def __iter__(self) -> Iterator[UpstreamTrust]:
        return iter(self._offices.values())

    def judge(self, data: bytes, seen: ReplayGuard, box: str, now: Now) -> Verdict | None:
        """The verdict on a bulletin that the county did not sign; None if no upstream office did."""
        for one in self:
            if one.trust:
                verdict = verify(data, one.trust, seen, box, now, one.snapshot)
                if not isinstance(verdict, BulletinRefused) or verdict.reason is not Refusal.UNKNOWN_KEY:
                    return verdict
        return None

    def of_keyring(self, data: bytes) -> UpstreamTrust | None:
        """The office that the keyring claims; None for the county's."""
        return self._offices.get(area_of_keyring(data)) if self._offices else None

    def of_snapshot(self, data: bytes) -> UpstreamTrust | None:
        return next((one for one in self if one.signs_snapshots(data)), None)

    def take_keyring(self, office: UpstreamTrust, data: bytes, now: Now) -> UpstreamTrust | None:
        """The office as it is now, None where nothing is new. Raises `NotAccepted`."""
        newer = office.with_keyring(data, now.earliest)
        if newer == office:
            return None
        trust, snapshot = self._files(office)
        try:
            snapshot.unlink(missing_ok=True)
            write_private(trust, newer.believed.to_bytes())
        except OSError as error:
            logger.warning("上级 %s 的钥匙串没有存下来：%s", office.area, reason_of(error))
        self._offices[office.area] = newer
        logger.info("上级 %s 的钥匙串换成第 %s.%s 版", office.area, *newer.believed.version)
        return newer

    def take_snapshot(self, office: UpstreamTrust, data: bytes, now: Now) -> UpstreamTrust:
        """Raises `NotAccepted`."""
        newer = office.with_snapshot(data, now)
        changed = (
            not office.snapshot
            or not newer.snapshot
            or office.snapshot.in_force != newer.snapshot.in_force
        )
        self._offices[office.area] = newer
        if changed:
            try:
                write_private(self._files(office)[1], data)
            except OSError as error:
                logger.warning("上级 %s 的清单没有存下来：%s", office.area, reason_of(error))
        return newer

    def _files(self, office: UpstreamTrust) -> tuple[Path, Path]:
        """By the pin too: what another root led to must not be believed by this one."""
        name = f"{office.area}-{office.root[:16]}.json"
        return self._folder / f"trust-{name}", self._folder / f"heads-{name}"


def _is_among(office: UpstreamTrust, wanted: Iterable[UpstreamOffice]) -> bool:
    return any((one.area, one.root) == (office.area, office.root) for one in wanted)


def _keys(offices: Iterable[UpstreamTrust]) -> frozenset[str]:
    trusts = [one.trust for one in offices if one.trust]
    return frozenset(id for one in trusts for each in one.targets.delegations for id in each.key_ids)
