"""The contracts of a station and its live talks: the real ones and the fakes keep them."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Protocol

from broadcaster.core.model import Airing, JournalEntry, Script
from broadcaster.core.notice import Notice, Severity
from broadcaster.core.people import Person
from broadcaster.settings.schema import Settings
from broadcaster.station.live_talks import TalkState
from broadcaster.station.station import DeviceState, RemoteAccess, Status
from broadcaster.station.stop_and_resume import TakenUp
from broadcaster.station.village_lexicon import Wordbook
from broadcaster.station.village_slots import Slotbook
from broadcaster.store.accounts import Accounts
from broadcaster.store.audit_log import AuditLog
from broadcaster.store.drafts import Drafts
from broadcaster.store.journal import EVERYTHING, JournalFilter, JournalRow
from broadcaster.store.phones import Phones
from broadcaster.store.tokens import Tokens
from broadcaster.studio.recordings import Recordings
from broadcaster.studio.sound_library import SoundLibrary
from broadcaster.studio.sound_uploads import SoundUploads
from broadcaster.studio.studio import VoiceEntry
from broadcaster.studio.studio_contract import ExportJobsContract, PreviewsContract


class LiveTalksContract(Protocol):
    """The talks of all who speak, as their phones see them; see `Talks`. Any thread."""

    rate_hz: int

    def begin(self, person: Person, severity: Severity) -> str:
        """The talk's id. Raises `KeptQuiet` and the like."""
        ...

    def take(self, talk_id: str, name: str, number: int, pcm: bytes) -> TalkState | None: ...

    def end(self, talk_id: str, name: str) -> Airing | None: ...

    def state(self, talk_id: str, name: str) -> TalkState | None: ...

    def leave(self, talk_id: str) -> None: ...


class StationContract(Protocol):
    """One village's loudspeaker, as its page sees it; see `Station`. Any thread."""

    settings: Settings
    accounts: Accounts
    phones: Phones
    tokens: Tokens
    deeds: AuditLog
    drafts: Drafts
    words: Wordbook
    slots: Slotbook
    recordings: Recordings
    sounds: SoundLibrary
    uploads: SoundUploads

    @property
    def rehearsals(self) -> PreviewsContract: ...

    @property
    def copies(self) -> ExportJobsContract: ...

    @property
    def talks(self) -> LiveTalksContract: ...

    @property
    def volume(self) -> int: ...

    @property
    def cache_bytes(self) -> int: ...

    def announce(self, notice: Notice, *, asked_by: str = "", at: datetime | None = None) -> Airing:
        """Raises as `Station.announce`."""
        ...

    def find_airing(self, notice_id: str) -> Airing | None: ...

    def why_not(self, notice: Notice, at: datetime | None = None) -> str: ...

    def after_quiet(self, notice: Notice, at: datetime | None = None) -> datetime | None: ...

    def cancel(self, airing_id: str, asked_by: str = "") -> bool: ...

    def stop_all(self, asked_by: str = "") -> int: ...

    def skip(self, asked_by: str = "", airing_id: str = "", piece: int = 0) -> bool: ...

    def go_on(self, stop_id: str, from_start: bool = False) -> list[TakenUp] | None: ...

    def resume_loops(self) -> None: ...

    def wait_for_end(
        self, airing_id: str, timeout_seconds: float | None = None
    ) -> JournalEntry | None: ...

    def status(self) -> Status: ...

    def upcoming(self, count: int = 5) -> list[Airing]: ...

    def history(
        self, count: int = 20, wanted: JournalFilter = EVERYTHING, skip: int = 0
    ) -> list[JournalRow]: ...

    def history_count(self, wanted: JournalFilter = EVERYTHING) -> int: ...

    def past(self, airing_id: str) -> JournalRow | None: ...

    def past_lines(self, wanted: JournalFilter = EVERYTHING) -> Iterator[JournalRow]: ...

    def goes_on_in(self, airing_id: str) -> str: ...

    def script(self, notice: Notice) -> Script:
        """Raises `TextRefused`."""
        ...

    def voices(self) -> list[VoiceEntry]: ...

    def warm(self) -> None: ...

    def device(self) -> DeviceState: ...

    def use_card(self, name: str) -> str:
        """Raises `DeviceLost`."""
        ...

    def set_volume(self, percent: int) -> None: ...

    def remote_access(self) -> RemoteAccess: ...

    @property
    def clock_is_trusted(self) -> Callable[[], bool]: ...

    @property
    def confirm_clock(self) -> Callable[[], None]: ...
