"""The whole way to the loudspeaker: what comes out is compared with the files, sample by sample."""

import os
import signal
import subprocess
import sys
import textwrap
from array import array
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest
from rig.damage import flip_bit
from rig.listening import (
    LEVEL,
    RATE_HZ,
    Listener,
    Sound,
    child_of,
    silence,
    wait_until_closed,
    without_silence,
)
from rig.rig import FakeRig, Rig, wait_until

from broadcaster.audio.sound_file_writer import encode
from broadcaster.playout.device.device_contract import Damaged
from broadcaster.system.flac_digest import sealed

OpenOn = Callable[..., Listener]
Sounds = Callable[[float], Sound]


def test_every_sample_is_heard_once_and_pauses_are_exact(
    rig: Rig, open_on: OpenOn, sounds: Sounds
) -> None:
    first, second = sounds(0.7), sounds(0.303)
    before = len(rig.captured())
    ended = open_on(rig).speak("a", first, second, pause_seconds=0.25)
    due = first.pcm + silence(0.25) + second.pcm + silence(0.25)
    wait_until(lambda: due in rig.captured()[before:])
    assert without_silence(rig.captured()[before:]) == without_silence(due)
    assert ended.whole
    assert ended.seconds_played == pytest.approx(len(due) / 2 / RATE_HZ)


def test_many_short_clips_join_without_a_seam(rig: Rig, open_on: OpenOn, sounds: Sounds) -> None:
    clips = [sounds(0.061) for _ in range(12)]
    open_on(rig).speak("a", *clips)
    wait_until(lambda: b"".join(clip.pcm for clip in clips) in rig.captured())


def test_the_card_starts_with_the_first_sample(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds
) -> None:
    clip = sounds(0.3)
    open_on(fake_rig).speak("a", clip)
    wait_until(lambda: clip.pcm in fake_rig.captured())
    assert fake_rig.captured().startswith(clip.pcm)


def test_an_item_follows_an_item(fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds) -> None:
    listener, clips = open_on(fake_rig, linger_seconds=0.5), [sounds(0.2) for _ in range(3)]
    ends = [listener.speak(str(number), clip) for number, clip in enumerate(clips)]
    wait_until(lambda: clips[-1].pcm in fake_rig.captured())
    positions = [fake_rig.captured().find(clip.pcm) for clip in clips]
    assert positions == sorted(positions)
    assert positions[0] == 0
    assert [end.seconds_played for end in ends] == pytest.approx([0.2, 0.2, 0.2])


def test_the_card_stays_open_for_a_while_then_closes(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds
) -> None:
    listener, clip = open_on(fake_rig, linger_seconds=0.4), sounds(0.1)
    listener.speak("a", clip)
    wait_until_closed(listener)
    lingered = len(fake_rig.captured()) - len(clip.pcm)
    assert lingered >= len(silence(0.4))
    assert listener.speak("b", clip).whole
    wait_until(lambda: fake_rig.captured().count(clip.pcm) == 2)


def test_silence_while_waiting_for_a_clip_does_not_count(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds
) -> None:
    listener, first, second = open_on(fake_rig), sounds(0.2), sounds(0.3)
    listener.device.begin("a")
    listener.device.play(first.path)
    wait_until(lambda: len(fake_rig.captured()) > len(first.pcm + silence(0.2)))
    listener.device.play(second.path)
    listener.device.finish()
    ended = listener.ended("a")
    assert ended.whole
    assert ended.seconds_played == pytest.approx(0.5)
    wait_until(lambda: second.pcm in fake_rig.captured())
    gap = fake_rig.captured().find(second.pcm) - len(first.pcm)
    assert gap >= len(silence(0.2))
    assert fake_rig.captured()[len(first.pcm) :][:gap] == bytes(gap)


def test_a_fade_ends_in_a_short_ramp(rig: Rig, open_on: OpenOn, sounds: Sounds) -> None:
    listener, clip = open_on(rig), sounds(10.0)
    listener.device.begin("a")
    listener.device.play(clip.path)
    wait_until(lambda: clip.pcm[:9600] in rig.captured())
    listener.device.fade_out()
    ended = listener.ended("a")
    wait_until(lambda: rig.captured().endswith(silence(0.02)))
    start = rig.captured().find(clip.pcm[:9600])
    heard = array("h", without_silence(rig.captured()[start:]))
    played = array("h", clip.pcm)[: len(heard)]
    faded = next(n for n, (out, clean) in enumerate(zip(heard, played, strict=True)) if out != clean)
    assert not ended.whole
    assert ended.seconds_played == pytest.approx(len(heard) / RATE_HZ, abs=0.001)
    assert ended.seconds_played < 2.0
    assert len(heard) - faded <= 0.04 * RATE_HZ
    assert max(map(abs, heard[-100:])) < LEVEL / 10


def test_volume_scales_every_sample(fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds) -> None:
    clip = sounds(0.2)
    open_on(fake_rig, volume=50).speak("a", clip)
    halves = array("h", (round(sample / 2) for sample in array("h", clip.pcm))).tobytes()
    wait_until(lambda: fake_rig.captured().startswith(halves))


def test_the_volume_of_an_item_is_its_own(fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds) -> None:
    listener, quiet, loud = open_on(fake_rig), sounds(0.2), sounds(0.2)
    listener.device.begin("a", volume=50)
    listener.device.play(quiet.path)
    listener.device.finish()
    assert listener.ended("a").whole
    assert listener.speak("b", loud).whole
    halves = array("h", (round(sample / 2) for sample in array("h", quiet.pcm))).tobytes()
    wait_until(lambda: halves in fake_rig.captured() and loud.pcm in fake_rig.captured())


def test_a_stereo_card_gets_the_same_on_both_sides(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds
) -> None:
    clip = sounds(0.3)
    open_on(fake_rig, device="hall").speak("a", clip)
    count = len(clip.pcm) // 2
    wait_until(lambda: len(fake_rig.hall.captured()) > 4 * count)
    frames = array("h", fake_rig.hall.captured())
    assert frames[: 2 * count : 2].tobytes() == clip.pcm
    assert frames[1 : 2 * count : 2].tobytes() == clip.pcm


@pytest.mark.parametrize("latency_seconds", [0.02, 0.5])
def test_any_latency_that_can_be_set_plays_all(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds, latency_seconds: float
) -> None:
    clip = sounds(1.2)
    ended = open_on(fake_rig, latency_seconds=latency_seconds).speak("a", clip)
    assert ended.whole
    wait_until(lambda: clip.pcm in fake_rig.captured())


def test_a_damaged_sound_is_told_and_what_comes_then_is_heard_in_its_place(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds, tmp_path: Path
) -> None:
    listener, good, never, instead = open_on(fake_rig), sounds(0.2), sounds(0.2), sounds(0.3)
    damaged = tmp_path / "damaged.flac"
    damaged.write_bytes(b"fLaC" + bytes(100))
    device = listener.device
    device.begin("a")
    for path in (good.path, damaged, never.path):
        device.play(path)
    device.finish()
    wait_until(lambda: Damaged("a", 1, damaged, 0.0) in listener.reports)
    device.mend()
    device.play(instead.path)
    device.finish()
    ended = listener.ended("a")
    assert ended.whole
    assert ended.seconds_played == pytest.approx(0.5)
    wait_until(lambda: instead.pcm in fake_rig.captured())
    heard = np.frombuffer(fake_rig.captured(), np.int16)
    assert heard[heard != 0].tobytes() == good.pcm + instead.pcm


def test_a_sealed_sound_is_found_damaged_before_a_sample_of_it_is_heard(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds
) -> None:
    listener, good, bad = open_on(fake_rig), sounds(3.0), sounds(1.0)
    for sound in (good, bad):
        samples = np.frombuffer(sound.pcm, np.int16)
        sound.path.write_bytes(sealed(encode(samples, RATE_HZ, "FLAC", title="sealed")))
    flip_bit(bad.path, 0.9)
    listener.device.begin("a")
    for sound in (good, bad):
        listener.device.play(sound.path)
    wait_until(lambda: Damaged("a", 1, bad.path, 0.0) in listener.reports)
    assert len(fake_rig.captured()) < len(good.pcm), "known long before its turn"
    listener.device.mend()
    listener.device.finish()
    assert listener.ended("a").whole
    assert without_silence(fake_rig.captured()) == good.pcm


def test_what_is_said_of_a_damaged_item_before_the_box_knows_is_passed_over(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds, tmp_path: Path
) -> None:
    listener, good = open_on(fake_rig), sounds(0.2)
    listener.device.begin("a")
    listener.device.play(tmp_path / "away.flac")
    wait_until(lambda: listener.reports)
    listener.device.play(good.path)
    listener.device.fade_out()
    assert not listener.ended("a").whole
    assert listener.speak("b", good).whole


def test_a_child_that_dies_ends_the_item_and_the_next_one_plays(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds
) -> None:
    listener, clip = open_on(fake_rig), sounds(5.0)
    listener.device.begin("a")
    listener.device.play(clip.path)
    wait_until(lambda: len(fake_rig.captured()) > len(silence(0.6)))
    os.kill(child_of(listener), signal.SIGKILL)
    ended = listener.ended("a")
    heard = len(fake_rig.captured()) / 2 / RATE_HZ
    assert not ended.whole
    assert "重新启动" in ended.reason
    assert heard - 0.5 < ended.seconds_played < heard + 0.02
    assert listener.speak("b", sounds(0.2)).whole
    assert listener.device.fault == ""


def test_what_is_asked_while_there_is_no_child_waits_for_the_new_one(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds
) -> None:
    listener, clip = open_on(fake_rig), sounds(0.2)
    os.kill(child_of(listener), signal.SIGKILL)
    wait_until(lambda: "重新启动" in listener.device.fault)
    assert listener.speak("a", clip).whole
    wait_until(lambda: without_silence(fake_rig.captured()) == clip.pcm)


def test_closing_fades_what_sounds_and_reports_it(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds
) -> None:
    listener, clip = open_on(fake_rig), sounds(5.0)
    listener.device.begin("a")
    listener.device.play(clip.path)
    wait_until(lambda: len(fake_rig.captured()) > len(silence(0.3)))
    child = psutil.Process(child_of(listener))
    listener.device.close()
    assert not child.is_running()
    heard = len(without_silence(fake_rig.captured())) / 2 / RATE_HZ
    assert listener.ended("a").seconds_played == pytest.approx(heard, abs=0.001)
    assert not listener.ended("a").whole


def test_the_child_fades_and_ends_when_the_box_dies(
    fake_rig: FakeRig, sounds: Sounds, tmp_path: Path
) -> None:
    clip = sounds(5.0)
    box = subprocess.Popen(
        [sys.executable, "-c", A_BOX, clip.path, tmp_path],
        env={**os.environ, **fake_rig.environment},
        stdout=subprocess.PIPE,
    )
    with box:
        assert box.stdout
        child = psutil.Process(int(box.stdout.readline()))
        wait_until(lambda: len(fake_rig.captured()) > len(silence(0.3)))
        box.kill()
        wait_until(lambda: not child.is_running())
    heard = array("h", without_silence(fake_rig.captured()))
    assert len(heard) < 4 * RATE_HZ
    assert max(map(abs, heard[-100:])) < LEVEL / 10


A_BOX = textwrap.dedent("""
    import sys, threading
    from pathlib import Path
    from broadcaster.playout.device.child_device import open_device
    from broadcaster.settings.schema import SoundSettings

    device = open_device(SoundSettings(), Path(sys.argv[2]))
    device.begin("a")
    device.play(Path(sys.argv[1]))
    print(device.pid, flush=True)
    threading.Event().wait()
""")


def test_a_card_that_was_opened_ahead_begins_with_the_sound(
    fake_rig: FakeRig, open_on: OpenOn, sounds: Sounds
) -> None:
    listener, clip = open_on(fake_rig), sounds(0.3)
    listener.device.expect()
    wait_until(lambda: psutil.Process(child_of(listener)).num_threads() > 1)
    assert listener.speak("a", clip).whole
    assert fake_rig.captured().startswith(clip.pcm)


def test_a_card_that_was_opened_for_nothing_is_closed_again(fake_rig: FakeRig, open_on: OpenOn) -> None:
    listener = open_on(fake_rig)
    listener.device.expect()
    wait_until(lambda: psutil.Process(child_of(listener)).num_threads() > 1)
    wait_until_closed(listener)
    assert not without_silence(fake_rig.captured())
