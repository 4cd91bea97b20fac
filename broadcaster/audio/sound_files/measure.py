"""Measures a sound file by decoding all of it once: its true length, its loudness, and what is odd
about it.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from broadcaster.audio.mastering_preset import PRESETS
from broadcaster.audio.sound_files.facts import Mix, SoundFacts
from broadcaster.audio.sound_files.ffmpeg import Decoding, Head, Stereo, read_head
from broadcaster.audio.sound_files.kind import LOCKED_SAID, UNKNOWN_SAID, demuxer_of, is_locked
from broadcaster.audio.sound_files.loudness_meter import SILENT_LUFS, LoudnessMeter
from broadcaster.core.errors import SoundRefused

# What is above 12 kHz hardly counts in loudness.
RATE_HZ = 24_000
SHORTEST_SECONDS = 0.1
LONGEST_SECONDS = 12 * 3600
# Two channels that have nothing in common lose 3 dB in their mean; these lose more than 12.
CANCELLED = 1 / 16
QUIET_LUFS, SILENT_PEAK = -36.0, 0.001
FULL, CLIPPED_SHARE = 0.99, 0.0005
# Containers whose head says how long the sound is, if it says anything.
LONG_BY_HEAD = ("wav", "mov", "flac", "aiff", "caf", "asf", "ape", "wv", "tta")
HEAD_BYTES, UNKNOWN_LENGTH = 1 << 16, 0xFFFFFFFF
# Tags behind the frames of an MP3 pass for a packet or two that is damaged.
FAULTS = 3
CUT_OFF_SHARE = 0.97

PICTURE_SAID = "这个视频里没有声音，只有画面，请换一个有声音的。"
UNFINISHED_SAID = "这个文件没有存完（缺了结尾的目录，多半是录音时断了电），放不出来，请另录一遍。"
SILENT_SAID = "这个文件里没有声音，全是静音，请换一个文件。"
SHORT_SAID = "这段声音太短了，不到 0.1 秒，请换一个文件。"
LONG_SAID = f"这段声音太长了，最多 {LONGEST_SECONDS // 3600} 个小时，请分成几段。"
SALVAGED_SAID = "录音时断了电，文件头没有写完；里面的声音都救回来了"
CUT_OFF_SAID = "文件不完整，本来有 {there}，只有前面 {here}"
FAULTY_SAID = "有几处坏了，已经跳过去"
QUIET_SAID = "录得很轻，已经调响，可能带一点杂音"
CLIPPED_SAID = "录得太响，削了顶，听起来会发破"
CANCELLED_SAID = "左右两个声道是反的，合起来就没有声音了，所以只放其中一个"


def measure(path: Path, name: str = "") -> SoundFacts:
    """Facts of a file that came under this name; `to_one_channel` and `sound_parts` go by them.

    Takes as long as decoding it, in memory that hardly grows. Raises `SoundRefused`.
    """
    demuxer = demuxer_of(path, name)
    head = read_head(path, demuxer)
    if not head.codec:
        raise SoundRefused(_without_sound(head))
    if head.codec_tag in ("drms", "enca"):
        raise SoundRefused(LOCKED_SAID)
    found = _Pass(path, demuxer, Mix.ONLY if head.channels == 1 else Mix.MEAN)
    if found.cancelled:
        found = _Pass(path, demuxer, found.louder)
    _check(found, is_locked(name))
    return SoundFacts(
        seconds=found.frames / RATE_HZ,
        levels=tuple(zip(found.corners_hz, found.loudness, strict=True)),
        peak=found.peak,
        offset=found.offset,
        mix=found.mix,
        demuxer=demuxer,
        codec=head.codec,
        title=head.title,
        warnings=tuple(_warnings(found, _seconds_by_head(path, head, demuxer, found), demuxer)),
    )


def to_one_channel(block: Stereo, mix: Mix) -> NDArray[np.float32]:
    """One channel out of two by the facts of the file."""
    left, right = block[:, 0], block[:, 1]
    if mix is Mix.MEAN:
        return (left + right) * np.float32(0.5)
    return right if mix is Mix.RIGHT else left


class _Pass:
    """One decoding of the whole file."""

    def __init__(self, path: Path, demuxer: str, mix: Mix) -> None:
        self.mix = mix
        self.corners_hz = tuple(sorted({0.0, *(preset.high_pass_hz for preset in PRESETS.values())}))
        self.frames = self._full = 0
        self.peak = 0.0
        self._sum = self._square = 0.0
        self._channel_squares = np.zeros(2)
        meter = LoudnessMeter(RATE_HZ, self.corners_hz)
        decoding = Decoding(path, demuxer, mix, RATE_HZ, LONGEST_SECONDS + 1)
        for block in decoding.blocks():
            self._count(np.nan_to_num(block), meter)
        self.faults = decoding.faults
        self.loudness = meter.loudness()

    def _count(self, block: Stereo, meter: LoudnessMeter) -> None:
        one = to_one_channel(block, self.mix)
        meter.take(one)
        self.frames += len(one)
        self.peak = max(self.peak, float(np.abs(one).max(initial=0.0)))
        self._full += int(np.count_nonzero(np.abs(block) >= FULL))
        self._sum += float(one.sum())
        self._square += float(one @ one)
        self._channel_squares += np.einsum("ij,ij->j", block, block)

    @property
    def offset(self) -> float:
        return self._sum / max(self.frames, 1)

    @property
    def cancelled(self) -> bool:
        return self._square < CANCELLED * float(self._channel_squares.mean())

    @property
    def louder(self) -> Mix:
        left, right = self._channel_squares
        return Mix.LEFT if left >= right else Mix.RIGHT

    @property
    def is_clipped(self) -> bool:
        return self._full > CLIPPED_SHARE * self.frames

    @property
    def is_silent(self) -> bool:
        return max(self.loudness) <= SILENT_LUFS or self.peak - abs(self.offset) < SILENT_PEAK


def _check(found: _Pass, locked: bool) -> None:
    """Raises `SoundRefused`."""
    seconds = found.frames / RATE_HZ
    if seconds < SHORTEST_SECONDS:
        unlocked = UNKNOWN_SAID if found.faults or not found.frames else SHORT_SAID
        raise SoundRefused(LOCKED_SAID if locked else unlocked)
    if seconds > LONGEST_SECONDS:
        raise SoundRefused(LONG_SAID)
    if found.is_silent:
        raise SoundRefused(SILENT_SAID)


def _without_sound(head: Head) -> str:
    if "moov atom not found" in head.said:
        return UNFINISHED_SAID
    return PICTURE_SAID if head.has_picture else UNKNOWN_SAID


def _seconds_by_head(path: Path, head: Head, demuxer: str, found: _Pass) -> float:
    """0 where a head says nothing; of a WAV file longer than itself ffmpeg tells no more than that."""
    if demuxer != "wav":
        return head.seconds if demuxer in LONG_BY_HEAD else 0.0
    with path.open("rb") as file:
        before, mark, behind = file.read(HEAD_BYTES).partition(b"data")
    told = int.from_bytes(behind[:4], "little")
    if not mark or told in (0, UNKNOWN_LENGTH):
        return 0.0
    there = path.stat().st_size - len(before) - 8
    return found.frames / RATE_HZ * max(told / there, 1.0) if there else 0.0


def _warnings(found: _Pass, seconds_by_head: float, demuxer: str) -> list[str]:
    seconds = found.frames / RATE_HZ
    lengths = {"there": _length(seconds_by_head), "here": _length(seconds)}
    cut_off = seconds < CUT_OFF_SHARE * seconds_by_head - 0.2
    said = {
        CUT_OFF_SAID.format(**lengths): cut_off,
        SALVAGED_SAID: demuxer == "wav" and not seconds_by_head,
        FAULTY_SAID: found.faults >= (FAULTS if demuxer == "mp3" else 1) and not cut_off,
        QUIET_SAID: found.loudness[0] < QUIET_LUFS,
        CLIPPED_SAID: found.is_clipped,
        CANCELLED_SAID: found.mix in (Mix.LEFT, Mix.RIGHT),
    }
    return [sentence for sentence, is_so in said.items() if is_so]


def _length(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} 分 {rest} 秒" if minutes else f"{rest} 秒"
