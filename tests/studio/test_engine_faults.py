"""What a broken engine costs: real models that end or hang the real voice child, and who has to wait."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from rig.fakes import ManualClock
from rig.rig import wait_until
from rig.spoken import baker_folder
from rig.tiny_sherpa import make_hanging, make_vits
from studio.test_studio import WATER, Listener, kill

from broadcaster.audio.clip_key import SIGNAL_VERSIONS
from broadcaster.core.errors import BroadcasterError
from broadcaster.core.model import Made
from broadcaster.core.notice import Notice, Signal
from broadcaster.settings.schema import LexiconSettings, PathSettings, Settings, StationSettings
from broadcaster.studio.studio import Studio
from broadcaster.studio.voice_client import PATIENCE_SECONDS

LONG = Notice(
    "。".join(f"第{number}组的村民请到大队部开会" for number in range(1, 60)), chime=Signal.NONE
)
CHIMED = Notice("各位村民请注意", chime=Signal.CHIME)


@pytest.fixture
def voices(tmp_path: Path) -> Path:
    folder = tmp_path / "voices"
    folder.mkdir()
    (folder / "baker").symlink_to(baker_folder())
    return folder


@pytest.fixture
def settings(tmp_path: Path, voices: Path) -> Settings:
    cache, state = tmp_path / "cache", tmp_path / "state"
    # Nobody stands in: what is tried here is what becomes of the voice itself.
    station = StationSettings(stand_ins=())
    paths = PathSettings(voices=voices, audio_cache=cache, state=state)
    return Settings(station=station, paths=paths)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


class Ahead(list[Notice]):
    """What the timetable wants made ahead; a test writes into it."""


@pytest.fixture
def ahead() -> Ahead:
    return Ahead()


@pytest.fixture
def studio(settings: Settings, clock: ManualClock, ahead: Ahead) -> Iterator[Studio]:
    studio = Studio(settings, LexiconSettings(), clock, lambda: ahead)
    yield studio
    studio.close()


def clips(settings: Settings) -> int:
    return len(list(settings.paths.audio_cache.rglob("*.flac")))


def start_routine(studio: Studio, ahead: Ahead, notice: Notice, settings: Settings) -> None:
    """Have a notice made ahead, and come back when its first line is in the cache, after the signals."""
    ahead.append(notice)
    studio.step()
    while clips(settings) <= len(SIGNAL_VERSIONS):
        studio.watch()
        time.sleep(0.02)


def wait_until_it_spins(studio: Studio) -> None:
    """3 s of processor time take the child past its start, which takes 1 s, into the endless loop."""
    child = psutil.Process(studio.child_pid)

    def spins() -> bool:
        studio.watch()
        return child.cpu_times().user >= 3.0

    wait_until(spins, 120)


def end_child(studio: Studio) -> None:
    """What the child said before it was stopped may still be on its way; a box looks once a second."""
    stuck = studio.child_pid
    while studio.child_pid == stuck:
        studio.watch()
        time.sleep(0.05)


def test_an_engine_that_ends_its_process_is_given_up_after_one_retry(
    studio: Studio, voices: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (make_vits(voices / "bad") / "tokens.txt").write_text("one two three four\n")
    with pytest.raises(BroadcasterError, match="语音引擎连续出错"):
        studio.programme(studio.settle(replace(WATER, voice="sherpa:bad")))
    assert caplog.text.count("在做的是第 1 件（sherpa:bad）") == 2
    assert studio.programme(studio.settle(WATER)).voice == "baker:female"


def test_a_crash_counts_against_the_job_that_crashed_alone(
    studio: Studio, voices: Path, ahead: Ahead, settings: Settings
) -> None:
    """The long one is begun anew twice and made all the same."""
    (make_vits(voices / "bad") / "tokens.txt").write_text("one two three four\n")
    routine = replace(LONG, text=LONG.text[:150])
    start_routine(studio, ahead, routine, settings)
    listener = Listener()
    with studio.make(studio.settle(replace(WATER, voice="sherpa:bad")), listener):
        assert not isinstance(listener.follow(), Made)
    while studio.find(studio.settle(routine)) is None:
        studio.step()


@pytest.mark.slow
def test_an_engine_that_hangs_is_given_up_at_the_second_deadline(
    studio: Studio, voices: Path, clock: ManualClock
) -> None:
    make_hanging(voices / "hang")
    listener = Listener()
    with studio.make(studio.settle(replace(CHIMED, voice="sherpa:hang")), listener):
        for _ in range(2):
            wait_until_it_spins(studio)
            clock.advance(21)
            end_child(studio)
        assert not isinstance(listener.follow(), Made)


def test_a_line_goes_on_the_air_before_a_long_programme_is_made_ahead(
    studio: Studio, ahead: Ahead, settings: Settings
) -> None:
    """At most the piece that is being made, and the one that was just done, come in between."""
    start_routine(studio, ahead, LONG, settings)
    seen: list[tuple[int, bool]] = []

    def look() -> None:
        seen.append((clips(settings), studio.find(studio.settle(LONG)) is None))

    before = clips(settings)
    listener = Listener()
    with studio.make(studio.settle(WATER), listener):
        made = listener.follow(look)
    assert isinstance(made, Made)
    ((after, unfinished),) = seen
    assert unfinished and after - before <= 2


def test_a_stuck_routine_programme_does_not_keep_a_live_one_waiting_for_its_deadline(
    studio: Studio, clock: ManualClock, ahead: Ahead, settings: Settings
) -> None:
    routine = replace(LONG, text=LONG.text[:150])
    start_routine(studio, ahead, routine, settings)
    kill(studio, signal.SIGSTOP)
    stuck = studio.child_pid
    listener = Listener()
    with studio.make(studio.settle(WATER), listener):
        clock.advance(PATIENCE_SECONDS - 1)
        studio.watch()
        assert studio.child_pid == stuck, "an ordinary piece may take that long"
        clock.advance(2)
        end_child(studio)
        assert isinstance(listener.follow(), Made)
        assert studio.find(studio.settle(routine)) is None, "the live one was first"
    while studio.find(studio.settle(routine)) is None:
        studio.step()


def test_a_routine_programme_in_a_hanging_engine_does_not_hold_up_a_live_one(
    studio: Studio, voices: Path, clock: ManualClock, ahead: Ahead
) -> None:
    make_hanging(voices / "hang")
    ahead.append(replace(CHIMED, voice="sherpa:hang"))
    studio.step()
    wait_until_it_spins(studio)
    listener = Listener()
    with studio.make(studio.settle(WATER), listener):
        clock.advance(PATIENCE_SECONDS + 1)
        end_child(studio)
        assert isinstance(listener.follow(), Made)


LEAVE_A_HANGING_CHILD = """
import os, sys
from pathlib import Path
from broadcaster.core.clock import Clock
from broadcaster.core.notice import Notice
from broadcaster.settings.schema import LexiconSettings, PathSettings, Settings
from broadcaster.studio.studio import Studio
root = Path(sys.argv[1])
paths = PathSettings(voices=root / "voices", audio_cache=root / "cache", state=root / "state")
settings = Settings(paths=paths)
studio = Studio(settings, LexiconSettings(), Clock(settings.station.zone))
settled = studio.settle(Notice("各位村民请注意", voice="sherpa:hang"))
with studio.make(settled, lambda delivery: None):
    print(studio.child_pid, flush=True)
    sys.stdin.read()
    os._exit(0)
"""


def test_a_hanging_engine_ends_with_a_box_that_was_killed(voices: Path) -> None:
    make_hanging(voices / "hang")
    command = [sys.executable, "-c", LEAVE_A_HANGING_CHILD, str(voices.parent)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as box:
        assert box.stdout
        child = psutil.Process(int(box.stdout.readline()))
        wait_until(lambda: child.cpu_times().user >= 3.0, 120)
        box.communicate("")
    gone, _ = psutil.wait_procs([child], timeout=30)
    assert gone


def test_a_job_that_nobody_waits_for_any_more_does_not_hold_up_the_next(
    studio: Studio, clock: ManualClock
) -> None:
    """Stop was pressed while the engine hung."""
    listener = Listener()
    with studio.make(studio.settle(LONG), listener):
        listener.take()
        kill(studio, signal.SIGSTOP)
    second = Listener()
    with studio.make(studio.settle(WATER), second):
        clock.advance(PATIENCE_SECONDS + 1)
        end_child(studio)
        assert isinstance(second.follow(), Made)


def test_the_kernel_takes_the_voice_child_first_where_memory_runs_out(studio: Studio) -> None:
    studio.programme(studio.settle(WATER))
    assert Path(f"/proc/{studio.child_pid}/oom_score_adj").read_text().strip() == "500"
