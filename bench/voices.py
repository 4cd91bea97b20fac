"""Every ready voice: time to its first line, times real time, memory, right words, and how it is heard.

scripts/bench voices [--rounds 5] [--data FOLDER] [--samples FOLDER] [--voice NAME] [--horn]
Each voice speaks through the voice child as it does in the box: text front end, voice, mastering and
clips on disk. FOLDER and the samples are those of bench/words.py; --horn needs the extra `bench`. The
words are the same for all voices but those that read the text themselves (online ones, recordings).
"""

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from queue import SimpleQueue
from zoneinfo import ZoneInfo

from bench import horn
from bench.horn_channel import through_horn
from bench.words import cpp, our_normalise, our_spell, share, table
from broadcaster.audio.mastering_preset import FLAT, HORN
from broadcaster.core.clock import Clock
from broadcaster.core.errors import BroadcasterError
from broadcaster.core.model import Delivery, Made, Ready
from broadcaster.core.notice import Notice, Signal
from broadcaster.settings.schema import (
    LexiconSettings,
    PathSettings,
    Settings,
    VoicesSettings,
    load_lexicon,
    load_settings,
)
from broadcaster.studio.studio import Studio
from broadcaster.text.frontend import Frontend
from broadcaster.tts.catalogue import Catalogue
from broadcaster.tts.recorded.phrases import PHRASES

NOTICE = """\
供电所通知：3月15号早上6:00到晚上19:00，咱们村检修10千伏线路，全村停电。有事请打95598，或者村委会电话0317-5551234。
森林火险橙色预警！清明期间严禁上坟烧纸、燃放鞭炮，发现火情请立即拨打12119。
2026年城乡居民医保开始缴费了，每人每年400元，12月31日截止，60岁以上老人可以让孩子在手机上代缴，服务热线12393。
"""


THREADS = (1, 2)


class Unable(Exception):
    """A voice that cannot say the notice."""


@contextmanager
def studio(voices_folder: Path, threads: int) -> Iterator[tuple[Studio, Path]]:
    """A studio and its cache."""
    with tempfile.TemporaryDirectory() as folder:
        paths = PathSettings(
            audio_cache=Path(folder, "cache"), state=Path(folder, "state"), voices=voices_folder
        )
        settings = Settings(paths=paths, voices=VoicesSettings(threads=threads))
        running = Studio(settings, LexiconSettings(), Clock(ZoneInfo("Asia/Shanghai")))
        try:
            yield running, paths.audio_cache
        finally:
            running.close()


def make_live(running: Studio, notice: Notice) -> tuple[float, float, float]:
    """Seconds to the first sound and to the whole, and the seconds of sound."""
    inbox: SimpleQueue[tuple[float, Delivery]] = SimpleQueue()
    started_at = time.monotonic()
    with running.make(running.settle(notice), lambda reply: inbox.put((time.monotonic(), reply))):
        made_at, delivery = inbox.get()
        first_at = made_at
        while isinstance(delivery, Ready):
            made_at, delivery = inbox.get()
    if not isinstance(delivery, Made) or delivery.programme.voice != notice.voice:
        raise Unable
    return first_at - started_at, made_at - started_at, delivery.programme.seconds


def peak_megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1000


def said_by(voice: str) -> Notice:
    """Recordings say what was recorded and nothing else."""
    text = next(iter(PHRASES)) if voice.startswith("recorded:") else NOTICE
    return Notice(text, voice=voice, chime=Signal.NONE, opening="", closing="")


def measure(voices_folder: Path, voice: str, rounds: int) -> list[str]:
    """First sound, once warm, and times real time by threads; peak memory."""
    firsts, shares, peaks = [], [], []
    for threads in THREADS:
        with studio(voices_folder, threads) as (running, cache):
            make_live(running, said_by(voice))
            made = []
            for _ in range(rounds):
                shutil.rmtree(cache)
                made.append(make_live(running, said_by(voice)))
            firsts.append(statistics.median(first * 1000 for first, _, _ in made))
            shares.append(statistics.median(whole / seconds for _, whole, seconds in made))
            peaks.append(peak_megabytes(running.child_pid or 0))
    speeds = [f"{value:.3f}" for value in shares]
    return [f"{min(firsts):.0f}", *speeds, f"{max(peaks):.0f}"]


def right_words(samples: Path, data: Path | None) -> tuple[str, str]:
    """Shares of the numbers and of the polyphones that are read right, in %."""
    cases = list(table(samples / "numbers_spoken.tsv"))
    numbers = share(case.is_said_about(our_normalise(case.written)) for case in cases) if cases else "-"
    marked = list(cpp(data, "test")) if data else []
    spell = our_spell(Frontend(LexiconSettings()))
    return numbers, share(spell(one) == one.reading for one in marked) if marked else "-"


def heard(voices_folder: Path, voices: list[str]) -> dict[str, list[str]]:
    """Syllables heard wrong, in %: clean, and through the horn as it comes and mastered for it."""
    from bench.recogniser import Recogniser

    reader, catalogue = Frontend(load_lexicon()), Catalogue(voices_folder, 2)
    found = {}
    with Recogniser(2) as recogniser:
        for name in voices:
            voice = catalogue.open(name)
            sentences = list(horn.speak(reader, voice))
            count = sum(len(sentence.syllables) for sentence in sentences)
            flat = [horn.master(sentence, voice, FLAT) for sentence in sentences]
            loud = [horn.master(sentence, voice, HORN) for sentence in sentences]
            ways = (
                flat,
                [through_horn(each, 0) for each in flat],
                [through_horn(each, 0) for each in loud],
            )
            wrong = [
                sum(
                    horn.wrong(reader, sentence.syllables, recogniser.hear(sound))
                    for sentence, sound in zip(sentences, sounds, strict=True)
                )
                for sounds in ways
            ]
            found[name] = [f"{100 * each / count:.1f}" for each in wrong]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--samples", type=Path, default=Path(__file__).parents[2] / "shared" / "samples")
    parser.add_argument("--voice", help="this one alone")
    parser.add_argument("--horn", action="store_true", help="also by a speech recogniser")
    given = parser.parse_args()

    folder = load_settings().paths.voices
    ready = [entry.name for entry in Catalogue(folder, 1).entries() if entry.ready]
    voices = [name for name in ready if given.voice in (None, name)]
    words = right_words(given.samples, given.data)
    speakers = [name for name in voices if name.startswith(("baker:", "sherpa:", "espeak:"))]
    errors = heard(folder, speakers) if given.horn else {}
    print(
        "| voice | first line, ms | x real time, 1 thread | 2 threads | peak MB | numbers right, % |",
        end="",
    )
    print(" polyphones right, % | wrong syllables, %: clean | horn, flat | horn, mastered |")
    print("|---" * 10 + "|")
    for name in voices:
        try:
            figures = measure(folder, name, given.rounds)
        except (BroadcasterError, Unable):
            figures = ["-"] * 4
        own_words = name.startswith(("recorded:", "edge:"))
        cells = chain(figures, ("-", "-") if own_words else words, errors.get(name, ["-"] * 3))
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
