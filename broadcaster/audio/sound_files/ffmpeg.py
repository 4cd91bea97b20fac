"""Runs ffmpeg over one sound file, as a process within bounds: sound only, no other file, not so urgent
as ours. Its PCM comes through a pipe, so that it goes no faster than it is read.
"""

import fcntl
import json
import os
import re
import resource
import selectors
import subprocess
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from broadcaster.audio.sound_files.facts import Mix
from broadcaster.audio.sound_files.title import title_of
from broadcaster.core.errors import SoundRefused

NICER_BY = 5
MOST_MEMORY = 1_500_000_000
# What gives nothing for so long hangs: ffmpeg itself starts in 0.1 s, on a Raspberry Pi 4 in 0.5 s.
STALLED_SECONDS = 30.0
# Of a pipe, in place of 64 kB: fewer turns of both sides.
PIPE_BYTES = 1 << 20
BLOCK_SECONDS = 0.5
CHANNELS = 2
FRAME_BYTES = 4 * CHANNELS

# Of ffmpeg 5 and of 7; other lines are of pictures, and of packets that came out of order.
FAULT = re.compile(rb"Error (while decoding|submitting packet)")

MISSING_SAID = "没有装 ffmpeg，放不了声音文件。请先运行 scripts/setup。"
STALLED_SAID = "这个文件半分钟没有解出声音来，可能坏了，请换一个文件再试。"

Stereo = NDArray[np.float32]


@dataclass(frozen=True)
class Head:
    """A file by its head: `seconds` is 0 where it says nothing or guesses."""

    codec: str
    codec_tag: str
    channels: int
    has_picture: bool
    seconds: float
    title: str
    said: str


def read_head(path: Path, demuxer: str) -> Head:
    """Raises `SoundRefused` only where there is no ffmpeg, or it hangs."""
    stream = "stream=codec_type,codec_name,codec_tag_string,channels:stream_tags=title"
    entries = f"format=duration:format_tags=title:{stream}"
    # Letters as they are: replaced ones could not be read as GBK any more.
    command = ["ffprobe", "-v", "warning", "-of", "json=sv=ignore", "-show_entries", entries]
    try:
        done = subprocess.run(
            [*command, *_source(path, demuxer)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=STALLED_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise SoundRefused(MISSING_SAID) from error
    except subprocess.TimeoutExpired as error:
        raise SoundRefused(STALLED_SAID) from error
    said = done.stderr[:20_000].decode(errors="replace")
    # Every byte a letter of its own, and back: JSON itself takes only UTF-8.
    told = json.loads(done.stdout.decode("latin-1") or "{}", strict=False)
    streams = told.get("streams", [])
    sound: dict[str, Any] = next((one for one in streams if one.get("codec_type") == "audio"), {})
    shape = told.get("format", {})
    guessed = "Estimating duration" in said
    tag = shape.get("tags", {}).get("title") or sound.get("tags", {}).get("title") or ""
    return Head(
        sound.get("codec_name", ""),
        sound.get("codec_tag_string", ""),
        int(sound.get("channels", 0)),
        any(one.get("codec_type") == "video" for one in streams),
        0.0 if guessed else float(shape.get("duration", 0.0)),
        title_of(tag.encode("latin-1", "ignore")),
        said,
    )


def _source(path: Path, demuxer: str) -> list[str]:
    return ["-protocol_whitelist", "file", "-f", demuxer, "-i", f"file:{path}"]


class Decoding:
    """One pass over a file: stereo samples at one rate, whatever it holds and wherever that changes.

    Packets that cannot be decoded are passed over; `faults` counts them.
    """

    def __init__(self, path: Path, demuxer: str, mix: Mix, rate_hz: int, longest_seconds: float) -> None:
        self.faults = 0
        self._block_bytes = round(BLOCK_SECONDS * rate_hz) * FRAME_BYTES
        shape = ["-map", "0:a:0", "-vn", "-sn", "-dn", "-ac", str(CHANNELS), "-ar", str(rate_hz)]
        # A damaged frame of FLAC is a burst of noise at full scale; its sum tells.
        checked = ["-err_detect", "crccheck+explode"] if demuxer == "flac" else []
        # Left to itself ffmpeg makes two channels of one by 0.7 of it.
        twice = ["-af", "pan=stereo|c0=c0|c1=c0"] if mix is Mix.ONLY else []
        limits = ["-t", str(longest_seconds), "-threads", "1"]
        plain = ["-c:a", "pcm_f32le", "-f", "f32le", "pipe:1"]
        self._command = [
            *("ffmpeg", "-nostdin", "-v", "error", "-threads", "1"),
            *(*checked, *_source(path, demuxer)),
            *(*limits, *twice, *shape, *plain),
        ]

    def blocks(self) -> Generator[Stereo, None, None]:
        """Rows of two, half a second at a time. Raises `SoundRefused` where there is no ffmpeg, or it
        hangs; close the iterator to end it early.
        """
        with started(self._command) as process:
            try:
                yield from self._read(process)
            finally:
                process.kill()

    def _read(self, process: subprocess.Popen[bytes]) -> Iterator[Stereo]:
        held = bytearray()
        for content in sound_of(process, STALLED_SECONDS, self._listen):
            if not content:
                raise SoundRefused(STALLED_SAID)
            held += content
            # Of one size, for a sum of floats depends on where it is cut.
            while len(held) >= self._block_bytes:
                yield _samples(held[: self._block_bytes])
                del held[: self._block_bytes]
        if len(held) >= FRAME_BYTES:
            yield _samples(held)

    def _listen(self, words: bytes) -> None:
        self.faults += len(FAULT.findall(words))


def _samples(held: bytearray) -> Stereo:
    whole = len(held) - len(held) % FRAME_BYTES
    return np.frombuffer(bytes(held[:whole]), np.float32).reshape(-1, CHANNELS)


def sound_of(
    process: subprocess.Popen[bytes], patience_seconds: float, listen: Callable[[bytes], None]
) -> Iterator[bytes]:
    """The sound that ffmpeg writes, as it comes; no bytes where none have come for so long. Its words go
    to `listen`.
    """
    assert process.stdout and process.stderr
    with selectors.DefaultSelector() as both:
        both.register(process.stdout, selectors.EVENT_READ)
        both.register(process.stderr, selectors.EVENT_READ)
        while both.get_map():
            ready = both.select(patience_seconds)
            if not ready:
                yield b""
            for key, _ in ready:
                content = os.read(key.fd, PIPE_BYTES)
                if not content:
                    both.unregister(key.fileobj)
                elif key.fileobj is process.stderr:
                    listen(content)
                else:
                    yield content


def started(command: list[str]) -> subprocess.Popen[bytes]:
    """ffmpeg within its bounds, both its outputs piped. Raises `SoundRefused` where there is none."""
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    except FileNotFoundError as error:
        raise SoundRefused(MISSING_SAID) from error
    assert process.stdout
    # It may have ended already.
    with suppress(OSError):
        resource.prlimit(process.pid, resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        os.setpriority(os.PRIO_PROCESS, process.pid, os.getpriority(os.PRIO_PROCESS, 0) + NICER_BY)
    with suppress(OSError):
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return process
