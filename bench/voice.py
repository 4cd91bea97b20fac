"""The making of speech: times real time, first sound and memory, beside espeak-ng where it is installed.

python bench/voice.py [--rounds 5]
The voice child runs as it does in the box: text front end, voice, mastering and clips on disk.
"""

import argparse
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from zoneinfo import ZoneInfo

from broadcaster.clock import Clock
from broadcaster.model import Delivery, Made, Notice, Ready, Signal
from broadcaster.settings import LexiconSettings, PathSettings, Settings, VoicesSettings
from broadcaster.studio import Studio

NOTICE = """\
供电所通知：3月15号早上6:00到晚上19:00，咱们村检修10千伏线路，全村停电。有事请打95598，或者村委会电话0317-5551234。
森林火险橙色预警！清明期间严禁上坟烧纸、燃放鞭炮，发现火情请立即拨打12119。
2026年城乡居民医保开始缴费了，每人每年400元，12月31日截止，60岁以上老人可以让孩子在手机上代缴，服务热线12393。
"""


@contextmanager
def studio(threads: int) -> Iterator[tuple[Studio, Path]]:
    """A studio and its cache."""
    with tempfile.TemporaryDirectory() as folder:
        paths = PathSettings(audio_cache=Path(folder, "cache"), state=Path(folder, "state"))
        settings = Settings(paths=paths, voices=VoicesSettings(threads=threads))
        running = Studio(settings, LexiconSettings(), Clock(ZoneInfo("Asia/Shanghai")))
        try:
            yield running, paths.audio_cache
        finally:
            running.close()


def make_live(running: Studio, text: str) -> tuple[float, float, float]:
    """Seconds to the first sound and to the whole, and the seconds of sound."""
    inbox: SimpleQueue[tuple[float, Delivery]] = SimpleQueue()
    started_at = time.monotonic()
    notice = Notice(text, chime=Signal.NONE)
    with running.make(notice, lambda reply: inbox.put((time.monotonic(), reply))):
        first_at, delivery = inbox.get()
        while isinstance(delivery, Ready):
            made_at, delivery = inbox.get()
    assert isinstance(delivery, Made), delivery
    return first_at - started_at, made_at - started_at, delivery.programme.seconds


def peak_megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1000


def measure(threads: int, rounds: int) -> None:
    with studio(threads) as (running, cache):
        cold, _, _ = make_live(running, "村民你好。")
        firsts, shares = [], []
        for _ in range(rounds):
            shutil.rmtree(cache)
            first, whole, seconds = make_live(running, NOTICE)
            firsts.append(first * 1000)
            shares.append(whole / seconds)
        pid = running.child_pid
        assert pid
        print(
            f"| baker:female, {threads} threads | {statistics.median(shares):.3f} | "
            f"{statistics.median(firsts):.0f} | {cold * 1000:.0f} | {peak_megabytes(pid):.0f} |",
            flush=True,
        )


def measure_espeak(rounds: int) -> None:
    if shutil.which("espeak-ng") is None:
        return
    shares = []
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder, "sound.wav")
        for _ in range(rounds):
            started_at = time.monotonic()
            subprocess.run(["espeak-ng", "-v", "cmn", "-w", str(sound), NOTICE], check=True)
            whole = time.monotonic() - started_at
            shares.append(whole / (sound.stat().st_size / 2 / 22_050))
    print(f"| espeak-ng, as a command | {statistics.median(shares):.3f} | - | - | - |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    print("| voice | x real time | first sound, ms | cold, ms | peak MB |\n|---|---|---|---|---|")
    for threads in (1, 2):
        measure(threads, rounds)
    measure_espeak(rounds)


if __name__ == "__main__":
    main()
