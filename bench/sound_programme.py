"""A long sound file on the air of a whole box: how soon it begins and what it costs, beside mpv.

scripts/bench sound_programme [--minutes 120] [--rounds 5] [--played-minutes 3]
The box runs as `broadcaster run` and mpv beside it, on a card that does not exist (tests/rig) and knows
when each sample sounded. The MP3 has 128 kbit/s: a minute of noise and tones, laid end to end. Processor
time is that of a file of `--played-minutes` heard to its end, of all processes; memory is their share of
what processes share (PSS), by how much of the long file has been made.
"""

import argparse
import math
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from rig.listening import Sound
from rig.rig import wait_until

from bench.box import CLOSING_SECONDS, Box, running_box
from bench.sound_path import PEERS, cost_of_peer, print_row
from bench.sounds import MEGABYTE, MIXED
from broadcaster.audio.pcm import SAMPLE_BYTES
from broadcaster.audio.sound_files.parts import FIRST_SECONDS, PART_SECONDS
from broadcaster.daemon.control_socket import ask
from broadcaster.studio.sound_library import SoundLibrary

# What a machine at load 20 needs to make two hours.
PATIENCE_SECONDS = 3600.0
MPV = PEERS.get("mpv")


def minute_of_sound(folder: Path) -> bytes:
    """Without a head that would say how long it is."""
    path = folder / "minute.mp3"
    source = ["-f", "lavfi", "-i", MIXED, "-t", "60", "-ac", "2"]
    bare = ["-c:a", "libmp3lame", "-b:a", "128k", "-write_xing", "0", "-id3v2_version", "0"]
    subprocess.run(["ffmpeg", "-v", "error", *source, *bare, str(path)], check=True)
    return path.read_bytes()


def long_file(folder: Path, minute: bytes, minutes: float) -> Path:
    path = folder / f"{minutes:g}.mp3"
    whole, rest = divmod(minutes, 1)
    path.write_bytes(minute * int(whole) + minute[: round(rest * len(minute))])
    return path


class Programme:
    """A sound of the box's library as a notice by itself."""

    def __init__(self, box: Box, path: Path) -> None:
        self._box = box
        self.sound = SoundLibrary(box.state).take([path.read_bytes()], path.name)

    @contextmanager
    def playing(self) -> Iterator[None]:
        """Until the end of the block."""
        self._say(wait=False)
        yield
        list(ask(self._box.state, {"do": "stop", "asked_by": "bench"}) or ())

    def anew(self) -> AbstractContextManager[None]:
        self.forget()
        return self.playing()

    def play(self) -> None:
        """To its end."""
        ended = self._say(wait=True)[-1]["ended"]
        assert ended["outcome"] == "PLAYED", ended

    def forget(self) -> None:
        """Take all that was made of it from the cache, so that it is heard for the first time again."""
        for clip in self._clips():
            clip.unlink(missing_ok=True)

    @property
    def made(self) -> float:
        """The share of it that is in the cache."""
        parts = 1 + math.ceil(max(self.sound.seconds - FIRST_SECONDS, 0) / PART_SECONDS)
        return sum(1 for _ in self._clips()) / parts

    def _clips(self) -> Iterator[Path]:
        """The box says nothing else, so that all clips are its."""
        return (self._box.store.folder / "clips").rglob("*.flac")

    def _say(self, wait: bool) -> list[dict[str, Any]]:
        piece = {"kind": "audio", "source": self.sound.key}
        notice = {"text": "", "chime": "none", "opening": "", "closing": "", "pieces": [piece]}
        request = {"do": "say", "notice": notice, "asked_by": "bench", "wait": wait}
        return list(ask(self._box.state, request) or ())


@contextmanager
def mpv_playing(box: Box, path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Until the end of the block, or of the file if that waits for it."""
    player = subprocess.Popen([*(MPV or []), str(path)], env=box.environment)
    try:
        yield player
    finally:
        player.terminate()
        player.wait()


def milliseconds_to_sound(box: Box, play: Callable[[], AbstractContextManager[object]]) -> float:
    """From asking to the first sample that is not silence; what plays is ended then."""
    before, asked_at = len(box.rig.captured()), time.monotonic()
    with play():
        wait_until(lambda: box.rig.captured()[before:].strip(b"\0"))
        heard = box.rig.captured()
        place = len(heard) - len(heard[before:].lstrip(b"\0"))
        milliseconds = (box.rig.village.heard_at(place // SAMPLE_BYTES) - asked_at) * 1000
    time.sleep(CLOSING_SECONDS)
    return milliseconds


def processes_of(box: Box) -> list[psutil.Process]:
    main = psutil.Process(box.process.pid)
    return [main, *main.children(recursive=True)]


def processor_seconds(box: Box) -> float:
    """Of main, of its children and of those that have ended."""
    return sum(sum(one.cpu_times()[:4]) for one in processes_of(box))


def shared_memory(box: Box) -> float:
    """MB, by the share of each process in what they share; of what ends meanwhile nothing."""
    sizes = []
    for one in processes_of(box):
        with suppress(psutil.Error):
            sizes.append(one.memory_full_info().pss)
    return sum(sizes) / MEGABYTE


def print_first_samples(box: Box, programme: Programme, path: Path, rounds: int) -> None:
    print_row(f"ms to the first sample, {programme.sound.seconds / 60:g} min", "median", "least", "most")
    print_row("---", "---", "---", "---")
    ways: dict[str, Callable[[], AbstractContextManager[object]]] = {
        "box, never heard before": programme.anew,
        "box, its beginning made": programme.playing,
    }
    if MPV:
        ways["mpv"] = partial(mpv_playing, box, path)
    turns = [
        {name: milliseconds_to_sound(box, play) for name, play in ways.items()} for _ in range(rounds)
    ]
    for name in ways:
        times = [turn[name] for turn in turns]
        figures = statistics.median(times), min(times), max(times)
        print_row(name, *(f"{figure:.0f}" for figure in figures))


def print_cost(box: Box, programme: Programme, path: Path, rounds: int) -> None:
    minutes = programme.sound.seconds / 60
    costs: dict[str, list[float]] = {"box, never heard before": [], "box, again": [], "mpv": []}
    for _ in range(rounds):
        programme.forget()
        for name in ("box, never heard before", "box, again"):
            before = processor_seconds(box)
            programme.play()
            costs[name].append((processor_seconds(box) - before) / minutes)
        if MPV:
            costs["mpv"].append(cost_of_peer(box.rig, MPV, Sound(path, b"")) / minutes)
    print()
    print_row("processor s for a minute heard", "median", "least", "most")
    print_row("---", "---", "---", "---")
    for name, seconds in costs.items():
        if seconds:
            figures = statistics.median(seconds), min(seconds), max(seconds)
            print_row(name, *(f"{figure:.2f}" for figure in figures))


def print_memory(box: Box, programme: Programme) -> None:
    programme.forget()
    print()
    print_row("made of the long file", "MB (PSS)")
    print_row("---", "---")
    print_row("nothing", f"{shared_memory(box):.1f}")
    with programme.playing():
        for share in (0.1, 0.25, 0.5, 0.75, 1.0):
            wait_until(partial(_is_made, programme, share), PATIENCE_SECONDS, look_seconds=0.5)
            print_row(f"{share:.0%}", f"{shared_memory(box):.1f}")


def _is_made(programme: Programme, share: float) -> bool:
    return programme.made >= share


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--played-minutes", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with running_box(idle_seconds=600) as box:
        minute = minute_of_sound(box.folder)
        short, long = (
            long_file(box.folder, minute, minutes)
            for minutes in (arguments.played_minutes, arguments.minutes)
        )
        programme = Programme(box, long)
        print_first_samples(box, programme, long, arguments.rounds)
        print_memory(box, programme)
        print_cost(box, Programme(box, short), short, arguments.rounds)


if __name__ == "__main__":
    main()
