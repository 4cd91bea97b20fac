"""Kills a whole set-up when one of its Python programs is about to do what KILL_AT names, or fills its
disk when it is about to do what FILL_AT names.

On PYTHONPATH of a set-up under test: so real pip and venv are cut off at one exact file.
"""

import fnmatch
import os
import signal
import sys
from pathlib import Path

kill_at, fill_at = os.environ.get("KILL_AT", ""), os.environ.get("FILL_AT", "")


def watch(event: str, values: tuple[object, ...]) -> None:
    if event not in ("open", "os.rename", "os.mkdir", "subprocess.Popen"):
        return
    if event == "open" and not (isinstance(values[1], str) and set(values[1]) & set("wax")):
        return
    # What is opened or made, what a rename leads to, what a program is called with.
    told = values[1] if event in ("os.rename", "subprocess.Popen") else values[0]
    done = f"{event} {os.fsdecode(told) if isinstance(told, bytes) else told}"
    if fnmatch.fnmatch(done, kill_at):
        os.killpg(0, signal.SIGKILL)
    if fnmatch.fnmatch(done, fill_at):
        fill_the_disk()


def fill_the_disk() -> None:
    """Before what was named is done."""
    try:
        with Path(os.environ["FILLER"]).open("ab", buffering=0) as filler:
            while filler.write(bytes(4096)):
                pass
    except OSError:
        return  # there is no room left, as wanted


if kill_at or fill_at:
    sys.addaudithook(watch)
