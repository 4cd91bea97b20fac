"""The contract of an engine: the voices of one maker, listed, named by version, opened, installed."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from broadcaster.errors import VoiceUnavailable
from broadcaster.tts.voice import Voice


@dataclass(frozen=True)
class VoiceEntry:
    """One line of the list of voices; `state`, `note` and `licence` are for people."""

    name: str
    ready: bool
    state: str
    note: str
    licence: str


class Engine(ABC):
    """What is known of one engine's voices without loading it: main keeps out of numpy and models.

    `name` is what stands before the colon in `engine:name`. `online` ones need a network to speak.
    """

    name: str
    online = False

    @abstractmethod
    def entries(self) -> list[VoiceEntry]:
        """Every voice of this engine, ready or not."""

    @abstractmethod
    def version(self, voice: str) -> str:
        """The `Voice.version` of a listed, ready voice; cheap. Raises `VoiceUnavailable`."""

    @abstractmethod
    def open(self, voice: str) -> Voice:
        """Load a listed, ready voice. Raises `VoiceUnavailable`."""

    def install(self, source: str, report: Callable[[str], None]) -> None:
        """Fetch and make what `source` names, whole or not at all; `report` is told each step.

        Raises `VoiceUnavailable` with what to do.
        """
        raise VoiceUnavailable(f"引擎 {self.name} 没有要安装的东西。")
