"""The contract of relays: switched on or off, with a report when they do not answer."""

from abc import ABC, abstractmethod


class Relays(ABC):
    """The relays of one amplifier. All are off when it is opened and when it is closed.

    No method waits for the hardware for longer than 20 ms a relay. Each raises `AmplifierLost` when the
    relays are gone for good; `fault` tells of those that may still obey.
    """

    fault = ""

    @abstractmethod
    def switch(self, on: frozenset[int]) -> None:
        """These on, all others off."""

    def check(self) -> None:  # noqa: B027 - most relays have no way to answer
        """Find out whether they are there; called several times a second while they are in use."""

    @property
    def awaits_answer(self) -> bool:
        """True if `check` should be called soon."""
        return False

    @abstractmethod
    def close(self) -> None:
        """All off, and let go."""
