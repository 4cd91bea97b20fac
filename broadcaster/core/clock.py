"""The clock of the program: the only module that reads the time; every other one is given it."""

import ctypes
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

# adjtimex(2): struct timex is 208 bytes on 64-bit Linux and less elsewhere. `modes` 0 only reads;
# `status` stands behind modes (padded), offset, freq, maxerror and esterror.
TIMEX_BYTES = 256
STATUS_AT = 5 * ctypes.sizeof(ctypes.c_long)
STA_UNSYNC = 0x0040


class Clock:
    """Wall time in the station's zone and monotonic time; tests pass one of their own."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone

    def now(self) -> datetime:
        """The wall time, aware, in the station's zone."""
        return datetime.now(UTC).astimezone(self.zone)

    def machine_time(self, moment: datetime) -> datetime:
        """The reading of the machine's own clock at a moment of this one; a test may step this one
        alone.
        """
        return moment

    def monotonic(self) -> float:
        """Seconds that never step; only differences mean something."""
        return time.monotonic()

    def synchronised(self) -> bool:
        """True if NTP set the kernel's clock not long ago.

        The kernel takes that back after some nine hours without NTP, when the error may be 16 s.
        """
        timex = ctypes.create_string_buffer(TIMEX_BYTES)
        try:
            failed = ctypes.CDLL(None).adjtimex(timex) < 0
        except AttributeError:
            return False
        status = ctypes.c_int.from_buffer(timex, STATUS_AT).value
        return not failed and not status & STA_UNSYNC
