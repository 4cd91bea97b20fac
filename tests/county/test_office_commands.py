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
from county.county_office import BROKER, PASSWORD, SENTENCE, VILLAGE
from county.test_office_recordings import spoken
from rig.broker import BrokerRig
from rig.rig import wait_until

from broadcaster.bulletin.enrolment import Enrolment
from broadcaster.bulletin.keys import new_key, public
from broadcaster.commands.arguments import main
from broadcaster.core.notice import Severity, Style
from broadcaster.county.keys.key_folder import KeyFolder
from broadcaster.county.office.office_process import open_desk
from broadcaster.county.register.register import Register
from broadcaster.county.store.officers import OfficeRole


class Desk:
    """An office's folder, and commands on it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        self.sheet = folder / "sheet"
        self.sheet.write_text(PASSWORD, encoding="utf-8")

    def call(self, command: str, *arguments: str) -> tuple[int, Any]:
        name = arguments[:1] if command == "people" else ()
        more = arguments[len(name) :]
        code = main(["county", command, *name, "--office", str(self.folder), "--json", *more])
        return code, json.loads(self._capsys.readouterr().out)

    def by(self, name: str) -> tuple[str, ...]:
        return "--by", name, "--password-file", str(self.sheet)


@pytest.fixture(scope="module")
def begun_today(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """These go by the machine's clock, and a keyring is good for some 400 days."""
    folder = tmp_path_factory.mktemp("today") / "county"
    roots = [folder.parent / f"root-{number}.key" for number in (1, 2, 3)]
    KeyFolder.create(folder, "331121", "青田县", roots, lambda _: SENTENCE, datetime.now(UTC))
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
    code, shown = desk.call("approve", sent["id"], *desk.by("老张"))
    assert (code, shown["state"], shown["version"]) == (2, "awaiting", sent["version"])
    assert desk.call("approve", sent["id"], "--version", "0" * 64, *desk.by("老张"))[0] == 2
    seen = "--version", shown["version"]
    assert desk.call("approve", sent["id"], *seen, *desk.by("小王"))[0] == 2
    code, agreed = desk.call("approve", sent["id"], *seen, *desk.by("老张"))
    assert (code, agreed["state"], agreed["approved_by"]) == (0, "cleared", "老张")
    code, off = desk.call("cancel", sent["id"], *desk.by("小王"))
    assert (code, off["state"]) == (0, "cancelled")
    [listed] = desk.call("board")[1]
    assert (listed["title"], listed["sent"], listed["waiting"]) == ("洪水", 0, 0)
    assert desk.call("board", sent["id"])[1]["boxes"] == []


def test_who_agrees_reads_whom_it_wakes_and_its_writer_is_sent_to_another(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--area", "331121", "--severity", "2", "--night-ok", "--title", "洪水")
    _, sent = desk.call("publish", "上游放水。", *given, *desk.by("小王"))
    for by, told in (("老张", f"--version {sent['version']}"), ("小王", "要由另一个人批准")):
        office = "--office", str(desk.folder)
        assert main(["county", "approve", sent["id"], *office, *desk.by(by)]) == 2
        shown = capsys.readouterr().out
        assert told in shown and "橙色 重大" in shown and "静音时段也要播" in shown
    with open_desk(desk.folder) as opened:
        assert opened.parts.audit.recent(1)[0].about == "洪水（交上去审批，还没有发）"


def test_who_publishes_to_nobody_is_told_and_states_are_said_in_chinese(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    office = "--office", str(desk.folder)
    assert desk.call("boxes", "--add", VILLAGE, "--name", "洞背村")[0] == 0
    capsys.readouterr()
    assert main(["county", "boxes", *office]) == 0
    listed = capsys.readouterr().out
    assert "等它登记  不在线  洞背村" in listed and "invited" not in listed
    given = ("停水。", "--area", "331121104299", *desk.by("小王"), *office)
    assert main(["county", "publish", *given]) == 0
    assert "没有人会听到" in capsys.readouterr().out


def test_a_keeper_who_forgot_his_password_is_brought_back_beside_the_running_office(desk: Desk) -> None:
    _, made = desk.call("people", "add", "管家", "--role", "管理", "--cap", "1")
    with open_desk(desk.folder) as running:
        officers, sessions = running.parts.officers, running.parts.sessions
        key = sessions.begin(officers.get("管家"))
        assert sessions.find(key)
        for _ in range(10):
            officers.check("管家", "forgotten", "192.0.2.7")
        code, given = desk.call("people", "reset", "管家")
        assert code == 0 and given["password"] != made["password"]
        assert sessions.find(key) is None
        assert officers.check("管家", given["password"], "192.0.2.7")
        assert [deed.what for deed in running.parts.audit.recent(2)] == ["重设密码", "加人员"]


def test_people_of_the_office_are_listed_added_and_removed(desk: Desk) -> None:
    assert desk.call("people", "add", "管家", "--role", "管理", "--cap", "1")[0] == 0
    assert desk.call("people", "add", "小李")[0] == 0
    listed = [(one["name"], one["role"], one["cap"]) for one in desk.call("people", "list")[1]]
    assert listed[2:] == [("管家", "keeper", 1), ("小李", "clerk", 4)]
    assert desk.call("people", "remove", "小李") == (0, {"name": "小李"})
    for wrong, told in (("remove", "至少要留一个管理员"), ("add", "已经有叫"), ("reset", "没有叫")):
        code, answer = desk.call("people", wrong, "没有这人" if wrong == "reset" else "管家")
        assert code == 2 and told in answer["error"]


def test_the_first_one_of_an_office_is_a_keeper(
    tmp_path: Path, begun_today: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(begun_today, tmp_path / "county")
    desk = Desk(tmp_path / "county", capsys)
    assert desk.call("people", "list") == (0, [])
    code, answer = desk.call("people", "add", "小李")
    assert code == 2 and "--role 管理" in answer["error"]
    assert desk.call("people", "add", "管家", "--role", "管理")[0] == 0


def test_villages_pages_are_opened_and_closed_many_at_a_time(desk: Desk) -> None:
    settings = "address: https://office.example\nbroker: {folder: ''}\n"
    (desk.folder / "office.yaml").write_text(settings)
    with open_desk(desk.folder) as opened:
        boxes = [
            enrolled(opened.parts.register, opened.folder, VILLAGE[:-1] + last, f"{last}村")
            for last in "012"
        ]
    passphrase = desk.folder / "sentence"
    passphrase.write_text(SENTENCE, encoding="utf-8")
    by_key = "--passphrase-file", str(passphrase)
    assert desk.call("village") == (0, {"villages": []})
    code, told = desk.call("village", *boxes[:2], *by_key)
    assert code == 0 and [one["box"] for one in told["villages"]] == boxes[:2]
    assert told["villages"][0]["address"] == f"https://office.example/village/{boxes[0]}/"
    code, told = desk.call("village", boxes[0], "nobody", *by_key)
    assert code == 2 and "nobody" in told["error"]
    passphrase.write_text("another sentence", encoding="utf-8")
    assert desk.call("village", boxes[2], *by_key)[0] == 2
    passphrase.write_text(SENTENCE, encoding="utf-8")
    assert len(desk.call("village", "--all", "--not-urgent", *by_key)[1]["villages"]) == 3
    assert [one["box"] for one in desk.call("village", boxes[0], "--close", *by_key)[1]["villages"]] == (
        boxes[1:]
    )
    with open_desk(desk.folder) as opened:
        deeds = [deed.what for deed in opened.parts.audit.recent(20)]
    assert (deeds.count("开通村里的网页"), deeds.count("关掉村里的网页")) == (5, 1)
    # What is so already stays, with its key.
    again = "--all", "--not-urgent", *by_key
    desk.call("village", *again)
    keyring = (desk.folder / "keyring.json").read_bytes()
    assert len(desk.call("village", *again)[1]["villages"]) == 3
    assert (desk.folder / "keyring.json").read_bytes() == keyring
    desk.call("village", boxes[0], "--close", *by_key)
    keyring = (desk.folder / "keyring.json").read_bytes()
    desk.call("village", boxes[0], "--close", *by_key)
    assert (desk.folder / "keyring.json").read_bytes() == keyring
    assert "--all" in desk.call("village", "--close")[1]["error"]


def enrolled(register: Register, folder: KeyFolder, village: str, name: str) -> str:
    made, code = register.add(village, name)
    key = str(public(new_key()).keyval["public"])
    register.enrol(code, key, folder.pin, folder.keyring.to_bytes(), BROKER)
    return made.id


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


def test_a_verse_a_recording_and_a_programme_are_sent_by_commands(desk: Desk, tmp_path: Path) -> None:
    given = "--area", "331121104", *desk.by("小王")
    code, sent = desk.call("publish", "森林防火靠大家。", "--verse", "--voice", "baker:female", *given)
    assert code == 0
    with open_desk(desk.folder) as opened:
        draft = opened.parts.desk.get(sent["id"]).draft
    assert (draft.notice.style, draft.notice.voice) == (Style.VERSE, "baker:female")
    file = tmp_path / "talk.wav"
    file.write_bytes(spoken())
    code, answer = desk.call("publish", "--audio", str(file), "--title", "讲话", *given)
    assert code == 2 and "address" in answer["error"]
    (desk.folder / "office.yaml").write_text("address: https://office.example")
    code, answer = desk.call("publish", "--audio", str(tmp_path / "none"), "--title", "讲话", *given)
    assert code == 2 and "读不出来" in answer["error"]
    code, sent = desk.call("publish", "--audio", str(file), "--title", "讲话", *given)
    assert (code, sent["title"]) == (0, "讲话")
    column = "--programme", str(file), "--title", "县台节目"
    code, answer = desk.call("publish", *column, "--audio", str(file), *given)
    assert code == 2 and "只能写一个" in answer["error"]
    code, sent = desk.call("publish", *column, *given)
    with open_desk(desk.folder) as opened:
        draft = opened.parts.desk.get(sent["id"]).draft
    assert code == 0 and draft.is_column and draft.sound and not draft.text


def test_receipts_on_a_stick_are_taken_in(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "cb").mkdir()
    (tmp_path / "cb" / "1.json").write_bytes(b"{}")
    assert desk.call("receipts", str(tmp_path / "cb")) == (
        0,
        {"files": 1, "genuine": 0, "refused": 0, "others": 1},
    )
    assert desk.call("receipts", str(tmp_path / "none"))[0] == 2


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
        "zone": "Asia/Kolkata",
    }
    twice = json.dumps(written)[:-1] + ', "name": "青田", "name": "青田县应急"}'
    (desk.folder / "office.yaml").write_text(twice, encoding="utf-8")
    office = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "broadcaster.commands.cli",
            "county",
            "run",
            "--office",
            str(desk.folder),
        ],
        env=os.environ | {"BROADCASTER_PASSPHRASE": SENTENCE},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert office.stdout
        assert (
            office.stdout.readline() == "office.yaml 第 1 行 name：写了两次，现在按后面的，请去掉一个\n"
        )
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
            desk.call("approve", sent["id"], "--version", sent["version"], *desk.by("老张"))
        wait_until(lambda: desk.call("board", sent["id"])[1]["state"] == "published")
        assert desk.call("board", sent["id"])[1]["sent"] == 1
        file = desk.folder / "cap.xml"
        assert desk.call("export", sent["id"], "-o", str(file))[1] == {"file": str(file)}
        assert desk.call("export", sent["id"])[1]["cap"].encode() == file.read_bytes()
        assert b"<description>\xe5\x81\x9c\xe6\xb0\xb4" in file.read_bytes()
        assert desk.call("export", sent["id"], "-o", str(desk.folder))[0] == 2
    finally:
        office.send_signal(signal.SIGTERM)
        log = office.communicate(timeout=30)[1].splitlines()
    assert office.returncode == 0
    assert all(re.match(r"[0-9 :-]{20}\+0530 broadcaster\.", line) for line in log), log
    assert "县级平台启动了，版本 " in log[0]
    assert log[-1].endswith("县级平台按要求停下：收到 SIGTERM")
