"""`broadcaster county relay` as a process, and what an office tells its boxes of who is above."""

import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from county.county_office import BROKER, SENTENCE, VILLAGE, pretend_booth
from rig.broker import free_port
from werkzeug.serving import make_server

from broadcaster.bulletin.invitation import FOR_COUNTY, Invitation
from broadcaster.bulletin.keyring import Trust
from broadcaster.bulletin.keys import new_key, public, public_from_hex
from broadcaster.bulletin.upstream_office import UpstreamOffice
from broadcaster.commands.arguments import main
from broadcaster.core.clock import Clock
from broadcaster.county.broker.mosquitto import Broker
from broadcaster.county.keys.key_folder import KeyFolder
from broadcaster.county.keys.key_renewal import ABOVE_DIFFERS, upstream_warnings
from broadcaster.county.office.office_process import broker_address, open_desk
from broadcaster.county.pages.app import create_app
from broadcaster.county.pages.base.page_context import EnrolmentTrust, OfficeContext
from broadcaster.county.register.register import BrokerAddress, Register
from broadcaster.county.store.office_settings import (
    RelaySettings,
    keep_office_settings,
    load_office_settings,
)

ROOT = "ab" * 32


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("relaying") / "county"
    roots = [folder.parent / f"root-{number}.key" for number in (1, 2, 3)]
    KeyFolder.create(folder, "331121", "青田县", roots, lambda _: SENTENCE, datetime.now(UTC))
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
        [
            sys.executable,
            "-m",
            "broadcaster.commands.cli",
            "county",
            "relay",
            "--json",
            "--office",
            str(begun),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        told = json.loads(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGTERM)
        log = process.communicate(timeout=30)[1].splitlines()
    assert process.returncode == 0
    line = r"[0-9 :-]{20}\+0800 broadcaster\.system\.log_format: 转发启动了，版本 \d"
    assert re.match(line, log[0]), log
    assert log[-1].endswith("转发按要求停下：收到 SIGTERM")
    assert (told["county"], told["above"], told["keyring"]) == ("331121", "33", None)
    assert not told["above_connected"] and not told["below_connected"]
    public_from_hex(told["public_key"])
    assert "user relay\n" in (begun / "broker" / "acl").read_text()
    assert (begun / "relay" / "relay.pem").stat().st_mode & 0o077 == 0


@pytest.fixture(scope="module")
def above(tmp_path_factory: pytest.TempPathFactory) -> KeyFolder:
    folder = tmp_path_factory.mktemp("above") / "province"
    roots = [folder.parent / f"root-{number}.key" for number in (1, 2, 3)]
    made = KeyFolder.create(folder, "33", "浙江省", roots, lambda _: SENTENCE, datetime.now(UTC))
    Broker(folder / "broker").make(["127.0.0.1"], free_port(), "127.0.0.1")
    return made


class Typed:
    """Commands as somebody types them."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def done(self, *words: str | Path) -> Any:
        assert main(["county", *map(str, words), "--json"]) == 0
        return json.loads(self._capsys.readouterr().out)

    def refused(self, *words: str | Path) -> str:
        assert main(["county", *map(str, words)]) == 2
        told = self._capsys.readouterr().err
        assert len(told.splitlines()) == 1
        return told


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str]) -> Typed:
    return Typed(capsys)


def test_a_county_comes_in_by_a_file_and_tells_its_key(
    above: KeyFolder, begun: Path, tmp_path: Path, typed: Typed
) -> None:
    (begun / "office.yaml").write_text("name: 青田县应急\n", encoding="utf-8")
    keep_office_settings(begun, load_office_settings(begun))
    admission, province = tmp_path / "331121.admission", ("--office", above.path)
    told = typed.done("admit", "331121", admission, "--name", "青田县", *province)
    assert told == {"county": "331121", "name": "青田县", "key": "", "root": above.pin}
    assert admission.stat().st_mode & 0o077 == 0
    acl = (above.path / "broker" / "acl").read_text()
    assert "topic write cb/1/u/331121/+" in acl and "topic read cb/1/h/33" in acl
    joined = typed.done("join", admission, "--office", begun)
    assert (joined["above"], joined["root"], joined["written"]) == ("33", above.pin, True)
    relay = load_office_settings(begun).relay
    assert (relay.area, relay.root, relay.user) == ("33", above.pin, "county-331121")
    assert load_office_settings(begun).name == "青田县应急"
    told_at_start = keep_office_settings(begun, load_office_settings(begun))
    assert not told_at_start, "what the command wrote is no news"
    given = json.loads(admission.read_text())
    assert (begun / relay.password_file).read_text() == given["password"]
    assert (begun / relay.authority).read_text() == given["authority"]
    # Again is the same; another office above is not.
    assert not typed.done("join", admission, "--office", begun)["written"]
    admission.write_text(json.dumps(given | {"root": ROOT}))
    assert "relay 不一样" in typed.refused("join", admission, "--office", begun)
    for wrong in ({"county": "331122"}, {"area": "34"}, {"more": 1}):
        admission.write_text(json.dumps(given | wrong))
        typed.refused("join", admission, "--office", begun)
    told = typed.done("admit", "331121", "--key", joined["public_key"], *province)
    assert told["key"] == joined["public_key"]
    [listed] = typed.done("counties", *province)
    assert (listed["state"], listed["word"], listed["key"]) == ("enrolled", "never", told["key"])
    typed.done("counties", "--retire", "331121", *province)
    assert "county-331121" not in (above.path / "broker" / "acl").read_text()


def test_what_is_no_county_below_is_let_in_by_no_command(
    above: KeyFolder, tmp_path: Path, typed: Typed
) -> None:
    province = "--office", above.path
    for wrong in ("34", "33", "331121104", "x"):
        typed.refused("admit", wrong, tmp_path / "file", "--name", "别处", *province)
    typed.refused("admit", "331123", tmp_path / "file", *province)
    typed.refused("admit", "331123", *province)
    missing = tmp_path / "no" / "folder"
    told = typed.refused("admit", "331124", missing, "--name", "松阳县", *province)
    assert "没有这个文件夹" in told
    typed.refused("counties", "--retire", "331199", *province)
    typed.refused("join", tmp_path / "missing", *province)
    typed.refused("join", "--above", "https://127.0.0.1", *province)


@contextmanager
def page_of(folder: KeyFolder, session: Path) -> Iterator[str]:
    with open_desk(folder.path) as desk:
        trusted = EnrolmentTrust(folder.pin, lambda: folder.keyring.to_bytes(), broker_address(desk))
        app = create_app(OfficeContext(desk.parts, desk.settings, trusted, pretend_booth()), session)
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_county_comes_in_by_a_one_time_code(
    above: KeyFolder, begun: Path, tmp_path: Path, typed: Typed
) -> None:
    (begun / "office.yaml").unlink(missing_ok=True)
    with page_of(above, tmp_path) as address:
        words = "join", "--above", address, "--office", begun
        known = typed.done("counties", "--office", above.path)
        adding = ("--replace", "331121") if known else ("--add", "331121", "--name", "青田县")
        code = typed.done("counties", *adding, "--office", above.path)["code"]
        assert "没有这个登记码" in typed.refused(*words, "--code", "aaaa-bbbb-cccc", "--root", above.pin)
        assert "登记码还能用" in typed.refused(*words, "--code", code, "--root", ROOT)
        told = typed.done(*words, "--code", code, "--root", above.pin.upper())
        # The same relay, by the line as it is given: its answer may have been lost.
        line = Invitation(address, code, above.pin).line(FOR_COUNTY)
        assert not typed.done("join", line, "--office", begun)["written"]
    [listed] = typed.done("counties", "--office", above.path)
    assert (listed["state"], listed["key"]) == ("enrolled", told["public_key"])
    assert load_office_settings(begun).relay.root == above.pin


def test_the_root_keys_say_who_stands_above_and_take_it_back(
    begun: Path, typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROADCASTER_PASSPHRASE", SENTENCE)
    configure(begun, area="33", root=ROOT, host="127.0.0.1")
    two = [word for n in (1, 3) for word in ("--root-key", begun.parent / f"root-{n}.key")]
    office = "--office", begun
    assert KeyFolder(begun).trust.above is None
    before = (begun / "keyring.json").read_bytes()
    for wrong in (
        ("--area", "33", "ab"),
        (ROOT,),
        ("--area", "34", ROOT, *two),
        ("--area", "331121", ROOT, *two),
        ("--area", "33", ROOT),
        ("--area", "33", ROOT, *two[:2]),
        ("--none", ROOT, *two),
    ):
        typed.refused("above", *wrong, *office)
    assert (begun / "keyring.json").read_bytes() == before
    # Whom the relay goes by, where nobody else is named.
    told = typed.done("above", *two, *office)
    assert told == {"above": [{"area": "33", "root": ROOT}], "version": [2, 1]}
    assert typed.done("show", *office)["above"] == told["above"]
    assert "什么也没有改" in typed.refused("above", *two, *office)
    relay = load_office_settings(begun).relay
    assert upstream_warnings(KeyFolder(begun).trust, relay) == []
    another = relay.model_copy(update={"root": "cd" * 32})
    assert upstream_warnings(KeyFolder(begun).trust, another) == [ABOVE_DIFFERS]
    [warned] = upstream_warnings(KeyFolder(begun).trust, relay.model_copy(update={"host": ""}))
    assert "relay 不对" in warned
    assert typed.done("above", "--none", *two, *office) == {"above": [], "version": [3, 1]}
    folder = KeyFolder(begun)
    assert upstream_warnings(folder.trust, relay) == [ABOVE_DIFFERS]
    assert upstream_warnings(folder.trust, RelaySettings()) == []
    assert Trust.pin(folder.keyring.to_bytes(), folder.pin, datetime.now(UTC)).above == ()


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
    above = load_office_settings(begun).relay.upstream_offices("331121")
    assert above == (UpstreamOffice("33", ROOT),)
    with open_desk(begun) as desk:
        register = Register(desk.parts.database, Clock(desk.settings.zone), "331121")
        _, code = register.add(VILLAGE, "洞背村")
        address = BrokerAddress(BROKER.host, BROKER.port, BROKER.authority, above)
        key = public(new_key()).keyval["public"]
        made = register.enrol(code, key, desk.folder.pin, desk.folder.keyring.to_bytes(), address)
    assert made.above == above
