"""FastSpeech2 in three parts: symbols → coarse frames of a whole line → the frames that are wanted."""

from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from broadcaster.tts.baker.acoustic_parts import DECODER_FILE, ENCODER_FILE, POSTNET_FILE

LONGEST_FRAMES = 2_048  # the models' tables of positions end there: 25.6 s
REACH_FRAMES = 10  # five filters of five frames: what stands farther off changes nothing

Samples = NDArray[np.float32]
Durations = NDArray[np.int32]


class LineTooLong(Exception):
    """More than the model can speak in one go."""


class Acoustic:
    """A loaded model, used by one thread."""

    def __init__(self, folder: Path, threads: int) -> None:
        self._encoder = _Model(folder / ENCODER_FILE, threads)
        self._decoder = _Model(folder / DECODER_FILE, threads)
        self._postnet = _Model(folder / POSTNET_FILE, threads)

    def coarse(self, numbers: list[int], pace: float) -> tuple[Samples, Durations]:
        """Frames by 80 mel bands as the decoder makes them, and how many of them each symbol takes.

        Raises `LineTooLong`.
        """
        if len(numbers) > LONGEST_FRAMES:
            raise LineTooLong(f"{len(numbers)} symbols")
        speaker, one = np.zeros(1, np.int32), np.ones(1, np.float32)
        stretch = np.array([1 / pace], np.float32)
        symbols = np.array([numbers], np.int32)
        hidden, durations = self._encoder.run(symbols, speaker, stretch, one, one)
        frames = np.repeat(hidden[0], durations[0], axis=0)
        if len(frames) > LONGEST_FRAMES:
            raise LineTooLong(f"{len(frames)} frames")
        places = np.arange(1, len(frames) + 1, dtype=np.int32)
        (coarse,) = self._decoder.run(frames[np.newaxis], places[np.newaxis])
        return coarse[0], durations[0]

    def refined(self, coarse: Samples, first: int, end: int) -> Samples:
        """The frames `first` to `end`, the same in one go as piece by piece."""
        start = max(0, first - REACH_FRAMES)
        (frames,) = self._postnet.run(coarse[np.newaxis, start : end + REACH_FRAMES])
        refined: Samples = frames[0, first - start : end - start]
        return refined


class _Model:
    """Takes inputs of any length; what depends on the length is planned anew when it changes (1 ms)."""

    def __init__(self, path: Path, threads: int) -> None:
        self._interpreter = Interpreter(model_path=str(path), num_threads=threads)
        self._inputs = [each["index"] for each in self._interpreter.get_input_details()]
        self._outputs = [each["index"] for each in self._interpreter.get_output_details()]
        self._shapes: list[tuple[int, ...]] = []

    def run(self, *values: NDArray[Any]) -> list[NDArray[Any]]:
        shapes = [value.shape for value in values]
        if shapes != self._shapes:
            for index, shape in zip(self._inputs, shapes, strict=True):
                self._interpreter.resize_tensor_input(index, shape)
            self._interpreter.allocate_tensors()
            self._shapes = shapes
        for index, value in zip(self._inputs, values, strict=True):
            self._interpreter.set_tensor(index, value)
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index) for index in self._outputs]
