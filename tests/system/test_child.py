"""A child process is heard in order, its end is told once, and none is left behind."""

import os
import signal
import subprocess
import sys
import threading
from queue import SimpleQueue
from typing import Any

import psutil

from broadcaster.system.child_process import Child


class Parent:
    def __init__(self) -> None:
        self.messages: SimpleQueue[Any] = SimpleQueue()
        self.ended = threading.Event()
        self.child = Child("echo", "tests.rig.echo_child", self.messages.put, self.ended.set)

    def next_message(self) -> Any:
        return self.messages.get(timeout=60)


def test_messages_go_out_and_come_back_in_order() -> None:
    parent = Parent()
    for message in ("一", {"二": 2}, [3]):
        parent.child.send(message)
    assert [parent.next_message() for _ in range(3)] == ["一", {"二": 2}, [3]]
    parent.child.stop()


def test_a_child_that_dies_is_told_once_and_takes_nothing_more() -> None:
    parent = Parent()
    parent.child.send("die")
    assert parent.ended.wait(10)
    parent.child.send("into the void")
    assert not psutil.pid_exists(parent.child.pid)
    parent.child.stop()


def test_stopping_is_not_an_end_to_tell_of() -> None:
    parent = Parent()
    parent.child.stop()
    assert not parent.ended.is_set()
    assert not psutil.pid_exists(parent.child.pid)


def test_a_child_that_hangs_is_killed_at_the_limit() -> None:
    parent = Parent()
    parent.child.send("hang")
    assert parent.next_message() == "hanging"
    parent.child.stop(limit_seconds=0.1)
    assert not psutil.pid_exists(parent.child.pid)


def test_signals_to_the_whole_group_are_left_to_the_parent() -> None:
    parent = Parent()
    parent.child.send("up")
    assert parent.next_message() == "up"
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(parent.child.pid, number)
    parent.child.send("still here")
    assert parent.next_message() == "still here"
    parent.child.stop()
    assert not parent.ended.is_set()


def test_a_child_ends_when_its_parent_dies() -> None:
    program = (
        "import os; from broadcaster.system.child_process import Child;"
        "child = Child('echo', 'tests.rig.echo_child', print, print);"
        "print(child.pid, flush=True); os._exit(9)"
    )
    parent = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=False)
    assert parent.returncode == 9
    _, alive = psutil.wait_procs(processes(int(parent.stdout)), timeout=60)
    assert not alive


def processes(pid: int) -> list[psutil.Process]:
    try:
        return [psutil.Process(pid)]
    except psutil.NoSuchProcess:
        return []
