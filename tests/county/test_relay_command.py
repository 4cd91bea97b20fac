"""`broadcaster county relay` as a process, and what an office tells its boxes of who is above."""

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from county_office import BROKER, SENTENCE, VILLAGE
from rig.broker import free_port

from broadcaster.bulletin.enrolment import Superior
from broadcaster.bulletin.keys import new_key, public, public_from_hex
from broadcaster.cli import main
from broadcaster.clock import Clock
from broadcaster.county.broker import Broker
from broadcaster.county.office_settings import load_office_settings
from broadcaster.county.register import BrokerAddress, Register
from broadcaster.county.running import open_desk
from broadcaster.office_folder import OfficeFolder

ROOT = "ab" * 32


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("relaying") / "county"
    roots = [folder.parent / f"root-{number}.key" for number in (1, 2, 3)]
    OfficeFolder.found(folder, "331121", "青田县", roots, lambda _: SENTENCE, datetime.now(UTC))
    return folder


def configure(folder: Path, **relay: Any) -> None:
    written = {"broker": {"port": free_port()}, "relay": relay}
    (folder / "office.yaml").write_text(json.dumps(written), encoding="utf-8")


def test_it_starts_without_a_network_tells_its_state_and_stops(begun: Path) -> None:
    broker = Broker(begun / "broker")
    broker.make(["127.0.0.1"], free_port(), "127.0.0.1")
    configure(begun, area="33", root=ROOT, host="127.0.0.1", port=free_port())
    (begun / "relay").mkdir(exist_ok=True)
    (begun / "relay" / "above_password").write_text("of-the-relay-alone")
    (begun / "relay" / "above.pem").write_text(broker.authority)
    process = subprocess.Popen(
        [sys.executable, "-m", "broadcaster.cli", "county", "relay", "--json", "--office", str(begun)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        told = json.loads(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 0
    assert (told["county"], told["above"], told["keyring"]) == ("331121", "33", None)
    assert not told["above_connected"] and not told["below_connected"]
    public_from_hex(told["public_key"])
    assert "user relay\n" in (begun / "broker" / "acl").read_text()
    assert (begun / "relay" / "relay.pem").stat().st_mode & 0o077 == 0


def test_a_county_below_is_let_in_with_a_password_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "province"
    roots = [tmp_path / f"root-{number}.key" for number in (1, 2, 3)]
    made = OfficeFolder.found(folder, "33", "浙江省", roots, lambda _: SENTENCE, datetime.now(UTC))
    Broker(folder / "broker").make(["127.0.0.1"], free_port(), "127.0.0.1")
    password = tmp_path / "above_password"
    call = ["county", "admit", "--json", "--office", str(folder)]
    assert main([*call, "331121", str(password)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"user": "county-331121", "area": "33", "root": made.pin}
    assert len(password.read_text()) == 32 and password.stat().st_mode & 0o077 == 0
    acl = (folder / "broker" / "acl").read_text()
    assert "topic write cb/1/u/331121/+" in acl and "topic read cb/1/h/33" in acl
    for wrong in ("34", "33", "331121104"):
        assert main([*call, wrong, str(password)]) == 2
    assert main([*call, "331122", str(tmp_path / "no" / "folder")]) == 2


@pytest.mark.parametrize(
    "relay",
    [
        {},
        {"area": "33", "root": ROOT},
        {"area": "33", "root": "ab", "host": "broker.example"},
        {"area": "34", "root": ROOT, "host": "broker.example"},
        {"area": "331121", "root": ROOT, "host": "broker.example"},
    ],
)
def test_wrong_settings_are_one_sentence(
    begun: Path, relay: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    configure(begun, **relay)
    assert main(["county", "relay", "--office", str(begun)]) == 2
    told = capsys.readouterr().err
    assert "relay" in told and len(told.splitlines()) == 1


def test_a_box_is_told_of_the_root_above_when_it_is_enrolled(begun: Path) -> None:
    configure(begun, area="33", root=ROOT.upper(), host="broker.example")
    above = load_office_settings(begun).relay.above("331121")
    assert above == (Superior("33", ROOT),)
    with open_desk(begun) as desk:
        register = Register(desk.parts.database, Clock(desk.settings.zone), "331121")
        _, code = register.add(VILLAGE, "洞背村")
        address = BrokerAddress(BROKER.host, BROKER.port, BROKER.authority, above)
        key = public(new_key()).keyval["public"]
        made = register.enrol(code, key, desk.folder.pin, desk.folder.keyring.to_bytes(), address)
    assert made.above == above
