"""The online voices `edge:*`, by the library that knows the service. One line is requested at a time; it
comes as a whole or is refused.

The service breaks off, falls silent, trickles and changes its ways without notice; each of these is an
error here, within `deadline_seconds`, so that another voice can speak.
"""

import asyncio
import io
import logging
import threading
import urllib.request
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import edge_tts
import numpy as np
import soundfile
from edge_tts.exceptions import EdgeTTSException, NoAudioReceived, SkewAdjustmentError
from numpy.typing import NDArray

from broadcaster.core.errors import LineRefused, VoiceUnavailable, VoiceWithdrawn, reason_of
from broadcaster.core.model import Line, Waveform
from broadcaster.settings.schema import EdgeSettings
from broadcaster.tts.base.length_check import check_length, longest_seconds
from broadcaster.tts.base.voice import Voice
from broadcaster.tts.edge.speakers import Speaker, SpeakerList, chinese_speakers
from broadcaster.tts.edge.stepped_event_loop import TURN_SECONDS, running

logger = logging.getLogger(__name__)

HOST = "speech.platform.bing.com"
RATE_HZ = 24_000
BYTES_PER_SECOND = 6_000  # 48 kbit/s, constant
# The library's own time limit does not cover a service that falls silent (waited 30 s of 2).
SILENCE_SECONDS = 5.0
LIST_SECONDS = 5.0
NOTHING_YET = Waveform(np.zeros(0, np.float32), RATE_HZ)
HARD_SILENCE = 10 ** (-50 / 20)
ENDS_SECONDS = 0.05
# The service's times are rounded, and an MP3 decoder drops up to 0.05 s at the start.
BOUNDARY_SECONDS = 0.1
TICKS_PER_SECOND = 10_000_000

UPGRADE = "请升级：.venv/bin/python -m pip install -U edge-tts"

Samples = NDArray[np.float32]
Connector = Callable[[], aiohttp.BaseConnector]


class EdgeVoice(Voice):
    """One speaker of the service. `connector` is how it is reached if not in the usual way.

    All voices of a process share `one_request`: while one line is under way the others wait.
    """

    rate_hz = RATE_HZ
    level_lufs = -20.0

    def __init__(
        self,
        speaker: Speaker,
        version: str,
        settings: EdgeSettings,
        speakers: SpeakerList,
        one_request: threading.Lock,
        connector: Connector | None = None,
        silence_seconds: float = SILENCE_SECONDS,
    ) -> None:
        self.name = speaker.name
        self.version = version
        self._short_name = speaker.short_name
        self._settings = settings
        self._speakers = speakers
        self._one_request = one_request
        self._connector = connector
        self._silence_seconds = silence_seconds

    def speak(self, line: Line, pace: float = 1.0) -> Iterator[Waveform]:
        """Empty pieces while the line is under way, then the line in one piece."""
        if not line.syllables:
            raise LineRefused(f"这一行没有可读的字：{line.written}")
        while not self._one_request.acquire(blocking=False):
            yield NOTHING_YET
        try:
            with running(self._ask(line, pace)) as (loop, asking):
                while not asking.done():
                    loop.run_until_complete(asyncio.wait({asking}, timeout=TURN_SECONDS))
                    yield NOTHING_YET
            arrived = asking.result()
        finally:
            self._one_request.release()
        yield Waveform(_complete_line(arrived, line, pace), RATE_HZ)

    async def _ask(self, line: Line, pace: float) -> "_Arrived":
        try:
            return await self._receive(self._communication(line, pace).stream(), line, pace)
        except NoAudioReceived as error:
            raise await self._why_silent() from error
        except ERRORS as error:
            logger.debug("%s: %r", self.name, error)
            raise VoiceUnavailable(_sentence(error)) from error

    async def _receive(self, chunks: AsyncGenerator[Any, None], line: Line, pace: float) -> "_Arrived":
        """Receives the service's answer for a line; gives up when nothing comes, or it never ends."""
        arrived = _Arrived(most_bytes=2 * BYTES_PER_SECOND * longest_seconds(line) / pace)
        ends_at = arrived.latest_at + self._settings.deadline_seconds
        reading = asyncio.create_task(arrived.read(chunks))
        while not reading.done():
            seconds = min(arrived.latest_at + self._silence_seconds, ends_at) - _now()
            if seconds <= 0:
                raise TimeoutError
            await asyncio.wait({reading}, timeout=seconds)
        reading.result()
        if arrived.too_long:
            raise LineRefused(f"“{line.spoken}”的声音没完没了，没有采用。")
        return arrived

    def _communication(self, line: Line, pace: float) -> edge_tts.Communicate:
        return edge_tts.Communicate(
            line.spoken,
            self._short_name,
            rate=f"{round(100 * (pace - 1)):+d}%",
            pitch=f"{self._settings.pitch_hz:+d}Hz",
            volume=f"{self._settings.volume_percent:+d}%",
            **_connection_options(self._connector),
        )

    async def _why_silent(self) -> VoiceUnavailable:
        """No sound and no error is what the service answers for a voice that it no longer has."""
        try:
            offered = await _offered(self._connector)
            self._speakers.store(offered)
        except (VoiceUnavailable, OSError) as error:
            logger.info("在线声音的清单没有取到：%s", reason_of(error))
            offered = []
        if offered and self._short_name not in {speaker.short_name for speaker in offered}:
            return VoiceWithdrawn(f"声音 {self.name} 已经被微软停用，请在设置里换一个声音。")
        return VoiceUnavailable(f"在线声音 {self.name} 没有送来声音，可能服务暂时有问题。")


@dataclass
class _Arrived:
    """The received part of a line; `ends_seconds` is where the service says that speech ends."""

    most_bytes: float
    audio: bytearray = field(default_factory=bytearray)
    ends_seconds: float = 0.0
    text: str = ""
    latest_at: float = field(default_factory=lambda: _now())

    @property
    def too_long(self) -> bool:
        return len(self.audio) > self.most_bytes

    async def read(self, chunks: AsyncGenerator[Any, None]) -> None:
        async with aclosing(chunks):
            async for chunk in chunks:
                self._take(chunk)
                if self.too_long:
                    return

    def _take(self, chunk: dict[str, Any]) -> None:
        self.latest_at = _now()
        if chunk["type"] == "audio":
            self.audio += chunk["data"]
        else:
            end = (chunk["offset"] + chunk["duration"]) / TICKS_PER_SECOND
            self.ends_seconds = max(self.ends_seconds, end)
            self.text += chunk["text"]


def fetch_speakers(connector: Connector | None = None) -> list[Speaker]:
    """Fetches the service's list of Chinese speakers; blocks for it. Raises `VoiceUnavailable`."""
    with running(_offered(connector)) as (loop, asking):
        return loop.run_until_complete(asking)


async def _offered(connector: Connector | None) -> list[Speaker]:
    try:
        async with asyncio.timeout(LIST_SECONDS):
            offered = await edge_tts.list_voices(**_connection_options(connector))
        speakers = chinese_speakers(offered)
    except ERRORS as error:
        raise VoiceUnavailable(_sentence(error)) from error
    if not speakers:
        raise VoiceUnavailable("在线服务送来的名单里没有中文的声音。")
    return speakers


def _complete_line(arrived: _Arrived, line: Line, pace: float) -> Samples:
    """The sound of a line, or `LineRefused` when not all of it came."""
    samples = _decoded(bytes(arrived.audio))
    if not arrived.ends_seconds or len(samples) / RATE_HZ + BOUNDARY_SECONDS < arrived.ends_seconds:
        raise LineRefused(f"“{line.spoken}”的声音没有传完就断了，没有采用。")
    # Speech that ends where a sentence ends is told by the text that the service says it has spoken.
    if 10 * _han_count(arrived.text) < 8 * _han_count(line.spoken):
        raise LineRefused(f"“{line.spoken}”只传来了“{arrived.text}”，没有采用。")
    loud = np.flatnonzero(np.abs(samples) > HARD_SILENCE)
    if not len(loud):
        raise LineRefused(f"“{line.spoken}”传来的只有静音，没有采用。")
    # The service adds silence, most of it at the end; pauses are the script's.
    margin = round(ENDS_SECONDS * RATE_HZ)
    spoken = samples[max(0, loud[0] - margin) : loud[-1] + margin]
    check_length(len(spoken) / RATE_HZ * pace, line)
    return np.clip(spoken, -1.0, 1.0)


def _decoded(audio: bytes) -> Samples:
    try:
        samples, rate_hz = soundfile.read(io.BytesIO(audio), dtype="float32")
    except soundfile.LibsndfileError as error:
        raise VoiceUnavailable(f"在线声音送来的不是声音。{UPGRADE}") from error
    if rate_hz != RATE_HZ or samples.ndim != 1:
        raise VoiceUnavailable(f"在线声音换了格式（{rate_hz} 赫兹）。{UPGRADE}")
    return samples  # type: ignore[no-any-return]


def _han_count(text: str) -> int:
    return sum("\u4e00" <= sign <= "\u9fff" for sign in text)


def _connection_options(connector: Connector | None) -> Any:
    """The library's arguments for the way to the service; a connector is good for one request."""
    return {"connector": connector()} if connector else {"proxy": _proxy()}


def _proxy() -> str | None:
    """HTTPS_PROXY, which aiohttp overlooks for a WebSocket: it wants WSS_PROXY."""
    proxies = urllib.request.getproxies()
    if urllib.request.proxy_bypass(HOST):
        return None
    return proxies.get("wss") or proxies.get("https")


def _now() -> float:
    return asyncio.get_running_loop().time()


ERRORS = (
    aiohttp.ClientError,
    EdgeTTSException,
    TimeoutError,
    OSError,
    # What the library raises over an answer that it cannot take apart.
    ValueError,
    LookupError,
    TypeError,
)


def _sentence(error: Exception) -> str:
    """The sentence for a person about this error, with what to do."""
    match error:
        case TimeoutError():
            return "在线声音没有按时回答，请检查网络。"
        case aiohttp.ClientConnectorDNSError():
            return f"找不到在线声音的服务器 {HOST}，请检查网络和域名解析。"
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            return "在线声音的服务器证书不对，请检查盒子的时间和网络。"
        case aiohttp.WSServerHandshakeError(status=403) | SkewAdjustmentError():
            return f"在线声音的服务器拒绝了请求（403）。请检查盒子的时间；时间没错，{UPGRADE}"
        case aiohttp.ClientResponseError(status=429):
            return "在线声音的服务器嫌请求太多（429），过一会儿会再试。"
        case aiohttp.ClientResponseError():
            return f"在线声音的服务器出错（{error.status}），过一会儿会再试。"
        case aiohttp.ClientError() | OSError():
            return "连不上在线声音的服务器，请检查网络。"
        case _:
            return f"在线声音的回答看不懂，可能服务改了。{UPGRADE}"
