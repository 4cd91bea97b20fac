"""The contract of an engine: it lists the voices of one maker, names their versions, opens and installs
them.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from broadcaster.core.errors import VoiceUnavailable
from broadcaster.tts.base.package_source import Source
from broadcaster.tts.base.voice import Voice


@dataclass(frozen=True)
class VoiceEntry:
    """One line of the list of voices; all but `name` and `ready` is for people.

    `title` is what a voice is called aloud. `speed` is its seconds of work for a second of speech, and
    where that was measured. `remedy` says what to do about one that is not ready, if it is not
    `voices install` with the engine's name.
    """

    name: str
    ready: bool
    state: str
    note: str
    licence: str
    title: str = ""
    speed: str = ""
    remedy: str = ""


class Engine(ABC):
    """The voices of one engine, as far as they are known without loading it: main keeps out of numpy and
    models.

    `name` is the part before the colon in `engine:name`. An `online` engine needs a network to speak.
    """

    name: str
    online = False

    @abstractmethod
    def entries(self) -> list[VoiceEntry]:
        """Every voice of this engine, ready or not."""

    def entry(self, voice: str) -> VoiceEntry | None:
        """The entry of one voice, also of those that `entries` sums up in one line; None if unknown."""
        return next((entry for entry in self.entries() if entry.name == voice), None)

    @abstractmethod
    def version(self, voice: str) -> str:
        """The `Voice.version` of a listed, ready voice; cheap. Raises `VoiceUnavailable`."""

    @abstractmethod
    def open(self, voice: str) -> Voice:
        """Load a listed, ready voice. Raises `VoiceUnavailable`."""

    def install(self, source: str, report: Callable[[str], None], files: Sequence[Source] = ()) -> None:
        """Fetch and make what `source` names, whole or not at all; `report` is told each step.

        `files` are those that a person named, for engines that bring none of their own.

        Raises `VoiceUnavailable` with what to do.
        """
        raise VoiceUnavailable(f"引擎 {self.name} 没有要安装的东西。")
