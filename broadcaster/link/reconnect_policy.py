"""Decides when to reconnect to the county, and limits log lines about an unsteady connection."""

import logging
from collections import deque
from dataclasses import dataclass

from broadcaster.core.clock import Clock
from broadcaster.link.mqtt_client import DisconnectCause

logger = logging.getLogger(__name__)

# Two machines on one account throw each other out each second: 80 lines in half a minute, for ever.
STEADY_SECONDS = 600.0
TO_DO = "请让县里给本站发一个新的登记码，在本站重新登记，另一台就连不上了。"
TAKEN_OVER = f"有另一台机器用本站的密码登录县里，两台轮着把对方断开：{TO_DO}"
PERHAPS_TAKEN_OVER = f"和县里刚连上就被断开，一次又一次，多半有另一台机器在用本站的密码登录县里：{TO_DO}"
# So often within the time above, and the next try was let in each time: no network does that.
SILENT_ENDS = 5


@dataclass(frozen=True)
class ReconnectPolicy:
    """Seconds: between tries, doubled from the first to the longest; how long to let what is on its way
    come before the office is asked for it; between two questions that are not answered; at most, until
    receipts are sent again that the broker had no listener for; until a recording is tried again; under
    which a session was a brief one, and to which the wait is doubled after one brief session upon
    another.
    """

    first: float = 1.0
    longest: float = 30.0
    settle: float = 3.0
    ask_again: float = 60.0
    nobody: float = 30.0
    sound: float = 60.0
    brief: float = 10.0
    after_brief: float = 60.0


class Steadiness:
    """One thread, but for `fault`: a sentence in Chinese, or "", until the line has been steady."""

    def __init__(self, policy: ReconnectPolicy, clock: Clock) -> None:
        self._policy = policy
        self._clock = clock
        self.fault = ""
        self._up_at: float | None = None
        self._reason = ""
        self._tries = self._brief_sessions = 0
        self._silent_ends = deque[float](maxlen=SILENT_ENDS)
        self._quiet_until = float("-inf")
        self._untold = 0
        self._is_return_told = self._is_braked = False

    def came(self) -> None:
        self._up_at, self._reason = self._clock.monotonic(), ""
        self._tries = 0
        if not self._is_braked:
            self._tell_return()

    def lost(self, reason: str, ending: DisconnectCause = DisconnectCause.USUAL) -> float:
        """A session, or a try for one; the seconds until the next try."""
        if self._up_at is not None or not self._reason:
            self._tell_loss(reason)
        self._suspect(ending)
        wait_seconds = self._wait_seconds()
        self._up_at, self._reason = None, reason
        return wait_seconds

    def look(self) -> None:
        """Tell of the losses since the last line, once its time is over; a line that stood is steady."""
        now, is_up = self._clock.monotonic(), self._up_at is not None
        if self._untold and now >= self._quiet_until:
            stands = "现在连着" if is_up else f"现在没有连上：{self._reason}"
            minutes = STEADY_SECONDS / 60
            logger.warning("%.0f 分钟里和县里断过 %d 次，%s", minutes, self._untold, stands)
            self._begin_quiet(is_braked=True)
            self._is_return_told = is_up
        elif is_up and now >= self._quiet_until:
            self._tell_return()
        if self.fault and self._up_at is not None and now - self._up_at >= STEADY_SECONDS:
            logger.warning("和县里一直连着，没有再被另一台机器断开")
            self.fault = ""

    def _suspect(self, ending: DisconnectCause) -> None:
        """Another machine on this box's account, as soon as it is known or likely."""
        found, now = TAKEN_OVER if ending is DisconnectCause.TAKEN_OVER else "", self._clock.monotonic()
        if ending is DisconnectCause.SILENT and self._up_at is not None:
            self._silent_ends.append(now)
            if len(self._silent_ends) == SILENT_ENDS and now - self._silent_ends[0] < STEADY_SECONDS:
                found = self.fault or PERHAPS_TAKEN_OVER
        else:
            self._silent_ends.clear()
        if found and found != self.fault:
            logger.error("请留意：%s", found)
            self.fault = found

    def _tell_return(self) -> None:
        if not self._is_return_told:
            logger.warning("和县里连上了")
            self._is_return_told = True

    def _tell_loss(self, reason: str) -> None:
        if self._untold or self._clock.monotonic() < self._quiet_until:
            self._untold += 1
            return
        logger.warning("没有连上县里，广播站自己会再连：%s", reason)
        self._is_return_told = False
        self._begin_quiet(is_braked=False)

    def _begin_quiet(self, is_braked: bool) -> None:
        """A single loss has its return told at once; of one among many it may wait."""
        self._is_braked = is_braked
        self._untold, self._quiet_until = 0, self._clock.monotonic() + STEADY_SECONDS

    def _wait_seconds(self) -> float:
        if self._up_at is None:
            self._tries += 1
            return self._doubled(self._tries, self._policy.longest)
        is_brief = self._clock.monotonic() - self._up_at < self._policy.brief
        self._brief_sessions = self._brief_sessions + 1 if is_brief else 0
        return self._doubled(self._brief_sessions, self._policy.after_brief)

    def _doubled(self, times: int, longest: float) -> float:
        return float(min(longest, self._policy.first * 2 ** min(max(times - 1, 0), 10)))
