"""From a request to the loudspeaker: how soon, and at what cost, beside aplay and mpv.

scripts/bench sound_path [--rounds 15] [--seconds 60]
All players play the same file through the same card that does not exist (tests/rig).
"""

import argparse
import functools
import os
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import psutil
from rig.listening import Listener, Sound, child_of, make_sound, wait_until_closed
from rig.rig import FakeRig, compile_plugin, wait_until

from broadcaster.audio.pcm import SAMPLE_BYTES
from broadcaster.playout.device.child_device import open_device
from broadcaster.playout.device.device_contract import Device, Ended
from broadcaster.settings.schema import SoundSettings

# A player that is not installed is left out.
KNOWN_PEERS = {
    "aplay": ["aplay", "-q", "-D", "village"],
    "mpv": ["mpv", "--no-video", "--no-config", "--ao=alsa", "--really-quiet"],
}
PEERS = {name: command for name, command in KNOWN_PEERS.items() if shutil.which(name)}


@contextmanager
def open_listener(rig: FakeRig, linger_seconds: float) -> Iterator[Listener]:
    settings = SoundSettings(linger_seconds=linger_seconds)
    with closing(open_device(settings, rig.folder, environment=rig.environment)) as device:
        listener = Listener(device)
        listener.speak("warm", make_sound(rig.folder / "warm.flac", 0.05))
        yield listener


def milliseconds_to_sound(rig: FakeRig, sound: Sound, play: Callable[[], object]) -> float:
    """From asking to the moment when the card's clock played the first sample of the file."""
    before = len(rig.captured())
    asked_at = time.monotonic()
    play()
    wait_until(lambda: sound.pcm in rig.captured()[before:])
    place = rig.captured().find(sound.pcm, before) // SAMPLE_BYTES
    return (rig.village.heard_at(place) - asked_at) * 1000


def time_device(rig: FakeRig, sound: Sound, rounds: int, linger_seconds: float) -> list[float]:
    times = []
    with open_listener(rig, linger_seconds) as listener:
        for number in range(rounds):
            if not linger_seconds:
                wait_until_closed(listener)
            times.append(
                milliseconds_to_sound(rig, sound, functools.partial(listener.speak, f"{number}", sound))
            )
    return times


def time_peer(rig: FakeRig, command: list[str], sound: Sound, rounds: int) -> list[float]:
    def play() -> None:
        start_peer(rig, command, sound).wait()

    return [milliseconds_to_sound(rig, sound, play) for _ in range(rounds)]


def time_fades(rig: FakeRig, sound: Sound, rounds: int) -> list[float]:
    """From the order to fade until the last sample that is not silence."""
    times = []

    def has_sounded_since(before: int) -> bool:
        return len(rig.captured()) > before + len(sound.pcm) // 2

    with open_listener(rig, linger_seconds=0.0) as listener:
        for number in range(rounds):
            before = len(rig.captured())
            listener.device.begin(f"{number}")
            listener.device.play(sound.path)
            wait_until(partial(has_sounded_since, before))
            asked_at = time.monotonic()
            listener.device.fade_out()
            listener.ended(f"{number}")
            wait_until_closed(listener)
            place = len(rig.captured().rstrip(b"\0")) // SAMPLE_BYTES
            times.append((rig.village.heard_at(place) - asked_at) * 1000)
    return times


def start_peer(rig: FakeRig, command: list[str], sound: Sound) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([*command, str(sound.path)], env={**os.environ, **rig.environment})


def processor_seconds(*processes: psutil.Process) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def play_without_looking(device: Device, sound: Sound) -> None:
    """Play a file and wait for its end without a cost of one's own."""
    over = threading.Event()
    device.on_report = lambda report: over.set() if isinstance(report, Ended) else None
    device.begin("long")
    device.play(sound.path)
    device.finish()
    over.wait()


def cost_of_device(rig: FakeRig, sound: Sound, idle_seconds: float) -> dict[str, float]:
    """Processor seconds of the child and of this process, which stands for the box; memory."""
    with open_listener(rig, linger_seconds=0.0) as listener:
        child, box = psutil.Process(child_of(listener)), psutil.Process()
        wait_until_closed(listener)
        figures = {"rest_mb": child.memory_info().rss / 1e6}
        before = processor_seconds(child)
        time.sleep(idle_seconds)
        figures["idle_percent"] = (processor_seconds(child) - before) / idle_seconds * 100
        before = processor_seconds(child, box)
        play_without_looking(listener.device, sound)
        figures["play_seconds"] = processor_seconds(child, box) - before
        figures["play_mb"] = child.memory_info().rss / 1e6
    return figures


def cost_of_peer(rig: FakeRig, command: list[str], sound: Sound) -> float:
    player = start_peer(rig, command, sound)
    _, _, usage = os.wait4(player.pid, 0)
    player.returncode = 0
    return usage.ru_utime + usage.ru_stime


def print_row(*cells: object) -> None:
    print("| " + " | ".join(str(cell) for cell in cells) + " |")


def print_latency(rig: FakeRig, rounds: int) -> None:
    sound = make_sound(rig.folder / "short.wav", 0.5)
    results = {
        "box, card closed": time_device(rig, sound, rounds, linger_seconds=0.0),
        "box, card still open": time_device(rig, sound, rounds, linger_seconds=5.0),
    }
    for name, command in PEERS.items():
        results[name] = time_peer(rig, command, sound, rounds)
    print_times("request to first sample", results)
    print()
    long = make_sound(rig.folder / "fading.wav", 2.0)
    print_times("order to fade until silence", {"box": time_fades(rig, long, rounds)})


def print_times(title: str, results: dict[str, list[float]]) -> None:
    print_row(title, "median ms", "least", "most")
    print_row("---", "---", "---", "---")
    for name, times in results.items():
        print_row(
            name, *(f"{value:.1f}" for value in (statistics.median(times), min(times), max(times)))
        )


def print_cost(rig: FakeRig, seconds: float, idle_seconds: float) -> None:
    sound = make_sound(rig.folder / "long.flac", seconds)
    figures = cost_of_device(rig, sound, idle_seconds)
    print_row(f"to play {seconds:.0f} s", "processor s")
    print_row("---", "---")
    print_row("box (sound child and the device's side in main)", f"{figures['play_seconds']:.2f}")
    if "mpv" in PEERS:
        print_row("mpv", f"{cost_of_peer(rig, PEERS['mpv'], sound):.2f}")
    print()
    print_row("sound child", "")
    print_row("---", "---")
    print_row("resident at rest, MB", f"{figures['rest_mb']:.1f}")
    print_row("resident playing, MB", f"{figures['play_mb']:.1f}")
    print_row("processor at rest, % of a core", f"{figures['idle_percent']:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--idle-seconds", type=float, default=10.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rig = FakeRig(Path(folder), compile_plugin(Path(folder)))
        print_latency(rig, arguments.rounds)
        print()
        print_cost(rig, arguments.seconds, arguments.idle_seconds)


if __name__ == "__main__":
    main()
