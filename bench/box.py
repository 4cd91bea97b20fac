"""The whole box: from a request to the loudspeaker, and what it costs at rest, beside aplay.

scripts/bench box [--rounds 10] [--rest-seconds 30]
The box runs as `broadcaster run` on a card that does not exist (tests/rig), which knows when each sample
sounded; requests go through the local door, as the command `say` sends them.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import soundfile
import yaml
from rig.rig import FakeRig, compile_plugin

from broadcaster.audio.clip_key import signal_key
from broadcaster.audio.clip_store import ClipStore
from broadcaster.audio.mastering_preset import HORN
from broadcaster.core.notice import Signal
from broadcaster.daemon.control_socket import ask

RATE_HZ = 48_000
CACHED = "请大家注意用电安全。"
NUMBERS = "一二三四五六七八九十"
# After an item the card is closed; a request that finds it open would wait behind its buffer.
CLOSING_SECONDS = 0.5
LISTENING_SECONDS = 1.5


class Box:
    """A running box, with a config folder and a card of its own."""

    def __init__(self, folder: Path, idle_seconds: float) -> None:
        self.rig = FakeRig(folder, compile_plugin(folder))
        self.folder = folder
        self.state = folder / "state"
        self.store = ClipStore(folder / "cache")
        settings = {
            "web": {"host": "127.0.0.1", "port": 0},
            "sound": {"linger_seconds": 0, "volume_by_hour": []},
            "quiet": {"hours": []},
            "clock": {"wait_minutes": 0},
            "voices": {"idle_seconds": idle_seconds},
            "paths": {"audio_cache": str(folder / "cache"), "state": str(self.state)},
        }
        (folder / "broadcaster.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
        (folder / "timetable.yaml").write_text("slots: []", encoding="utf-8")
        self.environment = {**os.environ, **self.rig.environment}
        started_at = time.monotonic()
        self.log = folder / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                self.command("run"), env=self.environment, stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self.process.stdout
        self.lines = []
        for line in self.process.stdout:
            self.lines.append(line.strip())
            if "一次性代码" in line:
                break
        self.start_seconds = time.monotonic() - started_at

    @property
    def address(self) -> str:
        """Of its page."""
        return next(line for line in self.lines if "手机页面：" in line).split("：", 1)[1]

    @property
    def code(self) -> str:
        """What makes the first account."""
        return self.lines[-1][-8:]

    @property
    def ran_dry(self) -> int:
        """How often the card had nothing more to play in the middle of something; told at its close."""
        return sum(map(int, re.findall(r"断了 (\d+) 次声", self.log.read_text())))

    def command(self, *arguments: str) -> list[str]:
        return [
            sys.executable,
            "-m",
            "broadcaster.commands.cli",
            "--config",
            str(self.folder),
            *arguments,
        ]

    def say(self, text: str, chime: bool) -> None:
        """Have a text said, and wait for its end."""
        request = {
            "do": "say",
            "notice": {"text": text, "chime": "chime" if chime else "none"},
            "asked_by": "bench",
            "wait": True,
        }
        ended = list(ask(self.state, request) or ())[-1]["ended"]
        assert ended["outcome"] == "PLAYED", ended

    def begin(self, text: str) -> None:
        """Have a long text said, and stop it soon: only its beginning is looked at."""
        notice = {"text": text, "chime": "none"}
        list(ask(self.state, {"do": "say", "notice": notice, "asked_by": "bench", "wait": False}) or ())
        time.sleep(LISTENING_SECONDS)
        list(ask(self.state, {"do": "stop", "asked_by": "bench"}) or ())

    def call(self, *command: str) -> None:
        subprocess.run(command, env=self.environment, stdout=subprocess.DEVNULL, check=True)

    def time(self, play: Callable[[], None]) -> float:
        """Milliseconds from asking to the first sample on the card that is not silence."""
        before = len(self.rig.captured())
        asked_at = time.monotonic()
        play()
        time.sleep(CLOSING_SECONDS)
        self.heard = np.frombuffer(self.rig.captured()[before:], np.int16)
        place = before // 2 + int(np.flatnonzero(self.heard)[0])
        return (self.rig.village.heard_at(place) - asked_at) * 1000

    def gap_after_chime(self) -> float:
        """Milliseconds of silence between the chime and the line that was said last."""
        key = signal_key(Signal.CHIME, RATE_HZ, HORN)
        chime, _ = soundfile.read(self.store.path(key), dtype="int16")
        clips = self.folder.glob("cache/clips/*/*.flac")
        line, _ = soundfile.read(max(clips, key=lambda path: path.stat().st_mtime), dtype="int16")
        chime_end = _first_sound(self.heard) - _first_sound(chime) + len(chime)
        line_start = chime_end + _first_sound(self.heard[chime_end:]) - _first_sound(line)
        return (line_start - chime_end) / RATE_HZ * 1000


def _first_sound(samples: np.ndarray) -> int:
    return int(np.flatnonzero(samples)[0])


@contextmanager
def running_box(idle_seconds: float) -> Iterator[Box]:
    with tempfile.TemporaryDirectory() as folder:
        box = Box(Path(folder), idle_seconds)
        try:
            yield box
        finally:
            box.process.terminate()
            box.process.wait()


def unseen(number: int, length: int) -> str:
    """A line of so many characters that nobody has said yet."""
    name = NUMBERS[number // 10 % 10] + NUMBERS[number % 10]
    line = f"第{name}小组请到村委会大院里领取今年春天的农药化肥和良种补贴款"
    return (line + "，请大家互相转告" * (length // 8))[:length]


def row(name: str, values: list[float]) -> None:
    nearly_most = sorted(values)[round(0.95 * (len(values) - 1))]
    figures = statistics.median(values), min(values), nearly_most, max(values)
    print(f"| {name} | " + " | ".join(f"{value:.1f}" for value in figures) + " |", flush=True)


def measure_speed(rounds: int) -> None:
    print("| ms to the first sample | median | least | p95 | most |\n|---|---|---|---|---|")
    with running_box(idle_seconds=600) as box:
        clip = str(box.folder / "peer.wav")
        box.call(*box.command("render", CACHED, "--no-chime", "-o", clip))
        ways: dict[str, Callable[[], None]] = {
            "cached, asked at the door": lambda: box.say(CACHED, False),
            "aplay": lambda: box.call("aplay", "-q", "-D", "village", clip),
            "cached, the command `say`": lambda: box.call(*box.command("say", CACHED, "--no-chime")),
        }
        # In turn: each finds the machine as the others do, and a process that has just run is quicker.
        turns = [{name: box.time(play) for name, play in ways.items()} for _ in range(rounds)]
        for name in ways:
            row(name, [turn[name] for turn in turns])
        box.say("村民你好。", False)
        numbers = iter(range(1_000))
        for length in (8, 10, 16, 25, 1_000):
            texts = [unseen(next(numbers), length) for _ in range(rounds)]
            say = box.begin if length > 100 else partial(box.say, chime=False)
            times = [box.time(partial(say, text)) for text in texts]
            row(f"never seen, {length} characters, no chime, voice warm", times)
        chimes, gaps = [], []
        for _ in range(rounds):
            chimes.append(box.time(partial(box.say, unseen(next(numbers), 25), True)))
            gaps.append(box.gap_after_chime())
        row("never seen, 25 characters, to the chime", chimes)
        row("silence between that chime and the first word", gaps)


def measure_rest(seconds: float) -> None:
    with running_box(idle_seconds=1) as box:
        box.say(CACHED, False)
        main = psutil.Process(box.process.pid)
        # The sound child, and who watches main.
        while len(main.children()) > 2:
            time.sleep(0.2)
        processes = [main, *main.children()]
        before = [sum(process.cpu_times()[:2]) for process in processes]
        time.sleep(seconds)
        after = [sum(process.cpu_times()[:2]) for process in processes]
        shares = [(b - a) / seconds * 100 for a, b in zip(before, after, strict=True)]
        megabytes = [process.memory_info().rss / 1e6 for process in processes]
        print("\n| at rest, voice child gone | main | sound child | who watches |\n|---|---|---|---|")
        print("| resident, MB | " + " | ".join(f"{value:.1f}" for value in megabytes) + " |")
        print("| processor, % of a core | " + " | ".join(f"{value:.2f}" for value in shares) + " |")
        print(f"| a second start, s to its page | {box.start_seconds:.2f} | | |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--rest-seconds", type=float, default=30.0)
    arguments = parser.parse_args()
    measure_speed(arguments.rounds)
    measure_rest(arguments.rest_seconds)


if __name__ == "__main__":
    main()
