"""What every device keeps, real or not: one item at a time, and exactly one honest end for each."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from rig.fakes import FakeDevice
from rig.listening import Listener, Sound, make_sound
from rig.rig import FakeRig, wait_until

from broadcaster.playout.device.child_device import open_device
from broadcaster.playout.device.device_contract import Back, Damaged, Device, Ended, Report, Started
from broadcaster.settings.schema import SoundSettings


def make_device(kind: str, folder: Path, request: pytest.FixtureRequest) -> Device:
    if kind == "fake":
        return FakeDevice()
    if kind == "file":
        return open_device(SoundSettings(), folder, folder / "out.wav")
    if kind == "silent":
        return open_device(SoundSettings(device="silent"), folder)
    rig: FakeRig = request.getfixturevalue("fake_rig")
    return open_device(SoundSettings(), folder, environment=rig.environment)


@pytest.fixture(params=["fake", "silent", "file", "card"])
def listener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Listener]:
    with closing(make_device(request.param, tmp_path, request)) as device:
        yield Listener(device)


def items(listener: Listener) -> list[str]:
    """Of which item each report is."""
    return [report.item_id for report in listener.reports if not isinstance(report, Back)]


@pytest.fixture
def clip(tmp_path: Path) -> Sound:
    return make_sound(tmp_path / "clip.flac", 0.15)


def test_an_item_starts_once_and_ends_once_with_all_its_seconds(listener: Listener, clip: Sound) -> None:
    ended = listener.speak("a", clip, clip, pause_seconds=0.05)
    assert listener.reports == [Started("a"), ended]
    assert (ended.whole, ended.reason) == (True, "")
    assert ended.seconds_played == pytest.approx(0.4)
    assert listener.device.fault == ""


def test_a_device_without_an_amplifier_has_no_relay_on(listener: Listener) -> None:
    assert listener.device.relays_on == ()
    assert isinstance(listener.device.card, str)


def test_a_sound_may_begin_at_a_place_in_it(listener: Listener, tmp_path: Path) -> None:
    long = make_sound(tmp_path / "long.flac", 0.5)
    listener.device.begin("a")
    listener.device.play(long.path, 0.0, 0.3)
    listener.device.play(long.path, 0.1, 0.5)
    listener.device.finish()
    ended = listener.ended("a")
    assert ended.whole
    assert ended.seconds_played == pytest.approx(0.3)


def test_items_follow_each_other(listener: Listener, clip: Sound) -> None:
    for item_id in ("a", "b", "c"):
        assert listener.speak(item_id, clip).seconds_played == pytest.approx(0.15)
    assert items(listener) == list("aabbcc")


def test_the_next_item_may_be_begun_from_the_report_of_an_end(listener: Listener, clip: Sound) -> None:
    remember = listener.device.on_report

    def begin_next(report: Report) -> None:
        remember(report)
        if isinstance(report, Ended) and report.item_id == "a":
            listener.device.begin("b")
            listener.device.play(clip.path)
            listener.device.finish()

    listener.device.on_report = begin_next
    listener.speak("a", clip)
    assert listener.ended("b").whole


def test_an_item_without_a_sound_ends_at_once(listener: Listener) -> None:
    assert listener.speak("a") == Ended("a", 0.0, True)
    assert Started("a") not in listener.reports


def test_a_clip_may_come_while_the_one_before_has_ended(listener: Listener, clip: Sound) -> None:
    listener.device.begin("a")
    listener.device.play(clip.path)
    wait_until(lambda: Started("a") in listener.reports)
    listener.device.play(clip.path)
    listener.device.finish()
    assert listener.ended("a").seconds_played == pytest.approx(0.3)


def test_an_item_that_fades_ends_unwhole(listener: Listener, tmp_path: Path) -> None:
    listener.device.begin("a")
    listener.device.play(make_sound(tmp_path / "long.flac", 20.0).path)
    wait_until(lambda: Started("a") in listener.reports)
    listener.device.fade_out()
    ended = listener.ended("a")
    assert not ended.whole
    assert not ended.lost
    assert ended.reason
    assert 0 < ended.seconds_played <= 20


def test_an_item_that_waits_for_its_first_clip_can_be_ended(listener: Listener, clip: Sound) -> None:
    listener.device.begin("a")
    listener.device.fade_out()
    ended = listener.ended("a")
    assert (ended.seconds_played, ended.whole) == (0.0, False)
    assert listener.speak("b", clip).whole


def test_what_comes_for_an_item_that_has_ended_is_ignored(listener: Listener, clip: Sound) -> None:
    listener.device.begin("a")
    listener.device.fade_out()
    listener.ended("a")
    listener.device.play(clip.path)
    listener.device.finish()
    listener.device.fade_out()
    assert listener.speak("b", clip).seconds_played == pytest.approx(0.15)
    assert items(listener) == list("abb")


@pytest.mark.parametrize("content", [None, b"no sound"])
def test_an_unreadable_sound_is_told_and_the_item_goes_on(
    listener: Listener, clip: Sound, tmp_path: Path, content: bytes | None
) -> None:
    bad, device = tmp_path / "bad.flac", listener.device
    if content is not None:
        bad.write_bytes(content)
    device.begin("a")
    device.play(clip.path)
    device.play(bad)
    wait_until(lambda: Damaged("a", 1, bad, 0.0) in listener.reports)
    device.mend()
    device.play(clip.path)
    device.finish()
    ended = listener.ended("a")
    assert ended.whole
    assert ended.seconds_played == pytest.approx(0.3)
    assert device.ready


def lose(listener: Listener, request: pytest.FixtureRequest) -> None:
    if isinstance(listener.device, FakeDevice):
        listener.device.fail_next = "声卡掉线了"
    else:
        request.getfixturevalue("fake_rig").unplug()


def give_back(listener: Listener, request: pytest.FixtureRequest) -> None:
    if isinstance(listener.device, FakeDevice):
        listener.device.come_back()
    else:
        request.getfixturevalue("fake_rig").replug()


@pytest.mark.parametrize("listener", ["fake", "card"], indirect=True)
def test_a_loss_is_told_from_other_ends_and_so_is_the_return(
    listener: Listener, clip: Sound, request: pytest.FixtureRequest
) -> None:
    assert listener.device.ready
    lose(listener, request)
    ended = listener.speak("a", clip)
    assert (ended.whole, ended.lost, ended.seconds_played) == (False, True, 0.0)
    assert ended.reason
    assert not listener.device.ready
    assert listener.device.fault
    give_back(listener, request)
    wait_until(lambda: Back() in listener.reports)
    assert listener.device.ready
    assert listener.device.fault == ""
    assert listener.speak("b", clip).whole


def test_an_item_may_have_a_volume_and_zones_of_its_own(listener: Listener, clip: Sound) -> None:
    listener.device.begin("a", volume=30, zones=("村东",))
    listener.device.play(clip.path)
    listener.device.finish()
    assert listener.ended("a").whole


def test_closing_ends_what_sounds(listener: Listener, tmp_path: Path) -> None:
    listener.device.begin("a")
    listener.device.play(make_sound(tmp_path / "long.flac", 20.0).path)
    wait_until(lambda: Started("a") in listener.reports)
    listener.device.close()
    assert not listener.ended("a").whole
    listener.device.close()
    assert len(listener.reports) == 2
