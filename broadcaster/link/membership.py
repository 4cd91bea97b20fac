"""The box's membership of a county: its enrolment, its own key, its trusted keys. Files with
mode 0600.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from securesystemslib.signer import CryptoSigner

from broadcaster.bulletin import keys
from broadcaster.bulletin.enrolment import Enrolment, EnrolmentRefused
from broadcaster.bulletin.keyring import Trust
from broadcaster.bulletin.refusals import NotAccepted
from broadcaster.bulletin.upstream_office import is_upstream
from broadcaster.core.errors import reason_of
from broadcaster.link.membership_folder import folder_of, is_enrolled
from broadcaster.system.atomic_file import write_private

ENROLMENT, KEY, TRUST, SNAPSHOT = "enrolment.json", "box.pem", "trust.json", "heads.json"


@dataclass(frozen=True)
class Membership:
    """The parts that stay the same until the box is enrolled again, and the files of those that
    change.
    """

    enrolment: Enrolment
    key: CryptoSigner
    folder: Path

    @property
    def box(self) -> str:
        return self.enrolment.box

    @property
    def area(self) -> str:
        return self.enrolment.area

    @property
    def public_key(self) -> str:
        """For the office's register, 64 hex digits."""
        return str(keys.public(self.key).keyval["public"])

    def trust(self) -> Trust:
        """Raises `EnrolmentRefused` where the file is damaged."""
        try:
            return Trust.from_bytes(self._read(TRUST))
        except (NotAccepted, OSError) as error:
            raise EnrolmentRefused(
                f"县里的钥匙串坏了（{error}），请重新登记：broadcaster link enrol"
            ) from error

    def keep_trust(self, trust: Trust) -> None:
        """Raises OSError."""
        write_private(self.folder / TRUST, trust.to_bytes())

    def snapshot(self) -> bytes:
        """The last that were kept, as they came; b"" if none were."""
        return read_kept(self.folder / SNAPSHOT)

    def keep_snapshot(self, data: bytes) -> None:
        """Raises OSError."""
        write_private(self.folder / SNAPSHOT, data)

    def _read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def _check_upstream(self, county: str) -> None:
        for one in self.enrolment.above:
            if not is_upstream(one.area, county):
                raise EnrolmentRefused(f"登记文件里写的上级（{one.area}）不是这个县（{county}）的上级。")

    def _forget_snapshot(self) -> None:
        """And whom another county believed."""
        for kept in ("heads*.json", "trust-*.json"):
            for path in self.folder.glob(kept):
                path.unlink(missing_ok=True)


def own_key(state: Path) -> CryptoSigner:
    """The box's key for who enrols it, made where there is none that is whole: it outlasts being
    enrolled again. Raises `EnrolmentRefused`."""
    path = folder_of(state) / KEY
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists():
            with suppress(keys.KeyLocked):
                return keys.from_bare(path.read_bytes())
        made = keys.new_key()
        write_private(path, keys.bare(made))
        return made
    except OSError as error:
        raise EnrolmentRefused(f"{path} 读不出来或写不进去（{reason_of(error)}）。") from error


def enrol(state: Path, enrolment: Enrolment, now: datetime) -> Membership:
    """Believe this county from now on, from its pinned root. Raises `EnrolmentRefused`."""
    try:
        trust = Trust.pin(enrolment.keyring_bytes, enrolment.root, now)
        if not enrolment.area.startswith(trust.area):
            raise EnrolmentRefused(f"登记文件里的村（{enrolment.area}）不归这个县（{trust.area}）管。")
        membership = Membership(enrolment, own_key(state), folder_of(state))
        membership._check_upstream(trust.area)
        membership.keep_trust(trust)
        membership._forget_snapshot()
        write_private(membership.folder / ENROLMENT, enrolment.to_bytes())
    except NotAccepted as error:
        raise EnrolmentRefused(f"登记文件里的钥匙串不可信：{error}") from error
    except OSError as error:
        raise EnrolmentRefused(f"登记存不下来（{reason_of(error)}），请看磁盘有没有空位。") from error
    return membership


def load_membership(state: Path) -> Membership:
    """Raises `EnrolmentRefused` where a file is missing or damaged."""
    folder = folder_of(state)
    try:
        enrolment = Enrolment.from_bytes((folder / ENROLMENT).read_bytes())
        return Membership(enrolment, keys.from_bare((folder / KEY).read_bytes()), folder)
    except (OSError, keys.KeyLocked, EnrolmentRefused) as error:
        if is_enrolled(state):
            broken = "县里的登记坏了或者少了文件，收不到县里的通知。请重新登记：broadcaster link enrol"
            raise EnrolmentRefused(broken) from error
        raise EnrolmentRefused("这个广播站还没有向县里登记。请运行：broadcaster link enrol") from error


def read_kept(path: Path) -> bytes:
    """b"" where there is none."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
