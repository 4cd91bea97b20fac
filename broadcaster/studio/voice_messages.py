"""The messages between main and the voice child."""

from dataclasses import dataclass

from broadcaster.core.errors import BroadcasterError
from broadcaster.core.model import Made, Programme, Ready, Script, SettledNotice
from broadcaster.core.notice import Notice, Signal
from broadcaster.settings.schema import LexiconSettings, Settings
from broadcaster.system.temporary_sounds import Spool


@dataclass(frozen=True)
class Setup:
    """The first message to the child: what it works by. Pieces of lines go to `spool`."""

    settings: Settings
    spool: Spool


@dataclass(frozen=True)
class Warm:
    """Load the text front end and a voice: somebody is about to ask for something."""

    voice: str


@dataclass(frozen=True)
class KeepSignals:
    """Make the signals that are missing."""


@dataclass(frozen=True)
class Compose:
    """Ask for the script of a notice, read by a lexicon: one may change while the child is up."""

    job: int
    notice: Notice
    lexicon: LexiconSettings
    voice = ""


@dataclass(frozen=True)
class Make:
    """Ask for the programme of a settled notice.

    A live one goes before others, and its first line comes piece by piece. Of a column that goes on
    nothing is made that comes before `first_piece`.
    """

    job: int
    settled: SettledNotice
    live: bool
    lexicon: LexiconSettings
    first_piece: int = 0

    @property
    def notice(self) -> Notice:
        return self.settled.notice

    @property
    def voice(self) -> str:
        return self.settled.voice

    @property
    def has_signal(self) -> bool:
        return self.notice.chime is not Signal.NONE and not self.first_piece


@dataclass(frozen=True)
class Drop:
    """Nobody waits for this job any more."""

    job: int


@dataclass(frozen=True)
class Turned:
    """The child works on this job from now on: a death or a hang is this job's."""

    job: int


@dataclass(frozen=True)
class Working:
    """A sign of life: another step of its work is done, of whichever job."""

    job: int = 0


@dataclass(frozen=True)
class Composed:
    job: int
    script: Script


@dataclass(frozen=True)
class SoundReady:
    """The next sound of a job; `place` is (item, piece of it), rising, the same when made again."""

    job: int
    place: tuple[int, int]
    ready: Ready


@dataclass(frozen=True)
class Finished:
    """`unkept` says why the cache could not keep the programme, or some of it; "" when it is kept.

    `slowness` is the seconds of work for a second of speech that was made for it; 0 where none was.
    """

    job: int
    programme: Programme
    unkept: str = ""
    slowness: float = 0.0


@dataclass(frozen=True)
class Failed:
    job: int
    error: BroadcasterError


Answer = Ready | Made | BroadcasterError
Request = Setup | Warm | KeepSignals | Compose | Make | Drop
Reply = Turned | Working | Composed | SoundReady | Finished | Failed
