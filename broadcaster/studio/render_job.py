"""Renders one notice to a programme: by the wanted voice, or from the start by a fallback."""

import logging
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass

from broadcaster.audio.clip_store import ClipStore
from broadcaster.core.clock import Clock
from broadcaster.core.errors import BroadcasterError, LineRefused, VoiceUnavailable, VoiceWithdrawn
from broadcaster.core.model import (
    Clip,
    Delivery,
    Item,
    Made,
    Programme,
    Ready,
    RenderFailed,
    SettledNotice,
    numbered,
)
from broadcaster.core.notice import Notice, Signal
from broadcaster.settings.schema import LexiconSettings
from broadcaster.studio.voice_client import Workshop
from broadcaster.studio.voice_messages import Answer
from broadcaster.tts.catalogue import Catalogue
from broadcaster.tts.fallback import Cascade

logger = logging.getLogger(__name__)

# How long a live notice without a chime waits for an online voice: as long as one with a chime does.
WAIT_SECONDS = 2.5


@dataclass(frozen=True)
class RenderContext:
    """The parts that a render job works with. `in_voice` settles a filled-in notice by `lexicon`
    for a voice, and may raise `VoiceUnavailable`; `aired` is called with the key of a programme that was
    found ready for the air.
    """

    workshop: Workshop
    store: ClipStore
    catalogue: Catalogue
    cascade: Cascade
    clock: Clock
    find_signal: Callable[[Signal | None], Clip | None]
    signal_key: Callable[[Signal | None], str]
    aired: Callable[[str], None]
    lexicon: LexiconSettings
    in_voice: Callable[[Notice, str], SettledNotice]


class Making:
    """Tries the voices of the cascade one by one; each makes the whole notice, or nothing of it counts.

    `deliver` gets what is to sound, then `Made` or `RenderFailed`. Once `close` has returned it gets
    nothing more. Any thread may call.
    """

    def __init__(
        self,
        parts: RenderContext,
        settled: SettledNotice,
        live: bool,
        deliver: Callable[[Delivery], None],
        first_piece: int = 0,
    ) -> None:
        self._parts = parts
        self._notice = notice = settled.notice
        self._live = live
        self._first_piece = first_piece
        self._deliver = deliver
        self._voices = parts.cascade.order(notice.voice or "", parts.clock.monotonic())
        self._signal_to_come = notice.chime not in (None, Signal.NONE)
        self._signal_key = parts.signal_key(notice.chime)
        self._errors: list[str] = []
        self._speech_due = 0.0
        self._lock = threading.RLock()
        self._attempt = 0
        self._jobs: list[int] = []
        self._voice = ""
        self.speaks_by: float | None = None
        """When the voice that is asked must have spoken (monotonic seconds), or another one will."""

    def start(self) -> None:
        with self._lock:
            self._expect_speech_in(WAIT_SECONDS)
            if self._live and self._signal_to_come and not self._first_piece:
                self._sound_signal()
            self._try_next()

    def check(self) -> None:
        """Let the next voice speak if the chime is over and this one has said nothing."""
        with self._lock:
            if self.speaks_by is not None and self._parts.clock.monotonic() >= self.speaks_by:
                self._parts.workshop.drop(self._jobs[-1])
                # No trip: a voice child that has only just started is as late as a slow service.
                self._next_after(f"{self._voice} 没有赶在钟声结束前开口。")

    def close(self) -> None:
        """Nobody waits for it any more; the pieces of lines that were heard go away."""
        with self._lock:
            self._end_attempt()
            for job in self._jobs:
                self._parts.workshop.drop(job)

    def _sound_signal(self) -> None:
        """From the store; it covers the making of the first line, and a voice child not up yet."""
        signal = self._parts.find_signal(self._notice.chime)
        if signal:
            self._take_sound(Ready(Item(signal, matter=False), 0))

    def _expect_speech_in(self, seconds: float) -> None:
        self._speech_due = self._parts.clock.monotonic() + seconds

    def _try_next(self) -> None:
        while self._voices:
            self._voice = self._voices.pop(0)
            try:
                settled = self._parts.in_voice(self._notice, self._voice)
            except VoiceUnavailable as error:
                logger.warning("%s 用不了：%s", self._voice, error)
                self._errors.append(str(error))
                continue
            self._attempt_by(settled)
            return
        self._deliver(RenderFailed("".join(dict.fromkeys(self._errors))))

    def _find_programme(self, key: str) -> Programme | None:
        """The ready programme, if there is one. A live one begins at once: its files are checked as they
        sound, and a missing signal is not waited for.
        """
        if self._live:
            return self._parts.store.find_programme(key, lacking=self._signal_key)
        return self._parts.store.find_programme(key, whole=True)

    def _attempt_by(self, settled: SettledNotice) -> None:
        programme = self._find_programme(settled.key)
        if programme:
            if self._live:
                self._parts.aired(settled.key)
            has_signal = programme.items[0].clip.key == self._signal_key
            for ready in numbered(programme.items, has_signal):
                if ready.line or self._signal_to_come:
                    self._deliver(ready)
            self._deliver(Made(programme))
            return
        if self._live and self._voices and self._parts.catalogue.online(self._voice):
            self.speaks_by = self._speech_due
        attempt, reached = self._attempt, (-1, 0) if self._signal_to_come else (0, 0)
        job = self._parts.workshop.make(
            settled,
            self._live,
            self._parts.lexicon,
            lambda answer: self._take(attempt, answer),
            reached,
            self._first_piece,
        )
        self._jobs.append(job)
        if self.speaks_by is not None:
            self._parts.workshop.warm(self._voices[0])

    def _take(self, attempt: int, answer: Answer) -> None:
        with self._lock:
            if attempt != self._attempt:
                return
            match answer:
                case Ready():
                    self._take_sound(answer)
                case Made():
                    self._parts.cascade.recover(self._voice)
                    self._end_attempt()
                    self._deliver(answer)
                case BroadcasterError():
                    self._take_error(answer)

    def _take_sound(self, sound: Ready) -> None:
        if self._signal_to_come:
            self._expect_speech_in(sound.item.seconds)
            self._signal_to_come = False
        else:
            self._speech_due = math.inf
        if self.speaks_by is not None:
            self.speaks_by = self._speech_due
        self._deliver(sound)

    def _take_error(self, error: BroadcasterError) -> None:
        if isinstance(error, VoiceUnavailable):
            clock, alone = self._parts.clock, isinstance(error, VoiceWithdrawn)
            self._parts.cascade.fail(self._voice, str(error), clock.monotonic(), clock.now(), alone)
        if isinstance(error, VoiceUnavailable | LineRefused):
            self._next_after(str(error))
        else:
            # A full disk or a text that cannot be spoken: no other voice does better.
            self._end_attempt()
            self._deliver(RenderFailed(str(error)))

    def _next_after(self, reason: str) -> None:
        logger.warning("%s 没有做成：%s", self._voice, reason)
        self._errors.append(reason)
        self._end_attempt()
        self._try_next()

    def _end_attempt(self) -> None:
        """Ends the attempt: sounds that still come of it are ignored."""
        self._attempt += 1
        self.speaks_by = None
