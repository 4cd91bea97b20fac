"""The whole box: from a request to the loudspeaker, and what it costs at rest, beside aplay.

python bench/box.py [--rig pulse|fake] [--rounds 10] [--rest-seconds 30]
The box runs as `broadcaster run` on a card that does not exist (tests/rig); requests go through the
local door, as the command `say` sends them. On the rig `fake` a sample is seen when a period of the
card is over, and aplay's periods are 125 ms: compare with aplay on `pulse` only.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import soundfile
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from rig.rig import FakeRig, PulseRig, Rig, compile_plugin

from broadcaster.clips.key import signal_key
from broadcaster.clips.preset import HORN
from broadcaster.clips.store import ClipStore
from broadcaster.control import Message, ask
from broadcaster.model import Signal

RATE_HZ = 48_000
CACHED = "请大家注意用电安全。"
# After an item the card is closed; a request that finds it open would wait behind its buffer.
CLOSING_SECONDS = 0.5
NUMBERS = "一二三四五六七八九十"


class Bench:
    """A box on the rig, with a config folder of its own."""

    def __init__(self, folder: Path, rig: Rig, idle_seconds: float) -> None:
        self.rig = rig
        self.folder = folder
        self.state = folder / "state"
        self.store = ClipStore(folder / "cache")
        settings = {
            "web": {"host": "127.0.0.1", "port": 0},
            "sound": {"linger_seconds": 0},
            "voices": {"idle_seconds": idle_seconds},
            "paths": {"audio_cache": str(folder / "cache"), "state": str(self.state)},
        }
        (folder / "broadcaster.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
        (folder / "timetable.yaml").write_text("slots: []", encoding="utf-8")
        self.environment = {**os.environ, **rig.environment, **rig.client_environment}
        self.process = subprocess.Popen(
            self.command("run"), env=self.environment, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        while "一次性代码" not in self.process.stdout.readline():
            pass

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "broadcaster.cli", "--config", str(self.folder), *arguments]

    def say(self, text: str, chime: bool) -> Iterator[Message]:
        request = {
            "do": "say",
            "notice": {"text": text, "chime": "chime" if chime else "none"},
            "asked_by": "bench",
            "wait": True,
        }
        answers = ask(self.state, request)
        assert answers
        return answers

    def hear(self, start: Callable[[], object]) -> float:
        """Milliseconds from `start` to the first sample on the card that is not silence."""
        before = len(self.rig.captured())
        started_at = time.monotonic()
        start()
        while not any(self.rig.captured()[before:]):
            time.sleep(0.0002)
        self.heard_from = before
        return (time.monotonic() - started_at) * 1000

    def time_saying(self, text: str, chime: bool) -> float:
        answers: list[Iterator[Message]] = []
        milliseconds = self.hear(lambda: answers.append(_begun(self.say(text, chime))))
        ended = list(answers[0])[-1]["ended"]
        assert ended["outcome"] == "PLAYED", ended
        time.sleep(CLOSING_SECONDS)
        return milliseconds

    def time_command(self, *command: str) -> float:
        processes: list[subprocess.Popen[bytes]] = []

        def start() -> None:
            processes.append(subprocess.Popen(command, env=self.environment, stdout=subprocess.DEVNULL))

        milliseconds = self.hear(start)
        assert processes[0].wait() == 0
        time.sleep(CLOSING_SECONDS)
        return milliseconds

    def gap_after_chime(self) -> float:
        """Milliseconds of silence between the chime's last sample and the first of the speech."""
        heard = np.frombuffer(self.rig.captured()[self.heard_from :], np.int16)
        key = signal_key(Signal.CHIME, RATE_HZ, HORN)
        chime, _ = soundfile.read(self.store.path(key), dtype="int16")
        start = int(np.flatnonzero(heard)[0]) - int(np.flatnonzero(chime)[0])
        speech = heard[start + len(chime) :]
        newest = max(self.folder.glob("cache/clips/*/*.flac"), key=lambda path: path.stat().st_mtime)
        clip, _ = soundfile.read(newest, dtype="int16")
        lead = int(np.flatnonzero(clip)[0])
        return (int(np.flatnonzero(speech)[0]) - lead) / RATE_HZ * 1000

    def end(self) -> None:
        self.process.terminate()
        self.process.wait()


def _begun(answers: Iterator[Message]) -> Iterator[Message]:
    next(answers)
    return answers


@contextmanager
def bench(rig_name: str, idle_seconds: float) -> Iterator[Bench]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rig = PulseRig(folder) if rig_name == "pulse" else FakeRig(folder, compile_plugin(folder))
        try:
            running = Bench(folder, rig, idle_seconds)
            try:
                yield running
            finally:
                running.end()
        finally:
            rig.stop()


def unseen(number: int, length: int) -> str:
    """A line of so many characters that nobody has said yet."""
    name = NUMBERS[number // 10 % 10] + NUMBERS[number % 10]
    return (f"第{name}小组请到村委会大院里领取今年春天的农药化肥和良种补贴款")[:length]


def row(name: str, values: list[float], unit: str = "ms") -> None:
    spread = f"{min(values):.1f} | {max(values):.1f}"
    print(f"| {name} | {statistics.median(values):.1f} | {spread} | {unit} |", flush=True)


def measure_speed(rig: str, rounds: int) -> None:
    print("| to the first sample | median | least | most | |\n|---|---|---|---|---|")
    with bench(rig, idle_seconds=600) as box:
        list(box.say(CACHED, chime=False))
        time.sleep(CLOSING_SECONDS)
        clip = box.folder / "peer.wav"
        subprocess.run(
            box.command("render", CACHED, "--no-chime", "-o", str(clip)),
            env=box.environment,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        row("cached, asked at the door", [box.time_saying(CACHED, False) for _ in range(rounds)])
        row(
            "aplay", [box.time_command("aplay", "-q", "-D", "village", str(clip)) for _ in range(rounds)]
        )
        say = box.command("say", CACHED, "--no-chime")
        row("cached, the command `say`", [box.time_command(*say) for _ in range(rounds)])
        numbers = iter(range(100))
        for length in (8, 16, 25):
            times = [box.time_saying(unseen(next(numbers), length), False) for _ in range(rounds)]
            row(f"never seen, {length} characters, no chime, voice warm", times)
        chimes, gaps = [], []
        for _ in range(rounds):
            chimes.append(box.time_saying(unseen(next(numbers), 25), True))
            gaps.append(box.gap_after_chime())
        row("never seen, 25 characters, to the chime", chimes)
        row("... silence between the chime and the first word", gaps)


def measure_rest(rig: str, seconds: float) -> None:
    with bench(rig, idle_seconds=1) as box:
        list(box.say(CACHED, chime=False))
        main = psutil.Process(box.process.pid)
        while len(main.children()) > 1:
            time.sleep(0.2)
        time.sleep(3)
        (sound,) = main.children()
        before = [sum(process.cpu_times()[:2]) for process in (main, sound)]
        time.sleep(seconds)
        print("\n| at rest, voice child gone | main | sound child |\n|---|---|---|")
        print(
            "| resident, MB | "
            + " | ".join(f"{p.memory_info().rss / 1e6:.1f}" for p in (main, sound))
            + " |"
        )
        after = [sum(process.cpu_times()[:2]) for process in (main, sound)]
        shares = [(b - a) / seconds * 100 for a, b in zip(before, after, strict=True)]
        print("| processor, % of a core | " + " | ".join(f"{share:.2f}" for share in shares) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rig", choices=("pulse", "fake"), default="pulse")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--rest-seconds", type=float, default=30.0)
    arguments = parser.parse_args()
    measure_speed(arguments.rig, arguments.rounds)
    measure_rest(arguments.rig, arguments.rest_seconds)


if __name__ == "__main__":
    main()
