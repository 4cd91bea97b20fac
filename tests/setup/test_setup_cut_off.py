"""scripts/setup cut off, without a network, on a full disk: it goes on, and what runs runs on."""

import os
import platform
import signal
import subprocess
from pathlib import Path

import pytest
from setup.machine import Machine, put_wheel

# Each is met twice in a row on the same machine before the next one.
FLAGS = ("kill-update", "kill-unpack")
PLACES = (
    "open *.venv/pyvenv.cfg",
    "subprocess.Popen *ensurepip*",
    "open *site-packages/part/late.py",
    "os.rename *site-packages/part-1.0.dist-info/INSTALLER",
    "os.rename *site-packages/broadcaster-1.dist-info/INSTALLER",
    "open *voices/.baker-*half",
    "os.rename *voices/baker",
    "os.rename *voices/recorded/alarm",
)


# Each meeting is a set-up: a minute of processor. `scripts/setup_kills` is the same in a real Debian.
@pytest.mark.slow
def test_a_set_up_killed_at_ten_places_twice_each_goes_on_and_ends(machine: Machine) -> None:
    for flag in FLAGS:
        assert [machine.was_killed(flag=flag) for _ in range(2)] == [True, True], flag
    for place in PLACES:
        assert [machine.was_killed(kill_at=place) for _ in range(2)] == [True, True], place
    code, told = machine.setup()
    assert (code, machine.speaks()) == (0, True), told
    assert "dpkg --force-confold --configure -a" in machine.calls
    assert any("python3 python3-venv" in call for call in machine.calls), "there was none"


def test_the_next_start_asks_apt_and_pip_for_nothing(ready: Machine) -> None:
    ready.go_offline()
    log = (ready.project / "setup.log").read_bytes()
    assert ready.setup() == (0, "")
    assert (ready.calls, (ready.project / "setup.log").read_bytes()) == ([], log)


def test_what_the_tests_need_is_enough_for_the_box(ready: Machine) -> None:
    (ready.project / ".venv/.installed").unlink()
    code, told = ready.setup("--test")
    assert code == 0, told
    ready.go_offline()
    assert ready.setup() == ready.setup("--test") == (0, "")


@pytest.mark.skipif(platform.machine() != "x86_64", reason="old Chromiums are for 64-bit PCs only")
def test_old_chromiums_are_the_tests_and_are_taken_whole_or_not_at_all(ready: Machine) -> None:
    assert not list(ready.project.glob(".venv/chromium-*"))
    assert [ready.was_killed("kill-npm", arguments=("--test",)) for _ in range(2)] == [True, True]
    whole = (ready.folder / "chromium.tgz").read_bytes()
    for broken, told in ((whole[:-9], "FAILED"), (whole, "连不上网")):
        (ready.folder / "chromium.tgz").write_bytes(broken)
        if broken == whole:
            ready.set("offline")
        code, said = ready.setup("--test")
        assert (code, said.count("没有装上"), said.count(told)) == (0, 1, 1), said
    ready.unset("offline")
    assert ready.setup("--test")[0] == 0
    there = sorted(path.name for path in ready.project.glob(".venv/chromium-*"))
    assert there == ["chromium-65", "chromium-79"]
    ready.go_offline()
    assert ready.setup("--test") == (0, "")


def test_an_update_that_cannot_be_had_does_not_stop_what_runs(ready: Machine) -> None:
    ask_for_a_newer_part(ready)
    ready.go_offline()
    code, told = ready.setup()
    assert (code, ready.speaks()) == (0, True)
    assert "先用已经装好的，下次启动时再装" in told and "part>=2" in told
    ask_for_a_newer_part(ready)
    assert ready.setup()[0] == 0
    assert ready.setup() == (0, "")


def test_an_update_that_moved_the_command_runs_without_a_network(ready: Machine) -> None:
    command = ready.project / ".venv/bin/broadcaster"
    command.write_text(command.read_text().replace("broadcaster.commands.cli", "broadcaster.cli"))
    ask_for_a_newer_part(ready)
    ready.go_offline()
    code, told = ready.setup()
    assert (code, ready.speaks()) == (0, True), told


def test_an_update_cut_off_in_its_middle_is_taken_up_again(ready: Machine) -> None:
    ask_for_a_newer_part(ready)
    assert ready.was_killed(kill_at="open *site-packages/part/late.py")
    code, told = ready.setup()
    assert (code, ready.speaks()) == (0, True), told
    assert ready.setup() == (0, "")


def test_an_update_cut_off_and_taken_back_leaves_no_half_behind(ready: Machine) -> None:
    before = (ready.project / "pyproject.toml").read_text()
    ask_for_a_newer_part(ready)
    assert ready.was_killed(kill_at="open *site-packages/part/late.py")
    (ready.project / "pyproject.toml").write_text(before)
    code, told = ready.setup()
    assert (code, ready.speaks()) == (0, True), told
    assert next((ready.project / ".venv/lib").glob("python3*/site-packages/part/late.py")).exists()
    assert ready.setup() == (0, "")


@pytest.mark.parametrize(
    "damaged",
    [
        "part/late.py",
        pytest.param("part-1.0.dist-info/RECORD", marks=pytest.mark.slow),
        pytest.param("pip/_internal/commands/install.py", marks=pytest.mark.slow),
    ],
)
def test_a_file_that_a_power_cut_left_empty_is_installed_again(ready: Machine, damaged: str) -> None:
    """What was not yet stamped may be there by its name alone."""
    file = next((ready.project / ".venv/lib").glob(f"python3*/site-packages/{damaged}"))
    whole = file.stat().st_size
    file.write_bytes(b"")
    (ready.project / ".venv/.installed").unlink()
    code, told = ready.setup()
    assert (code, ready.speaks(), file.stat().st_size) == (0, True, whole), told
    assert ready.setup() == (0, "")


def test_an_environment_that_does_not_start_any_more_is_made_anew(ready: Machine) -> None:
    """Though every file of it is as it was installed."""
    part = next((ready.project / ".venv/lib").glob("python3*/site-packages/part/late.py"))
    part.write_text("raise ImportError")
    record = part.parent.with_name("part-1.0.dist-info") / "RECORD"
    lines = record.read_text().splitlines(keepends=True)
    record.write_text("".join(line for line in lines if "late.py" not in line))
    (ready.project / ".venv/.installed").unlink()
    code, told = ready.setup()
    assert (code, ready.speaks()) == (0, True), told
    assert "重新建一个" in told


def test_an_old_voice_speaks_on_while_the_new_one_cannot_be_had(ready: Machine) -> None:
    voice = ready.project / "voices/baker/voice.json"
    voice.write_text("old")
    ready.set("offline")
    code, told = ready.setup()
    assert code == 0 and "先用现在的" in told and voice.read_text() == "old"
    ready.unset("offline")
    assert ready.setup()[0] == 0
    assert voice.read_text() == "new"


def test_a_box_without_its_voice_is_not_stopped_but_the_tests_are(ready: Machine) -> None:
    (ready.project / "voices/baker/voice.json").rename(ready.project / "away")
    ready.set("offline")
    code, told = ready.setup()
    assert code == 0 and "离线声音没有装上" in told
    assert ready.setup("--test")[0] == 1


def test_a_locked_package_database_is_waited_for_and_its_holder_told(ready: Machine) -> None:
    ready.set("locked", "once\n")
    code, told = ready.setup("--broker")
    assert code == 0 and "812 (unattended-upgr)" in told
    assert ready.setup("--broker") == (0, "")


def test_a_lock_that_stays_ends_the_wait_with_its_holder(ready: Machine) -> None:
    ready.set("locked", "again\n" * 50)
    code, told = ready.setup("--broker")
    assert code == 1 and "系统软件包没有装上" in told and told.count("812 (unattended-upgr)") > 1


def test_half_a_mirror_of_debian_gives_its_reason(ready: Machine) -> None:
    ready.set("not-in-lists", "mosquitto")
    code, told = ready.setup("--broker")
    assert code == 1 and "Unable to locate package mosquitto" in told
    ready.unset("not-in-lists")
    assert ready.setup("--broker")[0] == 0


def test_half_a_mirror_of_python_gives_its_reason_and_what_is_there_runs_on(ready: Machine) -> None:
    ask_for_a_newer_part(ready)
    wheel = next(ready.wheels.glob("part-2*"))
    whole = wheel.read_bytes()
    wheel.write_bytes(whole[: len(whole) // 2])
    code, told = ready.setup()
    assert code == 0 and "Python 软件包没有装上" in told and "setup.log" in told
    wheel.write_bytes(whole)
    assert ready.setup()[0] == 0 and ready.setup() == (0, "")


def test_without_a_network_what_is_missing_and_why_is_said(ready: Machine) -> None:
    ready.set("offline")
    code, told = ready.setup("--broker")
    assert code == 1 and "mosquitto" in told and "连不上网或者软件源" in told


def test_a_full_disk_is_told_and_the_next_start_goes_on(ready: Machine) -> None:
    ready.set("full")
    code, told = ready.setup("--broker")
    assert code == 1 and "磁盘满了" in told
    ready.unset("full")
    assert ready.setup("--broker")[0] == 0


def test_a_python_that_is_too_new_is_refused_in_one_sentence(machine: Machine) -> None:
    script = machine.bin / "python3"
    script.write_text('#!/bin/bash\n[ "$1" = --version ] && echo Python 3.14.0\n[ "$1" = --version ]\n')
    script.chmod(0o755)
    code, told = machine.setup()
    assert code == 1 and "Python 3.14.0 还不能用" in told


def test_ctrl_c_ends_with_one_sentence_and_the_next_start_goes_on(ready: Machine) -> None:
    ready.set("wait")
    process = ready.begin("--broker")
    until_there(ready.folder / "waiting")
    second = ready.begin("--broker")
    assert second.stdout and "另一次安装还没完" in second.stdout.readline()
    for each in (process, second):
        os.killpg(each.pid, signal.SIGINT)
    told = [each.communicate(timeout=60)[0] for each in (process, second)]
    assert (process.returncode, second.returncode) == (130, 130)
    assert (
        told[0].splitlines()[-1] == told[1].splitlines()[-1] == "安装停下了。再运行一次，从这里接着装。"
    )
    ready.unset("wait")
    assert ready.setup("--broker")[0] == 0


def ask_for_a_newer_part(machine: Machine) -> None:
    project = machine.project / "pyproject.toml"
    project.write_text(project.read_text().replace("part>=1", "part>=2"))
    put_wheel(machine.wheels, "part", "2.0", "part/__init__", "part/early", "part/late")


def until_there(path: Path) -> None:
    subprocess.run(
        ["timeout", "60", "sh", "-c", 'until [ -e "$0" ]; do sleep 0.02; done', path], check=True
    )
