"""A broker's folder that was harmed: who was let in is let in still, and it comes up."""

import os
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from rig.broker import OFFICE_PASSWORD, BrokerRig, OfficeClient, free_port
from rig.damage import HARMS
from rig.living import LivingProgram
from rig.living_office import BROKER
from rig.rig import wait_until

from broadcaster.county.broker.broker_accounts import ACL, PASSWORDS, USERS, read_users
from broadcaster.county.broker.broker_program import BrokerProcess, office_password
from broadcaster.county.broker.mosquitto import LOG_BYTES, Broker, BrokerRefused, is_password

BOXES = [(f"box-{number}", "331121104200", "a-password-of-a-box") for number in range(9)]
FILES = [USERS, PASSWORDS, ACL]
READABLE = [name for name in HARMS if name != "not readable"]


@dataclass
class Made:
    """A broker's folder, and what Mosquitto reads of it."""

    rig: BrokerRig

    @property
    def broker(self) -> Broker:
        return self.rig.broker

    def make(self) -> str:
        return self.broker.make(["127.0.0.1"], self.rig.port, "127.0.0.1")

    def file(self, name: str) -> Path:
        return self.broker.folder / name

    def read(self) -> tuple[bytes, bytes]:
        return self.file(PASSWORDS).read_bytes(), self.file(ACL).read_bytes()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerRig]:
    """With something retained, and ended properly."""
    rig = BrokerRig(tmp_path_factory.mktemp("whole") / "broker")
    rig.broker.add_boxes(BOXES)
    rig.start()
    with closing(OfficeClient(rig)) as office:
        for number in range(30):
            office.publish(f"cb/1/n/331121/{number}", b"x" * 700)
    assert rig.process
    rig.process.terminate()
    rig.process.wait(20)
    rig.process = None
    yield rig


@pytest.fixture
def made(whole: BrokerRig, tmp_path: Path) -> Made:
    shutil.copytree(whole.broker.folder, tmp_path / "broker")
    made = Made(BrokerRig(tmp_path / "broker"))
    made.file("log").unlink()
    return made


@pytest.mark.parametrize("harm", READABLE)
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_list_of_users_is_made_again_of_the_other_and_told(
    made: Made, name: str, harm: str
) -> None:
    before = made.read()
    HARMS[harm](made.file(name))
    told = made.make()
    assert name in told or (name, harm) == (USERS, "missing"), "an older broker has none"
    assert made.read() == before
    assert made.make() == "", "and it is well"


@pytest.mark.parametrize("name", [*FILES, "mosquitto.conf", "office_password", "kept"])
def test_what_cannot_be_read_is_told_by_name(made: Made, name: str) -> None:
    office_password(made.broker.folder)
    if name == "kept":
        shutil.rmtree(made.file(name))
        made.file(name).write_bytes(b"a file where the folder should be")
    else:
        HARMS["not readable"](made.file(name))
    with pytest.raises(BrokerRefused, match=name):
        made.make()
        office_password(made.broker.folder)


def test_of_two_damaged_lists_those_are_kept_that_can_be_read(made: Made) -> None:
    HARMS["zeros"](made.file(USERS))
    HARMS["cut at half"](made.file(PASSWORDS))
    told = made.make()
    users, _ = read_users(made.broker.folder)
    assert 3 <= len(users) < 10 and f"{len(users)} 个用户" in told


def test_who_was_taken_out_does_not_come_back_by_an_old_file(made: Made) -> None:
    passwords, acl = made.read()
    made.broker.remove("box-3")
    made.file(PASSWORDS).write_bytes(passwords)
    made.file(ACL).write_bytes(acl)
    made.make()
    assert b"box-3" not in b"".join(made.read())


@pytest.mark.parametrize("harm", READABLE)
def test_a_damaged_password_of_the_office_is_made_anew_and_told(
    made: Made, harm: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = office_password(made.broker.folder)
    HARMS[harm](made.file("office_password"))
    after = office_password(made.broker.folder)
    assert is_password(after) and office_password(made.broker.folder) == after
    unreadable = harm == "zeros"
    assert ("重新启动" in capsys.readouterr().out) is unreadable
    assert after != before


@pytest.mark.parametrize("harm", ["one bit", "cut at half", "zeros", "empty", "not readable"])
def test_a_broker_comes_up_whatever_became_of_what_it_kept(made: Made, harm: str) -> None:
    kept = made.file("kept") / "mosquitto.db"
    HARMS[harm](kept)
    running = BrokerProcess(made.broker)
    with ThreadPoolExecutor(1) as thread:
        ended = thread.submit(running.run)
        try:
            with closing(OfficeClient(made.rig, kinds="n")) as office:
                office.publish("cb/1/n/331121/new", b"it goes on")
        finally:
            running.stop()
        ended.result(60)
    assert (kept.parent / "mosquitto-damaged.db").exists() is (harm in ("cut at half", "zeros"))


def test_what_a_broker_kept_is_not_set_aside_for_another_reason(made: Made) -> None:
    kept = made.file("kept") / "mosquitto.db"
    before = kept.read_bytes()
    HARMS["zeros"](made.file("server.pem"))
    assert BrokerProcess(made.broker).run() != 0
    assert kept.read_bytes() == before


def test_the_office_and_a_box_are_let_in_after_a_repair(made: Made) -> None:
    for name in (PASSWORDS, ACL):
        HARMS["zeros"](made.file(name))
    made.make()
    made.rig.start()
    try:
        for user, password in (("office", OFFICE_PASSWORD), ("box-8", BOXES[8][2])):
            with closing(OfficeClient(made.rig, user, password)) as client:
                assert client.up.wait(60)
    finally:
        made.rig.kill()


def test_a_broker_stopped_as_it_starts_ends_well(made: Made) -> None:
    made.make()
    running = BrokerProcess(made.broker)
    running.stop()
    assert running.run() == 0


def test_the_log_of_a_broker_is_cut_while_it_writes(made: Made) -> None:
    """Each try to log in is a line, from anybody: none fills the disk."""
    made.make()
    log, before = made.file("log"), made.file("log.1")
    log.write_bytes(b"old\n" * (LOG_BYTES // 4 + 1))
    running = BrokerProcess(made.broker, log_seconds=0.05)
    with ThreadPoolExecutor(1) as thread:
        ended = thread.submit(running.run)
        try:
            wait_until(lambda: before.exists() and log.stat().st_size < LOG_BYTES)
            with closing(OfficeClient(made.rig, kinds="n")) as office:
                assert office.up.wait(20)
            wait_until(lambda: b"office" in log.read_bytes())
        finally:
            running.stop()
        ended.result(20)
    assert b"\0" not in log.read_bytes() and before.stat().st_size > LOG_BYTES


def test_a_broker_that_dies_by_itself_is_begun_again(
    made: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    """As Mosquitto 2.0.11 does where clients are put out at a reload."""
    made.make()
    running = BrokerProcess(made.broker, at_once_seconds=0.0)
    with ThreadPoolExecutor(1) as thread:
        ended = thread.submit(running.run)
        try:
            with closing(OfficeClient(made.rig, kinds="n")) as office:
                assert office.up.wait(60)
                config = str(made.file("mosquitto.conf"))
                (first,) = (one for one in psutil.Process().children() if config in one.cmdline())
                first.send_signal(signal.SIGSEGV)
            with closing(OfficeClient(made.rig, kinds="n")) as office:
                office.publish("cb/1/n/331121/new", b"it goes on")
        finally:
            running.stop()
        assert ended.result(60) == 0
    assert "消息服务器自己停了（SIGSEGV），又启动了" in capsys.readouterr().out


def test_a_broker_that_outlived_its_program_is_ended_by_the_next(tmp_path: Path) -> None:
    """Nobody would begin it again when it dies, and the next said that the port is taken."""
    port, folder = str(free_port()), tmp_path / "broker"
    command = (*BROKER, str(folder), "127.0.0.1", port)
    program = LivingProgram(command, os.environ, tmp_path / "log", "县里的消息服务器：")
    program.start()
    number = folder / "mosquitto.pid"
    wait_until(number.exists)
    left = int(number.read_text())
    try:
        program.process.kill()
        wait_until(lambda: not program.runs)
        assert psutil.pid_exists(left)
        program.start()
        assert "没有人管它" in program.printed
        wait_until(lambda: number.exists() and int(number.read_text() or left) != left)
    finally:
        program.stop()
