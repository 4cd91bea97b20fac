"""Masters a sound file for the station in parts that follow one another without a gap: the first at
once, the rest while it is heard.
"""

import dataclasses
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from broadcaster.audio.mastering import Fades, Filter, Limiter, MasteringChain
from broadcaster.audio.mastering_preset import Preset
from broadcaster.audio.sound_files.facts import SoundFacts
from broadcaster.audio.sound_files.ffmpeg import Decoding
from broadcaster.audio.sound_files.measure import LONGEST_SECONDS, to_one_channel
from broadcaster.core.errors import LineRefused, SoundRefused

FIRST_SECONDS = 2.0
PART_SECONDS = 20.0
# With the filter's past it just fits a transform of 16,384 at 48 kHz: a third of the cost of 64 ms.
BLOCK_SECONDS = 0.32
FADE_SECONDS = 0.020
# More would be the hiss of a recording that holds nothing else.
MOST_GAIN_DB = 24.0
# Two decodings of a file that nothing happened to differ by a packet at most.
SHORTER_SECONDS = 0.5

Pcm = NDArray[np.int16]


def sound_parts(
    path: Path, facts: SoundFacts, rate_hz: int, preset: Preset
) -> Generator[Pcm | None, None, None]:
    """Parts in order, the first of 2 s, then of 20 s; None in between, for more urgent work to go
    first. Cut where they may be, they are one pass over the file, sample for sample. A part may be
    silent. Close the iterator to end it early.

    Raises `LineRefused` for a file that is gone, or damaged since it was measured.
    """
    part: list[Pcm] = []
    wanted = round(FIRST_SECONDS * rate_hz)
    for piece in _pieces(path, facts, rate_hz, preset):
        while sum(map(len, part)) + len(piece) >= wanted:
            taken = wanted - sum(map(len, part))
            yield np.concatenate([*part, piece[:taken]])
            part, piece, wanted = [], piece[taken:], round(PART_SECONDS * rate_hz)
        part.append(piece)
        yield None
    if any(map(len, part)):
        yield np.concatenate(part)


def gain_db(facts: SoundFacts, preset: Preset) -> float:
    """One gain for all of it: what the loudspeaker gives of it is as loud as the notices."""
    return min(preset.target_lufs - facts.lufs_above(preset.high_pass_hz), MOST_GAIN_DB)


def _pieces(path: Path, facts: SoundFacts, rate_hz: int, preset: Preset) -> Iterator[Pcm]:
    chain = _chain(facts, rate_hz, preset)
    decoding = Decoding(path, facts.demuxer, facts.mix, rate_hz, LONGEST_SECONDS + 1)
    frames = 0
    try:
        with closing(decoding.blocks()) as blocks:
            for block in blocks:
                frames += len(block)
                one = to_one_channel(np.nan_to_num(block), facts.mix)
                yield chain.process(one - np.float32(facts.offset))
    except SoundRefused as error:
        raise LineRefused(str(error)) from error
    if frames / rate_hz < facts.seconds - SHORTER_SECONDS:
        raise LineRefused("这个声音文件已经删掉了，或者坏了，后面的放不出来，请重新传一遍。")
    yield chain.finish()


def _chain(facts: SoundFacts, rate_hz: int, preset: Preset) -> MasteringChain:
    """Only what the loudspeaker needs: no compressor and no presence, which are for speech."""
    plain = dataclasses.replace(
        preset, presence_db=0.0, fade_in_seconds=FADE_SECONDS, fade_out_seconds=FADE_SECONDS
    )
    block = round(rate_hz * BLOCK_SECONDS)
    return MasteringChain(
        block,
        [
            Filter(rate_hz, plain, gain_db(facts, preset), block),
            Limiter(rate_hz, plain),
            Fades(rate_hz, plain, soft_start=False),
        ],
    )
