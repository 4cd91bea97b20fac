"""The sink without a sound card: takes PCM at the pace of sound and drops it."""

from broadcaster.audio.pcm import SAMPLE_BYTES
from broadcaster.core.clock import Clock
from broadcaster.playout.device.sink_contract import Sink


class SilentSink(Sink):
    """A card of the monotonic clock, with a buffer of `latency_seconds`."""

    def __init__(self, rate_hz: int, latency_seconds: float, clock: Clock) -> None:
        self.latency_seconds = latency_seconds
        self._rate_hz = rate_hz
        self._clock = clock
        self._sounds_until = 0.0

    def open(self) -> None:
        self._sounds_until = self._clock.monotonic()

    def write(self, pcm: bytes, spoken: bool) -> None:
        seconds = len(pcm) / SAMPLE_BYTES / self._rate_hz
        self._sounds_until = max(self._sounds_until, self._clock.monotonic()) + seconds

    @property
    def capacity_frames(self) -> int:
        return round(self.latency_seconds * self._rate_hz)

    @property
    def queued_frames(self) -> int:
        return max(0, round((self._sounds_until - self._clock.monotonic()) * self._rate_hz))

    def close(self) -> None:
        pass
