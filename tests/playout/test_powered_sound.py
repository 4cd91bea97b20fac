"""Sound with an amplifier: the whole way from an item to relays and loudspeaker."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from functools import partial

import psutil
import pytest
from rig.listening import Listener, Sound, child_of
from rig.relay_board import RelayBoard
from rig.rig import FakeRig, wait_until

from broadcaster.playout.amplifier.base.wiring import POWER
from broadcaster.settings.schema import AmplifierSettings

OpenOn = Callable[..., Listener]
Sounds = Callable[[float], Sound]


def wired(board: RelayBoard, **settings: float) -> AmplifierSettings:
    return AmplifierSettings(
        kind="serial",
        port=str(board.port),
        power=1,
        zones={"村东": 2, "村西": 3},
        **{"warm_up_seconds": 0.4, "hold_seconds": 0.3, **settings},
    )


def has_sounded(rig: FakeRig, clip: Sound) -> bool:
    return clip.pcm in rig.captured()


def start(listener: Listener, rig: FakeRig, clip: Sound) -> None:
    listener.device.begin("a")
    listener.device.play(clip.path)
    wait_until(lambda: any(rig.captured()))


@pytest.mark.parametrize("linger_seconds", [0.0, 5.0])
def test_no_sound_is_lost_while_the_amplifier_warms_up(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds, board: RelayBoard, linger_seconds: float
) -> None:
    listener = open_on(fake_rig, wired(board), linger_seconds=linger_seconds)
    for item_id in ("a", "b"):
        clip, changes = sounds(0.3), len(board.changes)
        ended = listener.speak(item_id, clip)
        assert ended.whole
        assert ended.seconds_played == pytest.approx(0.3)
        wait_until(partial(has_sounded, fake_rig, clip))
        assert board.changes[changes : changes + 3] == [(1, True), (2, True), (3, True)]
        heard_at = fake_rig.village.heard_at(fake_rig.captured().find(clip.pcm) // 2)
        # A busy machine writes down late when the relay closed, by some milliseconds.
        assert heard_at - board.changed_at[changes] >= 0.35
        wait_until(lambda: not board.on)
    assert listener.device.fault == ""


def test_an_item_airs_in_its_zones_alone(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds, board: RelayBoard
) -> None:
    listener = open_on(fake_rig, wired(board))
    listener.device.begin("a", zones=("村西",))
    listener.device.play(sounds(0.2).path)
    listener.device.finish()
    assert listener.ended("a").whole
    assert {relay for relay, _ in board.changes} == {1, 3}


def test_items_in_a_row_find_it_on(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds, board: RelayBoard
) -> None:
    listener = open_on(fake_rig, wired(board, hold_seconds=60))
    for item_id in "abc":
        assert listener.speak(item_id, sounds(0.2)).whole
    assert len(board.changes) == 3
    assert listener.device.relays_on == (POWER, "村东", "村西")
    listener.device.power((), 0)
    wait_until(lambda: not board.on)


def test_a_card_that_is_lost_leaves_the_amplifier_off(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds, board: RelayBoard
) -> None:
    listener = open_on(fake_rig, wired(board, hold_seconds=600))
    start(listener, fake_rig, sounds(10.0))
    assert board.on
    fake_rig.unplug()
    assert listener.ended("a").lost
    wait_until(lambda: not board.on)
    wait_until(lambda: listener.device.relays_on == ())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_child_that_dies_or_hangs_leaves_the_amplifier_off(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds, board: RelayBoard, number: signal.Signals
) -> None:
    listener = open_on(fake_rig, wired(board, hold_seconds=600))
    assert listener.speak("a", sounds(0.2)).whole
    wait_until(lambda: listener.device.relays_on)
    os.kill(child_of(listener), number)
    wait_until(lambda: not board.on)


def test_closing_switches_off(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds, board: RelayBoard
) -> None:
    listener = open_on(fake_rig, wired(board))
    start(listener, fake_rig, sounds(10.0))
    listener.device.close()
    wait_until(lambda: not board.on)


def test_closing_switches_off_what_a_hanging_child_left_on(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds, board: RelayBoard
) -> None:
    listener = open_on(fake_rig, wired(board, hold_seconds=600))
    listener.speak("a", sounds(0.2))
    wait_until(lambda: listener.device.relays_on)
    os.kill(child_of(listener), signal.SIGSTOP)
    listener.device.close()
    wait_until(lambda: not board.on)


def test_the_child_switches_off_when_the_box_dies(
    fake_rig: FakeRig, sounds: Sounds, board: RelayBoard
) -> None:
    box = subprocess.Popen(
        [sys.executable, "-c", A_BOX, sounds(10.0).path, fake_rig.folder, board.port],
        env={**os.environ, **fake_rig.environment},
        stdout=subprocess.PIPE,
    )
    with box:
        assert box.stdout
        child = psutil.Process(int(box.stdout.readline()))
        wait_until(lambda: any(fake_rig.captured()))
        assert board.on
        box.kill()
        wait_until(lambda: not child.is_running())
    wait_until(lambda: not board.on)


def test_the_longest_time_ends_the_item(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds, board: RelayBoard
) -> None:
    listener = open_on(fake_rig, wired(board, longest_on_minutes=0.02))
    ended = listener.speak("a", sounds(10.0))
    assert (ended.whole, ended.lost) == (False, False)
    assert "已经断开" in ended.reason
    assert 0 < ended.seconds_played < 5
    wait_until(lambda: not board.on)
    assert "已经断开" in listener.device.fault
    assert listener.speak("b", sounds(0.2)).whole
    assert listener.device.fault == ""


def test_a_board_that_is_gone_or_mute_is_a_fault_and_the_sound_goes_on(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds, board: RelayBoard
) -> None:
    listener = open_on(fake_rig, wired(board))
    board.pull_out()
    assert listener.speak("a", sounds(0.2)).whole
    wait_until(lambda: "断开" in listener.device.fault or "打不开" in listener.device.fault)
    assert listener.device.ready
    board.plug_in()
    wait_until(lambda: listener.device.fault == "")
    board.answers = False
    assert listener.speak("b", sounds(1.5)).whole
    wait_until(lambda: "没有响应" in listener.device.fault)
    board.answers = True
    wait_until(lambda: listener.device.fault == "")


def test_gpio_without_pins_is_a_fault_that_the_log_has_and_the_sound_goes_on(
    fake_rig: FakeRig,
    open_on: OpenOn,
    sounds: Sounds,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "native")
    listener = open_on(fake_rig, AmplifierSettings(kind="gpio", power=17, warm_up_seconds=0))
    wait_until(lambda: "GPIO" in listener.device.fault)
    assert listener.speak("a", sounds(0.2)).whole
    wait_until(lambda: "声音进程：功放：" in caplog.text)


def test_gpio_pins_play_too(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")
    listener = open_on(fake_rig, AmplifierSettings(kind="gpio", power=17, hold_seconds=600))
    assert listener.speak("a", sounds(0.2)).whole
    assert listener.device.relays_on == (POWER,)
    assert listener.device.fault == ""


A_BOX = textwrap.dedent("""
    import sys, threading
    from pathlib import Path
    from broadcaster.playout.device.child_device import open_device
    from broadcaster.settings.schema import AmplifierSettings, SoundSettings

    amplifier = AmplifierSettings(kind="serial", port=sys.argv[3], power=1, warm_up_seconds=0.1)
    device = open_device(SoundSettings(), Path(sys.argv[2]) / "state", amplifier=amplifier)
    device.begin("a")
    device.play(Path(sys.argv[1]))
    print(device.pid, flush=True)
    threading.Event().wait()
""")
