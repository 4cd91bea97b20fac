"""Notice to programme: found ready, made while it is heard, or made ahead of its time."""

import hashlib
import json
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial

from broadcaster.clips.housekeeping import Housekeeping
from broadcaster.clips.key import chime_key
from broadcaster.clips.preset import MASTERING_VERSION
from broadcaster.clips.store import ClipStore
from broadcaster.clock import Clock
from broadcaster.errors import BroadcasterError, CacheUnwritable
from broadcaster.model import (
    Clip,
    Delivery,
    Item,
    Made,
    Notice,
    Prepared,
    Programme,
    Ready,
    Refused,
    Script,
)
from broadcaster.script.fingerprint import Words
from broadcaster.script.speakable import check_speakable
from broadcaster.settings import LexiconSettings, Settings
from broadcaster.tts.catalogue import Catalogue
from broadcaster.workshop import Workshop

logger = logging.getLogger(__name__)

# How often the timetable is looked through for programmes that are not made yet.
AHEAD_SECONDS = 60.0
WATCH_SECONDS = 1.0


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
        self._due = due
        self._store = ClipStore(settings.paths.audio_cache)
        self._catalogue = Catalogue(settings.paths.voices, settings.voices.threads)
        self._words = Words.of(lexicon)
        always = {chime_key(settings.sound.rate_hz)}
        self.house = Housekeeping(self._store, settings, self._due_keys, always, clock)
        self._workshop = Workshop(settings, clock, self.house.made)
        self._changed = threading.Condition()
        self._making_ahead = False
        self._failed_ahead: dict[str, float] = {}

    def learn(self, lexicon: LexiconSettings) -> None:
        """Read by another lexicon from now on; what was made by the old one is no longer found.

        Lines that sound the same keep their clips. Raises `ConfigError`, and then nothing changes.
        """
        self._words = Words.of(lexicon)
        self.wake()

    def settled(self, notice: Notice) -> Notice:
        """The notice with everything that it left to the station filled in.

        Raises `TextRefused` for what cannot be spoken and `VoiceUnavailable` for a voice that is
        not to be had here.
        """
        station = self._settings.station
        check_speakable(notice.text, station.longest_text)
        voice = notice.voice or station.voice
        self._catalogue.version(voice)
        return replace(
            notice,
            voice=voice,
            pace=station.pace if notice.pace is None else notice.pace,
            opening=station.opening if notice.opening is None else notice.opening,
            closing=station.closing if notice.closing is None else notice.closing,
            chime=station.chime if notice.chime is None else notice.chime,
        )

    def find(self, notice: Notice) -> Programme | None:
        """The programme of a settled notice if it is made and all its clips are there."""
        return self._store.find_programme(self.programme_key(notice))

    def script(self, notice: Notice, lexicon: LexiconSettings | None = None) -> Script:
        """What will be said, by the station's lexicon or another; blocks while it is composed.

        Raises `TextRefused`.
        """
        self.wake()
        return self._workshop.compose(notice, lexicon or self._words.lexicon)

    def sample(self, notice: Notice, lexicon: LexiconSettings) -> Programme:
        """A notice by another lexicon than the station's, to be heard by who waits; blocks for it.

        Raises `BroadcasterError`.
        """
        notice, words = self.settled(notice), Words.of(lexicon)
        made: Future[Programme] = Future()
        kept = self._store.find_programme(self._key(notice, words))
        if kept is None:
            with self._live(notice, words, partial(_settle, made)):
                made.result()
            kept = self._store.find_programme(self._key(notice, words))
        if kept is None:
            raise CacheUnwritable(self.house.fault or "声音做好了，可是没有存下来，请再试一次。")
        return kept

    def find_clip(self, key: str) -> Clip | None:
        return self._store.find(key)

    def warm(self) -> None:
        """Have the voice child ready: somebody is about to say something."""
        self._workshop.warm(self._settings.station.voice)
        self.wake()

    @contextmanager
    def make(self, notice: Notice, deliver: Callable[[Delivery], None]) -> Iterator[None]:
        """Deliver a notice's sounds in speaking order, then `Made` or `Refused`.

        What is ready is delivered at once, on this thread; the rest while the context is open.
        """
        with self.house.on_air(deliver) as delivered, self._make(notice, delivered):
            yield

    @contextmanager
    def _make(self, notice: Notice, deliver: Callable[[Delivery], None]) -> Iterator[None]:
        try:
            notice = self.settled(notice)
        except BroadcasterError as error:
            deliver(Refused(str(error)))
            yield
            return
        programme = self.find(notice)
        if programme:
            self.house.aired(self.programme_key(notice))
            for item in programme.items:
                deliver(Ready(item))
            deliver(Made(programme))
            yield
            return
        chime = self._store.find(chime_key(self._settings.sound.rate_hz)) if notice.chime else None
        if chime:
            # The chime covers the making of the first line, and a voice child that is not up yet.
            deliver(Ready(Item(chime)))
        reached = (0, 0) if chime else (-1, 0)
        with self._live(notice, self._words, deliver, reached):
            yield

    @contextmanager
    def _live(
        self,
        notice: Notice,
        words: Words,
        deliver: Callable[[Delivery], None],
        reached: tuple[int, int] = (-1, 0),
    ) -> Iterator[None]:
        key = self._key(notice, words)
        job = self._workshop.make(notice, key, True, words.lexicon, deliver, reached)
        self.wake()
        try:
            yield
        finally:
            self._workshop.drop(job)

    def programme(self, notice: Notice) -> Programme:
        """The programme of a notice; blocks while it is made. Raises `BroadcasterError`."""
        notice = self.settled(notice)
        return self.find(notice) or self._start(notice).result()

    def prepare(self, notices: Sequence[Notice]) -> Iterator[Prepared]:
        """Have each made that is not; blocks while they are, one after the other."""
        for number, notice in enumerate(notices, start=1):
            this = Prepared(number, len(notices), notice)
            try:
                found = self.find(self.settled(notice))
                programme = found or self.programme(notice)
                yield replace(this, seconds=programme.seconds, made=found is None)
            except BroadcasterError as error:
                yield replace(this, problem=str(error))

    @property
    def child_pid(self) -> int | None:
        """The voice child's process, or None while there is none."""
        return self._workshop.child_pid

    def watch(self) -> None:
        """End a voice child that hangs, or that has been idle for long."""
        self._workshop.watch()

    def wake(self) -> None:
        with self._changed:
            self._changed.notify()

    def step(self) -> None:
        """Watch the voice child, start the next programme that will be wanted, and wait a while."""
        self.watch()
        if not self._making_ahead:
            self._make_next_ahead()
        with self._changed:
            up = self._workshop.child_pid is not None
            self._changed.wait(WATCH_SECONDS if up else AHEAD_SECONDS)

    def close(self) -> None:
        self._workshop.close()
        self.house.close()

    def _due_keys(self) -> set[str]:
        keys = set()
        for notice in self._due():
            with suppress(BroadcasterError):
                keys.add(self.programme_key(self.settled(notice)))
        return keys

    def _make_next_ahead(self) -> None:
        for notice in self._ahead():
            try:
                notice = self.settled(notice)
            except BroadcasterError as error:
                logger.warning("cannot make %s ahead: %s", notice.title, error)
                continue
            key = self.programme_key(notice)
            failed_at = self._failed_ahead.get(key)
            if failed_at is not None and self._clock.monotonic() - failed_at < 10 * AHEAD_SECONDS:
                continue
            if self.find(notice) is None:
                self._making_ahead = True
                self._start(notice).add_done_callback(partial(self._made_ahead, key))
                return

    def _made_ahead(self, key: str, made: Future[Programme]) -> None:
        error = made.exception()
        if error:
            logger.warning("not made ahead: %s", error)
            self._failed_ahead[key] = self._clock.monotonic()
        self._making_ahead = False
        self.wake()

    def _start(self, notice: Notice) -> Future[Programme]:
        """Have a settled notice made in the background, behind everything live."""
        made: Future[Programme] = Future()
        words = self._words
        self._workshop.make(
            notice, self._key(notice, words), False, words.lexicon, partial(_settle, made)
        )
        self.wake()
        return made

    def programme_key(self, notice: Notice) -> str:
        """A hash of all that a settled notice's programme is made from."""
        return self._key(notice, self._words)

    def _key(self, notice: Notice, words: Words) -> str:
        rate_hz = self._settings.sound.rate_hz
        parts = [
            notice.text,
            notice.opening,
            notice.closing,
            notice.repeats,
            notice.pace,
            notice.chime and chime_key(rate_hz),
            notice.voice,
            self._catalogue.version(notice.voice or ""),
            self._settings.station.repeat_pause_seconds,
            words.version,
            MASTERING_VERSION,
            rate_hz,
        ]
        return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()[:32]


def _settle(made: Future[Programme], delivery: Delivery) -> None:
    if isinstance(delivery, Made):
        made.set_result(delivery.programme)
    elif isinstance(delivery, Refused):
        made.set_exception(BroadcasterError(delivery.reason))
