"""The contract of a sink: it takes PCM at the pace of sound."""

from abc import ABC, abstractmethod

LOST = "声卡掉线了，请检查插头；下次广播会自动重新连接"


class Sink(ABC):
    """One output. `check` is called by the child's loop; all else by one pump's thread at a time.

    Any step may hang when a card goes: the loop watches the time they take.
    """

    latency_seconds: float

    def check(self) -> None:  # noqa: B027 - most sinks are always there
        """Raise `DeviceLost` when it is plain, without opening it, that the device is not there."""

    def is_there(self) -> bool | None:
        """True if the device is plugged in; None if that cannot be seen without opening it."""
        return True

    @abstractmethod
    def open(self) -> None:
        """Get ready; nothing sounds before the first `write`. Raises `DeviceLost`."""

    @abstractmethod
    def write(self, pcm: bytes, spoken: bool) -> None:
        """Append what there is room for, or a little more; `spoken` is False for silence in a gap.

        Raises `DeviceLost`.
        """

    @property
    @abstractmethod
    def capacity_frames(self) -> int:
        """The number of frames that can be queued, once it is open."""

    @property
    @abstractmethod
    def queued_frames(self) -> int:
        """Frames written that have not sounded yet."""

    @abstractmethod
    def close(self) -> None:
        """Close at once; what is still queued is not heard."""
