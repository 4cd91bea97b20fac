"""The program of the child that takes in a stream or an input: levels it, and hands it on in blocks, at
its own pace."""

import dataclasses
import itertools
import logging
import os
import random
import sys
import time
from collections import deque
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from broadcaster.audio.incoming.leveller import Leveller
from broadcaster.audio.incoming.playlist import stream_address
from broadcaster.audio.incoming.stream import LOOK_SECONDS, Stream, input_of, relay_of
from broadcaster.audio.mastering import Fades, Filter, Limiter, MasteringChain
from broadcaster.audio.mastering_preset import PRESETS
from broadcaster.audio.sound_file_writer import encode
from broadcaster.audio.sound_files.parts import BLOCK_SECONDS, FADE_SECONDS
from broadcaster.core.errors import SoundRefused
from broadcaster.studio.incoming_sound import Block, IncomingRequest, Over, Trouble
from broadcaster.system.child_process import (
    be_the_first_out_of_memory,
    connect_to_parent,
    end_with_parent,
)
from broadcaster.system.log_format import open_log

logger = logging.getLogger("broadcaster.studio.incoming_child")

GIVEN_SECONDS = 0.25
# A file over HTTP comes faster than it sounds.
MOST_AHEAD_SECONDS = 8.0
# An input that has grown late, by a clock that differs from the card's, goes back to now.
MOST_LATE_SECONDS = 2.0
DRY_SECONDS = 0.2
STALLED_SECONDS = 10.0
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 1.0, 30.0
# What sounded for so long was there: the next try comes soon.
WELL_SECONDS = 10.0
ENDED_EARLY_SECONDS = 3.0
KEPT_BLOCKS = 100
MEMORY_FULL = "内存满了，放不下"

Pcm = NDArray[np.int16]


class IncomingChild:
    """Opens it, and opens it again when it breaks off: after 1 s, then twice as long each time."""

    def __init__(self, incoming: IncomingRequest, connection: Connection) -> None:
        self._incoming = incoming
        self._connection = connection
        self._rate_hz = incoming.rate_hz
        self._preset = PRESETS[incoming.preset]
        self._leveller = Leveller(self._rate_hz, self._preset.target_lufs)
        self._chain = self._new_chain()
        self._held: list[Pcm] = []
        self._flows = self._skips = self._over = False
        self._given_until = incoming.due_at
        self._file_seconds = 0.0
        self._paths: deque[Path] = deque()
        self._numbers = itertools.count()

    def run(self) -> None:
        """Until its time is over; `EOFError` when the box closes the pipe."""
        wait = FIRST_WAIT_SECONDS
        while not self._over:
            before = self._given_until
            try:
                self._pass_on(self._open())
                break
            except SoundRefused as error:
                self._end_passage()
                self._connection.send(Trouble(str(error)))
            if self._given_until - before > WELL_SECONDS:
                wait = FIRST_WAIT_SECONDS
            self._rest(wait * random.uniform(0.8, 1.2))
            wait = min(2 * wait, LONGEST_WAIT_SECONDS)
        self._connection.send(Over())
        self._connection.recv()

    def _open(self) -> Stream:
        """Raises `SoundRefused`."""
        incoming = self._incoming
        if not incoming.url:
            return input_of(incoming.pcm, self._rate_hz)
        # Of a file that broke off the rest.
        return relay_of(stream_address(incoming.url), self._rate_hz, self._file_seconds)

    def _pass_on(self, stream: Stream) -> None:
        """Raises `SoundRefused` when nothing comes any more, unless all of a file did."""
        last_at, received = time.monotonic(), self._file_seconds
        with closing(stream.blocks()) as blocks:
            for samples in blocks:
                self._look_at_parent()
                if samples is None and time.monotonic() - last_at > STALLED_SECONDS:
                    raise SoundRefused("好一会儿没有声音过来")
                if samples is not None:
                    received += len(samples) / self._rate_hz
                    self._file_seconds = received if stream.seconds else 0.0
                    self._take(samples)
                    self._keep_pace()
                    last_at = time.monotonic()
                if self._flows and self._ahead_seconds() < DRY_SECONDS:
                    self._end_passage()
                if self._over:
                    return
        if self._file_seconds < stream.seconds - ENDED_EARLY_SECONDS:
            raise SoundRefused("对方传到一半停了")
        self._end_passage()

    def _take(self, samples: NDArray[np.float32]) -> None:
        ahead = self._ahead_seconds()
        if not self._incoming.url and ahead > MOST_LATE_SECONDS:
            self._end_passage()
            self._skips = True
        self._skips = self._skips and ahead > self._incoming.ahead_seconds
        if self._skips:
            return
        self._held.append(self._chain.process(samples))
        wanted = GIVEN_SECONDS if self._flows else self._incoming.ahead_seconds
        if sum(map(len, self._held)) >= wanted * self._rate_hz:
            self._flows = True
            self._give()

    def _end_passage(self) -> None:
        """Fades out what is there, for more does not come in time; the next comes up from silence."""
        self._held.append(self._chain.finish())
        self._chain, self._flows = self._new_chain(), False
        self._give()

    def _new_chain(self) -> MasteringChain:
        """As of a sound file, but for its one gain, which nobody can know yet."""
        plain = dataclasses.replace(
            self._preset, presence_db=0.0, fade_in_seconds=FADE_SECONDS, fade_out_seconds=FADE_SECONDS
        )
        block = round(self._rate_hz * BLOCK_SECONDS)
        return MasteringChain(
            block,
            [
                Filter(self._rate_hz, plain, 0.0, block),
                self._leveller,
                Limiter(self._rate_hz, plain),
                Fades(self._rate_hz, plain, soft_start=False),
            ],
        )

    def _give(self) -> None:
        """Hands on all that is held, up to the end of the piece."""
        pcm = np.concatenate(self._held) if self._held else np.zeros(0, np.int16)
        self._held = []
        incoming, begin = self._incoming, max(self._given_until, time.monotonic())
        left = max(0, round((incoming.ends_at - begin) * self._rate_hz))
        if left <= len(pcm):
            pcm, self._over = _faded_out(pcm[:left], round(FADE_SECONDS * self._rate_hz)), True
        if not len(pcm):
            return
        seconds = len(pcm) / self._rate_hz
        path = self._write(encode(pcm, self._rate_hz, "WAV"))
        place = begin - incoming.due_at + incoming.begun_seconds
        self._given_until = begin + seconds
        self._connection.send(Block(path, seconds, place, self._leveller.silent))

    def _write(self, content: bytes) -> Path:
        incoming, name = self._incoming, f"{next(self._numbers)}.wav"
        try:
            path = incoming.spool.write(incoming.job, name, content)
        except OSError as error:
            raise SoundRefused(MEMORY_FULL) from error
        self._paths.append(path)
        if len(self._paths) > KEPT_BLOCKS:
            self._paths.popleft().unlink(missing_ok=True)
        return path

    def _ahead_seconds(self) -> float:
        """So much has been given and not been heard yet."""
        return self._given_until - max(time.monotonic(), self._incoming.due_at)

    def _keep_pace(self) -> None:
        while self._ahead_seconds() > MOST_AHEAD_SECONDS:
            self._rest(LOOK_SECONDS)

    def _rest(self, seconds: float) -> None:
        self._look_at_parent(seconds)
        self._over = self._over or time.monotonic() > self._incoming.ends_at

    def _look_at_parent(self, seconds: float = 0.0) -> None:
        if self._connection.poll(seconds):
            self._connection.recv()


def _faded_out(pcm: Pcm, frames: int) -> Pcm:
    fall = np.linspace(1.0, 0.0, min(frames, len(pcm)))
    return np.concatenate(
        [pcm[: len(pcm) - len(fall)], (pcm[len(pcm) - len(fall) :] * fall).astype(np.int16)]
    )


def main() -> None:
    open_log(logging.WARNING)
    connection = connect_to_parent(sys.argv)
    be_the_first_out_of_memory()
    end_with_parent(connection)
    try:
        IncomingChild(connection.recv(), connection).run()
    except (EOFError, BrokenPipeError, ConnectionResetError):
        # All that it leaves is ffmpeg, which is ended as its iterator is closed.
        os._exit(0)


if __name__ == "__main__":
    main()
