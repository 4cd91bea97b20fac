"""Describes a folder with a sherpa-onnx model: its family and files, found without loading anything."""

import hashlib
import re
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib import metadata
from pathlib import Path

from broadcaster.tts.base.voice_folder import VoiceDamaged
from broadcaster.tts.sherpa.onnx_metadata import read_metadata

# A package is named by its folder; these belong to other engines.
NAME = re.compile(r"(?!baker$|recorded$)[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# What the installing measured.
RECORD_FILE = "installed.json"
REVISION = 1  # raised when the same line comes to sound different, so that clips are made anew


class PackageIncomplete(Exception):
    """The folder is not a package that can speak; `str(error)` is a reason in Chinese."""


class ModelFamily(Enum):
    """The families of models that are understood."""

    VITS = "VITS"
    MATCHA = "Matcha"
    KOKORO = "Kokoro"


@dataclass(frozen=True)
class Package:
    """The files of one model; an empty tuple or None is one that it does not have."""

    name: str
    kind: ModelFamily
    model: Path
    tokens: Path
    lexicons: tuple[Path, ...]
    vocoder: Path | None
    styles: Path | None
    rules: tuple[Path, ...]
    rate_hz: int
    speakers: int

    @property
    def version(self) -> str:
        """Changes with the files (name, size, time) and with the engine's release; 0.1 ms."""
        files = [self.model, self.tokens, *self.lexicons, self.vocoder, self.styles, *self.rules]
        parts = [(file.name, *_size_and_time(file)) for file in files if file]
        return f"{hashlib.sha256(repr(parts).encode()).hexdigest()[:8]}.{release()}.{REVISION}"


@cache
def release() -> str:
    """The engine's own version."""
    return metadata.version("sherpa-onnx")


def looks_like_package(folder: Path) -> bool:
    """True if a person meant this folder to be a package."""
    return bool(NAME.fullmatch(folder.name)) and any(folder.glob("*.onnx"))


def read_package(folder: Path) -> Package:
    """Raises `PackageIncomplete`.

    What is missing is found here, for the engine itself ends its process over such a folder.
    """
    kind = _kind(folder)
    model = _model(folder, kind)
    try:
        about = read_metadata(model)
        rate_hz, speakers = int(about["sample_rate"]), max(1, int(about["n_speakers"]))
    except (VoiceDamaged, KeyError, ValueError) as error:
        raise PackageIncomplete(f"{model.name} 不是 sherpa-onnx 用的模型") from error
    lexicons = _lexicons(folder)
    if not lexicons and about.get("frontend") != "characters":
        # Piper's voices come with the data of espeak-ng instead, which the engine dropped in 2.0.
        raise PackageIncomplete("缺 lexicon.txt")
    return Package(
        name=folder.name,
        kind=kind,
        model=model,
        tokens=_needed(folder, "tokens.txt"),
        lexicons=lexicons,
        vocoder=_vocoder(folder) if kind is ModelFamily.MATCHA else None,
        styles=folder / "voices.bin" if kind is ModelFamily.KOKORO else None,
        rules=tuple(sorted(folder.glob("*heteronym*.fst"))),
        rate_hz=rate_hz,
        speakers=speakers,
    )


def _kind(folder: Path) -> ModelFamily:
    if (folder / "voices.bin").exists():
        return ModelFamily.KOKORO
    if any(folder.glob("model-steps-*.onnx")):
        return ModelFamily.MATCHA
    if any(folder.glob("encoder*.onnx")):
        raise PackageIncomplete("这是克隆声音的模型，不支持")
    return ModelFamily.VITS


def _model(folder: Path, kind: ModelFamily) -> Path:
    """The one model, or of several the one of full precision."""
    pattern = "model-steps-*.onnx" if kind is ModelFamily.MATCHA else "*.onnx"
    found = sorted(folder.glob(pattern))
    whole = [path for path in found if ".int8." not in path.name] or found
    named = [path for path in whole if path.name == "model.onnx"] or whole
    if len(named) != 1:
        raise PackageIncomplete(f"里面有 {len(named)} 个 .onnx 模型，只能有一个")
    return named[0]


def _vocoder(folder: Path) -> Path:
    found = sorted([*folder.glob("vocos*.onnx"), *folder.glob("hifigan*.onnx")])
    if not found:
        raise PackageIncomplete("缺声码器（vocos-….onnx 或 hifigan_v….onnx）")
    return found[0]


def _lexicons(folder: Path) -> tuple[Path, ...]:
    """One for a Chinese model; Kokoro has one for each language, and two of English."""
    if (folder / "lexicon.txt").exists():
        return (folder / "lexicon.txt",)
    found = sorted(folder.glob("lexicon-*.txt"))
    return tuple(path for path in found if path.name != "lexicon-gb-en.txt")


def _needed(folder: Path, name: str) -> Path:
    if not (folder / name).exists():
        raise PackageIncomplete(f"缺 {name}")
    return folder / name


def _size_and_time(file: Path) -> tuple[int, int]:
    found = file.stat()
    return found.st_size, found.st_mtime_ns
