"""The studio with its real voice child, the real offline voice, and faults from outside."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

import numpy as np
import psutil
import pytest
import soundfile
from numpy.typing import NDArray
from rig.fakes import ManualClock
from rig.rig import wait_until

from broadcaster.audio.clip_key import SIGNAL_VERSIONS, signal_key
from broadcaster.audio.clip_store import ClipStore
from broadcaster.audio.mastering_preset import HORN
from broadcaster.audio.signal_sounds import make_signal
from broadcaster.audio.sound_file_writer import write_clip
from broadcaster.core.errors import BroadcasterError, TextRefused, VoiceUnavailable
from broadcaster.core.model import Delivery, Item, Made, Ready, RenderFailed
from broadcaster.core.notice import Notice, Severity, Signal
from broadcaster.settings.schema import (
    LexiconSettings,
    PathSettings,
    Settings,
    SoundSettings,
    StationSettings,
)
from broadcaster.studio.studio import Studio

WATER = Notice("全体村民注意了，明天上午停水，请提前储水。", chime=Signal.NONE)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(paths=PathSettings(audio_cache=tmp_path / "cache", state=tmp_path / "state"))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def studio(settings: Settings, clock: ManualClock) -> Iterator[Studio]:
    studio = Studio(settings, LexiconSettings(), clock)
    yield studio
    studio.close()


class Listener:
    """Takes deliveries as the player does, and can do something at the first sound."""

    def __init__(self, at_first_sound: object = None) -> None:
        self._inbox: SimpleQueue[Delivery] = SimpleQueue()
        self.sounds: list[Ready] = []
        self._at_first_sound = at_first_sound

    def __call__(self, delivery: Delivery) -> None:
        self._inbox.put(delivery)

    def take(self) -> Delivery:
        """The next delivery."""
        return self._inbox.get(timeout=60)

    def next_now(self) -> Delivery:
        """What is there already, without waiting."""
        return self._inbox.get_nowait()

    def follow(self, at_first_sound: object = None) -> Made | RenderFailed:
        while isinstance(delivery := self._inbox.get(timeout=60), Ready):
            self.sounds.append(delivery)
            if len(self.sounds) == 1 and callable(at_first_sound):
                at_first_sound()
        return delivery


def samples(path: Path) -> NDArray[np.int16]:
    return np.asarray(soundfile.read(path, dtype="int16")[0], np.int16)


def kill(studio: Studio, with_signal: signal.Signals = signal.SIGKILL) -> None:
    pid = studio.child_pid
    assert pid is not None
    os.kill(pid, with_signal)


def test_a_programme_is_made_once_and_then_found(studio: Studio, settings: Settings) -> None:
    programme = studio.programme(studio.settle(WATER))
    assert programme.voice == "baker:female"
    assert len(programme.items) >= 2
    assert all(len(samples(item.clip.path)) > 0 for item in programme.items)
    again = Studio(settings, LexiconSettings(), ManualClock())
    assert again.find(again.settle(WATER)) == programme
    assert again.child_pid is None


@pytest.mark.parametrize(
    ("severity", "signal"),
    [
        (Severity.DAILY, Signal.CHIME),
        (Severity.ORANGE, Signal.ALERT),
        (Severity.RED, Signal.SIREN),
    ],
)
def test_a_signal_comes_first_and_from_the_store(
    studio: Studio, settings: Settings, severity: Severity, signal: Signal
) -> None:
    rate_hz = settings.sound.rate_hz
    store = ClipStore(settings.paths.audio_cache)
    sound = make_signal(signal, rate_hz, HORN)
    clip = write_clip(store, signal_key(signal, rate_hz, HORN), sound, rate_hz)
    listener = Listener()
    with studio.make(studio.settle(replace(WATER, chime=None, severity=severity, repeats=1)), listener):
        assert listener.next_now() == Ready(Item(clip, matter=False), 0)
        made = listener.follow()
    assert isinstance(made, Made)
    assert [item.clip for item in made.programme.items].count(clip) == 1


def test_the_first_line_is_heard_in_pieces_that_are_its_clip(studio: Studio) -> None:
    listener = Listener()
    with studio.make(studio.settle(WATER), listener):
        made = listener.follow()
        assert isinstance(made, Made)
        first = made.programme.items[0]
        pieces = listener.sounds[: len(listener.sounds) - len(made.programme.items) + 1]
        assert len(pieces) > 1
        heard = np.concatenate([samples(piece.item.clip.path) for piece in pieces])
        assert np.array_equal(heard, samples(first.clip.path))
        assert pieces[-1].item.pause_seconds == first.pause_seconds
    assert not any(piece.item.clip.path.exists() for piece in pieces)


def test_speech_that_follows_silence_starts_softly_and_only_there(studio: Studio) -> None:
    twice = studio.programme(studio.settle(replace(WATER, repeats=2))).items
    again = len(twice) // 2
    out_of_silence, in_the_middle = samples(twice[0].clip.path), samples(twice[again].clip.path)
    start = round(0.3 * 48_000)
    assert np.array_equal(out_of_silence[start:], in_the_middle[start:])
    assert np.abs(out_of_silence[: start // 2]).max() < 0.6 * np.abs(in_the_middle[:start]).max()
    assert [item.clip for item in twice[1:again]] == [item.clip for item in twice[again + 1 :]]
    after_a_chime = studio.programme(studio.settle(replace(WATER, chime=Signal.CHIME))).items
    assert after_a_chime[1].clip == twice[again].clip


def test_every_signal_is_in_the_store_from_the_first_start(
    studio: Studio, settings: Settings, clock: ManualClock
) -> None:
    store = ClipStore(settings.paths.audio_cache)
    keys = [signal_key(signal, settings.sound.rate_hz, HORN) for signal in SIGNAL_VERSIONS]
    studio.step()
    studio.script(WATER)
    assert all(store.find(key) for key in keys)


def test_another_preset_makes_other_clips_and_finds_its_own_again(
    studio: Studio, settings: Settings
) -> None:
    horn = studio.programme(studio.settle(WATER))
    sound = SoundSettings(preset="flat")
    other = Studio(settings.model_copy(update={"sound": sound}), LexiconSettings(), ManualClock())
    try:
        flat = other.programme(other.settle(WATER))
    finally:
        other.close()
    assert {item.clip.key for item in flat.items}.isdisjoint(item.clip.key for item in horn.items)
    assert flat.seconds == horn.seconds
    assert studio.find(studio.settle(WATER)) == horn


@pytest.mark.parametrize("death", ["SIGKILL", "SIGABRT", "SIGSEGV"])
def test_a_killed_child_costs_one_retry_and_no_sound_twice(
    studio: Studio, death: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Killed as the kernel does where memory runs out, aborted or broken as native code does."""
    listener = Listener()
    with studio.make(studio.settle(WATER), listener):
        made = listener.follow(lambda: kill(studio, signal.Signals[death]))
    assert isinstance(made, Made)
    assert f"停了（信号 {death}），在做的是第 1 件（baker:female）" in caplog.text
    seconds = sum(sound.item.seconds for sound in listener.sounds)
    assert seconds == pytest.approx(made.programme.seconds)


def test_a_child_that_hangs_is_replaced_at_the_deadline(studio: Studio, clock: ManualClock) -> None:
    listener = Listener()
    studio.warm()
    with studio.make(studio.settle(WATER), listener):
        kill(studio, signal.SIGSTOP)
        hung = studio.child_pid
        while studio.child_pid == hung:
            clock.advance(21)
            studio.watch()
        assert isinstance(listener.follow(), Made)
    assert studio.child_pid != hung


def test_two_deaths_over_one_notice_give_it_up_with_a_sentence(studio: Studio) -> None:
    listener = Listener()
    with studio.make(studio.settle(WATER), listener):
        kill(studio, signal.SIGSTOP)
        first = studio.child_pid
        kill(studio)
        psutil.wait_procs(_process(first), timeout=60)
        wait_until(lambda: studio.child_pid not in (first, None), 60)
        kill(studio)
        refused = listener.follow()
    assert isinstance(refused, RenderFailed)
    assert "语音引擎连续出错" in refused.reason


def _process(pid: int | None) -> list[psutil.Process]:
    try:
        return [psutil.Process(pid)]
    except psutil.NoSuchProcess:
        return []


def test_an_idle_child_gives_its_memory_back(studio: Studio, clock: ManualClock) -> None:
    studio.programme(studio.settle(WATER))
    pid = studio.child_pid
    assert pid is not None
    clock.advance(121)
    studio.watch()
    assert studio.child_pid is None
    assert not psutil.pid_exists(pid)


def test_what_is_due_soon_is_made_ahead(settings: Settings, clock: ManualClock) -> None:
    studio = Studio(settings, LexiconSettings(), clock, lambda: [WATER])
    try:
        studio.step()
        while studio.find(studio.settle(WATER)) is None:
            studio.step()
    finally:
        studio.close()


def test_what_another_program_takes_away_again_is_made_ahead_once_in_ten_minutes(
    settings: Settings, clock: ManualClock
) -> None:
    studio = Studio(settings, LexiconSettings(), clock, lambda: [WATER])
    try:
        while studio.find(studio.settle(WATER)) is None:
            studio.step()
        (manifest,) = settings.paths.audio_cache.glob("programmes/*/*.json")
        manifest.write_text('{"format": 9}')
        studio.step()
        studio.step()
        assert manifest.read_text() == '{"format": 9}', "it is left alone"
        studio.programme(studio.settle(WATER))
        assert studio.find(studio.settle(WATER)), "who airs it makes it"
    finally:
        studio.close()


def test_a_notice_that_cannot_be_made_ahead_does_not_stop_the_next(
    settings: Settings, clock: ManualClock
) -> None:
    wrong = Notice("村民你好", voice="nobody:none")
    studio = Studio(settings, LexiconSettings(), clock, lambda: [wrong, WATER])
    try:
        while studio.find(studio.settle(WATER)) is None:
            studio.step()
    finally:
        studio.close()


def test_the_script_is_what_will_be_said(studio: Studio) -> None:
    lines = studio.script(Notice("医保每人每年400元。")).lines
    assert "".join(line.spoken for line in lines) == "医保每人每年四百元。"


@pytest.mark.parametrize("text", ["", "  \n", "😀😀", "……！！", "hello world", "坏\0字", "村" * 10_001])
def test_a_text_that_cannot_be_spoken_is_refused_before_anything_is_made(
    studio: Studio, text: str
) -> None:
    with pytest.raises(TextRefused):
        studio.settle(Notice(text))
    assert studio.child_pid is None


def test_a_voice_that_is_not_there_is_refused_with_what_to_do(studio: Studio) -> None:
    with pytest.raises(VoiceUnavailable, match=r"baker"):
        studio.settle(replace(WATER, voice="bakker:female"))


def test_an_unwritable_cache_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be")
    paths = PathSettings(audio_cache=tmp_path / "cache", state=tmp_path / "state")
    studio = Studio(Settings(paths=paths), LexiconSettings(), ManualClock())
    try:
        with pytest.raises(BroadcasterError, match="写不进去"):
            studio.programme(studio.settle(WATER))
    finally:
        studio.close()


@pytest.mark.parametrize(
    "other",
    [
        replace(WATER, text="全体村民注意了，明天上午停电，请提前准备。"),
        replace(WATER, repeats=2),
        replace(WATER, pace=0.9),
        replace(WATER, closing="广播完了"),
        replace(WATER, chime=Signal.CHIME),
        replace(WATER, chime=Signal.SIREN),
        replace(WATER, severity=Severity.RED),
    ],
)
def test_whatever_changes_the_sound_makes_another_programme(studio: Studio, other: Notice) -> None:
    assert studio.settle(other).key != studio.settle(WATER).key


def test_a_changed_lexicon_makes_another_programme(settings: Settings, studio: Studio) -> None:
    other = Studio(settings, LexiconSettings(words={"停水": "ting2 shui3"}), ManualClock())
    assert other.settle(WATER).key != studio.settle(WATER).key


def test_the_stations_own_opening_and_pace_are_filled_in(settings: Settings) -> None:
    station = StationSettings(opening="全体村民注意了", closing="广播完了", pace=0.9)
    studio = Studio(settings.model_copy(update={"station": station}), LexiconSettings(), ManualClock())
    settled = studio.settle(Notice("明天停水。")).notice
    assert (settled.opening, settled.closing, settled.pace) == ("全体村民注意了", "广播完了", 0.9)
    assert settled.voice == "baker:female" and settled.chime is Signal.CHIME


def test_the_number_of_openings_makes_another_programme(settings: Settings, studio: Studio) -> None:
    station = StationSettings(opening_repeats=3)
    other = Studio(settings.model_copy(update={"station": station}), LexiconSettings(), ManualClock())
    assert other.settle(WATER).key != studio.settle(WATER).key


def test_the_list_says_how_fast_a_voice_was_on_this_machine(studio: Studio) -> None:
    def speed() -> str:
        return next(entry.speed for entry in studio.voices() if entry.name == "baker:female")

    assert "这台机器" not in speed()
    studio.programme(studio.settle(WATER))
    assert "× 实时（在这台机器上测的）" in speed()
