"""Live talks at a microphone: receives the speaker's blocks from his phone, tells him when he is on the
air, and ends the talk in time.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from broadcaster.core.clock import Clock
from broadcaster.core.errors import StoreUnusable
from broadcaster.core.model import Airing, JournalEntry, Outcome
from broadcaster.core.notice import Notice, Severity
from broadcaster.core.people import Person, Role
from broadcaster.playout.player import Player
from broadcaster.station.live_programme import Microphone

logger = logging.getLogger(__name__)

# What would be heard later than this is left out: who speaks must not run ahead of the horns.
LATENCY_SECONDS = 1.0
# By when a person has read that he may speak, the signal is over.
LAST_OF_SIGNAL_SECONDS = 0.5
DEAD_SECONDS = 3.0
LONGEST_SECONDS = 600.0
LOOK_SECONDS = 0.5
REMEMBERED_TALKS = 20

RELEASED = "讲完了。"
NOTHING_SAID = "还没讲话就松开了"
CUT_OFF = "手机断线超过 3 秒"
TOO_LONG = "讲满 10 分钟了"
ONCE_MORE = "要接着讲，请再按一次。"
MAY_NOT = "账号不能再播出了"
LEFT = "退出了登录"
WAITS = "前面还有要紧的在播，轮到您再讲。"
SIGNAL_SOUNDS = "开头的声音在响，请稍等。"
SPEAK = "请讲，大喇叭正在播您的声音。"


class TalkStage(StrEnum):
    """The stage of a talk: waiting for its turn, its signal on the air, heard, over."""

    WAITING = "waiting"
    SIGNAL = "signal"
    SPEAK = "speak"
    OVER = "over"


@dataclass(frozen=True)
class TalkState:
    """The speaker's view of his talk; `seconds` are those left to speak, or heard of a talk that is
    over.
    """

    stage: TalkStage
    sentence: str
    seconds: float


@dataclass
class Talk:
    """One person's turn at the microphone; the times are monotonic."""

    airing: Airing
    by: Person
    last_at: float
    first_at: float | None = None
    number: int = -1
    closed: str = ""
    """The reason for which it takes no more sound, as the person is told."""


class Talks:
    """The talks of all who speak, as their phones see them. Any thread.

    A talk lives by its blocks: where none has come for 3 s it has ended. `step` sees to that, and that
    who speaks may still do so.
    """

    def __init__(
        self,
        microphone: Microphone,
        accept: Callable[[Notice, str], Airing],
        ended: Callable[[str], JournalEntry | None],
        player: Player,
        find_person: Callable[[str], Person | None],
        clock: Clock,
    ) -> None:
        self.rate_hz = microphone.rate_hz
        self._microphone = microphone
        self._accept = accept
        self._ended = ended
        self._player = player
        self._find_person = find_person
        self._clock = clock
        self._lock = threading.RLock()
        self._talks: OrderedDict[str, Talk] = OrderedDict()
        self._changed = threading.Event()

    def begin(self, person: Person, severity: Severity) -> str:
        """Put a person on the air as soon as precedence allows; the talk's id.

        Raises `KeptQuiet` and the like; a talk that he had open ends.
        """
        text = f"{person.name}在现场讲话"
        notice = Notice(text, title="现场讲话", severity=severity, issuer=person.name, talk=True)
        with self._lock:
            for other in self._open():
                if other.by.name == person.name:
                    self._let_go(other)
            self._microphone.expect(notice.id)
            try:
                airing = self._accept(notice, person.name)
            except BaseException:
                self._microphone.forget(notice.id)
                raise
            self._talks[notice.id] = Talk(airing, person, self._clock.monotonic())
            while len(self._talks) > REMEMBERED_TALKS:
                self._microphone.forget(self._talks.popitem(last=False)[0])
        self._changed.set()
        return notice.id

    def take(self, talk_id: str, name: str, number: int, pcm: bytes) -> TalkState | None:
        """Take the next block of a person's talk, 16 bit mono, at most a second of it; None for no talk
        of his. What comes twice, before its turn or too late to be heard soon is left out.
        """
        with self._lock:
            talk = self._find(talk_id, name)
            if talk is None:
                return None
            now = self._clock.monotonic()
            state = self._state(talk, now)
            if number > talk.number:
                talk.number, talk.last_at = number, now
                fits = state.stage is TalkStage.SPEAK and self._fits(talk, pcm, now)
                if fits and self._microphone.give(talk_id, pcm):
                    talk.first_at = talk.first_at or now
            return state

    def end(self, talk_id: str, name: str) -> Airing | None:
        """The person let go of the button; None for no talk of his."""
        with self._lock:
            talk = self._find(talk_id, name)
            if talk is None:
                return None
            if not talk.closed and not self._ended(talk.airing.id):
                self._let_go(talk)
            return talk.airing

    def state(self, talk_id: str, name: str) -> TalkState | None:
        with self._lock:
            talk = self._find(talk_id, name)
            return self._state(talk, self._clock.monotonic()) if talk else None

    def leave(self, talk_id: str) -> None:
        """The session in which it was begun is over."""
        with self._lock:
            if talk := self._talks.get(talk_id):
                self._break_off(talk, LEFT)

    def step(self) -> None:
        """Look once, and wait: half a second while somebody speaks, else until somebody does."""
        self.look()
        self._changed.wait(LOOK_SECONDS if self._open() else None)
        self._changed.clear()

    def look(self) -> None:
        """End what has lost its phone, its right or its time."""
        with self._lock:
            now = self._clock.monotonic()
            for talk in self._open():
                if self._ended(talk.airing.id):
                    continue
                if now - talk.last_at > DEAD_SECONDS:
                    self._break_off(talk, CUT_OFF)
                elif talk.first_at is not None and now - talk.first_at >= LONGEST_SECONDS:
                    self._break_off(talk, TOO_LONG, ONCE_MORE)
                elif not self._may_speak(talk.by):
                    self._break_off(talk, MAY_NOT)

    def wake(self) -> None:
        """Let a waiting `step` return."""
        self._changed.set()

    def _find(self, talk_id: str, name: str) -> Talk | None:
        talk = self._talks.get(talk_id)
        return talk if talk and talk.by.name == name else None

    def _open(self) -> list[Talk]:
        with self._lock:
            those = [talk for talk in self._talks.values() if not talk.closed]
            return [talk for talk in those if not self._ended(talk.airing.id)]

    def _let_go(self, talk: Talk) -> None:
        """Closes a talk; its last words are still heard."""
        talk.closed = RELEASED
        if not self._microphone.finish(talk.airing.notice.id):
            self._player.cancel(talk.airing.id, NOTHING_SAID)
        self._microphone.forget(talk.airing.notice.id)

    def _break_off(self, talk: Talk, why: str, to_do: str = "") -> None:
        """It was not he who ended it: the record says what did."""
        if not talk.closed:
            talk.closed = f"{why}，讲话停了。{to_do}"
            self._player.cancel(talk.airing.id, why)
            self._microphone.forget(talk.airing.notice.id)

    def _may_speak(self, person: Person) -> bool:
        try:
            found = self._find_person(person.name)
        except StoreUnusable as error:
            logger.warning("%s 能不能讲话查不到，让他接着讲：%s", person.name, error)
            return True
        return bool(found and found.stamp == person.stamp and found.role.covers(Role.SECRETARY))

    def _fits(self, talk: Talk, pcm: bytes, now: float) -> bool:
        left = self._seconds_ahead(talk, now)
        return left is not None and left + len(pcm) / 2 / self.rate_hz <= LATENCY_SECONDS

    def _seconds_ahead(self, talk: Talk, now: float) -> float | None:
        """The seconds of sound before the words that are said now; None before the talk's turn."""
        on_air = self._player.on_air
        mine = on_air is not None and on_air.airing.id == talk.airing.id
        return on_air.seconds_left(now) if on_air and mine else None

    def _state(self, talk: Talk, now: float) -> TalkState:
        if entry := self._ended(talk.airing.id):
            return TalkState(TalkStage.OVER, _how_it_ended(talk, entry), entry.seconds_played)
        if talk.closed:
            return TalkState(TalkStage.OVER, talk.closed, 0.0)
        seconds = LONGEST_SECONDS - (now - talk.first_at if talk.first_at is not None else 0.0)
        ahead = self._seconds_ahead(talk, now)
        if ahead is None:
            return TalkState(TalkStage.WAITING, WAITS, seconds)
        if talk.first_at is None and ahead > LAST_OF_SIGNAL_SECONDS:
            return TalkState(TalkStage.SIGNAL, SIGNAL_SOUNDS, seconds)
        return TalkState(TalkStage.SPEAK, SPEAK, max(0.0, seconds))


def _how_it_ended(talk: Talk, entry: JournalEntry) -> str:
    """He may have let go in the moment in which something else ended it."""
    if entry.outcome is Outcome.PLAYED:
        return RELEASED
    if entry.reason == NOTHING_SAID:
        return f"{NOTHING_SAID}，您的话没有播出去。"
    return talk.closed.removeprefix(RELEASED) or f"讲话停了：{entry.reason}。"
