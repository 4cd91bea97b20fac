"""Up: the boxes' receipts of what came from above, each verified, told as one signed sum a bulletin."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from broadcaster.bulletin import strict_json, topics
from broadcaster.bulletin.keys import public_from_hex
from broadcaster.bulletin.receipts import Receipt, read_receipt
from broadcaster.bulletin.refusals import NotAccepted
from broadcaster.bulletin.sums import Sum
from broadcaster.clock import Clock
from broadcaster.county.board import Counts
from broadcaster.county.reaches import stage_of
from broadcaster.county.relay_book import Carried, RelayBook, Told
from broadcaster.county.wire import CONNECTED, Incoming, Wire

if TYPE_CHECKING:
    from securesystemslib.signer import Signer

logger = logging.getLogger(__name__)

LISTENS_TO = (topics.receipt("+", "+"),)
LOOK_SECONDS = 1.0
AT_ONCE = 500
# Three hundred boxes begin to speak within some seconds: they are one message above, not three hundred.
SUM_SECONDS = 3.0
# So long after its end a box that was off may still tell of it.
REMEMBERED = timedelta(days=14)
NOBODY = Counts(Counter())


class Tally:
    """`step` is for a `Loop`; `keys` are the public keys of the boxes in use, as hex."""

    def __init__(
        self,
        county: str,
        book: RelayBook,
        upper: Wire,
        lower: Wire,
        clock: Clock,
        signer: Signer,
        keys: Callable[[], Mapping[str, str]],
    ) -> None:
        self._county = county
        self._book = book
        self._upper = upper
        self._lower = lower
        self._clock = clock
        self._signer = signer
        self._keys = keys
        self._held: list[Incoming] = []
        self._sum_at = clock.monotonic()
        self._sent_in = 0
        self._all_anew = False

    def wake(self) -> None:
        self._lower.wake()

    def step(self) -> None:
        self._held += self._lower.take(LOOK_SECONDS, AT_ONCE)
        came = [one for one in self._held if one is not CONNECTED]
        self._take(came)
        self._lower.acknowledge(came)
        self._held = []
        if self._clock.monotonic() >= self._sum_at:
            self._sum_at = self._clock.monotonic() + SUM_SECONDS
            self.tell_above()

    def _take(self, came: Sequence[Incoming]) -> None:
        if came:
            keys = self._keys()
            self._book.tell([told for one in came if (told := self._read(one, keys))])

    def _read(self, one: Incoming, keys: Mapping[str, str]) -> Told | None:
        """None for what the county itself has sent, and for what is not genuine."""
        box, _, id = one.topic.removeprefix(f"{topics.ROOT}/r/").partition("/")
        carried = self._book.find(id)
        if not carried:
            return None
        try:
            receipt = _genuine(one.payload, box, keys.get(box, ""))
        except (NotAccepted, ValueError) as refused:
            logger.warning("a receipt of %s is refused: %s", box, refused)
            return None
        stage = stage_of(receipt)
        if receipt.bulletin != id or receipt.digest not in (None, carried.digest) or not stage:
            return None
        return Told(id, box, stage, keys[box], receipt.number)

    def tell_above(self) -> None:
        """Each sum that has changed since the broker above took it; of a new connection all of them."""
        if not self._upper.connected:
            return
        if self._sent_in != self._upper.times_connected:
            self._sent_in, self._all_anew = self._upper.times_connected, True
        counts = self._book.counts()
        for one in self._book.all():
            if not self._tell(one, counts.get(one.id, NOBODY).to_json()):
                return
        self._all_anew = False
        self._forget()

    def _tell(self, one: Carried, told: Mapping[str, Any]) -> bool:
        written = strict_json.write(told).decode("ascii")
        if written == one.summed and not self._all_anew:
            return True
        now = self._clock.now()
        # Above what it has signed before, also when its own database was lost.
        number = max(int(now.timestamp() * 1000), one.sum_number + 1)
        made = Sum(self._county, number, one.id, one.digest, now, **told)
        topic = topics.sum_of(self._county, one.id)
        if not self._upper.publish([(topic, made.signed(self._signer).to_bytes())]):
            return False
        self._book.summed(one.id, written, number)
        return True

    def _forget(self) -> None:
        for one in self._book.old(self._clock.now() - REMEMBERED):
            if self._upper.publish([(topics.sum_of(self._county, one.id), b"")]):
                self._book.forget(one.id)


def _genuine(data: bytes, box: str, key: str) -> Receipt:
    """Raises `NotAccepted`, and ValueError for a box that is not enrolled."""
    if not key:
        raise ValueError("not enrolled")
    return read_receipt(data, box, public_from_hex(key))
