"""Limits the log lines about what a box refused: who holds the broker's password can flood it."""

import logging
from dataclasses import dataclass

from broadcaster.bulletin.refusals import NotAccepted, Refusal
from broadcaster.core.clock import Clock

logger = logging.getLogger(__name__)

QUIET_SECONDS = 60.0


@dataclass
class _Quiet:
    until: float
    untold: int = 0


class RefusalLog:
    """Tells the first of each reason, then once a minute how many more there were. One thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._quiet: dict[Refusal, _Quiet] = {}

    def tell(self, topic: str, refused: NotAccepted) -> None:
        self.look()
        if quiet := self._quiet.get(refused.refusal):
            quiet.untold += 1
            return
        logger.warning("县里发来的没有收（%s）：%s", topic, refused)
        self._quiet[refused.refusal] = _Quiet(self._clock.monotonic() + QUIET_SECONDS)

    def look(self) -> None:
        """Tell of those since the last line of their reason, once its minute is over."""
        now = self._clock.monotonic()
        for refusal, quiet in list(self._quiet.items()):
            if now < quiet.until:
                continue
            if quiet.untold:
                logger.warning("县里发来的又有 %d 条没有收：%s", quiet.untold, refusal.sentence)
                self._quiet[refusal] = _Quiet(now + QUIET_SECONDS)
            else:
                del self._quiet[refusal]
