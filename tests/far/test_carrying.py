"""Which villages the county's site carries: kept apart, switched by a keeper, told when one is away."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from bulletin.county_rig import TOWN
from link.link_rig import Life, LinkBox
from rig.far_office import KEEPER, PASSWORD, SENTENCE, FarOffice, Visitor
from rig.rig import wait_until
from werkzeug.test import TestResponse

from broadcaster.bulletin.delegation import Delegation
from broadcaster.bulletin.keys import new_key, public
from broadcaster.bulletin.metadata_signing import CharterRefused
from broadcaster.core.notice import Severity
from broadcaster.county.broker.mosquitto import Broker
from broadcaster.county.keys.village_keys import VillageKeys
from broadcaster.link.membership import load_membership
from broadcaster.station.station import RemoteAccess

EAST, WEST = f"{TOWN}301", f"{TOWN}302"


@dataclass
class EnrolledLinkBox(LinkBox):
    """A quick box of the office's own register."""

    office: FarOffice | None = None

    def __post_init__(self) -> None:
        assert self.office
        self.folder.mkdir(exist_ok=True)
        self.name = self.office.enrol(self.state, self.name, f"{self.name[-3:]}村")
        self.membership = load_membership(self.state)


@pytest.fixture(scope="module")
def lives(
    office: FarOffice, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, tuple[str, Life]]]:
    """Two villages, both carried, each with the same secretary by another password."""
    with ExitStack() as stack:
        found = {}
        for village in (EAST, WEST):
            folder = tmp_path_factory.mktemp(village)
            box = EnrolledLinkBox(folder / "box", cast(Any, None), name=village, office=office)
            office.carry(box.name)
            life = stack.enter_context(box.running())
            code = life.station.accounts.one_time_code() or ""
            life.station.accounts.create(code, "王秀英", f"password-of-{village}")
            found[village] = box.name, life
        wait_until(lambda: all(life.connected for _, life in found.values()))
        wait_until(
            lambda: all(life.station.remote_access() is RemoteAccess.OPEN for _, life in found.values())
        )
        yield found


def logged_in(office: FarOffice, box: str, village: str) -> Visitor:
    visitor, root = office.visitor(), f"/village/{box}"
    fields = {"name": "王秀英", "password": f"password-of-{village}"}
    assert visitor.post(f"{root}/login", f"{root}/login", **fields).status_code == 303
    return visitor


def test_two_villages_are_kept_apart(office: FarOffice, lives: dict[str, tuple[str, Life]]) -> None:
    (east, of_east), (west, of_west) = lives[EAST], lives[WEST]
    visitor = logged_in(office, east, EAST)
    assert visitor.get(f"/village/{east}/").status_code == 200
    assert visitor.get(f"/village/{west}/").location == f"/village/{west}/login"
    stolen = office.visitor()
    for cookie in (visitor.client._cookies or {}).values():
        stolen.client.set_cookie(
            cookie.key, cookie.value, domain="office.example", path="/", secure=True
        )
    assert stolen.get(f"/village/{west}/").location == f"/village/{west}/login"
    root = f"/village/{west}"
    fields = {"name": "王秀英", "password": f"password-of-{EAST}"}
    assert "不对" in visitor.shown(f"{root}/login", f"{root}/login", **fields)
    visitor.post(f"/village/{east}/volume", f"/village/{east}/", percent="20")
    assert (of_east.station.volume, of_west.station.volume) == (20, 100)


def test_the_village_says_at_home_that_it_is_reached(lives: dict[str, tuple[str, Life]]) -> None:
    _, life = lives[EAST]
    assert life.station.remote_access() is RemoteAccess.OPEN
    assert life.link.status()["reached_from_afar"] is True


def test_phones_that_look_on_share_one_look(
    office: FarOffice, lives: dict[str, tuple[str, Life]]
) -> None:
    box, _ = lives[EAST]
    visitors = [logged_in(office, box, EAST) for _ in range(3)]
    with ThreadPoolExecutor() as pool:
        pages = list(pool.map(lambda one: one.get(f"/village/{box}/live").status_code, visitors))
    assert pages == [200, 200, 200]


def test_a_box_that_is_away_is_told_in_one_sentence(office: FarOffice, tmp_path: Path) -> None:
    village = f"{TOWN}303"
    box = EnrolledLinkBox(tmp_path / "box", cast(Any, None), name=village, office=office)
    office.carry(box.name)
    with box.running() as life:
        wait_until(lambda: life.station.remote_access() is RemoteAccess.OPEN)
        code = life.station.accounts.one_time_code() or ""
        life.station.accounts.create(code, "王秀英", f"password-of-{village}")
        visitor = logged_in(office, box.name, village)
        root = f"/village/{box.name}"
        assert "没在播" in visitor.see(f"{root}/record")
    gone = visitor.get(f"{root}/")
    assert (
        gone.status_code == 503
        and "连不上村里的广播站" in gone.text
        and gone.text.count("<p class") <= 3
    )
    again = visitor.get(f"{root}/live")
    assert again.status_code == 503
    with box.running() as life:
        wait_until(lambda: life.connected)
        wait_until(lambda: visitor.get(f"{root}/").status_code == 200)


def test_a_keeper_switches_a_village_on_and_off(office: FarOffice, tmp_path: Path) -> None:
    box = EnrolledLinkBox(tmp_path / "box", cast(Any, None), name=f"{TOWN}304", office=office).name
    keeper, page = office.visitor(), f"/register/{box}"
    closed = office.visitor().get(f"/village/{box}/")
    assert closed.status_code == 503 and "没有开通" in closed.text
    assert keeper.post("/login", "/login", name=KEEPER, password=PASSWORD).status_code == 303
    assert "没有开通" in keeper.see(page)
    on = keeper.post(f"{page}/village", page)
    assert on.location == f"{page}/village"
    card = keeper.see(f"{page}/village")
    assert f"https://office.example/village/{box}/" in card and "<svg" in card
    assert "红色、橙色除外" in keeper.see(page)
    keyring = office.folder.trust.targets.delegations
    (own,) = (one for one in keyring if one.area == f"{TOWN}304")
    assert Severity.RED not in own.severities
    off = keeper.post(f"{page}/village/close", page)
    assert off.status_code == 303
    assert not any(one.area == own.area for one in office.folder.trust.targets.delegations)
    assert set(own.key_ids) <= office.folder.trust.targets.revoked
    assert not office.folder.village_key_file(own.area, own.key_ids[0]).exists()


@pytest.mark.parametrize("path", ["/village/x/login", "/", "/login", "/compose", "/static/page.css"])
@pytest.mark.parametrize(("port", "place"), [(8453, "office.example:8453"), (443, "office.example")])
def test_without_tls_a_browser_is_led_to_it(office: FarOffice, path: str, port: int, place: str) -> None:
    led = from_afar(office, f"{path}?a=1", https_port=port)
    assert (led.status_code, led.location) == (307, f"https://{place}{path}?a=1")
    assert "Set-Cookie" not in led.headers


def test_a_village_is_not_shown_without_tls_where_there_is_none(office: FarOffice) -> None:
    refused = from_afar(office, "/village/x/login", https_port=None)
    assert refused.status_code == 503 and "https" in refused.text


def test_what_boxes_fetch_without_tls_and_the_machine_itself_are_led_nowhere(office: FarOffice) -> None:
    assert from_afar(office, f"/sound/{'0' * 64}.flac", https_port=8453).status_code == 404
    office.sites.https_port = 8453
    assert office.visitor().get("/login").status_code == 200
    office.sites.https_port = None


def from_afar(office: FarOffice, path: str, https_port: int | None) -> TestResponse:
    """From another machine, over plain http."""
    office.sites.https_port = https_port
    far_away = {"REMOTE_ADDR": "203.0.113.9"}
    base = "http://office.example:8010"
    try:
        return office.visitor().client.get(path, base_url=base, environ_overrides=far_away)
    finally:
        office.sites.https_port = None


@pytest.mark.parametrize("path", ["/village/nobody/", "/village/%2e%2e/", "/village//x", "/village/a/b"])
def test_a_village_that_is_none_is_told_as_one_that_is_closed(office: FarOffice, path: str) -> None:
    answer = office.visitor().get(path)
    assert answer.status_code in (308, 404, 503) and "Traceback" not in answer.text


def test_the_key_of_a_village_is_locked_on_disk(office: FarOffice) -> None:
    office.keys.open(f"{TOWN}305", "某村")
    carried = office.keys.delegation(f"{TOWN}305")
    assert carried
    file = office.folder.village_key_file(carried.area, carried.key_ids[0])
    assert b"ENCRYPTED" in file.read_bytes() and file.stat().st_mode & 0o077 == 0
    signer = office.folder.unlock(SENTENCE)
    again = VillageKeys(office.folder, lambda: signer, SENTENCE, office.parts.clock)
    assert again.signer(f"{TOWN}305") is not None
    other = VillageKeys(office.folder, lambda: signer, "another sentence 1", office.parts.clock)
    assert other.signer(f"{TOWN}305") is None


def test_a_key_that_a_command_has_made_meanwhile_counts(office: FarOffice) -> None:
    village = f"{TOWN}306"
    office.keys.open(village, "林村")
    before = office.keys.signer(village)
    signer, clock = office.folder.unlock(SENTENCE), office.parts.clock
    VillageKeys(office.folder, lambda: signer, SENTENCE, clock).open(village, "林村")
    now = office.keys.signer(village)
    assert before and now and now.public_key.keyid != before.public_key.keyid


def test_a_village_with_a_key_of_its_own_keeps_it(office: FarOffice) -> None:
    own, area = new_key(), f"{TOWN}306"
    wanted = Delegation(area, "某村", frozenset({Severity.DAILY}), ())
    listed = office.folder.key_list.delegating(wanted, public(own), office.parts.clock.now())
    office.folder.change(listed, office.folder.unlock(SENTENCE))
    with pytest.raises(CharterRefused, match="自己的钥匙"):
        office.keys.open(area, "某村")
    assert office.keys.delegation(area) is None


def test_after_a_rotation_the_office_that_still_runs_signs_no_list_of_keys(
    office: FarOffice,
) -> None:
    before = office.folder.keyring
    keys = VillageKeys(office.folder, new_key, SENTENCE, office.parts.clock)
    with pytest.raises(CharterRefused, match="换过了"):
        keys.open(f"{TOWN}307", "某村")
    assert office.folder.keyring == before and keys.delegation(f"{TOWN}307") is None


def test_a_box_that_was_let_in_before_there_were_commands_may_read_its_own(tmp_path: Path) -> None:
    broker = Broker(tmp_path)
    broker.make(["127.0.0.1"])
    broker.add_office("office")
    broker.add_box("b-1", EAST, "password")
    broker.add_relay("relay")
    acl = tmp_path / "acl"
    new = acl.read_text()
    old = "".join(line for line in new.splitlines(True) if "/c/" not in line and "/d/" not in line)
    acl.write_text(old)
    broker.make(["127.0.0.1"])
    assert sorted(acl.read_text().split()) == sorted(new.split())
    broker.make(["127.0.0.1"])
    assert sorted(acl.read_text().split()) == sorted(new.split())
    assert acl.stat().st_mode & 0o077 == 0
