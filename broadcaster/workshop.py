"""The voice child as the box sees it: jobs go out, sounds come back, a crash costs one retry."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from broadcaster.child import Child
from broadcaster.clock import Clock
from broadcaster.errors import BroadcasterError, CacheUnwritable, VoiceUnavailable
from broadcaster.model import Delivery, Made, Notice, Programme, Ready, Refused, Script
from broadcaster.settings import LexiconSettings, Settings
from broadcaster.spool import Spool, open_spool

logger = logging.getLogger(__name__)

TRIES = 2


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
class Compose:
    """Ask for the script of a notice, read by a lexicon: one may change while the child is up."""

    job: int
    notice: Notice
    lexicon: LexiconSettings


@dataclass(frozen=True)
class Make:
    """Ask for the programme of a notice, whose voice, pace and chime are settled.

    A live one goes before others, and its first line comes piece by piece.
    """

    job: int
    notice: Notice
    key: str
    live: bool
    lexicon: LexiconSettings


@dataclass(frozen=True)
class Drop:
    """Nobody waits for this job any more."""

    job: int


@dataclass(frozen=True)
class Composed:
    job: int
    script: Script


@dataclass(frozen=True)
class Sounding:
    """The next sound of a job; `place` is (item, piece of it), rising, the same when made again."""

    job: int
    place: tuple[int, int]
    ready: Ready


@dataclass(frozen=True)
class Finished:
    """`unkept` says why the cache could not keep the programme, or some of it; "" when it is kept."""

    job: int
    programme: Programme
    unkept: str = ""


@dataclass(frozen=True)
class Failed:
    job: int
    error: BroadcasterError


Request = Setup | Warm | Compose | Make | Drop
Reply = Composed | Sounding | Finished | Failed


@dataclass
class _Job:
    request: Compose | Make
    answer: Callable[[Composed | Delivery | BroadcasterError], None]
    reached: tuple[int, int]
    tries: int = 1


class Workshop:
    """Starts the voice child when there is work, watches it, and lets it go when it has been idle.

    `made` hears of each programme its seconds, and why the cache could not keep it, or "" if it did.
    Methods may be called from any thread. Deliveries come on the thread that reads the child.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        made: Callable[[float, str], None] = lambda seconds, unkept: None,
    ) -> None:
        self._made = made
        self._spool = open_spool(settings.paths.state)
        self._setup = Setup(settings, self._spool)
        self._limits = settings.voices
        self._clock = clock
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()
        self._jobs: dict[int, _Job] = {}
        self._child: Child | None = None
        self._heard_at = clock.monotonic()

    @property
    def child_pid(self) -> int | None:
        with self._lock:
            return self._child.pid if self._child else None

    @property
    def busy(self) -> bool:
        with self._lock:
            return bool(self._jobs)

    def warm(self, voice: str) -> None:
        """Have the child up and its voice loaded; returns at once."""
        with self._lock:
            self._reach_child().send(Warm(voice))

    def compose(self, notice: Notice, lexicon: LexiconSettings) -> Script:
        """The script of a notice; blocks for it. Raises `TextRefused` and the like."""
        answered: Future[Script] = Future()

        def answer(reply: Composed | Delivery | BroadcasterError) -> None:
            if isinstance(reply, Composed):
                answered.set_result(reply.script)
            elif isinstance(reply, BroadcasterError):
                answered.set_exception(reply)

        self._start(Compose(next(self._numbers), notice, lexicon), answer, (-1, 0))
        return answered.result()

    def make(
        self,
        notice: Notice,
        key: str,
        live: bool,
        lexicon: LexiconSettings,
        deliver: Callable[[Delivery], None],
        reached: tuple[int, int] = (-1, 0),
    ) -> int:
        """Start making a programme; `deliver` gets what comes after the place already `reached`."""

        def answer(reply: Composed | Delivery | BroadcasterError) -> None:
            if isinstance(reply, BroadcasterError):
                deliver(Refused(str(reply)))
            elif not isinstance(reply, Composed):
                deliver(reply)

        job = next(self._numbers)
        self._start(Make(job, notice, key, live, lexicon), answer, reached)
        return job

    def drop(self, job: int) -> None:
        """Forget a job, and the pieces of it; a job that is done stays done."""
        with self._lock:
            if self._jobs.pop(job, None) and self._child:
                self._child.send(Drop(job))
        self._spool.drop(job)

    def watch(self) -> None:
        """End a child that has been silent over its work too long, or idle too long."""
        with self._lock:
            silent = self._clock.monotonic() - self._heard_at
            limit = self._limits.deadline_seconds if self._jobs else self._limits.idle_seconds
            child = self._child
            if child is None or silent <= limit:
                return
            hangs = bool(self._jobs)
            self._child = None
        # Not under the lock: the child's reader thread may be waiting for it.
        if hangs:
            logger.warning("voice child %s hangs; ending it", child.pid)
            child.kill()
            self._retry()
        else:
            child.stop()

    def close(self) -> None:
        with self._lock:
            child, self._child = self._child, None
            self._jobs.clear()
        if child:
            child.stop()
        self._spool.close()

    def _start(
        self,
        request: Compose | Make,
        answer: Callable[[Composed | Delivery | BroadcasterError], None],
        reached: tuple[int, int],
    ) -> None:
        with self._lock:
            if not self._jobs:
                self._heard_at = self._clock.monotonic()
            self._jobs[request.job] = _Job(request, answer, reached)
            self._reach_child().send(request)

    def _reach_child(self) -> Child:
        if self._child is None:
            self._child = Child("voice", "broadcaster.voice_child", self._take, self._retry)
            self._child.send(self._setup)
            self._heard_at = self._clock.monotonic()
        return self._child

    def _take(self, reply: Reply) -> None:
        with self._lock:
            self._heard_at = self._clock.monotonic()
            job = self._jobs.get(reply.job)
            if job is None or (isinstance(reply, Sounding) and reply.place <= job.reached):
                return
            if isinstance(reply, Sounding):
                job.reached = reply.place
            else:
                del self._jobs[reply.job]
        match reply:
            case Sounding(ready=ready):
                job.answer(ready)
            case Finished(programme=programme, unkept=unkept):
                self._made(programme.seconds, unkept)
                job.answer(Made(programme))
            case Failed(error=error):
                if isinstance(error, CacheUnwritable):
                    self._made(0.0, str(error))
                job.answer(error)
            case Composed():
                job.answer(reply)

    def _retry(self) -> None:
        """The child is gone: give each job that it had a second try, in a new child."""
        with self._lock:
            self._child = None
            lost = list(self._jobs.values())
            given_up = [job for job in lost if job.tries >= TRIES]
            for job in given_up:
                del self._jobs[job.request.job]
            for job in self._jobs.values():
                job.tries += 1
                logger.warning("voice child died; making job %s again", job.request.job)
                self._reach_child().send(job.request)
        for job in given_up:
            job.answer(
                VoiceUnavailable("语音引擎连续出错，这则通知没有做成。请换一个声音，或重新安装声音。")
            )
