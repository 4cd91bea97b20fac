"""Decides if the wall clock can be trusted: a board without a battery clock boots in the past."""

import logging
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from broadcaster.core.clock import Clock
from broadcaster.core.errors import StoreUnusable

logger = logging.getLogger(__name__)

# A clock before this is a board that has never been told the time: 2026, when this was written.
LEAST_YEAR = 2026
# Nobody runs a program for so long without one look at a network's time, nor installs a newer one.
LONGEST_AHEAD = timedelta(days=5 * 365)
# A clock that jumped may be put back: so long nothing is told of what it leapt over and nothing of that
# is ended, and nothing forgotten of what it came back from.
SETTLED_SECONDS = 600.0
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
NOTE_SECONDS = 3600.0
SEEN, TRUSTED_BOOT = "clock_seen", "clock_trusted_boot"


class StateStore(Protocol):
    """Small texts that outlast a restart."""

    def get(self, key: str) -> str: ...

    def put(self, key: str, value: str) -> None: ...


class ClockTrust:
    """Holds back airings that are due by the clock until the clock is trusted, or for a limited time.
    Any thread.

    The clock is trusted once NTP, the county or a person has set it since the machine came up: a crystal
    that was right once stays right by some seconds a day. If no wait is set the machine has a battery
    clock, which counts as right. A clock that is behind its last known reading, or before 2026, is never
    followed; one that is years ahead of the last known time, or of the program's own files, is reported.
    """

    def __init__(
        self,
        clock: Clock,
        wait: timedelta,
        memory: StateStore,
        boot_id: str | None = None,
        installed_at: datetime | None = None,
    ) -> None:
        self._clock = clock
        self._memory = memory
        self._boot_id = _boot_id() if boot_id is None else boot_id
        self._has_battery = not wait
        self._waits_until = clock.monotonic() + wait.total_seconds()
        self._trusted = bool(self._boot_id) and self._recall(TRUSTED_BOOT) == self._boot_id
        seen = self._recall(SEEN)
        self._seen = datetime.fromisoformat(seen) if seen else None
        self._installed_at = installed_at or _installed_at(clock)
        self._noted_at = float("-inf")
        self._lock = threading.Lock()

    @property
    def trusted(self) -> bool:
        """True once NTP, the county or a person has set the clock since the machine came up."""
        if not self._trusted and self._clock.synchronised():
            self.confirm()
        return self._trusted

    def confirm(self) -> None:
        """The county or a person says that the clock is right."""
        with self._lock:
            self._trusted = True
            # What a clock that ran ahead has left behind would distrust the right time.
            self._seen = None
            self._remember(TRUSTED_BOOT, self._boot_id)
            self._note()

    def allows(self) -> bool:
        """True if airings that are due by the clock may be aired now."""
        waited = self._clock.monotonic() >= self._waits_until
        return (self.trusted or waited) and self._plausible()

    @property
    def fault(self) -> str:
        """A sentence in Chinese on what is wrong with the clock, or ""."""
        now = f"{self._clock.now():%Y年%m月%d日 %H:%M}"
        if not self._plausible():
            return f"时钟不对（现在显示 {now}），定时的节目先不播。请接上网络，或者把时间设对。"
        if not self.trusted and self._ahead > LONGEST_AHEAD:
            years = self._ahead // timedelta(days=365)
            return (
                f"时钟好像走到前面去了（现在显示 {now}，比装程序的时候晚 {years} 年），定时的会播错。"
                "请接上网络，或者把时间设对。"
            )
        if self.trusted or self._has_battery or self.allows():
            return ""
        left = timedelta(seconds=self._waits_until - self._clock.monotonic())
        # The minute after, for it is not earlier than told.
        latest = self._clock.now() + left + timedelta(minutes=1)
        return (
            f"时钟还没有对准（现在显示 {now}），定时的节目等对准了再播，"
            f"最迟 {latest:%H:%M} 开始按现在的时间播；喊话不受影响。"
            "请接上网络；时间对的话，在网页首页点“钟是对的”。"
        )

    @property
    def remark(self) -> str:
        """The question for a person, if nobody has confirmed the clock yet: is this time right?
        Otherwise "".
        """
        if self.trusted or self._has_battery or not self._plausible():
            return ""
        return f"盒子的钟没有和网络对过，现在是 {self._clock.now():%Y年%m月%d日 %H:%M}。"

    def step(self) -> None:
        """Once an hour remember what the clock shows, if it may be right."""
        monotonic = self._clock.monotonic()
        due = monotonic - self._noted_at >= NOTE_SECONDS
        if due and self.trusted and self._plausible():
            with self._lock:
                self._note()

    def _note(self) -> None:
        self._noted_at = self._clock.monotonic()
        self._remember(SEEN, self._clock.now().isoformat())

    def _recall(self, key: str) -> str:
        try:
            return self._memory.get(key)
        except StoreUnusable as error:
            logger.warning("上次走到几点读不出来：%s", error)
            return ""

    def _remember(self, key: str, value: str) -> None:
        try:
            self._memory.put(key, value)
        except StoreUnusable as error:
            # A full disk must not make the clock wrong.
            logger.warning("走到几点没有记下来：%s", error)

    @property
    def _ahead(self) -> timedelta:
        known = max(self._installed_at, self._seen or self._installed_at)
        return self._clock.now() - known

    def _plausible(self) -> bool:
        now, trusted = self._clock.now(), self.trusted
        return now.year >= LEAST_YEAR and (trusted or self._seen is None or now >= self._seen)


def _installed_at(clock: Clock) -> datetime:
    """The time at which this program's files were written; a copy that loses file times says 1970 or
    1980.
    """
    written = datetime.fromtimestamp(Path(__file__).stat().st_mtime, clock.zone)
    return max(written, datetime(LEAST_YEAR, 1, 1, tzinfo=clock.zone))


def _boot_id() -> str:
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""
