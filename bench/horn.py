"""Mastering through a simulated horn: how many syllables a recogniser gets wrong, preset by preset.

pip install -e '.[test,bench]' && scripts/bench horn [--rounds 2] [--threads 1]
The sentences of bench/sentences.txt, by the offline voice. Syllables are compared without tones: the
recogniser writes characters and guesses among those that sound alike. Each round has other noise.
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from bench.horn_channel import RATE_HZ, Sound, loudness, through_horn
from bench.recogniser import Recogniser
from broadcaster.audio.mastering import Mastering
from broadcaster.audio.mastering_preset import COLUMN, FLAT, HORN, Preset
from broadcaster.core.errors import TextRefused
from broadcaster.core.model import Line, Waveform
from broadcaster.settings.schema import load_lexicon, load_settings
from broadcaster.text.frontend import Frontend
from broadcaster.tts.base.voice import Voice
from broadcaster.tts.catalogue import Catalogue

SENTENCES = Path(__file__).with_name("sentences.txt")
STATION_RATE_HZ = 48_000
# What loudness does alone, without filter and compressor.
LOUD_FLAT = replace(FLAT, name="flat, as loud as horn", make_up_db=HORN.target_lufs - FLAT.target_lufs)
# Said and written either way.
SAME = {"yao": "yi", "liang": "er"}


@dataclass(frozen=True)
class Sentence:
    """What should be heard, and its lines as the voice made them, each with the pause after it."""

    syllables: list[str]
    lines: list[tuple[Waveform, float]]


def speak(reader: Frontend, voice: Voice) -> Iterator[Sentence]:
    for text in SENTENCES.read_text(encoding="utf-8").splitlines():
        lines = reader.lines(text)
        sounds = [np.concatenate([piece.samples for piece in voice.speak(line)]) for line in lines]
        yield Sentence(
            toneless(lines),
            [
                (Waveform(sound, voice.rate_hz), line.pause_seconds)
                for sound, line in zip(sounds, lines, strict=True)
            ],
        )


def toneless(lines: tuple[Line, ...]) -> list[str]:
    names = (name for line in lines for each in line.syllables for name in each.sounded.split())
    return [SAME.get(name.rstrip("12345"), name.rstrip("12345")) for name in names]


def master(sentence: Sentence, voice: Voice, preset: Preset) -> Sound:
    """As it would go on the air, at 16 kHz."""
    parts: list[NDArray[np.int16]] = []
    for waveform, pause_seconds in sentence.lines:
        mastering = Mastering(voice.rate_hz, STATION_RATE_HZ, voice.level_lufs, preset)
        parts += [mastering.process(waveform), mastering.finish()]
        parts.append(np.zeros(round(pause_seconds * STATION_RATE_HZ), np.int16))
    sound: Sound = soxr.resample(np.concatenate(parts) / 32768, STATION_RATE_HZ, RATE_HZ)
    return sound


def wrong(reader: Frontend, said: list[str], heard: str) -> int:
    """Syllables inserted, left out or taken for others, at most all of them."""
    try:
        got = toneless(reader.lines(heard))
    except TextRefused:
        return len(said)
    row = list(range(len(got) + 1))
    for place, syllable in enumerate(said, 1):
        row = _next_row(row, place, [syllable != other for other in got])
    return min(row[-1], len(said))


def _next_row(above: list[int], start: int, differs: list[bool]) -> list[int]:
    """One row of the table of Levenshtein distances."""
    row = [start]
    for (diagonal, over), other in zip(pairwise(above), differs, strict=True):
        row.append(min(diagonal + other, over + 1, row[-1] + 1))
    return row


def print_row(name: str, sounds: list[Sound], said: list[list[str]], errors: list[int]) -> None:
    counts = [len(syllables) for syllables in said]
    shares = [100 * number / count for number, count in zip(errors, counts, strict=True)]
    level = statistics.median(map(loudness, sounds))
    print(
        f"| {name} | {level:.1f} | {100 * sum(errors) / sum(counts):.1f} | "
        f"{statistics.median(shares):.1f} | {sum(share == 0 for share in shares)}/{len(shares)} |",
        flush=True,
    )


def measure_errors(
    reader: Frontend, voice: Voice, sentences: list[Sentence], rounds: int, threads: int
) -> None:
    print("| heard | LUFS | syllables wrong, % | median of sentences, % | sentences whole |")
    print("|---|---|---|---|---|")
    with Recogniser(threads) as recogniser:

        def row(name: str, sounds: list[Sound], heard: list[Sound]) -> None:
            said = [sentence.syllables for sentence in sentences]
            said *= len(heard) // len(said)
            errors = [
                wrong(reader, syllables, recogniser.hear(sound))
                for syllables, sound in zip(said, heard, strict=True)
            ]
            print_row(name, sounds, said, errors)

        clean = [master(sentence, voice, FLAT) for sentence in sentences]
        row("clean", clean, clean)
        for preset in (FLAT, LOUD_FLAT, COLUMN, HORN):
            sounds = [master(sentence, voice, preset) for sentence in sentences]
            row(
                f"through the horn, {preset.name}",
                sounds,
                [through_horn(sound, seed) for seed in range(rounds) for sound in sounds],
            )


def measure_cost(voice: Voice, sentences: list[Sentence]) -> None:
    """Processor time of mastering by the second of speech; the least of five runs."""
    waveforms = [waveform for sentence in sentences for waveform, _ in sentence.lines]
    print("\n| mastering | x real time, one core |\n|---|---|")
    for preset in (FLAT, COLUMN, HORN):
        spent = []
        for _ in range(5):
            started = time.process_time()
            for waveform in waveforms:
                mastering = Mastering(voice.rate_hz, STATION_RATE_HZ, voice.level_lufs, preset)
                mastering.process(waveform)
                mastering.finish()
            spent.append(time.process_time() - started)
        print(f"| {preset.name} | {min(spent) / sum(each.seconds for each in waveforms):.4f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--sentences", type=int, help="so many of them; all without it")
    parser.add_argument("--cost-alone", action="store_true", help="without a recogniser")
    arguments = parser.parse_args()
    reader, settings = Frontend(load_lexicon()), load_settings()
    voice = Catalogue(settings.paths.voices, 1).open("baker:female")
    sentences = list(islice(speak(reader, voice), arguments.sentences))
    if not arguments.cost_alone:
        measure_errors(reader, voice, sentences, arguments.rounds, arguments.threads)
    measure_cost(voice, sentences)


if __name__ == "__main__":
    main()
