"""Remembers cleared topics until the broker has saved that; until then a retained message may
come back.
"""

from broadcaster.bulletin import mqtt_topics
from broadcaster.core.clock import Clock

SAVED_AFTER = 2.0 * mqtt_topics.SAVED_SECONDS


class ClearedTopics:
    """Of one connection; with the next all of it is emptied once more."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._at: dict[str, float] = {}

    def __contains__(self, id: str) -> bool:
        return id in self._at

    def note(self, id: str) -> None:
        self._at[id] = self._clock.monotonic()

    def saved(self) -> list[str]:
        """Those that will not come back; each is told once."""
        before = self._clock.monotonic() - SAVED_AFTER
        found = [id for id, at in self._at.items() if at <= before]
        for id in found:
            del self._at[id]
        return found

    def begin(self) -> None:
        """Another connection: who knows what the broker has."""
        self._at.clear()
