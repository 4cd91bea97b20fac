"""How long commands take to start, beside Python itself.

scripts/bench commands [--rounds 15]
Medians of processor time, which load on the machine moves less than the time that passes. A box runs
without a card; `say` returns when the notice is accepted.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from rig.village import RunningBox, Village

BARE = "python -c pass"


def processor_milliseconds(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        village = Village(Path(folder), {"LC_ALL": os.environ.get("LC_ALL", "C.UTF-8")})
        village.configure(sound={"device": "silent"})
        box = RunningBox(village)
        commands = {
            BARE: [sys.executable, "-c", "pass"],
            "broadcaster --version": village.command("--version"),
            "broadcaster --help": village.command("--help"),
            "broadcaster say --help": village.command("say", "--help"),
            "broadcaster status": village.command("status"),
            "broadcaster stop": village.command("stop"),
            "broadcaster say --no-wait": village.command("say", "请注意用电安全。", "--no-wait"),
            "broadcaster journal": village.command("journal"),
            "broadcaster check": village.command("check"),
        }
        try:
            times: dict[str, list[float]] = {name: [] for name in commands}
            for _ in range(rounds):
                for name, command in commands.items():
                    times[name].append(processor_milliseconds(command))
        finally:
            box.end()
    bare = statistics.median(times[BARE])
    print("| command | ms of processor, median | least | times bare Python |\n|---|---|---|---|")
    for name, taken in times.items():
        median = statistics.median(taken)
        print(f"| `{name}` | {median:.0f} | {min(taken):.0f} | {median / bare:.1f} |")


if __name__ == "__main__":
    main()
