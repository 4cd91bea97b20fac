"""The program of the voice child: text front end, voices and mastering, one line at a time."""

import logging
import os
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from broadcaster.child import connect_to_parent
from broadcaster.clips.chime import chime
from broadcaster.clips.keeping import Keeping
from broadcaster.clips.key import chime_key, clip_key
from broadcaster.clips.mastering import Mastering
from broadcaster.clips.store import ClipStore
from broadcaster.errors import BroadcasterError, LineRefused, VoiceUnavailable
from broadcaster.model import Clip, Item, Line, Programme, Ready, Script
from broadcaster.script.compose import compose
from broadcaster.script.reader import Reader
from broadcaster.settings import LexiconSettings
from broadcaster.tts.catalogue import Catalogue
from broadcaster.tts.voice import Voice
from broadcaster.workshop import (
    Compose,
    Composed,
    Drop,
    Failed,
    Finished,
    Make,
    Reply,
    Request,
    Setup,
    Sounding,
    Warm,
)

logger = logging.getLogger(__name__)

# A syllable of live speech takes 0.1 to 0.5 s; outside of these the voice broke off or ran away.
SHORTEST_SYLLABLE_SECONDS = 0.08
LONGEST_SYLLABLE_SECONDS = 0.6
# What a voice may add at the ends of a line, whatever its length.
ENDS_SECONDS = 1.0

Work = Iterator[Reply | None]


@dataclass
class _Job:
    request: Compose | Make
    work: Work

    @property
    def order(self) -> tuple[bool, int]:
        """Live work and scripts first, then first come, first served."""
        return isinstance(self.request, Make) and not self.request.live, self.request.job


class VoiceChild:
    """Does the jobs that come over the pipe, a piece of a line at a time, the most urgent first."""

    def __init__(self, setup: Setup) -> None:
        self._settings = setup.settings
        self._spool = setup.spool
        self._store = ClipStore(setup.settings.paths.audio_cache)
        self._catalogue = Catalogue(setup.settings.paths.voices, setup.settings.voices.threads)
        self._lexicon = LexiconSettings()
        self._reader = self._new_reader()
        self._store.sweep()
        self._voices: dict[str, Voice] = {}
        self._jobs: dict[int, _Job] = {}

    def run(self, connection: Connection) -> None:
        """Work until the parent closes the pipe (`EOFError`)."""
        while True:
            while not self._jobs or connection.poll():
                self._take(connection.recv())
            job = min(self._jobs.values(), key=lambda job: job.order)
            reply = self._advance(job)
            if reply:
                connection.send(reply)

    def _take(self, request: Request) -> None:
        match request:
            case Compose():
                self._jobs[request.job] = _Job(request, self._compose(request))
            case Make():
                self._jobs[request.job] = _Job(request, self._make(request))
            case Drop(job):
                self._jobs.pop(job, None)
            case Warm(voice):
                self._warm(voice)

    def _advance(self, job: _Job) -> Reply | None:
        number = job.request.job
        try:
            return next(job.work)
        except StopIteration:
            error: BroadcasterError | None = None
        except BroadcasterError as expected:
            error = expected
        except Exception:
            logger.exception("job %s", job.request)
            error = VoiceUnavailable("语音引擎内部出错，这则通知没有做成，详见日志。")
        del self._jobs[number]
        return Failed(number, error) if error else None

    def _warm(self, voice: str) -> None:
        try:
            self._reader.warm()
            self._voice(voice)
        except BroadcasterError as error:
            logger.warning("cannot warm %s: %s", voice, error)

    def _voice(self, name: str) -> Voice:
        if name not in self._voices:
            with _without_stderr():
                self._voices[name] = self._catalogue.open(name)
        return self._voices[name]

    def _script(self, request: Compose | Make) -> Script:
        """By the lexicon that the request's key was made with."""
        if request.lexicon != self._lexicon:
            self._lexicon = request.lexicon
            self._reader = self._new_reader()
        return compose(request.notice, self._settings.station, self._reader)

    def _new_reader(self) -> Reader:
        return Reader(self._lexicon, self._settings.station.longest_text)

    def _compose(self, request: Compose) -> Work:
        yield Composed(request.job, self._script(request))

    def _make(self, request: Make) -> Work:
        notice = request.notice
        keeping = Keeping(self._store, self._spool, request.job, request.live)
        items: list[Item] = []
        if notice.chime:
            items.append(Item(self._chime(keeping)))
            yield Sounding(request.job, (0, 0), Ready(items[0]))
        script = self._script(request)
        voice = self._voice(notice.voice or self._settings.station.voice)
        for number, line in enumerate(script.lines, start=1):
            items.append((yield from self._make_line(request, number, line, voice, keeping)))
        programme = Programme(voice.name, tuple(items))
        keeping.keep_programme(request.key, programme)
        yield Finished(request.job, programme, keeping.fault)

    def _make_line(
        self, request: Make, number: int, line: Line, voice: Voice, keeping: Keeping
    ) -> Generator[Reply | None, None, Item]:
        """Say a line, or find it said; yields as it goes, so that a more urgent job can go between.

        The first line of a live notice is handed out piece by piece, the others whole.
        """
        rate_hz, pace = self._settings.sound.rate_hz, request.notice.pace or 1.0
        key = clip_key(line, voice.name, voice.version, pace, rate_hz)
        clip = keeping.find(key)
        last: Sounding | None = None
        if clip is None:
            streamed = request.live and number == 1
            mastering = Mastering(voice.rate_hz, rate_hz, voice.level_lufs)
            pieces: list[NDArray[np.int16]] = []
            for waveform in voice.speak(line, pace):
                pieces.append(mastering.process(waveform))
                yield self._piece(request, number, pieces, keeping) if streamed else None
            pieces.append(mastering.finish())
            samples = np.concatenate(pieces)
            _check_length(len(samples) / rate_hz * pace, line)
            clip = keeping.keep(key, samples, rate_hz)
            if streamed:
                last = self._piece(request, number, pieces, keeping, line.pause_seconds)
        item = Item(clip, line.pause_seconds)
        yield last or Sounding(request.job, (number, 0), Ready(item))
        return item

    def _piece(
        self,
        request: Make,
        number: int,
        pieces: list[NDArray[np.int16]],
        keeping: Keeping,
        pause_seconds: float = 0.0,
    ) -> Sounding | None:
        """The newest piece of a line as a sound of its own, or None if there is nothing in it."""
        if not len(pieces[-1]):
            return None
        place = (number, len(pieces))
        clip = keeping.piece(place, pieces[-1], self._settings.sound.rate_hz)
        return Sounding(request.job, place, Ready(Item(clip, pause_seconds)))

    def _chime(self, keeping: Keeping) -> Clip:
        rate_hz = self._settings.sound.rate_hz
        key = chime_key(rate_hz)
        return keeping.find(key) or keeping.keep(key, chime(rate_hz), rate_hz)


@contextmanager
def _without_stderr() -> Iterator[None]:
    """LiteRT greets on stderr at every load, in English, and no setting of its own silences it."""
    kept = os.dup(2)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _check_length(seconds: float, line: Line) -> None:
    """Raise `LineRefused` if speech of this length, at pace 1.0, cannot be this line."""
    count = sum(len(syllable.sounded.split()) for syllable in line.syllables)
    longest = count * LONGEST_SYLLABLE_SECONDS + ENDS_SECONDS
    if not count * SHORTEST_SYLLABLE_SECONDS <= seconds <= longest:
        raise LineRefused(f"“{line.spoken}”做出来的声音长 {seconds:.1f} 秒，和字数对不上，没有采用。")


def main() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    connection = connect_to_parent(sys.argv)
    try:
        VoiceChild(connection.recv()).run(connection)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        logger.debug("the box closed the pipe")


if __name__ == "__main__":
    main()
