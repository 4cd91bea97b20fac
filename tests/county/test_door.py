"""The broker lets in those of the register, however many change it at once, and loses nothing that
is on its way to the office.
"""

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from county.county_office import BROKER, VILLAGE, OfficeDesk
from rig.broker import WATCHER, BrokerRig, OfficeClient
from rig.rig import wait_until

from broadcaster.bulletin.keys import new_key, public
from broadcaster.county.broker.broker_access import MosquittoAccess
from broadcaster.county.broker.broker_accounts import ACL, PASSWORDS, read_users
from broadcaster.county.broker.mosquitto import Broker, county_user
from broadcaster.county.register.register import BoxState, Register

EACH, COUNTIES = 8, [f"3312{number}" for number in range(10, 22)]


def test_boxes_that_come_and_go_at_once_are_let_in_as_the_register_has_them(
    plain_desk: OfficeDesk, tmp_path: Path
) -> None:
    """Two pages, a command and a relay, each with a door of its own."""
    Broker(tmp_path).make(["127.0.0.1"])

    def register() -> Register:
        return Register(plain_desk.parts.database, plain_desk.clock, "331121", MosquittoAccess(tmp_path))

    given = plain_desk.folder.pin, plain_desk.folder.keyring.to_bytes(), BROKER

    def enrol(code: str) -> str:
        made = register().enrol(code, str(public(new_key()).keyval["public"]), *given)
        return made.box

    def let_in_beside(county: str) -> None:
        MosquittoAccess(tmp_path).admit_county(county, "a-password-of-it")
        Broker(tmp_path).make(["127.0.0.1"])

    def invited() -> list[str]:
        return [plain_desk.parts.register.add(VILLAGE, "洞背村")[1] for _ in range(2 * EACH)]

    old, codes = [enrol(code) for code in invited()], invited()
    again = [plain_desk.parts.register.replace(id) for id in old[:EACH]]
    with ThreadPoolExecutor(4) as at_once:
        came = [at_once.submit(enrol, code) for code in codes + again]
        gone = [at_once.submit(register().retire, id) for id in old]
        # These do not wait for the database.
        relays = [at_once.submit(let_in_beside, county) for county in COUNTIES]
    assert not [one.exception() for one in (*gone, *relays) if one.exception()]
    users, note = read_users(tmp_path)
    boxes = plain_desk.parts.register.boxes()
    relays_users = {county_user(county) for county in COUNTIES}
    assert set(users) == {one.id for one in boxes if one.state is BoxState.ENROLLED} | relays_users
    assert len([one for one in came if not one.exception()]) >= len(codes)
    assert note == "" and (tmp_path / PASSWORDS).read_text().count("\n") == len(users)
    assert (tmp_path / ACL).read_text().count("user ") == len(users)


def test_after_a_power_cut_users_are_read_again_only_once_the_office_is_back(tmp_path: Path) -> None:
    """Mosquitto 2.0.11 ends the sessions that it has from its disk when it reads them, and still
    acknowledges what is sent to those.
    """
    rig = BrokerRig(tmp_path / "broker")
    rig.add_watcher("a-password-of-it")
    rig.start()
    try:
        office = OfficeClient(rig)
        assert office.up.wait(30) and rig.process
        rig.process.send_signal(signal.SIGUSR1)
        wait_until((rig.broker.folder / "kept" / "mosquitto.db").exists)
        rig.kill()
        office.close()
        rig.start()
        access = MosquittoAccess(rig.broker.folder)
        access.admit("331121104200-1", VILLAGE, "a-password-of-it")
        somebody = OfficeClient(rig, WATCHER, "a-password-of-it", kinds="s")
        somebody.publish("cb/1/r/331121104200-1", b"heard", retain=False)
        office = OfficeClient(rig)
        wait_until(lambda: office.on("cb/1/r/") == [b"heard"])
        access.connected = lambda: True
        access.look()
        box = OfficeClient(rig, "331121104200-1", "a-password-of-it", kinds="s")
        assert box.up.wait(30)
        for client in (office, somebody, box):
            client.close()
    finally:
        rig.kill()
