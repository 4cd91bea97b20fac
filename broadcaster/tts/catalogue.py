"""The catalogue of all voices of the box: which exist, which are ready, and how to get the others."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from broadcaster.core.errors import VoiceUnavailable
from broadcaster.settings.problems import did_you_mean
from broadcaster.settings.schema import EdgeSettings
from broadcaster.tts.baker.engine import BakerEngine
from broadcaster.tts.base.engine import Engine, VoiceEntry
from broadcaster.tts.base.package_source import Source
from broadcaster.tts.base.voice import Voice
from broadcaster.tts.edge.engine import EdgeEngine
from broadcaster.tts.espeak.engine import EspeakEngine
from broadcaster.tts.recorded.engine import RecordedEngine
from broadcaster.tts.sherpa.engine import SherpaEngine


class Catalogue:
    """The voices of every engine. All but `open` and `install` keep out of numpy and the models."""

    def __init__(
        self,
        voices_folder: Path,
        threads: int,
        edge: EdgeSettings = EdgeSettings(),  # noqa: B008
    ) -> None:
        engines: tuple[Engine, ...] = (
            BakerEngine(voices_folder, threads),
            SherpaEngine(voices_folder, threads),
            EdgeEngine(voices_folder, edge),
            RecordedEngine(voices_folder, threads),
            EspeakEngine(),
        )
        self._engines = {engine.name: engine for engine in engines}

    def entries(self) -> list[VoiceEntry]:
        """Every voice there is, ready or not."""
        return [entry for engine in self._engines.values() for entry in engine.entries()]

    def entry(self, name: str) -> VoiceEntry | None:
        """The entry of one voice, None if there is no such voice."""
        engine = self._engines.get(name.partition(":")[0])
        return engine.entry(name) if engine else None

    def version(self, name: str) -> str:
        """The `version` of the voice once opened. Raises `VoiceUnavailable` for one that can't be."""
        return self._engine_of(name).version(name)

    def online(self, name: str) -> bool:
        """True if a voice needs a network to speak."""
        engine = self._engines.get(name.partition(":")[0])
        return engine is not None and engine.online

    def open(self, name: str) -> Voice:
        """Load a voice. Raises `VoiceUnavailable`."""
        return self._engine_of(name).open(name)

    def install(self, source: str, report: Callable[[str], None], files: Sequence[Source] = ()) -> None:
        """Fetch and make a voice's files; `report` is told each step. Raises `VoiceUnavailable`.

        `source` is an engine's name, with what it is to install behind a colon if it needs that, and
        `files` are where to get it if the engine does not know itself.
        """
        engine = self._engines.get(source.partition(":")[0])
        if engine is None:
            raise VoiceUnavailable(f"没有可以安装的语音 {source}{_or_one_of(source, self._engines)}")
        engine.install(source, report, files)

    def _engine_of(self, name: str) -> Engine:
        entry = self.entry(name)
        if entry is None:
            known = [each.name for each in self.entries()]
            raise VoiceUnavailable(f"没有语音 {name}{_or_one_of(name, known)}")
        engine = self._engines[name.partition(":")[0]]
        if not entry.ready:
            remedy = entry.remedy or f"请运行：broadcaster voices install {engine.name}"
            raise VoiceUnavailable(f"语音 {name} {entry.state}，{remedy}")
        return engine


def _or_one_of(name: str, known: Iterable[str]) -> str:
    return did_you_mean(name, known) or f"，现有的：{'、'.join(known)}"
