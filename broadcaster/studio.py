"""Notice to programme: found ready, made while it is heard, or made ahead of its time."""

import hashlib
import json
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from broadcaster.clips.key import CLAPPERS_VERSION, SIGNAL_VERSIONS, signal_key
from broadcaster.clips.preset import PRESETS
from broadcaster.clips.store import ClipStore
from broadcaster.clock import Clock
from broadcaster.errors import BroadcasterError, VoiceUnavailable
from broadcaster.making import Making, Parts
from broadcaster.manner import settle
from broadcaster.model import Clip, Delivery, Made, Notice, Programme, Refused, Script, Signal, Style
from broadcaster.script.fingerprint import fingerprint
from broadcaster.script.speakable import check_speakable, settled_tempo
from broadcaster.settings import LexiconSettings, Settings
from broadcaster.tts.cascade import Cascade
from broadcaster.tts.catalogue import Catalogue
from broadcaster.tts.engine import VoiceEntry as VoiceEntry
from broadcaster.workshop import Workshop

logger = logging.getLogger(__name__)

# How often the timetable is looked through for programmes that are not made yet.
AHEAD_SECONDS = 60.0
WATCH_SECONDS = 1.0


class Studio:
    """Makes programmes by the voice child and keeps them; any thread may call.

    `ahead` names the notices that will be wanted, soonest first; `step` makes them one by one while
    nothing more urgent is asked.
    """

    def __init__(
        self,
        settings: Settings,
        lexicon: LexiconSettings,
        clock: Clock,
        ahead: Callable[[], Iterable[Notice]] = tuple,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._ahead = ahead
        self._store = ClipStore(settings.paths.audio_cache)
        self._preset = PRESETS[settings.sound.preset]
        voices = settings.voices
        self._catalogue = Catalogue(settings.paths.voices, voices.threads, voices.edge)
        self._cascade = Cascade(settings.station.stand_ins)
        self._script_version = fingerprint(lexicon)
        self._workshop = Workshop(settings, lexicon, clock)
        self._parts = Parts(
            self._workshop,
            self._store,
            self._catalogue,
            self._cascade,
            clock,
            self._find_signal,
            self.programme_key,
        )
        self._live: list[Making] = []
        self._changed = threading.Condition()
        self._making_ahead = False
        self._looked_for_signals = False
        self._failed_ahead: dict[str, float] = {}

    def settled(self, notice: Notice) -> Notice:
        """The notice with everything that it left to the station filled in.

        Raises `TextRefused` for what cannot be spoken and `VoiceUnavailable` for a voice that was
        asked for by name and is not to be had here; the station's own is stood in for.
        """
        filled_in = self._filled_in(notice)
        if notice.voice:
            self._catalogue.version(notice.voice)
        else:
            self._best_now(filled_in)
        return filled_in

    def _filled_in(self, notice: Notice) -> Notice:
        """The same for a voice that may be gone by now: another one will speak. Raises `TextRefused`."""
        check_speakable(notice.text, self._settings.station.longest_text)
        tempo = settled_tempo(notice, self._settings.station)
        return replace(settle(notice, self._settings), beats_per_minute=tempo)

    def find(self, notice: Notice) -> Programme | None:
        """The programme of a settled notice in its own voice, if all its clips are there."""
        return self._store.find_programme(self.programme_key(notice))

    def script(self, notice: Notice) -> Script:
        """What will be said; blocks while it is composed. Raises `TextRefused`."""
        self.wake()
        return self._workshop.compose(notice)

    def warm(self) -> None:
        """Have the voice child ready: somebody is about to say something."""
        for voice in self._cascade.order(self._settings.station.voice, self._clock.monotonic()):
            self._workshop.warm(voice)
        self.wake()

    def voices(self) -> list[VoiceEntry]:
        """Every voice; one that failed and has not spoken since is not ready, and says since when."""
        return [self._with_trip(entry) for entry in self._catalogue.entries()]

    def _with_trip(self, entry: VoiceEntry) -> VoiceEntry:
        trip = self._cascade.trip(entry.name)
        if trip is None or not entry.ready:
            return entry
        what = "连不上" if self._catalogue.online(entry.name) else "出错"
        state = f"{what}，{trip.since:%m月%d日 %H:%M} 起：{trip.reason}"
        return replace(entry, ready=False, state=state)

    @contextmanager
    def make(self, notice: Notice, deliver: Callable[[Delivery], None]) -> Iterator[None]:
        """Deliver a notice's sounds in speaking order, then `Made` or `Refused`.

        What is ready is delivered at once, on this thread; the rest while the context is open. An
        online voice that has said nothing when the chime is over gives way to one that stands in.
        """
        try:
            notice = self._filled_in(notice)
        except BroadcasterError as error:
            deliver(Refused(str(error)))
            yield
            return
        making = Making(self._parts, notice, True, deliver)
        making.start()
        self._live.append(making)
        self.wake()
        try:
            yield
        finally:
            self._live.remove(making)
            making.close()

    def programme(self, notice: Notice, alone: bool = False) -> Programme:
        """The programme of a notice, `voice` saying who speaks; blocks while it is made.

        With `alone` nobody stands in for its voice. Raises `BroadcasterError`.
        """
        return self._start(self.settled(notice), alone).result()

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

    def _have_signals_made(self) -> None:
        """A voice child makes those that are missing as it comes up."""
        self._looked_for_signals = True
        if not all(self._find_signal(signal) for signal in SIGNAL_VERSIONS):
            self._workshop.bring_up()

    def _find_signal(self, signal: Signal | None) -> Clip | None:
        if signal not in SIGNAL_VERSIONS:
            return None
        return self._store.find(signal_key(signal, self._settings.sound.rate_hz, self._preset))

    def _make_next_ahead(self) -> None:
        for notice in self._ahead():
            try:
                notice = self._filled_in(notice)
                best = self._best_now(notice)
            except BroadcasterError as error:
                logger.warning("cannot make %s ahead: %s", notice.title, error)
                continue
            failed_at = self._failed_ahead.get(self.programme_key(best))
            if failed_at is not None and self._clock.monotonic() - failed_at < 10 * AHEAD_SECONDS:
                continue
            if self.find(best) is None:
                self._making_ahead = True
                self._start(notice).add_done_callback(partial(self._made_ahead, best))
                return

    def _best_now(self, notice: Notice) -> Notice:
        """The notice in the best voice that is not left alone, so that what was made in a stand-in is
        made again when the wished voice is back. Raises `VoiceUnavailable` if there is none.
        """
        errors: list[VoiceUnavailable] = []
        for voice in self._cascade.order(notice.voice or "", self._clock.monotonic()):
            try:
                self._catalogue.version(voice)
                return replace(notice, voice=voice)
            except VoiceUnavailable as error:
                errors.append(error)
        raise errors[0]

    def _made_ahead(self, best: Notice, made: Future[Programme]) -> None:
        error, voice = made.exception(), best.voice or ""
        if error:
            logger.warning("not made ahead: %s", error)
        # A voice that is left alone is tried when it is due again; this is for one that refuses a line.
        failed = error is not None or made.result().voice != voice
        if failed and (error or not self._cascade.rests(voice, self._clock.monotonic())):
            self._failed_ahead[self.programme_key(best)] = self._clock.monotonic()
        self._making_ahead = False
        self.wake()

    def _start(self, notice: Notice, alone: bool = False) -> Future[Programme]:
        """Have a settled notice made in the background, behind everything live."""
        parts = replace(self._parts, cascade=Cascade(())) if alone else self._parts
        made: Future[Programme] = Future()

        def deliver(delivery: Delivery) -> None:
            if isinstance(delivery, Made):
                made.set_result(delivery.programme)
            elif isinstance(delivery, Refused):
                made.set_exception(BroadcasterError(delivery.reason))

        Making(parts, notice, False, deliver).start()
        self.wake()
        return made

    def programme_key(self, notice: Notice) -> str:
        """A hash of all that a settled notice's programme is made from."""
        rate_hz, station = self._settings.sound.rate_hz, self._settings.station
        signal = notice.chime if notice.chime in SIGNAL_VERSIONS else None
        parts = [
            notice.text,
            notice.opening,
            notice.closing,
            notice.repeats,
            notice.pace,
            signal and signal_key(signal, rate_hz, self._preset),
            notice.voice,
            self._catalogue.version(notice.voice or ""),
            station.opening_repeats,
            station.repeat_pause_seconds,
            self._script_version,
            self._preset.version,
            rate_hz,
        ]
        if notice.style is not Style.PLAIN:
            parts += [notice.style, notice.beats_per_minute, CLAPPERS_VERSION]
        return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()[:32]
