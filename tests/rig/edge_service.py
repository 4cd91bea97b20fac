"""A stand-in for the online voice service on loopback: TLS, its handshake, its framing, its faults."""

import asyncio
import io
import json
import re
import ssl
import subprocess
import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from socket import AddressFamily

import numpy as np
import soundfile
from aiohttp import TCPConnector, WSMsgType, web
from aiohttp.abc import AbstractResolver, ResolveResult

HOST = "speech.platform.bing.com"
RATE_HZ = 24_000
TICKS = 10_000_000
SYLLABLE_SECONDS = 0.2
TAIL_SECONDS = 0.8
SHORT_NAMES = ("zh-CN-XiaoxiaoNeural", "zh-CN-XiaohanNeural", "zh-CN-liaoning-XiaobeiNeural")
NAME = re.compile(r"<voice name='Microsoft Server Speech Text to Speech Voice \((.*), (.*)\)'>")
PROSODY = re.compile(r"<prosody pitch='(.*?)' rate='(.*?)' volume='(.*?)'>(.*)</prosody>")


class EdgeService:
    """Speaks beeps, 0.2 s a syllable; `fault` says what is wrong with it ("" for nothing).

    `well_lines` is how many lines are answered well before a fault in the sound shows.

    It also is a proxy for the one host that it stands in for, which is how a child process of a
    test gets here. `spoken` has (voice, pitch, rate, volume, text) of every line asked.
    """

    def __init__(self, folder: Path) -> None:
        self.reset()
        self.certificate = folder / "certificate.pem"
        self._key = folder / "key.pem"
        self._tunnels: set[asyncio.Task[None]] = set()

    def reset(self) -> None:
        """Nothing is wrong, and nothing was asked."""
        self.fault = ""
        self.well_lines = 0
        self.short_names: Iterable[str] = SHORT_NAMES
        self.spoken: list[tuple[str, str, str, str, str]] = []
        self.handshakes = 0
        self.under_way = 0
        self.most_under_way = 0

    def start(self) -> None:
        if not self.certificate.exists():
            _make_certificate(self.certificate, self._key)
        self._ended = asyncio.Event()
        started = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(started)), name="edge-service", daemon=True
        )
        self._thread.start()
        assert started.wait(10)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(10)

    def connector(self) -> TCPConnector:
        """Reaches this service under the real one's name."""
        return TCPConnector(resolver=Here(self.port))

    async def _serve(self, started: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self._key)
        application = web.Application()
        folder = "/consumer/speech/synthesize/readaloud"
        application.router.add_get(f"{folder}/edge/v1", self._synthesise)
        application.router.add_get(f"{folder}/voices/list", self._voices)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        self.port = runner.addresses[0][1]
        proxy = await asyncio.start_server(self._tunnel, "127.0.0.1", 0)
        self.proxy = f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
        started.set()
        await self._ended.wait()
        proxy.close()
        for tunnel in self._tunnels:
            tunnel.cancel()
        await asyncio.gather(*self._tunnels, return_exceptions=True)
        await runner.cleanup()

    # The handshake and the list.

    def _refusal(self) -> web.Response | None:
        """The answer to a client that is not let in."""
        now, self.handshakes = datetime.now(UTC), self.handshakes + 1
        match self.fault:
            case "forbidden":
                return _status(403, now)
            case "forbidden without a date":
                return _status(403, None)
            case "skewed" if self.handshakes == 1:
                return _status(403, now + timedelta(hours=1))
            case "throttled":
                return _status(429, now)
            case "overloaded":
                return _status(503, now)
        return None

    async def _voices(self, request: web.Request) -> web.Response:
        refusal = self._refusal()
        if refusal:
            return refusal
        voices = [
            {"ShortName": name, "Locale": name.rpartition("-")[0], "Gender": "Female", "Status": "GA"}
            for name in (*self.short_names, "en-US-EmmaMultilingualNeural")
        ]
        return web.Response(text=json.dumps(voices))

    async def _synthesise(self, request: web.Request) -> web.StreamResponse:
        refusal = self._refusal()
        if refusal:
            return refusal
        assert len(request.query["ConnectionId"]) == 32
        assert request.query["Sec-MS-GEC"] and request.query["Sec-MS-GEC-Version"]
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.under_way += 1
        self.most_under_way = max(self.under_way, self.most_under_way)
        try:
            await self._answer(request, socket)
        except ConnectionError:
            pass
        finally:
            self.under_way -= 1
        return socket

    # One line.

    async def _answer(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        config, ssml = await socket.receive_str(), await socket.receive_str()
        assert "audio-24khz-48kbitrate-mono-mp3" in config and "Path:ssml" in ssml
        name, prosody = NAME.search(ssml), PROSODY.search(ssml)
        assert name and prosody
        pitch, rate, volume, text = prosody.groups()
        self.spoken.append(("-".join(name.groups()), pitch, rate, volume, text))
        await socket.send_str(_text("turn.start", "{}"))
        await socket.send_str(_text("response", "{}"))
        await self._send_sound(request, socket, text, 1 + int(rate.removesuffix("%")) / 100)

    async def _send_sound(
        self, request: web.Request, socket: web.WebSocketResponse, text: str, pace: float
    ) -> None:
        sound, seconds = _speech(text, pace)
        boundary = _text("audio.metadata", _boundary(seconds, text))
        match self.fault if len(self.spoken) > self.well_lines else "":
            case "silent":
                await self._until_gone(socket)
            case "trickle":
                while not socket.closed:
                    await socket.send_bytes(_audio(sound[:72]))
                    await asyncio.sleep(0.02)
            case "flood":
                for _ in range(1000):
                    await socket.send_bytes(_audio(sound))
            case "cut":
                await socket.send_str(boundary)
                await socket.send_bytes(_audio(sound[: len(sound) // 3]))
                _abort(request)
            case "closed early":
                await socket.send_bytes(_audio(sound[: len(sound) // 3]))
                await socket.close()
            case "half the text":
                sound, seconds = _speech(text[: len(text) // 2], pace)
                await self._send_all(
                    socket, sound, _text("audio.metadata", _boundary(seconds, text[: len(text) // 2]))
                )
            case "empty":
                await socket.send_str(_text("turn.end", "{}"))
            case "garbage":
                await self._send_all(socket, b"\x13\x07 not a sound " * 200, boundary)
            case "mute":
                await self._send_all(socket, _mp3(np.zeros(int(seconds * RATE_HZ))), boundary)
            case "too short":
                sound, seconds = _speech("a", 4)
                await self._send_all(socket, sound, _text("audio.metadata", _boundary(seconds, text)))
            case "another protocol":
                await socket.send_str(_text("hello.there", "{}"))
            case "broken metadata":
                await socket.send_str(_text("audio.metadata", '{"Metadata": [7]}'))
            case _:
                await self._send_all(socket, sound, boundary)

    async def _send_all(self, socket: web.WebSocketResponse, sound: bytes, boundary: str) -> None:
        await socket.send_str(boundary)
        for start in range(0, len(sound), 720):
            await socket.send_bytes(_audio(sound[start : start + 720]))
        await socket.send_bytes(_frame("X-RequestId:1\r\nPath:audio\r\n", b""))
        await socket.send_str(_text("turn.end", "{}"))
        await self._until_gone(socket)

    async def _until_gone(self, socket: web.WebSocketResponse) -> None:
        while (await socket.receive()).type not in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.ERROR):
            pass

    # The proxy.

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(f"CONNECT {HOST}:443 ".encode()), head
            if self.fault == "refused":
                writer.write(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
                return
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            ways = [_copy(reader, inner_writer), _copy(inner_reader, writer)]
            self._tunnels |= (tasks := {asyncio.ensure_future(way) for way in ways})
            await asyncio.gather(*tasks)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


class Here(AbstractResolver):
    """Every name is this machine, at one port."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AddressFamily.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host, host="127.0.0.1", port=self._port, family=family, proto=0, flags=0
            )
        ]

    async def close(self) -> None:
        pass


class Nowhere(Here):
    """No name is known."""

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AddressFamily.AF_INET
    ) -> list[ResolveResult]:
        raise OSError(-2, "Name or service not known")


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while block := await reader.read(65536):
            writer.write(block)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


def _make_certificate(certificate: Path, key: Path) -> None:
    subject = ["-subj", "/CN=stand-in", "-addext", f"subjectAltName=DNS:{HOST}"]
    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", "req", "-x509", *new, *subject, *files], check=True, capture_output=True)


def _abort(request: web.Request) -> None:
    assert request.transport
    request.transport.abort()


def _status(status: int, date: datetime | None) -> web.Response:
    headers = {"Date": format_datetime(date, usegmt=True) if date else "some day"}
    return web.Response(status=status, headers=headers)


def _text(path: str, content: str) -> str:
    return f"X-RequestId:1\r\nContent-Type:application/json\r\nPath:{path}\r\n\r\n{content}"


def _audio(sound: bytes) -> bytes:
    return _frame("X-RequestId:1\r\nContent-Type:audio/mpeg\r\nPath:audio\r\n", sound)


def _frame(header: str, content: bytes) -> bytes:
    return len(header).to_bytes(2, "big") + header.encode() + content


def _boundary(seconds: float, text: str) -> str:
    content = {"Offset": TICKS // 10, "Duration": int(seconds * TICKS), "text": {"Text": text}}
    return json.dumps({"Metadata": [{"Type": "SentenceBoundary", "Data": content}]})


def _speech(text: str, pace: float) -> tuple[bytes, float]:
    """An MP3 of 0.1 s of silence, a beep as long as the text, and the tail; the beep's seconds."""
    count = sum("\u4e00" <= sign <= "\u9fff" for sign in text) or len(text.split())
    seconds = SYLLABLE_SECONDS * count / pace
    beep = 0.1 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * RATE_HZ)) / RATE_HZ)
    lead, tail = np.zeros(RATE_HZ // 10), np.zeros(int(TAIL_SECONDS * RATE_HZ))
    return _mp3(np.concatenate([lead, beep, tail])), seconds


def _mp3(samples: np.ndarray) -> bytes:
    encoded = io.BytesIO()
    soundfile.write(
        encoded, samples, RATE_HZ, format="MP3", bitrate_mode="CONSTANT", compression_level=0.7
    )
    return encoded.getvalue()
