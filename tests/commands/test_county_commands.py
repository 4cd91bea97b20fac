"""A county's keys by its commands: begun, delegated, revoked, rotated; never half-made."""

import json
import os
import pty
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from broadcaster.bulletin.keyring import Trust
from broadcaster.commands.arguments import main
from broadcaster.county.keys.key_folder import KeyFolder

SENTENCE = "三个和尚没水喝 2026"
NOW = datetime.now(UTC)


class Desk:
    """The office's desk: three sticks, a folder, and a sheet with the passphrase."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.office, self._capsys = folder, folder / "office", capsys
        self.sheet = folder / "sheet"
        self.sheet.write_text(SENTENCE + "\n", encoding="utf-8")
        self.sticks = [folder / f"stick-{number}" / "root.key" for number in (1, 2, 3)]

    def call(self, command: str, *arguments: str | Path) -> tuple[int, Any, str]:
        """The exit code, what was reported, what was said to who typed it."""
        given = ["--json", "--passphrase-file", self.sheet, "--office", self.office]
        code = main(["county", command, *map(str, (*arguments, *given))])
        out, error = self._capsys.readouterr()
        return code, json.loads(out), error

    def done(self, command: str, *arguments: str | Path) -> Any:
        code, answer, error = self.call(command, *arguments)
        assert code == 0, error
        return answer

    def refused(self, command: str, *arguments: str | Path) -> str:
        before = self.files()
        code, _, error = self.call(command, *arguments)
        assert code == 2
        assert self.files() == before
        assert len(error.strip().splitlines()) == 1
        return error

    def files(self) -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}

    def init(self) -> Any:
        return self.done("init", "331121", "--name", "青田县", *self.roots("--root-key", self.sticks))

    def roots(self, option: str, files: list[Path]) -> list[str | Path]:
        return [word for file in files for word in (option, file)]

    def new_public_key(self, name: str) -> str:
        return str(self.done("key", self.folder / name)["public"])

    def delegate(self, area: str, name: str, key: str, *options: str) -> Any:
        return self.done("delegate", area, "--name", name, "--key", key, *options)

    def trust(self, pin: str) -> Trust:
        return Trust.pin(KeyFolder(self.office).keyring.to_bytes(), pin, NOW)


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)


@pytest.fixture
def begun(desk: Desk) -> Desk:
    desk.init()
    return desk


def test_a_county_begins_with_its_own_delegation(desk: Desk) -> None:
    trust = desk.trust(desk.init()["pin"])
    [own] = trust.targets.delegations
    assert (own.area, own.name, len(own.severities)) == ("331121", "青田县", 5)
    assert all(stick.exists() for stick in desk.sticks)


def test_no_key_lies_on_disk_in_clear_or_for_others_to_read(begun: Desk) -> None:
    keys = list(begun.folder.rglob("*.key"))
    assert len(keys) == 4
    for key in keys:
        assert b"ENCRYPTED PRIVATE KEY" in key.read_bytes()
        assert key.stat().st_mode & 0o077 == 0


def test_a_county_is_begun_once(begun: Desk) -> None:
    assert "已经有钥匙串" in begun.refused("init", "331121", "--name", "青田县")


def test_a_county_that_cannot_be_begun_leaves_nothing(desk: Desk) -> None:
    desk.sticks[2].parent.write_text("不是文件夹", encoding="utf-8")
    roots = desk.roots("--root-key", desk.sticks)
    assert "写不进去" in desk.refused("init", "331121", "--name", "青田县", *roots)
    two = desk.roots("--root-key", desk.sticks[:2])
    assert "3 个文件" in desk.refused("init", "331121", "--name", "青田县", *two)
    assert "不是区划代码" in desk.refused("init", "3311x", "--name", "青田县")


def test_a_short_passphrase_is_refused(desk: Desk) -> None:
    desk.sheet.write_text("123456", encoding="utf-8")
    assert "太短" in desk.refused("init", "331121", "--name", "青田县")


def test_a_town_and_a_village_are_let_in_and_a_box_follows(begun: Desk) -> None:
    pin = KeyFolder(begun.office).pin
    before = begun.trust(pin)
    begun.delegate("331121104000", "高市乡", begun.new_public_key("town.key"))
    answer = begun.delegate(
        "331121104200", "洞背村", begun.new_public_key("village.key"), "--severity", "0"
    )
    assert answer["version"] == [1, 3]
    bundle = KeyFolder(begun.office).keyring.to_bytes()
    _, town, village = before.updated(bundle, NOW).targets.delegations
    assert (town.area, sorted(town.severities)) == ("331121104", [0, 3, 4])
    assert (village.area, sorted(village.severities)) == ("331121104200", [0])


def test_a_delegation_that_cannot_be_is_refused(begun: Desk) -> None:
    key = begun.new_public_key("town.key")
    given = ("--name", "高市乡", "--key", key)
    assert "不是 331121 下面" in begun.refused("delegate", "331122104", *given)
    assert "不是 331121 下面" in begun.refused("delegate", "331121", *given)
    assert "红色和橙色" in begun.refused("delegate", "331121104", *given, "--severity", "1")
    assert "公钥不对" in begun.refused("delegate", "331121104", "--name", "高市乡", "--key", "00")
    assert "名称" in begun.refused("delegate", "331121104", "--name", " ", "--key", key)


def test_another_key_for_a_town_revokes_its_first(begun: Desk) -> None:
    first = begun.delegate("331121104", "高市乡", begun.new_public_key("a.key"))["delegations"][-1]
    again = begun.delegate("331121104", "高市乡", begun.new_public_key("b.key"))
    assert again["revoked"] == first["key_ids"]
    assert len(again["delegations"]) == 2


def test_a_revoked_key_stays_revoked(begun: Desk) -> None:
    key = begun.new_public_key("town.key")
    [*_, town] = begun.delegate("331121104", "高市乡", key)["delegations"]
    answer = begun.done("revoke", "331121104")
    assert answer["revoked"] == town["key_ids"]
    assert [one["area"] for one in answer["delegations"]] == ["331121"]
    given = ("--name", "高市乡", "--key", key)
    assert "已经作废" in begun.refused("delegate", "331121104", *given)
    assert "没有钥匙" in begun.refused("revoke", "331121104")
    assert "rotate" in begun.refused("revoke", "331121")


def test_two_of_three_root_keys_change_the_countys_key(begun: Desk) -> None:
    trust = begun.trust(KeyFolder(begun.office).pin)
    old = trust.targets.delegations[0].key_ids
    begun.sticks[1].unlink()
    begun.done("rotate", *begun.roots("--root-key", [begun.sticks[0], begun.sticks[2]]))
    newer = trust.updated(KeyFolder(begun.office).keyring.to_bytes(), NOW)
    assert newer.version == (2, 2)
    assert newer.targets.revoked == set(old)
    assert newer.targets.delegations[0].key_ids != old
    assert len(list(begun.office.glob("county-*.key"))) == 1
    begun.delegate("331121104", "高市乡", begun.new_public_key("town.key"))


def test_one_root_key_twice_is_not_two(begun: Desk) -> None:
    twice = begun.roots("--root-key", [begun.sticks[0], begun.sticks[0]])
    assert "认出来的有 1 把" in begun.refused("rotate", *twice)
    assert "认出来的有 0 把" in begun.refused("rotate")


def test_root_keys_are_changed_and_the_old_ones_are_worth_nothing(begun: Desk) -> None:
    trust = begun.trust(KeyFolder(begun.office).pin)
    fresh = [begun.folder / f"new-{number}.key" for number in (1, 2, 3)]
    old = begun.roots("--root-key", begun.sticks[:2])
    begun.done("rotate", *old, *begun.roots("--new-root-key", fresh))
    assert "认出来的有 0 把" in begun.refused("rotate", *old)
    begun.done("rotate", *begun.roots("--root-key", fresh[1:]))
    assert trust.updated(KeyFolder(begun.office).keyring.to_bytes(), NOW).version == (3, 3)


def test_the_list_of_keys_is_renewed_without_a_change(begun: Desk) -> None:
    before = begun.trust(KeyFolder(begun.office).pin)
    answer = begun.done("renew")
    assert answer["version"] == [1, 2] and answer["warnings"] == []
    newer = before.updated(KeyFolder(begun.office).keyring.to_bytes(), NOW)
    assert newer.targets.targets.expires >= before.targets.targets.expires
    assert newer.targets.delegations == before.targets.delegations


def test_two_of_three_root_keys_renew_the_root_and_change_nothing_else(begun: Desk) -> None:
    before = begun.trust(KeyFolder(begun.office).pin)
    answer = begun.done("renew", *begun.roots("--root-key", begun.sticks[1:]))
    assert answer["version"] == [2, 1]
    newer = before.updated(KeyFolder(begun.office).keyring.to_bytes(), NOW)
    assert newer.root.root.expires >= before.root.root.expires
    assert newer.root.targets_key_ids == before.root.targets_key_ids
    assert newer.targets == before.targets
    assert "认出来的有 1 把" in begun.refused("renew", *begun.roots("--root-key", begun.sticks[:1]))
    begun.done("rotate", *begun.roots("--root-key", begun.sticks[:2]))


def test_renewing_tells_who_must_come_with_what(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["county", "renew", "--help"])
    told = capsys.readouterr().out
    assert "请两位，带着各自的优盘" in told and "--root-key /media/A/root-1.key" in told


def test_a_wrong_passphrase_changes_nothing(begun: Desk) -> None:
    key = begun.new_public_key("town.key")
    begun.sheet.write_text("四个和尚没水喝 2026", encoding="utf-8")
    assert "打不开" in begun.refused("delegate", "331121104", "--name", "高市乡", "--key", key)


def test_a_damaged_keyring_is_told(begun: Desk) -> None:
    (begun.office / "keyring.json").write_text("{}", encoding="utf-8")
    assert "坏了" in begun.refused("show")


def test_a_folder_that_was_never_begun_is_told(desk: Desk) -> None:
    assert "county init" in desk.refused("show")


def test_no_key_file_is_written_over(begun: Desk) -> None:
    assert "不覆盖" in begun.refused("key", begun.sticks[0])


def test_show_tells_who_may_say_what(begun: Desk) -> None:
    answer = begun.done("show")
    assert answer["area"] == "331121"
    assert answer["delegations"][0]["severities"] == [0, 1, 2, 3, 4]


def asked(tmp_path: Path, typed: str) -> tuple[int, str]:
    """`county key` on a terminal of its own."""
    child, terminal = pty.fork()
    if child == 0:
        command = [sys.executable, "-W", "error", "-m", "broadcaster.commands.cli", "county", "key"]
        os.execv(sys.executable, [*command, str(tmp_path / "town.key")])
    said = b""
    for line in typed.splitlines():
        while not said.endswith("：".encode()):
            said += os.read(terminal, 1024)
        os.write(terminal, line.encode() + b"\n")
        said = b""
    while piece := _read(terminal):
        said += piece
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1024)
    except OSError:
        return b""


def test_a_passphrase_is_asked_twice_on_a_terminal(tmp_path: Path) -> None:
    code, said = asked(tmp_path, f"{SENTENCE}\n{SENTENCE}")
    assert code == 0 and "公钥" in said
    assert SENTENCE not in said


def test_two_passphrases_that_differ_make_nothing(tmp_path: Path) -> None:
    code, said = asked(tmp_path, f"{SENTENCE}\n另一句完全不同的话")
    assert code == 2 and "两遍不一样" in said
    assert not (tmp_path / "town.key").exists()


def test_without_a_terminal_or_a_passphrase_nothing_is_made(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "BROADCASTER_PASSPHRASE"}
    done = subprocess.run(
        [sys.executable, "-m", "broadcaster.commands.cli", "county", "key", str(tmp_path / "town.key")],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2 and "没有密码" in done.stderr
    assert not list(tmp_path.iterdir())
