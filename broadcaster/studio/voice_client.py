"""The box's side of the voice child: sends jobs, receives sounds, and starts the child again after a
crash, which costs a job one try.
"""

import itertools
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass

from broadcaster.core.clock import Clock
from broadcaster.core.errors import (
    BroadcasterError,
    CacheUnwritable,
    ProgramReplaced,
    VoiceUnavailable,
)
from broadcaster.core.model import Made, Script, SettledNotice
from broadcaster.core.notice import Notice
from broadcaster.settings.schema import LexiconSettings, Settings
from broadcaster.studio.voice_messages import (
    Answer,
    Compose,
    Composed,
    Drop,
    Failed,
    Finished,
    KeepSignals,
    Make,
    Reply,
    Setup,
    SoundReady,
    Turned,
    Warm,
)
from broadcaster.system.child_process import Child
from broadcaster.system.program_files import REPLACED, ProgramFiles
from broadcaster.system.progress_deadline import ProgressDeadline
from broadcaster.system.temporary_sounds import open_spool

logger = logging.getLogger(__name__)

TRIES = 2
# What the voice child loads: if any of it was replaced, a new child and main do not fit together.
PACKAGES = ("audio", "core", "settings", "studio", "system", "text", "tts")
# The longest piece of routine work that live work waits for; a line of a slow voice takes 4 s on a Pi.
PATIENCE_SECONDS = 4.0
# Where steps are longer a new child would not be up sooner.
PATIENCE_STEPS = 1.5
BROKEN = "语音引擎连续出错，这则通知没有做成。请换一个声音，或重新安装声音。"
TOO_SLOW = (
    "这台机器做得慢，等了 {seconds:.0f} 秒也没有做出下一段声音，这则通知没有做成。"
    "请换一个快的声音（broadcaster voices list 看快慢），或关掉机器上别的程序。"
)


TOO_NEW = f"{REPLACED}（按 Ctrl-C，再启动一次）；没做过的声音要重新启动以后才做得出来。"


@dataclass
class _SentJob:
    request: Compose | Make
    answer: Callable[[Composed | Answer], None]
    reached: tuple[int, int]
    asked_at: float
    tries: int = 1
    had_its_turn: bool = False

    @property
    def is_routine(self) -> bool:
        return isinstance(self.request, Make) and not self.request.live

    def __str__(self) -> str:
        return f"第 {self.request.job} 件（{self.request.voice or '只要文稿'}）"


class Workshop:
    """Starts the voice child when there is work, watches it, and lets it go when it has been idle.

    `made` hears of each programme its seconds, and why the cache could not keep it, or "" if it did.
    Methods may be called from any thread. Answers come on the thread that reads the child.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        made: Callable[[float, str], None] = lambda seconds, unkept: None,
        program: ProgramFiles | None = None,
    ) -> None:
        self._program = program or ProgramFiles(PACKAGES)
        self._made = made
        self._spool = open_spool(settings.paths.state)
        self._setup = Setup(settings, self._spool)
        self._limits = settings.voices
        self._clock = clock
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()
        self._jobs: dict[int, _SentJob] = {}
        self._child: Child | None = None
        self._turn: _SentJob | None = None
        self._patience = ProgressDeadline(self._limits.deadline_seconds, clock.monotonic())
        self._slowness: dict[str, float] = {}

    @property
    def child_pid(self) -> int | None:
        with self._lock:
            return self._child.pid if self._child else None

    @property
    def busy(self) -> bool:
        with self._lock:
            return bool(self._jobs)

    def slowness(self, voice: str) -> float:
        """Seconds of work for a second of its speech, the last time that it made any; or 0."""
        return self._slowness.get(voice, 0.0)

    def bring_up(self) -> None:
        """Have the child up, which makes the signals that are missing; returns at once."""
        with self._lock, suppress(ProgramReplaced):
            self._reach_child().send(KeepSignals())

    def warm(self, voice: str) -> None:
        """Have the child up and its voice loaded; returns at once."""
        with self._lock, suppress(ProgramReplaced):
            self._begin()
            self._reach_child().send(Warm(voice))

    def compose(self, notice: Notice, lexicon: LexiconSettings) -> Script:
        """The script of a notice; blocks for it. Raises `TextRefused` and the like."""
        answered: Future[Script] = Future()

        def answer(reply: Composed | Answer) -> None:
            if isinstance(reply, Composed):
                answered.set_result(reply.script)
            elif isinstance(reply, BroadcasterError):
                answered.set_exception(reply)

        self._start(Compose(next(self._numbers), notice, lexicon), answer, (-1, 0))
        return answered.result()

    def make(
        self,
        settled: SettledNotice,
        live: bool,
        lexicon: LexiconSettings,
        deliver: Callable[[Answer], None],
        reached: tuple[int, int] = (-1, 0),
        first_piece: int = 0,
    ) -> int:
        """Start making a programme; `deliver` gets what comes after the place already `reached`.

        The last answer is `Made`, or the error for which this voice cannot make it.
        """

        def answer(reply: Composed | Answer) -> None:
            if not isinstance(reply, Composed):
                deliver(reply)

        job = next(self._numbers)
        self._start(Make(job, settled, live, lexicon, first_piece), answer, reached)
        return job

    def drop(self, job: int) -> None:
        """Forget a job, and the pieces of it; a job that is done stays done."""
        with self._lock:
            if self._jobs.pop(job, None) and self._child:
                self._child.send(Drop(job))
        self._spool.drop(job)

    def watch(self) -> None:
        """End a child that made no progress with its work for too long, or was idle too long.

        Live work does not wait for that: routine work that holds it up is begun anew behind it.
        """
        with self._lock:
            now, child, works = self._clock.monotonic(), self._child, bool(self._jobs)
            silent, held_up = now - self._patience.signed_at, self._is_held_up()
            if child is None:
                return
            over = self._patience.is_over(now, child.worked_seconds()) if works else self._idle(silent)
            if not (held_up or over):
                return
            self._child = None
        # Not under the lock: the child's reader thread may be waiting for it.
        if works:
            why = "挡住了急着播的" if held_up else "没有反应"
            logger.warning("语音进程 %s %s，在做的是%s，换一个新的", child.pid, why, self._turn or "无")
            child.kill()
            self._retry(TOO_SLOW.format(seconds=silent) if self._patience.slow else BROKEN, not held_up)
        else:
            child.stop()

    def _idle(self, silent: float) -> bool:
        """A child that fits main stays while a new one would not."""
        return silent > self._limits.idle_seconds and not self._program.look()

    def _is_held_up(self) -> bool:
        """True if live work has waited too long for a piece of routine work to end."""
        patience = max(PATIENCE_SECONDS, self._patience.longest_seconds * PATIENCE_STEPS)
        turn, since = self._turn, self._clock.monotonic() - patience
        if turn is None or not (turn.is_routine or turn.request.job not in self._jobs):
            return False
        return any(
            not job.is_routine and not job.had_its_turn and job.asked_at < since
            for job in self._jobs.values()
        )

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
        answer: Callable[[Composed | Answer], None],
        reached: tuple[int, int],
    ) -> None:
        try:
            with self._lock:
                self._begin()
                child = self._reach_child()
                self._jobs[request.job] = _SentJob(request, answer, reached, self._clock.monotonic())
                child.send(request)
        except ProgramReplaced as error:
            answer(error)

    def _begin(self) -> None:
        if not self._jobs:
            self._patience.begin(self._clock.monotonic())

    def _reach_child(self) -> Child:
        """Raises `ProgramReplaced`: none is there, and a new one would not fit."""
        if self._child is None:
            if self._program.look():
                raise ProgramReplaced(TOO_NEW)
            self._child = Child("voice", "broadcaster.studio.voice_child", self._take, self._end)
            self._child.send(self._setup)
            self._patience.start(self._clock.monotonic())
        return self._child

    def _take(self, reply: Reply) -> None:
        with self._lock:
            self._patience.sign(self._clock.monotonic())
            job = self._jobs.get(reply.job)
            if job is None or (isinstance(reply, SoundReady) and reply.place <= job.reached):
                return
            if isinstance(reply, Turned):
                self._turn, job.had_its_turn = job, True
            elif isinstance(reply, SoundReady):
                job.reached = reply.place
            else:
                self._turn = None
                del self._jobs[reply.job]
        match reply:
            case SoundReady(ready=ready):
                job.answer(ready)
            case Finished(programme=programme, unkept=unkept, slowness=slowness):
                if slowness:
                    self._slowness[programme.voice] = slowness
                self._made(programme.seconds, unkept)
                job.answer(Made(programme))
            case Failed(error=error):
                if isinstance(error, CacheUnwritable):
                    self._made(0.0, str(error))
                job.answer(error)
            case Composed():
                job.answer(reply)

    def _end(self) -> None:
        """The child died of itself."""
        with self._lock:
            child, turn = self._child, self._turn
        if child:
            logger.warning("语音进程 %s 停了（%s），在做的是%s", child.pid, child.ending, turn or "无")
        self._retry()

    def _retry(self, why: str = BROKEN, counts: bool = True) -> None:
        """The child is gone: begin what it had anew, in a new child; who is given up is told `why`.

        It counts as a try of the job that it worked on, or of all where that is not known.
        """
        with self._lock:
            self._child = None
            turn, self._turn = self._turn, None
            lost = list(self._jobs.values())
            replaced = bool(lost) and self._program.look()
            for job in lost if counts else ():
                job.tries += turn is None or turn is job
            given_up = [job for job in lost if replaced or job.tries > TRIES]
            for job in given_up:
                del self._jobs[job.request.job]
            for job in self._jobs.values():
                logger.warning("%s再做一遍", job)
                job.had_its_turn, job.asked_at = False, self._clock.monotonic()
                self._reach_child().send(job.request)
        for job in given_up:
            job.answer(ProgramReplaced(TOO_NEW) if replaced else VoiceUnavailable(why))
