"""The studio turns a notice into a programme: finds it ready, renders it while it is heard, or renders
it ahead.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from broadcaster.audio.cache_cleanup import Housekeeping
from broadcaster.audio.clip_key import SIGNAL_VERSIONS
from broadcaster.audio.clip_store import ClipStore
from broadcaster.core.clock import Clock
from broadcaster.core.errors import BroadcasterError, CacheUnwritable
from broadcaster.core.model import (
    Clip,
    Delivery,
    Made,
    Prepared,
    Programme,
    RenderFailed,
    Script,
    SettledNotice,
)
from broadcaster.core.notice import Notice, Signal
from broadcaster.core.piece import Piece, PieceKind
from broadcaster.rules.severity_defaults import fill_in
from broadcaster.settings.schema import LexiconSettings, Settings
from broadcaster.studio.piece_faults import PieceFaults, fault_name
from broadcaster.studio.programme_key import Recipes
from broadcaster.studio.render_job import Making, RenderContext
from broadcaster.studio.stretches import made_ahead
from broadcaster.studio.voice_client import Workshop
from broadcaster.text.fingerprint import LexiconVersion
from broadcaster.tts.base.engine import VoiceEntry as VoiceEntry
from broadcaster.tts.catalogue import Catalogue
from broadcaster.tts.fallback import Cascade

logger = logging.getLogger(__name__)

# How often the timetable is looked through for programmes that are not made yet.
AHEAD_SECONDS = 60.0
RETRY_SECONDS = 10 * AHEAD_SECONDS
WATCH_SECONDS = 1.0
# What is urgent is not begun without a word of warning; the daily chime is nothing to wait for.
SIGNAL_STAND_INS = {Signal.SIREN: Signal.ALERT}


class Studio:
    """Makes programmes by the voice child and keeps them; any thread may call.

    `ahead` names the notices that will be wanted, soonest first; `step` makes them one by one while
    nothing more urgent is asked. What is made of those that `due` names is not removed from the cache.
    """

    def __init__(
        self,
        settings: Settings,
        lexicon: LexiconSettings,
        clock: Clock,
        ahead: Callable[[], Iterable[Notice]] = tuple,
        due: Callable[[], Iterable[Notice]] = tuple,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._ahead = ahead
        self._store = ClipStore(settings.paths.audio_cache)
        voices = settings.voices
        self._catalogue = Catalogue(settings.paths.voices, voices.threads, voices.edge)
        self._cascade = Cascade(settings.station.stand_ins)
        self._recipes = Recipes(settings, lexicon, self._catalogue, self._cascade)
        recipes = self._recipes
        signals = set(map(recipes.signal_key, SIGNAL_VERSIONS))
        self.house = Housekeeping(self._store, settings, lambda: recipes.keys(due()), signals, clock)
        self._workshop = Workshop(settings, clock, self.house.note_rendered)
        self.pieces = PieceFaults(clock)
        self._live: list[Making] = []
        self._changed = threading.Condition()
        self._making_ahead = False
        self._looked_for_signals = False
        self._tried_ahead: dict[str, float] = {}

    def learn(self, lexicon: LexiconSettings) -> None:
        """Read by another lexicon from now on; what was made by the old one is no longer found.

        Lines that sound the same keep their clips. Raises `ConfigError`, and then nothing changes.
        """
        self._recipes.words = LexiconVersion.of(lexicon)
        self.wake()

    def settle(self, notice: Notice) -> SettledNotice:
        """The notice with everything that it left to the station filled in, its voice and its key.

        Computed once, and anew when the lexicon or the voice has changed. Raises `TextRefused` for what
        cannot be spoken and `VoiceUnavailable` for a voice that was asked for by name and is not to be
        had here; the station's own is stood in for.
        """
        return self._recipes.settle(notice, self._clock.monotonic())

    def settle_accepted(self, notice: Notice) -> SettledNotice:
        """The same for one that was accepted before: another voice speaks for one that is gone by now.

        Raises `TextRefused`.
        """
        return self._recipes.settle_accepted(notice)

    def find(self, settled: SettledNotice) -> Programme | None:
        """The programme of a settled notice in its voice, if all its clips are there."""
        return self._store.find_programme(settled.key, whole=True)

    def script(self, notice: Notice, lexicon: LexiconSettings | None = None) -> Script:
        """The script of a notice, by the station's lexicon or another; blocks while it is composed.

        Raises `TextRefused`.
        """
        self.wake()
        return self._workshop.compose(notice, lexicon or self._recipes.words.lexicon)

    def sample(self, notice: Notice, lexicon: LexiconSettings) -> Programme:
        """A notice by another lexicon than the station's, to be heard by who waits; blocks for it.

        Raises `BroadcasterError`.
        """
        settled, words = self.settle(notice), LexiconVersion.of(lexicon)
        made: Future[Programme] = Future()
        with self._making_live(settled, words, partial(_end, made)):
            programme = made.result()
        spoken = self._recipes.in_voice(settled.notice, programme.voice, words)
        if self._store.find_programme(spoken.key) is None:
            raise CacheUnwritable(self.house.fault or "声音做好了，可是没有存下来，请再试一次。")
        return programme

    def signal(self, notice: Notice) -> Clip | None:
        """The signal before a talk, the chime if none is set; None while it is being made."""
        chime = fill_in(notice, self._settings).chime
        return self._find_signal(Signal.CHIME if chime is Signal.NONE else chime)

    def find_clip(self, key: str) -> Clip | None:
        return self._store.find_checked(key)

    def throw_away(self, sound: Path) -> None:
        """A clip that was found to be damaged as it sounded: it is made again when it is wanted."""
        self._store.discard(sound)

    def warm(self) -> None:
        """Have the voice child ready: somebody is about to say something."""
        for voice in self._cascade.order(self._settings.station.voice, self._clock.monotonic()):
            self._workshop.warm(voice)
        self.wake()

    def voices(self) -> list[VoiceEntry]:
        """Every voice; one that failed and has not spoken since is not ready, and says since when."""
        return [self._with_trip(self._with_speed(entry)) for entry in self._catalogue.entries()]

    def _with_speed(self, entry: VoiceEntry) -> VoiceEntry:
        """The entry with the voice's speed on this machine, if it has spoken; speech slower than real
        time is heard in bits.
        """
        slowness = self._workshop.slowness(entry.name)
        if not slowness or self._catalogue.online(entry.name):
            return entry
        slow = "，这台机器做得慢：没说过的话会断断续续，请提前做好" if slowness > 1 else ""
        return replace(entry, speed=f"{slowness:.2g} × 实时（在这台机器上测的）{slow}")

    def _with_trip(self, entry: VoiceEntry) -> VoiceEntry:
        outage = self._cascade.outage(entry.name)
        if outage is None or not entry.ready:
            return entry
        what = "连不上" if self._catalogue.online(entry.name) else "出错"
        state = f"{what}，{outage.since:%m月%d日 %H:%M} 起：{outage.reason}"
        return replace(entry, ready=False, state=state)

    @contextmanager
    def make(
        self, settled: SettledNotice, deliver: Callable[[Delivery], None], first_piece: int = 0
    ) -> Iterator[None]:
        """Deliver a notice's sounds in speaking order, then `Made` or `RenderFailed`; of a column that
        is not made yet only what comes from `first_piece` on.

        What is ready is delivered at once, on this thread; the rest while the context is open. An
        online voice that has said nothing when the chime is over gives way to one that stands in.
        """

        def deliver_and_tell(delivery: Delivery) -> None:
            match delivery:
                case Made(programme):
                    self._tell_lacks(settled.notice, programme, first_piece)
                case RenderFailed(reason):
                    self._tell_failed(settled.notice, reason, first_piece)
            deliver(delivery)

        with (
            self.house.on_air(deliver_and_tell) as delivered,
            self._making_live(settled, self._recipes.words, delivered, first_piece),
        ):
            yield

    @contextmanager
    def _making_live(
        self,
        settled: SettledNotice,
        words: LexiconVersion,
        deliver: Callable[[Delivery], None],
        first_piece: int = 0,
    ) -> Iterator[None]:
        making = Making(self._parts(words, self._cascade), settled, True, deliver, first_piece)
        making.start()
        self._live.append(making)
        self.wake()
        try:
            yield
        finally:
            self._live.remove(making)
            making.close()

    def programme(self, settled: SettledNotice, alone: bool = False) -> Programme:
        """The programme of a notice, `voice` saying who speaks; blocks while it is made.

        With `alone` nobody stands in for its voice. Raises `BroadcasterError`.
        """
        return self.start(settled, alone).result()

    def start(self, settled: SettledNotice, alone: bool = False) -> Future[Programme]:
        """The same without waiting for it: made in the background, behind everything live."""
        cascade = Cascade(()) if alone else self._cascade
        made: Future[Programme] = Future()
        Making(self._parts(self._recipes.words, cascade), settled, False, partial(_end, made)).start()
        self.wake()
        return made

    def prepare(self, notices: Sequence[Notice]) -> Iterator[Prepared]:
        """Have each made that is not; blocks while they are, one after the other."""
        for number, notice in enumerate(notices, start=1):
            this = Prepared(number, len(notices), notice)
            try:
                settled = self.settle(notice)
                found = self.find(settled)
                programme = found or self.programme(settled)
                yield replace(this, seconds=programme.seconds, made=found is None)
            except BroadcasterError as error:
                yield replace(this, problem=str(error))

    @property
    def child_pid(self) -> int | None:
        """The voice child's process, or None while there is none."""
        return self._workshop.child_pid

    def watch(self) -> None:
        """End a voice child that hangs, or that has been idle for long; let stand-ins speak in time."""
        for making in tuple(self._live):
            making.check()
        self._workshop.watch()

    def wake(self) -> None:
        with self._changed:
            self._changed.notify()

    def step(self) -> None:
        """Watch the voice child, start the next programme that will be wanted, and wait a while."""
        self.watch()
        if not self._looked_for_signals:
            self._have_signals_made()
        if not self._making_ahead:
            self._make_next_ahead()
        with self._changed:
            self._changed.wait(self._wait_seconds())

    def _wait_seconds(self) -> float:
        now = self._clock.monotonic()
        limits = [by - now for making in tuple(self._live) if (by := making.speaks_by) is not None]
        up = self._workshop.child_pid is not None
        return max(0.0, min([*limits, WATCH_SECONDS if up else AHEAD_SECONDS]))

    def close(self) -> None:
        self._workshop.close()
        self.house.close()

    def _have_signals_made(self) -> None:
        """A voice child makes those that are missing as it comes up."""
        self._looked_for_signals = True
        for signal in SIGNAL_VERSIONS:
            self._find_signal(signal)

    def _find_signal(self, signal: Signal | None) -> Clip | None:
        """The signal, or one that stands in for it; what is away is being made again."""
        if signal not in SIGNAL_VERSIONS:
            return None
        found = self._store.find_checked(self._recipes.signal_key(signal))
        if found is None:
            self._workshop.bring_up()
            return self._find_signal(SIGNAL_STAND_INS.get(signal))
        return found

    def _make_next_ahead(self) -> None:
        for settled in self._wanted_ahead():
            try:
                best = self._recipes.best(settled, self._clock.monotonic())
            except BroadcasterError as error:
                logger.warning("“%s”提前做不成：%s", settled.notice.title, error)
                continue
            tried_at = self._tried_ahead.get(best.key)
            if tried_at is not None and self._clock.monotonic() - tried_at < RETRY_SECONDS:
                continue
            if self.find(best) is None:
                self._making_ahead = True
                self.start(settled).add_done_callback(partial(self._made_ahead, best))
                return

    def _wanted_ahead(self) -> Iterator[SettledNotice]:
        for notice in self._ahead():
            try:
                settled = self._recipes.settle_accepted(notice)
                if settled.notice.comes_in:
                    yield from map(self._recipes.settle_accepted, made_ahead(settled.notice))
                else:
                    yield settled
            except BroadcasterError as error:
                logger.warning("“%s”提前做不成：%s", notice.title, error)

    def _tell_lacks(self, notice: Notice, programme: Programme, first_piece: int = 0) -> None:
        """Of each sound of a column by itself; what is before `first_piece` was not tried."""
        faults = programme.faults
        titles = {item.piece: item.says for item in programme.items if not item.instead_of}
        for number, piece in _sounds_of(notice, first_piece):
            if sentence := faults.get(number):
                self.pieces.tell(fault_name(piece), _told_of(notice, sentence))
                continue
            self.pieces.tell(fault_name(piece), "")
            # Before it was there it was known by its name, or by its folder's.
            self.pieces.tell(fault_name(piece, titles.get(number, "")), "")
            self.pieces.tell(f"{PieceKind.FOLDER} {piece.out_of}", "")

    def _tell_failed(self, notice: Notice, reason: str, first_piece: int = 0) -> None:
        """Tell it of each sound; a failure of words is told where they were asked for."""
        for _number, piece in _sounds_of(notice, first_piece):
            self.pieces.tell(fault_name(piece), _told_of(notice, reason))

    def _made_ahead(self, best: SettledNotice, made: Future[Programme]) -> None:
        error, voice = made.exception(), best.voice
        if error:
            self._tell_failed(best.notice, str(error))
            logger.warning("没有提前做：%s", error)
        else:
            self._tell_lacks(best.notice, made.result())
        # A voice that is left alone is tried when it is due again; this is for one that refuses a line,
        # and for what is gone at once, as with a program of another version beside, each removing what
        # the other has written: every 3 ms, for ever.
        now, stood_in = self._clock.monotonic(), not error and made.result().voice != voice
        if not (stood_in and self._cascade.in_back_off(voice, now)):
            recent = {key: at for key, at in self._tried_ahead.items() if now - at < RETRY_SECONDS}
            self._tried_ahead = recent | {best.key: now}
        self._making_ahead = False
        self.wake()

    def _parts(self, words: LexiconVersion, cascade: Cascade) -> RenderContext:
        return RenderContext(
            self._workshop,
            self._store,
            self._catalogue,
            cascade,
            self._clock,
            self._find_signal,
            self._recipes.signal_key,
            self.house.aired,
            words.lexicon,
            partial(self._recipes.in_voice, words=words),
        )


def _sounds_of(notice: Notice, first_piece: int) -> Iterator[tuple[int, Piece]]:
    for number, piece in enumerate(notice.pieces, start=1):
        if not piece.spoken and number >= first_piece:
            yield number, piece


def _told_of(notice: Notice, sentence: str) -> str:
    return f"“{notice.title}”有放不了的：{sentence}"


def _end(made: Future[Programme], delivery: Delivery) -> None:
    if isinstance(delivery, Made):
        made.set_result(delivery.programme)
    elif isinstance(delivery, RenderFailed):
        made.set_exception(BroadcasterError(delivery.reason))
