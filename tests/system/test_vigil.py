"""A process that hangs is ended from outside, one that is busy or was paused is not."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

import psutil
from rig.rig import FakeRig, wait_until
from rig.village import Village

from broadcaster.system.watchdog import OUTSIDE

LIMIT = "1.0"
BEGIN = """
import sys, threading, time
from broadcaster.system.thread_loop import ThreadLoop
from broadcaster.system.watchdog import keep_watch
ended = threading.Event()
def watch(*loops, ask=lambda: None):
    print("up", flush=True)
    sys.exit(keep_watch(loops, ended, ask, float(sys.argv[1])))
"""
STUCK_LOOP = """
loop = ThreadLoop("talking", threading.Event().wait, print, longest_seconds=0.5)
loop.start()
watch(loop)
"""
STUCK_LOCK = """
lock = threading.Lock()
lock.acquire()
watch(ask=lock.acquire)
"""
BUSY = """
def work():
    until = time.monotonic() + 0.2
    while time.monotonic() < until: pass
def air():
    for _ in range(20):
        time.sleep(0.2)
        loop.note_progress()
loop = ThreadLoop("airing", air, print, longest_seconds=1.0)
patient = ThreadLoop("copies", threading.Event().wait, print)
busy = [ThreadLoop(f"busy-{n}", work, print, longest_seconds=1.0) for n in range(4)]
for one in (loop, patient, *busy): one.start()
threading.Timer(4.0, ended.set).start()
watch(loop, patient, *busy)
"""
WATCHED_BOX = """
import sys
from pathlib import Path
from broadcaster.commands.console import load_config
from broadcaster.daemon import running_box
config = load_config(Path(sys.argv[2]))
told = lambda line: print(line, flush=True)
sys.exit(running_box.run(config, told, None, False, hang_seconds=float(sys.argv[1])))
"""


@contextmanager
def running(program: str, *arguments: str, **options: object) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", program, LIMIT, *arguments]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,  # type: ignore[call-overload]
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def read_until(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdout
    assert any(line in told for told in process.stdout)


def test_a_main_that_stands_still_is_ended() -> None:
    with running(BEGIN + "watch()") as process:
        read_until(process, "up")
        (outside,) = wait_for_children(process)
        process.send_signal(signal.SIGSTOP)
        _, told = process.communicate(timeout=20)
    assert process.returncode in (-signal.SIGKILL, -signal.SIGABRT)
    assert "卡住了" in told
    psutil.wait_procs([outside], timeout=60)
    assert not outside.is_running()


def test_a_loop_whose_step_never_ends_ends_the_process_for_a_new_start() -> None:
    with running(BEGIN + STUCK_LOOP) as process:
        _, told = process.communicate(timeout=20)
    assert process.returncode == 75
    assert "talking 这个线程卡住了" in told


def test_a_main_thread_that_waits_for_a_lock_is_ended_and_its_stack_is_told() -> None:
    with running(BEGIN + STUCK_LOCK) as process:
        _, told = process.communicate(timeout=20)
    assert process.returncode == -signal.SIGABRT
    assert "keep_watch" in told


def test_a_busy_process_and_one_without_a_bound_go_on() -> None:
    with running(BEGIN + BUSY) as process:
        _, told = process.communicate(timeout=30)
    assert (process.returncode, told) == (0, "")


def test_a_process_that_was_stopped_together_with_who_watches_it_goes_on() -> None:
    with running(BEGIN + STUCK_LOOP.replace("0.5", "30") + "") as process:
        read_until(process, "up")
        both = [psutil.Process(process.pid), *wait_for_children(process)]
        for one in both:
            one.suspend()
        Event().wait(2 * float(LIMIT))
        for one in both:
            one.resume()
        Event().wait(1.5 * float(LIMIT))
        assert process.poll() is None


def test_who_watches_is_begun_anew_when_it_died() -> None:
    with running(BEGIN + "watch()") as process:
        read_until(process, "up")
        (outside,) = wait_for_children(process)
        outside.kill()
        psutil.wait_procs([outside], timeout=60)
        wait_until(lambda: [one for one in children_of(process) if one.pid != outside.pid], 60)


def test_a_box_that_stands_still_is_ended_with_its_children(village: Village, fake_rig: FakeRig) -> None:
    with running(WATCHED_BOX, str(village.folder), env=village.environment) as process:
        read_until(process, "下一次定时播出")
        wait_until(lambda: any(OUTSIDE.name in " ".join(words) for words in commands_of(process)), 60)
        children = children_of(process)
        process.send_signal(signal.SIGSTOP)
        assert process.wait(30) < 0
        _, alive = psutil.wait_procs(children, timeout=20)
        assert not alive


def wait_for_children(process: subprocess.Popen[str]) -> list[psutil.Process]:
    wait_until(lambda: children_of(process), 60)
    return children_of(process)


def children_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children()


def commands_of(process: subprocess.Popen[str]) -> list[list[str]]:
    return [one.cmdline() for one in children_of(process)]
