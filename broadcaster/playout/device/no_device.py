"""The sink for a device that is missing: it never opens, and says why."""

from broadcaster.core.errors import DeviceLost
from broadcaster.playout.device.sink_contract import Sink


class NoDeviceSink(Sink):
    """Refuses to open, with a reason."""

    capacity_frames = 0
    queued_frames = 0

    def __init__(self, reason: str, latency_seconds: float) -> None:
        self.latency_seconds = latency_seconds
        self._reason = reason

    def check(self) -> None:
        raise DeviceLost(self._reason)

    def open(self) -> None:
        raise DeviceLost(self._reason)

    def write(self, pcm: bytes, spoken: bool) -> None:
        raise DeviceLost(self._reason)

    def close(self) -> None:
        pass
