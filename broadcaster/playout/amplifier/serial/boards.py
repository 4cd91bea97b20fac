"""The languages of serial relay boards: bytes for an order and for a question. All speak 9600 baud, 8N1.

Sources: the sheet sold with LC Technology's LCUS boards (A0, relay, state, sum; FF asks; LCUS-1 is
mute); KMTronic's page on its USB relays (FF, relay, state; FF, relay, 03 asks); Devantech's data sheet
of the USB-RLY boards (5C and a byte with a bit for each relay; 5B asks).
"""

from abc import ABC, abstractmethod


class RelayProtocol(ABC):
    """The bytes that one kind of board understands; relays count from 1."""

    @abstractmethod
    def orders(self, on: frozenset[int], relays: frozenset[int]) -> list[bytes]:
        """Commands that make `on` of these `relays` on and the others off."""

    @abstractmethod
    def query(self, relays: frozenset[int]) -> bytes:
        """The question that a working board answers."""


class LcusBoard(RelayProtocol):
    """`lcus`: four bytes a relay, the last their sum."""

    def orders(self, on: frozenset[int], relays: frozenset[int]) -> list[bytes]:
        return [self._order(relay, relay in on) for relay in sorted(relays)]

    def query(self, relays: frozenset[int]) -> bytes:
        return b"\xff"

    def _order(self, relay: int, on: bool) -> bytes:
        return bytes((0xA0, relay, on, (0xA0 + relay + on) & 0xFF))


class KmtronicBoard(RelayProtocol):
    """`kmtronic`: three bytes a relay."""

    def orders(self, on: frozenset[int], relays: frozenset[int]) -> list[bytes]:
        return [bytes((0xFF, relay, relay in on)) for relay in sorted(relays)]

    def query(self, relays: frozenset[int]) -> bytes:
        return bytes((0xFF, min(relays), 0x03))


class DevantechBoard(RelayProtocol):
    """`devantech`: two bytes for all relays at once; those that are not wired go off too."""

    def orders(self, on: frozenset[int], relays: frozenset[int]) -> list[bytes]:
        return [bytes((0x5C, sum(1 << relay - 1 for relay in on)))]

    def query(self, relays: frozenset[int]) -> bytes:
        return b"\x5b"


BOARDS: dict[str, RelayProtocol] = {
    "lcus": LcusBoard(),
    "kmtronic": KmtronicBoard(),
    "devantech": DevantechBoard(),
}
