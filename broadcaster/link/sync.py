"""Asks the office for bulletins in force that the box misses: decides when to ask, and for which."""

import random
import secrets
from collections.abc import Callable
from math import inf

from broadcaster.bulletin.bulletin import VERSION
from broadcaster.bulletin.sync_request import MOST_MISSING, SyncRequest
from broadcaster.core.clock import Clock
from broadcaster.link.county_state import CountyState


class CatchingUp:
    """One thread. `settle` seconds are for what is on its way to come; `again` for an answer that does
    not; `known` gives ids and digests of all that the box has kept.
    """

    def __init__(
        self,
        county: CountyState,
        known: Callable[[], dict[str, str]],
        clock: Clock,
        settle: float,
        again: float,
    ) -> None:
        self._county = county
        self._known = known
        self._clock = clock
        self._settle, self._again = settle, again
        self._at = inf
        self._asked = False
        self._says_version = True

    def begin(self) -> None:
        """A new connection: each has one question, for the time too."""
        self._asked, self._at = False, self._clock.monotonic() + self._settle
        self._says_version = True

    def look(self) -> None:
        """An answer, a snapshot or a keyring has come: ask for what is missed, if anything is."""
        county, missing = self._county, self._missing()
        # A snapshot that stood on the broker is no answer: only one to its own question tells the time.
        if self._asked and county.answered:
            self._at = inf
        if self._at == inf and (missing or county.wants_keyring):
            asked_before = missing <= county.withheld and not county.wants_keyring
            wait = self._again if asked_before else self._settle
            self._at = self._clock.monotonic() + wait * random.uniform(1.0, 2.0)

    @property
    def due_seconds(self) -> float:
        return self._at - self._clock.monotonic()

    def sync_request(self) -> bytes:
        """To be sent now."""
        missing = sorted(self._missing())[:MOST_MISSING]
        nonce = secrets.token_hex(16)
        self._county.ask(nonce, missing)
        self._asked, self._at = True, self._clock.monotonic() + self._again
        # An office of before answers no question that says it: every second one does not.
        reads, self._says_version = (VERSION if self._says_version else 1), not self._says_version
        return SyncRequest(nonce, self._county.trust.version, tuple(missing), reads).to_bytes()

    def _missing(self) -> frozenset[str]:
        return self._county.missing(self._known())
