"""The desk by commands, over the same rules, and the whole office as its process."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from county_office import PASSWORD, SENTENCE, VILLAGE
from rig.broker import BrokerRig
from rig.rig import wait_until

from broadcaster.bulletin.enrolment import Enrolment
from broadcaster.bulletin.keys import new_key, public
from broadcaster.cli import main
from broadcaster.county.officers import OfficeRole
from broadcaster.county.running import open_desk
from broadcaster.model import Severity
from broadcaster.office_folder import OfficeFolder


class Desk:
    """An office's folder, and commands on it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        self.sheet = folder / "sheet"
        self.sheet.write_text(PASSWORD, encoding="utf-8")

    def call(self, command: str, *arguments: str) -> tuple[int, Any]:
        code = main(["county", command, "--office", str(self.folder), "--json", *arguments])
        return code, json.loads(self._capsys.readouterr().out)

    def by(self, name: str) -> tuple[str, ...]:
        return "--by", name, "--password-file", str(self.sheet)


@pytest.fixture(scope="module")
def begun_today(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """These go by the machine's clock, and a keyring is good for some 400 days."""
    folder = tmp_path_factory.mktemp("today") / "county"
    roots = [folder.parent / f"root-{number}.key" for number in (1, 2, 3)]
    OfficeFolder.found(folder, "331121", "青田县", roots, lambda _: SENTENCE, datetime.now(UTC))
    return folder


@pytest.fixture
def desk(tmp_path: Path, begun_today: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    folder = tmp_path / "county"
    shutil.copytree(begun_today, folder)
    with open_desk(folder) as opened:
        officers = opened.parts.officers
        officers.add("小王", OfficeRole.CLERK, Severity.ORANGE, PASSWORD)
        officers.add("老张", OfficeRole.APPROVER, Severity.RED, PASSWORD)
    return Desk(folder, capsys)


def test_an_orange_notice_goes_by_two_people_and_is_called_off(desk: Desk) -> None:
    given = ("--area", "331121104", "--severity", "2", "--title", "洪水")
    code, sent = desk.call("publish", "上游放水。", *given, *desk.by("小王"))
    assert (code, sent["state"]) == (0, "awaiting")
    assert desk.call("approve", sent["id"], *desk.by("小王"))[0] == 2
    code, agreed = desk.call("approve", sent["id"], *desk.by("老张"))
    assert (code, agreed["state"], agreed["approved_by"]) == (0, "cleared", "老张")
    code, off = desk.call("cancel", sent["id"], *desk.by("小王"))
    assert (code, off["state"]) == (0, "cancelled")
    [listed] = desk.call("board")[1]
    assert (listed["title"], listed["sent"]) == ("洪水", 0)
    assert desk.call("board", sent["id"])[1]["boxes"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        ("--area", "331122"),
        ("--area", "331121", "--at", "明天"),
        ("--area", "331121", "--severity", "1"),
        ("--area", "331121", "--hours", "1000"),
    ],
)
def test_what_cannot_be_sent_is_one_sentence(desk: Desk, wrong: tuple[str, ...]) -> None:
    code, answer = desk.call("publish", "停水。", *wrong, *desk.by("小王"))
    assert code == 2 and len(answer["error"].splitlines()) == 1
    assert desk.call("board")[1] == []


def test_what_was_not_sent_is_not_exported(desk: Desk) -> None:
    code, answer = desk.call("export", "x")
    assert code == 2 and "发了的才能导出" in answer["error"]


def test_a_wrong_password_does_nothing(desk: Desk) -> None:
    desk.sheet.write_text("wrong-password", encoding="utf-8")
    code, answer = desk.call("publish", "停水。", "--area", "331121", *desk.by("小王"))
    assert code == 2 and "密码不对" in answer["error"]


def test_a_box_is_added_with_its_code(desk: Desk) -> None:
    code, added = desk.call("boxes", "--add", VILLAGE, "--name", "洞背村")
    assert code == 0 and len(added["code"]) == 14
    assert [box["state"] for box in desk.call("boxes")[1]] == ["invited"]


def test_a_folder_without_a_county_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["county", "board", "--office", str(tmp_path / "none")]) == 2
    assert "county init" in capsys.readouterr().err


@pytest.fixture
def broker(desk: Desk) -> Iterator[BrokerRig]:
    rig = BrokerRig(desk.folder / "broker")
    rig.start()
    yield rig
    rig.kill()


def test_the_running_office_enrols_signs_and_sends(desk: Desk, broker: BrokerRig) -> None:
    (desk.folder / "broker" / "office_password").write_text("of-the-office-alone")
    written = {
        "web": {"host": "127.0.0.1", "port": 0, "https_port": None},
        "broker": {"host": "127.0.0.1", "port": broker.port},
    }
    (desk.folder / "office.yaml").write_text(json.dumps(written))
    office = subprocess.Popen(
        [sys.executable, "-m", "broadcaster.cli", "county", "run", "--office", str(desk.folder)],
        env=os.environ | {"BROADCASTER_PASSPHRASE": SENTENCE},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert office.stdout
        address = re.search(r"http://\S+", office.stdout.readline())
        assert address
        added = desk.call("boxes", "--add", VILLAGE, "--name", "洞背村")[1]
        told = {"code": added["code"], "key": public(new_key()).keyval["public"]}
        asked = urllib.request.Request(
            f"{address[0]}enrol", json.dumps(told).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(asked, timeout=20) as answer:
            enrolment = Enrolment.from_bytes(answer.read())
        assert (enrolment.box, enrolment.port) == (f"{VILLAGE}-1", broker.port)
        sent = desk.call("publish", "停水。", "--area", "331121", "--severity", "4", *desk.by("小王"))[1]
        if sent["state"] == "awaiting":
            desk.call("approve", sent["id"], *desk.by("老张"))
        wait_until(lambda: desk.call("board", sent["id"])[1]["state"] == "published", 30)
        assert desk.call("board", sent["id"])[1]["sent"] == 1
        file = desk.folder / "cap.xml"
        assert desk.call("export", sent["id"], "-o", str(file))[1] == {"file": str(file)}
        assert desk.call("export", sent["id"])[1]["cap"].encode() == file.read_bytes()
        assert b"<description>\xe5\x81\x9c\xe6\xb0\xb4" in file.read_bytes()
        assert desk.call("export", sent["id"], "-o", str(desk.folder))[0] == 2
    finally:
        office.send_signal(signal.SIGTERM)
        office.communicate(timeout=30)
    assert office.returncode == 0
