"""The program of scripts/setup_kills: everything in the root dies at once, as in a power cut."""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from setup.read_readme import ALONE, bare_reader, tell
from setup.reader import Reader

# What is there when it is killed; once it is there, the next kill comes a second after the start.
PLACES = (
    "var/lib/apt/lists/partial/*",
    "var/cache/apt/archives/partial/*",
    "usr/lib/*/libavcodec.so.*",
    "root/broadcaster/.venv/pyvenv.cfg",
    "root/broadcaster/.venv/lib/*/site-packages/pip/_internal",
    "root/broadcaster/.venv/lib/*/site-packages/numpy",
    "root/broadcaster/.venv/lib/*/site-packages/jieba*-info",
    "root/broadcaster/.venv/.installed",
    "root/broadcaster/voices/.baker-*",
    "root/broadcaster/voices/recorded/.alarm-*",
)
SOONEST_SECONDS, TIMES = 1.0, 2


def kill_all_in(root: Path) -> None:
    assert root != Path("/"), "these are the processes of this machine"
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "root").readlink() == root:
                os.kill(int(process.name), signal.SIGKILL)
        except OSError:
            continue  # ended by itself meanwhile


def killed(reader: Reader, place: str) -> bool:
    """Whether it was still at work then."""
    process = subprocess.Popen(
        reader.command("exec scripts/setup"),
        env=reader.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    began = time.monotonic()
    while process.poll() is None:
        if time.monotonic() - began > SOONEST_SECONDS and any(reader.root.glob(place)):
            break
        time.sleep(0.01)
    at_work = process.poll() is None
    kill_all_in(reader.root)
    process.wait()
    return at_work


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--release", default="bookworm")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory())).resolve()
        reader = bare_reader(stack, folder, parser.parse_args().release)
        reader.run("git clone ADDRESS broadcaster")
        reader.folder /= "broadcaster"
        missed = 0
        for place in PLACES:
            at_work = [killed(reader, place) for _ in range(TIMES)].count(True)
            tell(f"{place}: {at_work} of {TIMES} killed at work")
            missed += TIMES - at_work
        tell(reader.run("scripts/setup"))
        assert reader.run(".venv/bin/broadcaster voices list").count("可用") >= 2
        again = replace(reader, within=(*ALONE, *reader.within)).run("scripts/setup")
        assert not again, again
        tell("ended whole; the next start without a network did nothing")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
