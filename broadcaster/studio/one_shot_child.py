"""Runs a program of ours once, in a process of its own within limits, for its report: one JSON object on
its standard output.
"""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from broadcaster.core.errors import BroadcasterError
from broadcaster.system.child_process import be_the_first_out_of_memory

# After everything that the air needs.
NICENESS = 10
MOST_MEMORY = 2_000_000_000

Report = dict[str, Any]


def report_of(
    module: str, *arguments: str, limit_seconds: float, refused: type[BroadcasterError], failed: str
) -> Report:
    """Run `python -m MODULE …` to its end. Raises `refused`, with the problem that it reports or, for
    one that reports nothing in time, with `failed`.
    """
    command = [sys.executable, "-m", module, *arguments]
    try:
        child = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=limit_seconds, check=False
        )
        told: Report = json.loads(child.stdout)
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise refused(failed) from error
    if "problem" in told:
        raise refused(told["problem"])
    return told


def report(act: Callable[[], Report], most_cpu_seconds: int) -> None:
    """The other end: do it within the limits and report; what it refuses is the problem."""
    os.nice(NICENESS)
    be_the_first_out_of_memory()
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (most_cpu_seconds, most_cpu_seconds))
    try:
        told = act()
    except BroadcasterError as error:
        told = {"problem": str(error)}
    sys.stdout.write(json.dumps(told))
