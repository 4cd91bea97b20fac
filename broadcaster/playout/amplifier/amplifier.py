"""Switches the amplifier and its zones by relays: on while an item sounds, warm before its first word,
and never longer than the limit.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from broadcaster.core.clock import Clock
from broadcaster.core.errors import AmplifierLost
from broadcaster.playout.amplifier.base.relays import Relays
from broadcaster.playout.amplifier.base.wiring import Wiring
from broadcaster.playout.amplifier.open_relays import open_relays

logger = logging.getLogger(__name__)

REOPENING_SECONDS = 1.0


class Amplifier:
    """All relays are off when this is opened and when it is closed, whatever was on before.

    `with amplifier.on(zones)` is the power of one item. Relays that cannot be reached are a `fault`,
    never an exception: sound without its relay is better than none, for somebody may have switched the
    amplifier on by hand. One thread.
    """

    def __init__(
        self, wiring: Wiring, clock: Clock, opener: Callable[[Wiring, Clock], Relays] = open_relays
    ) -> None:
        self._lost = self._overdue = ""
        self._wiring = wiring
        self._clock = clock
        self._opener = opener
        self._relays: Relays | None = None
        self._on: frozenset[str] = frozenset()
        self._on_since = self._warm_at = self._off_at = self._tried_at = clock.monotonic()
        self._in_use = False
        self._open()

    @property
    def fault(self) -> str:
        """The fault in Chinese, or ""."""
        return self._overdue or (self._relays.fault if self._relays else self._lost)

    @property
    def names(self) -> tuple[str, ...]:
        """The relays that are on."""
        return tuple(name for name in self._wiring.relays if name in self._on)

    @property
    def busy(self) -> bool:
        """True if `step` must be called often."""
        return bool(self._on) or (self._relays is not None and self._relays.awaits_answer)

    @property
    def warm(self) -> bool:
        """True if a sound would be heard from its beginning."""
        return self._clock.monotonic() >= self._warm_at

    @contextmanager
    def on(self, zones: tuple[str, ...] = ()) -> Iterator[None]:
        """On for an item in these zones, and for the time of holding after it."""
        self._in_use = True
        self._switch(self._wiring.for_zones(zones))
        try:
            yield
        finally:
            self._in_use = False
            self._off_at = self._clock.monotonic() + self._holding_seconds()
            if self._off_at <= self._clock.monotonic():
                self.off()

    def power(self, names: tuple[str, ...], seconds: float) -> None:
        """Exactly these relays on, for so long, unless an item comes that has wishes of its own."""
        if not self._in_use:
            self._switch(frozenset(self._wiring.relays).intersection(names))
            self._off_at = self._clock.monotonic() + seconds

    def off(self) -> None:
        self._switch(frozenset())

    def step(self) -> bool:
        """See to the time and the relays; False when the longest time ran out under an item."""
        now = self._clock.monotonic()
        self._see_to_relays(now)
        if self._on and now - self._on_since >= self._wiring.longest_on_seconds:
            self.off()
            minutes = self._wiring.longest_on_seconds / 60
            self._overdue = f"功放连续开了 {minutes:g} 分钟，超过 amplifier.longest_on_minutes，已经断开"
            logger.warning("功放连开了 %g 分钟，自动断开了", minutes)
            return not self._in_use
        if self._on and not self._in_use and now >= self._off_at:
            self.off()
        return True

    def close(self) -> None:
        self._switch(frozenset())
        self._let_go()

    def _holding_seconds(self) -> float:
        """Not at all once half the longest time has gone by, lest items in a row use all of it up."""
        long_on = self._clock.monotonic() - self._on_since > self._wiring.longest_on_seconds / 2
        return 0.0 if long_on else self._wiring.hold_seconds

    def _switch(self, on: frozenset[str]) -> None:
        if on == self._on:
            return
        logger.info("功放：%s", "、".join(sorted(on)) or "断开")
        now = self._clock.monotonic()
        if not self._on:
            self._on_since = now
        if on - self._on:
            self._warm_at = now + self._wiring.warm_up_seconds
            self._overdue = ""
        self._on = on
        self._order()

    def _order(self) -> None:
        try:
            if self._relays:
                self._relays.switch(frozenset(self._wiring.relays[name] for name in self._on))
        except AmplifierLost as error:
            self._lose(error)

    def _see_to_relays(self, now: float) -> None:
        if self._relays is None and now - self._tried_at >= REOPENING_SECONDS:
            self._open()
            self._order()
        try:
            if self._relays:
                self._relays.check()
        except AmplifierLost as error:
            self._lose(error)

    def _open(self) -> None:
        self._tried_at = self._clock.monotonic()
        try:
            self._relays = self._opener(self._wiring, self._clock)
        except AmplifierLost as error:
            self._lose(error)

    def _lose(self, error: AmplifierLost) -> None:
        self._let_go()
        if str(error) != self._lost:
            logger.warning("功放：%s", error)
        self._lost = str(error)

    def _let_go(self) -> None:
        relays, self._relays = self._relays, None
        with suppress(AmplifierLost):
            if relays:
                relays.close()
