"""The program of the voice child: runs the text front end, voices and mastering, one line at a time."""

import logging
import os
import sys
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection

import numpy as np
from numpy.typing import NDArray

from broadcaster.audio.clappers import Run, clappers, with_clappers
from broadcaster.audio.clip_key import clappers_key, clip_key, signal_key
from broadcaster.audio.clip_store import ClipStore
from broadcaster.audio.mastering import Mastering
from broadcaster.audio.mastering_preset import PRESETS
from broadcaster.audio.render_result import Keeping
from broadcaster.audio.signal_sounds import MAKERS, make_signal
from broadcaster.core.beat_timing import rest_after, timing
from broadcaster.core.errors import BroadcasterError, LineRefused, VoiceUnavailable
from broadcaster.core.model import (
    Clip,
    Item,
    Lack,
    Line,
    Programme,
    Ready,
    Script,
    line_before,
    piece_of,
)
from broadcaster.core.notice import Notice, Signal
from broadcaster.core.piece import Piece, PieceKind
from broadcaster.settings.schema import LexiconSettings
from broadcaster.studio.column_sounds import sound_items
from broadcaster.studio.part_clips import recording_clips
from broadcaster.studio.voice_messages import (
    Compose,
    Composed,
    Drop,
    Failed,
    Finished,
    KeepSignals,
    Make,
    Reply,
    Request,
    Setup,
    SoundReady,
    Turned,
    Warm,
    Working,
)
from broadcaster.system.child_process import (
    be_the_first_out_of_memory,
    connect_to_parent,
    end_with_parent,
)
from broadcaster.system.log_format import log_in, open_log
from broadcaster.text.frontend import Frontend
from broadcaster.text.notice_script import compose_lines
from broadcaster.tts.base.length_check import check_length
from broadcaster.tts.base.render_cost import Effort
from broadcaster.tts.base.voice import Voice
from broadcaster.tts.catalogue import Catalogue

logger = logging.getLogger("broadcaster.studio.voice_child")


class WaitsForNetwork:
    """A job waits for a network: others may go before it."""


Step = Reply | WaitsForNetwork | None
Work = Generator[Step, None, None]


@dataclass
class _ChildJob:
    request: Compose | Make
    work: Work
    waits: bool = False

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
        voices = setup.settings.voices
        self._catalogue = Catalogue(setup.settings.paths.voices, voices.threads, voices.edge)
        self._lexicon = LexiconSettings()
        self._reader = self._new_reader()
        self._store.sweep()
        self._voices: dict[str, Voice] = {}
        self._jobs: dict[int, _ChildJob] = {}
        self._turned_to: _ChildJob | None = None
        self._preset = PRESETS[setup.settings.sound.preset]

    def run(self, connection: Connection) -> None:
        """Work until the parent closes the pipe (`EOFError`)."""
        self._keep_signals()
        connection.send(Working())
        while True:
            while not self._jobs or connection.poll():
                self._take(connection.recv())
                connection.send(Working())
            for job in self._turn():
                if job is not self._turned_to:
                    self._turned_to = job
                    connection.send(Turned(job.request.job))
                step = self._advance(job)
                job.waits = isinstance(step, WaitsForNetwork)
                if not isinstance(step, WaitsForNetwork):
                    connection.send(step or Working())

    def _turn(self) -> list[_ChildJob]:
        """The most urgent job that can go on, and all that wait: those are asked in passing (0.01 s)."""
        jobs = sorted(self._jobs.values(), key=lambda job: job.order)
        return [job for job in jobs if job.waits] + [job for job in jobs if not job.waits][:1]

    def _take(self, request: Request) -> None:
        match request:
            case Compose():
                self._jobs[request.job] = _ChildJob(request, self._compose(request))
            case Make():
                self._jobs[request.job] = _ChildJob(request, self._make(request))
            case Drop(job):
                dropped = self._jobs.pop(job, None)
                if dropped:
                    dropped.work.close()
            case Warm(voice):
                self._warm(voice)
            case KeepSignals():
                self._keep_signals()

    def _advance(self, job: _ChildJob) -> Step:
        number = job.request.job
        try:
            return next(job.work)
        except StopIteration:
            error: BroadcasterError | None = None
        except BroadcasterError as expected:
            error = expected
        except Exception:
            logger.exception("第 %s 件语音（%s）没有做成，错误在下面", number, job.request.voice)
            error = VoiceUnavailable("语音引擎内部出错，这则通知没有做成，详见日志。")
        del self._jobs[number]
        return Failed(number, error) if error else None

    def _warm(self, voice: str) -> None:
        try:
            self._reader.warm()
            self._voice(voice)
        except BroadcasterError as error:
            logger.warning("声音 %s 没能提前备好：%s", voice, error)

    def _voice(self, name: str) -> Voice:
        if name not in self._voices:
            self._voices[name] = self._catalogue.open(name)
        return self._voices[name]

    def _lines(self, request: Compose | Make) -> Iterator[Line]:
        """By the lexicon that the request's key was made with."""
        if request.lexicon != self._lexicon:
            self._lexicon = request.lexicon
            self._reader = self._new_reader()
        return compose_lines(request.notice, self._settings.station, self._reader)

    def _new_reader(self) -> Frontend:
        return Frontend(self._lexicon, self._settings.station.longest_text)

    def _compose(self, request: Compose) -> Work:
        yield Composed(request.job, Script(tuple(self._lines(request))))

    def _make(self, request: Make) -> Work:
        notice = request.notice
        keeping = Keeping(self._store, self._spool, request.job, request.live)
        items: list[Item] = []
        effort = Effort()
        if request.has_signal:
            signal = self._signal(notice.chime or Signal.CHIME, keeping)
            items.append(Item(signal, matter=False))
            yield SoundReady(request.job, (0, 0), Ready(items[0], 0))
        if notice.recording and not request.first_piece:
            items += yield from self._make_recording(request, keeping)
            programme = Programme("recording", tuple(items))
        elif not notice.pieces:
            programme = yield from self._make_speech(request, keeping, items, effort)
        if notice.pieces:
            programme = yield from self._make_column(request, keeping, items, effort)
        if not programme.faults and not request.first_piece:
            keeping.keep_programme(request.settled.key, programme)
        yield Finished(request.job, programme, keeping.fault, effort.slowness)

    def _make_recording(self, request: Make, keeping: Keeping) -> Generator[Step, None, list[Item]]:
        """A person's own voice as often as it repeats, its parts one after the other."""
        notice = request.notice
        clips: list[Clip] = []
        items: list[Item] = []
        for clip in recording_clips(notice.recording, self._settings, keeping):
            if clip is None:
                yield None
                continue
            clips.append(clip)
            # The last has a pause after it, and none knows that it is the last.
            if len(clips) > 1:
                items.append(Item(clips[-2], 0.0, notice.text))
                yield SoundReady(request.job, (len(items), 0), Ready(items[-1], len(items)))
        rest = [*clips[-1:], *clips * ((notice.repeats or 1) - 1)]
        for place, clip in enumerate(rest):
            ends = place % len(clips) == 0 and place < len(rest) - 1
            pause_seconds = self._settings.station.repeat_pause_seconds if ends else 0.0
            items.append(Item(clip, pause_seconds, notice.text))
            yield SoundReady(request.job, (len(items), 0), Ready(items[-1], len(items)))
        return items

    def _make_column(
        self, request: Make, keeping: Keeping, items: list[Item], effort: Effort
    ) -> Generator[Step, None, Programme]:
        """Its words, its pieces, its closing. One that cannot be had is left out, and the rest is heard.

        Raises `LineRefused` if there is nothing left.
        """
        notice, lacks = request.notice, list[Lack]()
        said = replace(notice, closing="", pieces=())
        alone = replace(said, opening="", repeats=1, say_contact=False)
        said = said if said.text else replace(alone, text=notice.opening or "")
        if said.text and not said.recording and not request.first_piece:
            yield from self._make_speech(_saying(request, said), keeping, items, effort)
        closing = [Piece(PieceKind.TEXT, notice.closing)] if notice.closing else []
        for number, piece in enumerate([*notice.pieces, *closing], start=1):
            if number < request.first_piece:
                continue
            if piece.spoken:
                words = _saying(request, replace(alone, text=piece.source))
                yield from self._make_speech(words, keeping, items, effort, number)
            else:
                lacks += yield from self._make_sound(request, piece, keeping, items, number)
        # Nothing comes after the last piece that somebody skipped.
        if not any(item.matter for item in items) and (lacks or not request.first_piece):
            raise LineRefused("".join(dict.fromkeys(lack.sentence for lack in lacks)))
        return Programme(request.voice, tuple(items), tuple(lacks))

    def _make_sound(
        self, request: Make, piece: Piece, keeping: Keeping, items: list[Item], number: int
    ) -> Generator[Step, None, list[Lack]]:
        """A piece, or its stand-in; the piece if neither could be had."""
        reasons: list[str] = []
        stand_in = replace(piece, kind=PieceKind.AUDIO, source=piece.stand_in, start_seconds=0.0)
        for this in [piece, *([stand_in] if piece.stand_in else [])]:
            line = _next_line(request, items, number)
            try:
                for item in sound_items(this, self._settings, keeping):
                    if item is None:
                        yield None
                        continue
                    items.append(replace(item, piece=number, instead_of="".join(reasons)))
                    yield SoundReady(request.job, (line, len(items)), Ready(items[-1], line))
                return []
            except LineRefused as error:
                logger.warning("%s放不了：%s", _place_of(request.notice, number), error)
                reasons.append(str(error))
        return [Lack(number, "".join(reasons))]

    def _make_speech(
        self, request: Make, keeping: Keeping, items: list[Item], effort: Effort, piece: int = 0
    ) -> Generator[Step, None, Programme]:
        notice, first = request.notice, _next_line(request, items, piece)
        begins = len(items) == request.has_signal
        lines = self._lines(request)
        voice = self._voice(request.voice)
        yield None
        for number, part in enumerate(with_clappers(voice.arrange(lines)), start=first):
            if isinstance(part, Line):
                is_first = begins and number == first
                made = self._make_line(request, number, part, voice, keeping, effort, is_first)
                items.append((yield from made))
            else:
                clip = self._clappers(part, notice, keeping)
                items.append(Item(clip, part.pause_seconds, matter=False, piece=piece))
                yield SoundReady(request.job, (number, 0), Ready(items[-1], number))
        return Programme(voice.name, tuple(items))

    def _make_line(
        self,
        request: Make,
        number: int,
        line: Line,
        voice: Voice,
        keeping: Keeping,
        effort: Effort,
        is_first: bool,
    ) -> Generator[Step, None, Item]:
        """Say a line, or find it said; yields as it goes, so that a more urgent job can go between.

        The first line of a live notice is handed out piece by piece, the others whole. A line that
        comes out of silence, without a signal before it, starts softly.
        """
        rate_hz, pace = self._settings.sound.rate_hz, request.notice.pace or 1.0
        soft_start = is_first and not request.has_signal
        tempo = self._tempo(request.notice) if line.beats else 0
        key = clip_key(line, voice.name, voice.version, tempo or pace, rate_hz, self._preset, soft_start)
        clip = keeping.find(key)
        last: SoundReady | None = None
        if clip is None:
            streamed = request.live and is_first and not tempo
            mastering = Mastering(voice.rate_hz, rate_hz, voice.level_lufs, self._preset, soft_start)
            pieces: list[NDArray[np.int16]] = []
            spoken = (
                voice.speak_on_beats(line, timing(line, tempo)) if tempo else voice.speak(line, pace)
            )
            for waveform in effort.watched(spoken):
                if not len(waveform.samples):
                    yield WaitsForNetwork()
                    continue
                pieces.append(mastering.process(waveform))
                yield self._piece(request, line, number, pieces, keeping) if streamed else None
            pieces.append(mastering.finish())
            samples = np.concatenate(pieces)
            check_length(len(samples) / rate_hz * (1.0 if tempo else pace), line)
            clip = keeping.keep(key, samples, rate_hz)
            if streamed:
                last = self._piece(request, line, number, pieces, keeping, line.pause_seconds)
        pause_seconds = rest_after(line, clip.seconds, tempo) if tempo else line.pause_seconds
        item = Item(clip, pause_seconds, line.written, line.matter, piece=piece_of(number))
        yield last or SoundReady(request.job, (number, 0), Ready(item, number))
        return item

    def _piece(
        self,
        request: Make,
        line: Line,
        number: int,
        pieces: list[NDArray[np.int16]],
        keeping: Keeping,
        pause_seconds: float = 0.0,
    ) -> SoundReady | None:
        """The newest piece of a line as a sound of its own, or None if there is nothing in it."""
        if not len(pieces[-1]):
            return None
        place = (number, len(pieces))
        clip = keeping.piece(place, pieces[-1], self._settings.sound.rate_hz)
        item = Item(clip, pause_seconds, line.written, line.matter, piece=piece_of(number))
        return SoundReady(request.job, place, Ready(item, number))

    def _tempo(self, notice: Notice) -> int:
        return notice.beats_per_minute or self._settings.station.beats_per_minute

    def _clappers(self, run: Run, notice: Notice, keeping: Keeping) -> Clip:
        rate_hz, tempo = self._settings.sound.rate_hz, self._tempo(notice)
        key = clappers_key(tempo, run.pattern, rate_hz)
        return keeping.find(key) or keeping.keep(key, clappers(run.pattern, tempo, rate_hz), rate_hz)

    def _signal(self, signal: Signal, keeping: Keeping) -> Clip:
        rate_hz, preset = self._settings.sound.rate_hz, self._preset
        key = signal_key(signal, rate_hz, preset)
        return keeping.find(key) or keeping.keep(key, make_signal(signal, rate_hz, preset), rate_hz)

    def _keep_signals(self) -> None:
        """Have every signal in the store before one is wanted: it covers the making of the rest."""
        keeping = Keeping(self._store, self._spool, 0, live=False)
        try:
            for signal in MAKERS:
                self._signal(signal, keeping)
        except BroadcasterError as error:
            # Told once is enough: the first notice fails by the same error.
            logger.info("钟声和警报没有存下来：%s", error)


def _saying(request: Make, notice: Notice) -> Make:
    """The same request for a part of its notice."""
    return replace(request, settled=replace(request.settled, notice=notice))


def _place_of(notice: Notice, number: int) -> str:
    """“早间”第 2 段, or “单曲” of a sound alone."""
    return f"“{notice.title}”" + (f"第 {number} 段" if len(notice.pieces) > 1 else "")


def _next_line(request: Make, items: list[Item], piece: int) -> int:
    """The line of what comes next in a piece. The signal is line 0; without one the first line is 1."""
    made = sum(item.piece == piece for item in items)
    return line_before(piece) + made + (piece > 0 or request.notice.chime is Signal.NONE)


def main() -> None:
    open_log(logging.WARNING)
    connection = connect_to_parent(sys.argv)
    be_the_first_out_of_memory()
    end_with_parent(connection)
    try:
        setup: Setup = connection.recv()
        log_in(setup.settings.station.zone)
        VoiceChild(setup).run(connection)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        logger.debug("the box closed the pipe")
        # To take apart all that is loaded would keep the box's end and each command 0.15 s longer.
        os._exit(0)


if __name__ == "__main__":
    main()
