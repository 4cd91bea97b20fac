"""A radio station on loopback: endless streams, files, play lists, and all that goes wrong with them."""

import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE_HZ = 48_000
LOOP_SECONDS = 12.0
# As an Icecast server gives to a new listener at once.
BURST_SECONDS = 4.0
TURN_SECONDS = 0.1
TYPES = {".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".m3u8": "application/vnd.apple.mpegurl"}


@dataclass(frozen=True)
class RadioLoop:
    """The sound that a radio sends again and again, and the folder of its files."""

    folder: Path
    samples: NDArray[np.float32]


def make_loop(folder: Path, level: float = 0.1) -> RadioLoop:
    """Noise of 600 to 3,000 Hz, which a horn gives whole; as MP3, Ogg and HLS in the folder too."""
    generator = np.random.default_rng(7)
    spectrum = np.fft.rfft(generator.standard_normal(round(LOOP_SECONDS * RATE_HZ)))
    hertz = np.fft.rfftfreq(round(LOOP_SECONDS * RATE_HZ), 1 / RATE_HZ)
    samples = np.fft.irfft(spectrum * ((hertz > 600) & (hertz < 3000)))
    samples = (level * samples / samples.std()).astype(np.float32)
    soundfile.write(folder / "loop.wav", samples, RATE_HZ, "FLOAT")
    source = ["ffmpeg", "-v", "error", "-y", "-i", str(folder / "loop.wav")]
    mp3 = ["-c:a", "libmp3lame", "-b:a", "64k"]
    hls = ["-c:a", "aac", "-b:a", "64k", "-hls_time", "2", "-hls_list_size", "0"]
    for options, name in ((mp3, "loop.mp3"), (["-c:a", "libvorbis"], "loop.ogg"), (hls, "loop.m3u8")):
        subprocess.run([*source, *options, str(folder / name)], check=True)
    return RadioLoop(folder, samples)


def likeness(heard: NDArray[np.int16], original: NDArray[np.float32]) -> float:
    """The greatest correlation of the second second of what was heard with any second of the loop."""
    part = heard[RATE_HZ : 2 * RATE_HZ].astype(np.float64)
    around = np.concatenate([original, original[:RATE_HZ]]).astype(np.float64)
    size = 1 << (len(around) + len(part)).bit_length()
    product = np.fft.rfft(around, size) * np.conj(np.fft.rfft(part, size))
    best = np.abs(np.fft.irfft(product, size)[: len(original)])
    sums = np.concatenate([[0.0], np.cumsum(around**2)])
    energies = np.sqrt(sums[len(part) :] - sums[: -len(part)])[: len(original)]
    return float((best / (energies * np.linalg.norm(part))).max())


class Radio:
    """Serves a folder: `/live.mp3` goes on for ever at the pace of sound, `/moved` leads there, and
    `/list.*` name it; `/page` is a web page, `/mute.mp3` says nothing after its head.

    `stalls` keeps it from sending on, `dies` ends each connection at once.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stalls = threading.Event()
        self.dies = threading.Event()
        self.closing = threading.Event()
        self.listeners = 0
        radio = self

        class Request(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def do_GET(self) -> None:
                radio.answer(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Request)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path
        lists = {
            "/list.m3u": f"#EXTM3U\n#EXTINF:-1,Radio\n{self.url}/live.mp3\n",
            "/list.pls": f"[playlist]\nFile1={self.url}/live.mp3\nTitle1=Radio\nNumberOfEntries=1\n",
            "/list.bad": "#EXTM3U\nfile:///etc/passwd\n",
        }
        if self.dies.is_set():
            request.connection.close()
        elif path == "/moved":
            self._head(request, 302, Location="/live.mp3")
        elif path == "/to_file":
            self._head(request, 302, Location="file:///etc/passwd")
        elif path in lists:
            self._send(request, lists[path].encode(), "audio/x-mpegurl")
        elif path == "/page":
            self._send(request, "<!DOCTYPE html><html>登录</html>".encode(), "text/html")
        elif path in ("/live.mp3", "/mute.mp3"):
            self._stream(request, path)
        elif (self.folder / path[1:]).is_file():
            file = self.folder / path[1:]
            self._send(request, file.read_bytes(), TYPES.get(file.suffix, "video/mp2t"))
        else:
            self._head(request, 404)

    def _head(self, request: BaseHTTPRequestHandler, code: int, **headers: str) -> None:
        request.send_response(code)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()

    def _send(self, request: BaseHTTPRequestHandler, content: bytes, kind: str) -> None:
        self._head(request, 200, Content_Type=kind, Content_Length=str(len(content)))
        with suppress(OSError):
            request.wfile.write(content)

    def _stream(self, request: BaseHTTPRequestHandler, path: str) -> None:
        """The loop again and again; with each connection it begins anew, and no length is told."""
        content = (self.folder / "loop.mp3").read_bytes()
        a_second = len(content) / LOOP_SECONDS
        self._head(request, 200, Content_Type="audio/mpeg", icy_name="Radio")
        self.listeners += 1
        began, sent = monotonic(), 0
        with suppress(OSError):
            while not (self.closing.is_set() or self.dies.is_set()):
                due = round((monotonic() - began + BURST_SECONDS) * a_second)
                silent = self.stalls.is_set() or path == "/mute.mp3"
                while sent < due and not silent:
                    part = content[sent % len(content) :][: due - sent]
                    request.wfile.write(part)
                    sent += len(part)
                self.closing.wait(TURN_SECONDS)
        self.listeners -= 1
