"""Takes in one stream, or what comes in at a sound card, by ffmpeg as a process, while it is made."""

import re
import subprocess
from collections.abc import Generator, Iterator

import numpy as np
from numpy.typing import NDArray

from broadcaster.audio.incoming.playlist import AGENT
from broadcaster.audio.sound_files.ffmpeg import sound_of, started
from broadcaster.core.errors import SoundRefused

LOOK_SECONDS = 0.1
BLOCK_SECONDS = 0.2
SAMPLE_BYTES = 4
# A server that says nothing for so long is gone; ffmpeg then ends, also one that nobody reads any more.
SILENT_MICROSECONDS = 10_000_000
# Sound over HTTP, HLS and TLS: a stream leads to no file of this machine and to no other protocol.
PROTOCOLS = "http,https,httpproxy,tcp,tls,hls,crypto"
SHAPES = "mp3,aac,ogg,hls,mpegts,mov,flac,wav,asf,matroska,webm,flv"
# ffmpeg guesses by up to 5 s of a stream, 5 s of silence; a second of any of these tells.
GUESS = ["-probesize", "131072", "-analyzeduration", "1500000"]
LENGTH = re.compile(rb"Duration: (\d+):(\d+):(\d+)")
LAST_WORDS_BYTES = 20_000

NO_SOUND = re.compile(
    "Invalid data|matches no streams|not contain any stream|unknown codec|Unsupported codec"
    "|Protocol not found|not on whitelist|No such filter|could not find codec",
    re.IGNORECASE,
)
NO_NETWORK = re.compile("resolve|refused|unreachable|No route|timed out|reset by peer", re.IGNORECASE)
NO_INPUT = re.compile("cannot open audio device|No such device|No such file", re.IGNORECASE)
BUSY = re.compile("Device or resource busy")

Samples = NDArray[np.float32]


class Stream:
    """One connection to a stream, or one opening of an input; used by one thread.

    `seconds` is its length, where it is a file that has one; 0 of what goes on.
    """

    def __init__(self, source: list[str], rate_hz: int) -> None:
        self.seconds = 0.0
        self._words = b""
        self._block_bytes = round(BLOCK_SECONDS * rate_hz) * SAMPLE_BYTES
        shape = ["-map", "0:a:0", "-vn", "-sn", "-dn", "-ac", "1", "-ar", str(rate_hz)]
        self._command = [
            *("ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-v", "info", "-threads", "1"),
            *(*source, *shape, "-c:a", "pcm_f32le", "-f", "f32le", "pipe:1"),
        ]

    def blocks(self) -> Generator[Samples | None, None, None]:
        """A fifth of a second at a time, of one channel; None where none has come for a tenth.

        Raises `SoundRefused` with the reason for which it gives none, or gives no more. Close the
        iterator to end it early.
        """
        with started(self._command) as process:
            try:
                yield from self._read(process)
            finally:
                process.kill()
        if process.returncode or not self.seconds:
            raise SoundRefused(self._reason())

    def _read(self, process: subprocess.Popen[bytes]) -> Iterator[Samples | None]:
        held = bytearray()
        for content in sound_of(process, LOOK_SECONDS, self._listen):
            held += content
            while len(held) >= self._block_bytes:
                yield np.frombuffer(bytes(held[: self._block_bytes]), np.float32)
                del held[: self._block_bytes]
            if not content:
                yield None
        process.wait()

    def _listen(self, words: bytes) -> None:
        self._words = (self._words + words)[-LAST_WORDS_BYTES:]
        if not self.seconds and (found := LENGTH.search(self._words)):
            hours, minutes, seconds = map(int, found.groups())
            self.seconds = 3600.0 * hours + 60.0 * minutes + seconds

    def _reason(self) -> str:
        words = self._words.decode(errors="replace")
        if BUSY.search(words):
            return "这个声音输入被别的程序占着"
        if NO_INPUT.search(words):
            return "这个声音输入打不开，请检查插头"
        if NO_SOUND.search(words):
            return "对方给的不是能放的声音"
        if NO_NETWORK.search(words):
            return "网络断了，或者对方没有回答"
        return "对方停了"


def relay_of(address: str, rate_hz: int, from_seconds: float = 0.0) -> Stream:
    """A stream by the address that `stream_address` gives; of a file from some place on."""
    limits = ["-protocol_whitelist", PROTOCOLS, "-format_whitelist", SHAPES]
    patience = ["-rw_timeout", str(SILENT_MICROSECONDS), "-user_agent", AGENT]
    place = ["-ss", f"{from_seconds:.1f}"] if from_seconds else []
    return Stream([*limits, *patience, *GUESS, *place, "-i", address], rate_hz)


def input_of(pcm: str, rate_hz: int) -> Stream:
    """An input by its name in ALSA."""
    return Stream(["-f", "alsa", "-thread_queue_size", "64", "-i", pcm], rate_hz)
