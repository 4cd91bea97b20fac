"""The office's keys over the years: renewed in time, told of early, never used past a rotation."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from county.county_office import SENTENCE, make_desk
from rig.fakes import ManualClock
from securesystemslib.signer import CryptoSigner

from broadcaster.bulletin.keyring import Trust
from broadcaster.bulletin.refusals import NotAccepted
from broadcaster.county.keys.key_folder import KeyFolder, open_key
from broadcaster.county.keys.key_renewal import KeyRenewal
from broadcaster.county.notices.draft import DraftState
from broadcaster.county.store.office_database import OfficeDatabase

DAY = timedelta(days=1)


class Office:
    """A folder of its own, its keys, and a clock that a test moves; a box follows what it is sent."""

    def __init__(self, path: Path) -> None:
        self.clock = ManualClock()
        self.roots = [path / f"root-{number}.key" for number in (1, 2, 3)]
        self.folder = KeyFolder.create(
            path / "county", "331121", "青田县", self.roots, lambda _: SENTENCE, self.clock.now()
        )
        self.keys = self.opened()
        self.box = Trust.pin(self.keys.keyring, self.folder.pin, self.clock.now())

    def opened(self, alone: Callable[[KeyFolder], CryptoSigner] | None = None) -> KeyRenewal:
        return KeyRenewal(self.folder, self.folder.unlock(SENTENCE), self.clock, alone)

    def live(self, days: int, step: int = 10) -> None:
        """The office looks, and the box hears of it, every few days."""
        for _ in range(days // step):
            self.clock.step(step * DAY)
            self.keys.look()
            self.box = self.box.updated(self.keys.keyring, self.clock.now())

    def root_keys(self, count: int = 2) -> list[CryptoSigner]:
        return [open_key(path, SENTENCE) for path in self.roots[:count]]

    def rotate(self) -> None:
        self.folder.rotate(self.root_keys(), [], lambda _: SENTENCE, self.clock.now())


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_an_office_that_runs_renews_its_list_by_itself_for_as_long_as_the_root_lives(
    office: Office,
) -> None:
    office.live(3400)
    assert not office.keys.warnings()
    left = office.box.targets.targets.expires - office.clock.now()
    assert timedelta(days=199) < left <= timedelta(days=400)
    assert office.box.version == (1, 17)


def test_the_end_of_the_root_is_told_of_half_a_year_before_and_two_keepers_renew_it(
    office: Office,
) -> None:
    office.live(3480)
    [warning] = office.keys.warnings()
    assert "根还有 170 天" in warning and "--root-key" in warning
    office.folder.renew_root(office.root_keys(), office.clock.now())
    office.live(10)
    assert not office.keys.warnings()
    assert office.box.version[0] == 2 and office.keys.may_sign
    office.live(3000)
    assert office.box.root.root.expires - office.clock.now() < timedelta(days=660)


def test_a_box_that_was_off_over_the_roots_end_follows_when_it_is_back(office: Office) -> None:
    asleep = office.box
    for _ in range(3):
        office.live(3000)
        office.folder.renew_root(office.root_keys(), office.clock.now())
    office.live(10)
    assert asleep.updated(office.keys.keyring, office.clock.now()).version[0] == 4


def test_one_keeper_alone_renews_no_root(office: Office) -> None:
    before = office.folder.keyring
    with pytest.raises(Exception, match="要有 2 把"):
        office.folder.renew_root([*office.root_keys(1), *office.root_keys(1)], office.clock.now())
    assert office.folder.keyring == before


def test_what_has_expired_while_the_office_was_off_is_renewed_when_it_is_back(office: Office) -> None:
    office.clock.step(500 * DAY)
    with pytest.raises(NotAccepted):
        office.box.updated(office.keys.keyring, office.clock.now())
    assert "钥匙名单过期了" in office.keys.warnings()[0]
    office.keys.look()
    assert not office.keys.warnings()
    office.box = office.box.updated(office.keys.keyring, office.clock.now())


def test_an_expired_root_is_told_with_what_it_means_and_what_to_do(office: Office) -> None:
    office.clock.step(3651 * DAY)
    office.keys.look()
    [warning] = office.keys.warnings()
    assert "根过期了，各村的广播站现在不播" in warning and "county renew --root-key" in warning
    office.folder.renew_root(office.root_keys(), office.clock.now())
    office.keys.look()
    assert not office.keys.warnings()


def test_what_cannot_be_renewed_is_told_and_tried_again(office: Office) -> None:
    lock = office.folder.path / "keyring.lock"
    lock.unlink(missing_ok=True)
    lock.mkdir()
    office.clock.step(310 * DAY)
    office.keys.look()
    expiry, trouble = office.keys.warnings()
    assert "钥匙名单还有 90 天到期" in expiry and "写不进去" in trouble
    lock.rmdir()
    office.keys.look()
    assert not office.keys.warnings()


def test_a_damaged_keyring_is_told_and_the_one_that_is_known_counts_on(office: Office) -> None:
    good = office.folder.keyring_file.read_bytes()
    office.folder.keyring_file.write_bytes(b"{}")
    office.keys.look()
    assert "坏了" in office.keys.warnings()[0]
    assert office.keys.may_sign and office.keys.keyring == good
    office.folder.keyring_file.write_bytes(good)
    office.keys.look()
    assert not office.keys.warnings()


def test_an_older_keyring_that_was_put_back_is_not_gone_by(office: Office) -> None:
    old = office.folder.keyring_file.read_bytes()
    office.folder.renew(office.keys.signer, office.clock.now())
    office.keys.look()
    office.folder.keyring_file.write_bytes(old)
    office.keys.look()
    assert office.keys.trust.version == (1, 2)
    assert "比手里的旧" in office.keys.warnings()[0]


def test_a_command_and_the_office_do_not_undo_each_others_change(office: Office) -> None:
    stale = office.folder.key_list.renewed(office.clock.now())
    office.folder.renew(office.keys.signer, office.clock.now())
    with pytest.raises(Exception, match="再来一次"):
        office.folder.change(stale, office.keys.signer)
    assert office.folder.trust.version == (1, 2)


def test_a_rotation_while_the_office_runs_stops_its_signing_and_is_told(office: Office) -> None:
    office.rotate()
    office.keys.look()
    assert not office.keys.may_sign
    assert "重新启动县级平台" in office.keys.warnings()[0]
    office.clock.step(300 * DAY)
    office.keys.look()
    assert office.folder.trust.version == (2, 2)
    with pytest.raises(Exception, match="已经换过"):
        office.folder.renew(office.keys.signer, office.clock.now())


def test_an_office_whose_passphrase_lies_in_a_file_takes_up_the_new_key_by_itself(
    office: Office,
) -> None:
    keys = office.opened(lambda folder: folder.unlock(SENTENCE))
    office.rotate()
    keys.look()
    assert keys.may_sign and not keys.warnings()


def test_a_new_key_under_another_passphrase_is_tried_once_a_minute(office: Office) -> None:
    tried: list[str] = []

    def unlock(folder: KeyFolder) -> CryptoSigner:
        tried.append("")
        return folder.unlock(SENTENCE)

    keys = office.opened(unlock)
    new = lambda _: "另一句完全不同的话 2027"  # noqa: E731
    office.folder.rotate(office.root_keys(), [], new, office.clock.now())
    for _ in range(3):
        keys.look()
        assert "重新启动县级平台" in keys.warnings()[0]
    assert len(tried) == 1
    office.clock.advance(61)
    keys.look()
    assert len(tried) == 2


def test_nothing_is_signed_by_a_key_that_the_keyring_no_longer_names(
    sqlite: OfficeDatabase, office: Office
) -> None:
    desk = make_desk(sqlite, office.folder)
    assert desk.send().state is DraftState.PUBLISHED
    office.rotate()
    office.keys.look()
    desk.publisher.use(office.keys.signer, office.keys.trust)
    record = desk.send()
    assert record.state is DraftState.CLEARED and not desk.publisher.may_sign
    again = office.opened()
    desk.publisher.use(again.signer, again.trust)
    assert desk.publisher.sign_cleared() == 1
    assert desk.parts.desk.get(record.id).state is DraftState.PUBLISHED
