"""The offline voice `baker:female`: FastSpeech2 makes the mel frames, MB-MelGAN the sound."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from broadcaster.core.beat_timing import Timing
from broadcaster.core.errors import LineRefused
from broadcaster.core.model import Line, Waveform
from broadcaster.tts.baker.acoustic import Acoustic, Durations, LineTooLong, Samples
from broadcaster.tts.baker.mel_timing import lay_out
from broadcaster.tts.baker.symbols import REVISION, BakerSymbols
from broadcaster.tts.baker.vowel_onsets import consonant_onset, vowel_onsets
from broadcaster.tts.base.voice import Voice
from broadcaster.tts.base.voice_folder import VoiceDamaged, check_files, damaged, read_description

SYMBOLS_FILE = "symbols.json"

HOP = 300  # samples per frame at 24 kHz
FRAME_SECONDS = 0.0125
# 40 frames let the first sound out early, the 80 that 96 add are there before it is over on a slow board
# too; with 160 behind them the least is made twice over lines of 5 to 30 characters.
WINDOWS = (40, 96, 160)
OVERLAP_FRAMES = 16  # joins 72 dB below the sound; 12 frames 42 dB, 8 frames 38 dB
LEAD_FRAMES = 8  # 0.1 s


class BakerVoice(Voice):
    """A loaded voice; loading takes 0.15 s, its first line 0.05 s more than later ones."""

    name = "baker:female"
    rate_hz = 24_000
    level_lufs = -21.9  # median of 22 lines of notices, -23.3 to -20.4

    def __init__(self, folder: Path, threads: int) -> None:
        """Raises `VoiceUnavailable` when a file in `folder` is missing or damaged."""
        try:
            description = read_description(folder)
            check_files(folder, description)
            self._symbols = BakerSymbols(folder / SYMBOLS_FILE)
            with _quiet_stderr():
                self._acoustic = Acoustic(folder, threads)
                self._vocoders = {
                    window: Vocoder(folder / vocoder_file(window), threads) for window in WINDOWS
                }
        except (VoiceDamaged, OSError, ValueError, RuntimeError, KeyError) as error:
            raise damaged("baker") from error
        self.version = f"{description.version}.{REVISION}"

    def speak(self, line: Line, pace: float = 1.0) -> Iterator[Waveform]:
        coarse, durations = self._coarse(line, pace)
        spoken = _spoken_part(durations)
        mel = coarse[:0]
        for window in plan_windows(spoken.stop - spoken.start):
            first, end = spoken.start + len(mel), spoken.start + window.start + window.size
            more = self._acoustic.refined(coarse, first, min(end, spoken.stop))
            mel = np.concatenate([mel, more])
            yield Waveform(self._vocode(mel, window), self.rate_hz)

    def speak_on_beats(self, line: Line, timing: Timing) -> Iterator[Waveform]:
        coarse, durations = self._coarse(line, 1.0)
        mel = self._acoustic.refined(coarse, 0, _spoken_part(durations).stop)
        ends = np.cumsum(durations) * FRAME_SECONDS
        finals = [float(ends[place - 1]) for place in self._symbols.finals(line)]
        # Sounded once as it comes, to hear where the vowels are; the model's durations do not say.
        draft = np.concatenate([self._vocode(mel, window) for window in plan_windows(len(mel))])
        onsets = vowel_onsets(draft, self.rate_hz, finals, len(mel) * FRAME_SECONDS)
        consonant = consonant_onset(draft, self.rate_hz, onsets[0])
        laid = lay_out(
            mel,
            consonant / FRAME_SECONDS,
            [seconds / FRAME_SECONDS for seconds in onsets],
            [seconds / FRAME_SECONDS for seconds in timing.onsets],
            timing.end_seconds / FRAME_SECONDS,
        )
        for window in plan_windows(len(laid)):
            yield Waveform(self._vocode(laid, window), self.rate_hz)

    def frames(self, line: Line, pace: float = 1.0) -> Samples:
        """The line as frames of 12.5 ms by 80 mel bands. Raises `LineRefused`."""
        coarse, durations = self._coarse(line, pace)
        spoken = _spoken_part(durations)
        return self._acoustic.refined(coarse, spoken.start, spoken.stop)

    def _coarse(self, line: Line, pace: float) -> tuple[Samples, Durations]:
        """The line as the decoder makes it, and how many of the frames each symbol takes."""
        if not line.syllables:
            raise LineRefused(f"这一行没有可读的字：{line.written}")
        try:
            return self._acoustic.coarse(self._symbols.numbers(line), pace)
        except LineTooLong as error:
            raise LineRefused(f"这一行太长，请用标点分开：{line.written}") from error

    def _vocode(self, mel: Samples, window: "Window") -> Samples:
        frames = mel[window.start : window.start + window.size]
        padded = np.pad(frames, ((0, window.size - len(frames)), (0, 0)), mode="edge")
        sound = self._vocoders[window.size].sound(padded)
        wanted = sound[(window.first - window.start) * HOP : (window.end - window.start) * HOP]
        return np.clip(wanted, -1.0, 1.0)


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """LiteRT greets in English, from native code, at every load; no setting of its own silences it."""
    stderr = os.dup(2)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


def _spoken_part(durations: Durations) -> slice:
    """From shortly before the first sound to the end of the last break.

    The model is silent for up to 0.24 s first, and at its end mark it utters 0.1 s of something at
    -20 dB after many lines.
    """
    return slice(max(0, int(durations[0]) - LEAD_FRAMES), int(durations[:-2].sum()))


class Vocoder:
    """MB-MelGAN fixed to one number of frames, planned once."""

    def __init__(self, path: Path, threads: int) -> None:
        self._interpreter = Interpreter(model_path=str(path), num_threads=threads)
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]
        self._interpreter.allocate_tensors()

    def sound(self, mel: Samples) -> Samples:
        """As many frames as it is fixed to in, 300 samples for each out."""
        self._interpreter.set_tensor(self._input, mel[np.newaxis])
        self._interpreter.invoke()
        sound: Samples = self._interpreter.get_tensor(self._output)[0, :, 0]
        return sound


@dataclass(frozen=True)
class Window:
    """Frames `start` to `start + size` are vocoded, `first` to `end` of the sound are kept."""

    start: int
    size: int
    first: int
    end: int


def plan_windows(frames: int) -> Iterator[Window]:
    """Cover `frames` with WINDOWS: the first is the smallest, the next ones grow, the last one is as
    small as it can be.

    Each looks OVERLAP_FRAMES past what is kept, but not past the ends of the line: the last window
    is moved back to end there, for the vocoder mirrors its input at the ends.
    """
    first, grown = 0, iter(WINDOWS)
    while first < frames:
        start = max(0, first - OVERLAP_FRAMES)
        planned = next(grown, WINDOWS[-1])
        size = next(size for size in WINDOWS if size == planned or frames - start <= size)
        if start + size >= frames:
            start, end = max(0, frames - size), frames
        else:
            end = start + size - OVERLAP_FRAMES
        yield Window(start, size, first, end)
        first = end


def vocoder_file(frames: int) -> str:
    return f"mb_melgan_{frames}.tflite"
