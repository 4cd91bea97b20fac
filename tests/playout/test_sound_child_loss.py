"""Cards that go, hang, are busy or were never there."""

import logging
import os
import signal
from collections.abc import Callable
from contextlib import closing
from threading import Event

import pytest
from rig.listening import RATE_HZ, Listener, Sound, child_of, silence, wait_until_closed
from rig.rig import FakeRig, Rig, wait_until

from broadcaster.playout.device.child_device import HUNG_SECONDS, WATCH_SECONDS, SoundDevice
from broadcaster.playout.device.device_contract import Back
from broadcaster.playout.device.sound_messages import CardOutput, NoOutput, Output, SilentOutput
from broadcaster.settings.schema import SoundSettings

OpenOn = Callable[..., Listener]
Sounds = Callable[[float], Sound]


def start(listener: Listener, rig: Rig, clip: Sound) -> None:
    """Play a clip until half a second of it has been heard."""
    listener.device.begin("a")
    listener.device.play(clip.path)
    listener.device.finish()
    wait_until(lambda: clip.pcm[: len(silence(0.5))] in rig.captured())


def seconds_heard(rig: Rig, clip: Sound) -> float:
    """How much of the clip's beginning came out, to a hundredth."""
    captured, step = rig.captured(), len(silence(0.01))
    heard = 0
    while heard < len(clip.pcm) and clip.pcm[: heard + step] in captured:
        heard += step
    return heard / 2 / RATE_HZ


@pytest.mark.parametrize("event", ["unplug", "stall", "deaf"])
def test_a_card_that_goes_ends_the_item_with_what_was_really_heard(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds, event: str
) -> None:
    listener, clip = open_on(fake_rig), sounds(5.0)
    start(listener, fake_rig, clip)
    fake_rig.village.tell(event, True)
    ended = listener.ended("a")
    heard = seconds_heard(fake_rig, clip)
    assert not ended.whole
    assert ended.lost
    assert "声卡掉线" in ended.reason
    assert heard - 0.15 < ended.seconds_played <= heard + 0.02
    assert listener.device.fault


@pytest.mark.parametrize("event", ["unplug", "stall", "deaf"])
def test_a_card_that_comes_back_is_used_again(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds, event: str
) -> None:
    listener, clip = open_on(fake_rig), sounds(0.3)
    start(listener, fake_rig, sounds(5.0))
    fake_rig.village.tell(event, True)
    listener.ended("a")
    fake_rig.village.tell(event, False)
    assert listener.speak("b", clip).whole
    wait_until(lambda: clip.pcm in fake_rig.captured())
    assert listener.device.fault == ""


@pytest.mark.parametrize("event", ["unplug", "busy", "stall", "deaf"])
def test_a_device_that_is_lost_is_tried_until_it_is_back_and_says_so(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds, event: str
) -> None:
    listener, clip = open_on(fake_rig), sounds(0.3)
    assert listener.speak("a", clip).whole
    wait_until_closed(listener)
    fake_rig.village.tell(event, True)
    assert listener.speak("b", sounds(3.0)).lost
    assert not listener.device.ready
    assert Back() not in listener.reports
    fake_rig.village.tell(event, False)
    wait_until(lambda: listener.reports[-1] == Back())
    assert listener.device.ready
    assert listener.device.fault == ""


def test_a_card_that_stands_still_is_not_well_for_being_opened(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds
) -> None:
    listener = open_on(fake_rig)
    start(listener, fake_rig, sounds(5.0))
    fake_rig.stall()
    assert listener.ended("a").lost
    assert listener.speak("b", sounds(0.05)).lost
    assert Back() not in listener.reports


def test_a_card_that_swallows_its_samples_is_a_loss(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds
) -> None:
    listener = open_on(fake_rig)
    fake_rig.village.tell("rush", True)
    ended = listener.speak("a", sounds(10.0))
    assert ended.lost
    assert "不出声" in ended.reason
    assert ended.seconds_played < 2


def test_a_child_that_hangs_is_ended_and_the_next_item_plays(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds
) -> None:
    listener = open_on(fake_rig)
    start(listener, fake_rig, sounds(20.0))
    os.kill(child_of(listener), signal.SIGSTOP)
    ended = listener.ended("a")
    assert ended.lost
    assert "声音进程" in ended.reason
    assert listener.speak("b", sounds(0.3)).whole


@pytest.mark.parametrize("ticks", range(4))
def test_what_was_heard_up_to_a_kill_is_told(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds, ticks: int
) -> None:
    listener, clip = open_on(fake_rig), sounds(5.0)
    start(listener, fake_rig, clip)
    until = len(silence(0.7 + 0.05 * ticks))
    wait_until(lambda: clip.pcm[:until] in fake_rig.captured())
    os.kill(child_of(listener), signal.SIGKILL)
    ended = listener.ended("a")
    heard = seconds_heard(fake_rig, clip)
    assert ended.lost
    assert heard - 0.15 < ended.seconds_played < heard + 0.02


def test_an_item_that_waits_long_for_its_first_sound_does_not_look_like_a_hang(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds
) -> None:
    listener = open_on(fake_rig)
    listener.device.begin("a")
    with pytest.raises(AssertionError, match="waited in vain"):
        listener.ended("a", limit_seconds=HUNG_SECONDS + 2 * WATCH_SECONDS)
    listener.device.play(sounds(0.2).path)
    listener.device.finish()
    assert listener.ended("a").whole


def test_a_sound_server_that_loses_its_card_is_a_loss_too(
    pulse_rig: Rig, open_on: OpenOn, sounds: Sounds
) -> None:
    listener, clip = open_on(pulse_rig), sounds(5.0)
    start(listener, pulse_rig, clip)
    pulse_rig.unplug()
    ended = listener.ended("a")
    assert not ended.whole
    assert ended.seconds_played <= seconds_heard(pulse_rig, clip) + 0.05


def test_a_card_lost_between_items_is_noticed_by_the_next_one(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds
) -> None:
    listener, clip = open_on(fake_rig), sounds(0.2)
    assert listener.speak("a", clip).whole
    wait_until_closed(listener)
    fake_rig.unplug()
    ended = listener.speak("b", clip)
    assert (ended.whole, ended.seconds_played) == (False, 0.0)
    assert "声卡" in ended.reason
    fake_rig.replug()
    assert listener.speak("c", clip).whole


def test_a_card_that_is_pulled_while_nothing_sounds_is_told_once_in_chinese_and_so_is_its_return(
    fake_rig: FakeRig,
    open_on: OpenOn,
    sounds: Sounds,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    listener = open_on(fake_rig)
    assert listener.speak("a", sounds(0.2)).whole
    wait_until_closed(listener)
    fake_rig.unplug()
    wait_until(lambda: listener.device.fault, 10)
    heard = fake_rig.captured()
    Event().wait(2.5)
    fake_rig.replug()

    def told() -> list[str]:
        return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]

    wait_until(
        lambda: told() == ["声卡 village：声卡打不开，请检查插头", "声卡 village：恢复正常了"], 10
    )
    assert capfd.readouterr().err == "", "PortAudio writes four lines of English at each try"
    assert heard.strip(b"\0") == fake_rig.captured().strip(b"\0"), "a trial is silence"


def test_a_busy_card_is_said_to_be_busy(fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds) -> None:
    listener, clip = open_on(fake_rig), sounds(0.2)
    assert listener.speak("a", clip).whole
    wait_until_closed(listener)
    fake_rig.village.tell("busy", True)
    ended = listener.speak("b", clip)
    assert (ended.whole, ended.seconds_played) == (False, 0.0)
    assert "占用" in ended.reason
    assert "占用" in listener.device.fault
    fake_rig.village.tell("busy", False)
    assert listener.speak("c", clip).whole


def test_a_card_that_is_absent_at_the_start_is_a_fault_and_plays_when_it_comes(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds
) -> None:
    fake_rig.unplug()
    listener, clip = open_on(fake_rig), sounds(0.2)
    wait_until(lambda: "没有插好" in listener.device.fault)
    fake_rig.replug()
    assert listener.speak("a", clip).whole


def test_an_output_that_is_found_later_is_taken_between_two_items(
    fake_rig: FakeRig, sounds: Sounds
) -> None:
    outputs: list[Output] = [NoOutput("没有叫 Attic 的声卡")]
    settings = SoundSettings(linger_seconds=0.0)
    with closing(SoundDevice(lambda: (outputs[-1], ""), settings)) as device:
        listener, clip = Listener(device), sounds(0.2)
        wait_until(lambda: "Attic" in device.fault)
        missed = listener.speak("a", clip)
        assert (missed.lost, missed.reason) == (True, "没有叫 Attic 的声卡")
        outputs.append(CardOutput("village", fake_rig.asoundrc))
        wait_until(lambda: Back() in listener.reports)
        assert device.ready
        assert listener.speak("b", clip).whole
        device.begin("c")
        device.play((long := sounds(2.5)).path)
        outputs.append(SilentOutput("没有声卡"))
        device.finish()
        assert listener.ended("c").whole
        wait_until(lambda: long.pcm in fake_rig.captured())
        wait_until(lambda: device.card == "")
        nobody = listener.speak("d", clip)
        assert (nobody.whole, nobody.unheard) == (True, "没有声卡")


def test_a_pcm_that_does_not_exist_ends_every_item_with_a_reason(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds
) -> None:
    listener, clip = open_on(fake_rig, device="attic"), sounds(0.2)
    for item_id in ("a", "b"):
        ended = listener.speak(item_id, clip)
        assert (ended.whole, ended.seconds_played) == (False, 0.0)
        assert "声卡打不开" in ended.reason
