"""The contracts of a studio, of previews and of export jobs: the real ones and the fakes keep them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from broadcaster.core.model import Clip, Programme, Script
from broadcaster.core.notice import Notice
from broadcaster.settings.schema import LexiconSettings
from broadcaster.studio.export_jobs import Copy, Track
from broadcaster.studio.preview import PreviewSound
from broadcaster.tts.base.engine import VoiceEntry


class StudioContract(Protocol):
    """Composes and samples by a lexicon; see `Studio`. Any thread."""

    def learn(self, lexicon: LexiconSettings) -> None: ...

    def script(self, notice: Notice, lexicon: LexiconSettings | None = None) -> Script:
        """Raises `TextRefused`."""
        ...

    def sample(self, notice: Notice, lexicon: LexiconSettings) -> Programme:
        """Raises `BroadcasterError`."""
        ...

    def find_clip(self, key: str) -> Clip | None: ...

    def warm(self) -> None: ...

    def voices(self) -> list[VoiceEntry]: ...


class PreviewsContract(Protocol):
    """Notices that are heard before they are aired; see `Previews`. Any thread."""

    def start(self, notice: Notice) -> str:
        """The token by which it is heard. Raises `BroadcasterError`."""
        ...

    def seconds(self, token: str) -> float | None: ...

    def hear(self, token: str) -> PreviewSound | None:
        """None for one that is forgotten. Raises `BroadcasterError`."""
        ...

    def rhymes(self, script: Script) -> list[dict[str, Any]]: ...


class ExportJobsContract(Protocol):
    """Sound files that people ordered; see `Copies`. Any thread."""

    def order(self, tracks: Sequence[Track], zipped: bool = False) -> Copy:
        """Raises `TextRefused`, `VoiceUnavailable` or `FileUnwritable`."""
        ...

    def find(self, copy_id: str) -> Copy | None: ...

    def file(self, copy_id: str) -> Path | None: ...
