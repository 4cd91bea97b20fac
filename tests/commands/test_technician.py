"""The commands at the amplifier, with a running box and without one, on a relay board of our own."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from rig.relay_board import RelayBoard, plugged_in
from rig.rig import FakeRig, wait_until
from rig.village import RunningBox, Village


@pytest.fixture
def board(tmp_path: Path) -> Iterator[RelayBoard]:
    with plugged_in(tmp_path) as board:
        yield board


@pytest.fixture
def wired(village: Village, board: RelayBoard) -> Village:
    village.configure(
        amplifier={
            "kind": "serial",
            "port": str(board.port),
            "power": 1,
            "zones": {"村西": 3},
            "warm_up_seconds": 0.2,
            "hold_seconds": 60,
        }
    )
    return village


@contextmanager
def maybe_running(village: Village, running: bool) -> Iterator[None]:
    with ExitStack() as stack:
        if running:
            stack.callback(RunningBox(village).end)
        yield


@pytest.mark.parametrize("running", [True, False])
def test_each_relay_is_tried(wired: Village, board: RelayBoard, running: bool) -> None:
    with maybe_running(wired, running):
        tried = wired.call("amplifier", "test")
    assert tried.returncode == 0, tried.stderr
    assert "村西（第 3 路）" in tried.stdout
    assert board.changes == [(1, True), (1, False), (3, True), (3, False)]


def test_a_running_box_switches(wired: Village, board: RelayBoard) -> None:
    with maybe_running(wired, True):
        on = wired.call("amplifier", "on", "总电源")
        assert on.returncode == 0, on.stderr
        assert board.on == {1}
        state = json.loads(wired.call("devices", "--json").stdout)
        assert state["relays"] == {"总电源": True, "村西": False}
        assert (state["running"], state["card"], state["fault"]) == (True, "village", "")
        assert wired.call("amplifier", "off").returncode == 0
        assert not board.on


def test_without_a_box_the_command_holds_on_until_it_is_ended(wired: Village, board: RelayBoard) -> None:
    holding = subprocess.Popen(
        wired.command("amplifier", "on", "--minutes", "1"),
        env=wired.environment,
        stdout=subprocess.DEVNULL,
    )
    wait_until(lambda: board.on == {1, 3})
    holding.send_signal(signal.SIGHUP)
    assert holding.wait(10) == 130
    wait_until(lambda: not board.on)


def test_off_switches_off_what_a_dead_box_left_on(wired: Village, board: RelayBoard) -> None:
    board.on |= {1, 3}
    assert wired.call("amplifier", "off").returncode == 0
    assert not board.on


def test_off_without_relays_is_no_error(village: Village) -> None:
    assert village.call("amplifier", "off").returncode == 0


def test_the_amplifier_is_not_switched_by_hand_while_it_is_on_the_air(
    wired: Village, fake_rig: FakeRig
) -> None:
    with maybe_running(wired, True):
        wired.call("say", "明天停水，请大家储水。" * 5, "--no-wait")
        wait_until(lambda: any(fake_rig.captured()))
        refused = wired.call("amplifier", "off")
    assert refused.returncode == 2
    assert "broadcaster stop" in refused.stderr


def test_a_notice_airs_in_its_zone_and_the_relays_go_off_with_the_box(
    wired: Village, board: RelayBoard
) -> None:
    with maybe_running(wired, True):
        said = wired.call("say", "村民你好。", "--no-chime", "--zone", "村西")
        assert said.returncode == 0, said.stderr
        assert board.on == {1, 3}
    wait_until(lambda: not board.on)


def test_a_card_that_never_comes_leaves_the_box_up(village: Village) -> None:
    del village.environment["ALSA_CONFIG_PATH"]
    village.configure(sound={"device": "NoSuchCard"})
    with maybe_running(village, True):
        said = village.call("say", "村民你好。", "--no-chime", "--no-wait")
        assert said.returncode == 0
        status = json.loads(village.call("status", "--json").stdout)
        rows = json.loads(village.call("journal", "--json").stdout)
    assert re.search(r"没有叫 NoSuchCard 的声卡.*（\d\d月\d\d日 \d\d:\d\d 起）。", status["fault"])
    assert [one["text"] for one in status["waiting"]] == ["村民你好。"]
    assert rows == []


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("amplifier", "on", "村北"), "没有叫 村北 的继电器"),
        (("amplifier", "on", "--minutes", "0"), "--minutes"),
        (("say", "村民你好。", "--zone", "村北"), "没有叫 村北 的分区"),
    ],
)
def test_what_is_not_there_is_refused(wired: Village, command: tuple[str, ...], said: str) -> None:
    refused = wired.call(*command)
    assert refused.returncode == 2
    assert said in refused.stderr


@pytest.mark.parametrize("command", ["on", "test"])
def test_without_relays_there_is_nothing_to_switch(village: Village, command: str) -> None:
    refused = village.call("amplifier", command)
    assert refused.returncode == 2
    assert "没有接继电器" in refused.stderr


def test_a_board_that_is_not_there_is_said(wired: Village, board: RelayBoard) -> None:
    board.pull_out()
    refused = wired.call("amplifier", "off")
    assert refused.returncode == 2
    assert "打不开" in refused.stderr


def test_devices_lists_what_a_box_would_take(wired: Village) -> None:
    state = json.loads(wired.call("devices", "--json").stdout)
    assert (state["running"], state["card"]) == (False, "village")
    assert state["relays"] == {"总电源": None, "村西": None}
    assert "广播站没有运行" in wired.call("devices").stdout


@pytest.mark.parametrize("running", [True, False])
def test_a_card_that_has_only_an_alsa_name_is_marked_and_whether_it_opens(
    village: Village, fake_rig: FakeRig, running: bool
) -> None:
    mark = "← 正在用" if running else "← 启动后会用"
    with maybe_running(village, running):
        done = village.call("devices")
        assert f"声音送到：village（ALSA 里的名字，不在上面）  {mark}，打得开" in done.stdout
        assert done.stderr == "", "PortAudio tells of each card that it cannot open"
        fake_rig.unplug()
        wait_until(lambda: json.loads(village.call("devices", "--json").stdout)["opens"] is False)
        done = village.call("devices")
        assert f"{mark}，打不开" in done.stdout and "故障：声卡打不开" in done.stdout
