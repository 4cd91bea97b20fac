"""Kills a whole set-up when one of its Python programs is about to do what KILL_AT names.

On PYTHONPATH of a set-up under test: so real pip and venv are cut off at one exact file.
"""

import fnmatch
import os
import signal
import sys

kill_at = os.environ.get("KILL_AT", "")


def watch(event: str, values: tuple[object, ...]) -> None:
    if event not in ("open", "os.rename", "os.mkdir", "subprocess.Popen"):
        return
    if event == "open" and not (isinstance(values[1], str) and set(values[1]) & set("wax")):
        return
    # What is opened or made, what a rename leads to, what a program is called with.
    told = values[1] if event in ("os.rename", "subprocess.Popen") else values[0]
    if fnmatch.fnmatch(f"{event} {os.fsdecode(told) if isinstance(told, bytes) else told}", kill_at):
        os.killpg(0, signal.SIGKILL)


if kill_at:
    sys.addaudithook(watch)
