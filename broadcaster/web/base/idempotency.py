"""Airs a notice once, even if it is sent again by a second tap or because no answer came."""

import hashlib
import logging
import threading
from collections import OrderedDict
from dataclasses import replace
from datetime import datetime

from broadcaster.core.errors import BroadcasterError, StoreUnusable
from broadcaster.core.model import Airing
from broadcaster.core.notice import Notice
from broadcaster.station.station_contract import StationContract

logger = logging.getLogger(__name__)


class KeyUsed(BroadcasterError):
    """The key of another notice."""

    wire_name = "KeyUsed"


class Idempotency:
    """Announces each id of a notice once; queue and journal remember them, also over a restart."""

    def __init__(self, remembered: int = 500) -> None:
        # For the time in which the disk fails, when neither queue nor journal knows of it.
        self._recent: OrderedDict[str, Airing] = OrderedDict()
        self._remembered = remembered
        # Two that come together must not both find nothing.
        self._lock = threading.Lock()

    def known(self, station: StationContract, notice_id: str) -> Airing | None:
        """The airing of this notice id, as far as it can be found."""
        return self._recent.get(notice_id) or _find_stored(station, notice_id)

    def announce(
        self, station: StationContract, notice: Notice, asked_by: str, at: datetime | None = None
    ) -> tuple[Airing, bool]:
        """The airing, and whether it was there already. Raises as `Station.announce`; then it may be
        tried again.
        """
        with self._lock:
            if known := self.known(station, notice.id):
                return known, True
            airing = station.announce(notice, asked_by=asked_by, at=at)
            self._recent[notice.id] = airing
            while len(self._recent) > self._remembered:
                self._recent.popitem(last=False)
            return airing, False


def under_key(notice: Notice, key: str) -> Notice:
    """The notice with an id made from the key of who sends it."""
    return replace(notice, id=hashlib.sha256(key.encode()).hexdigest()[:12])


def check_same(known: Notice, notice: Notice) -> None:
    """Raise `KeyUsed` unless a notice is the one that its key was used for before."""
    if (known.text, known.title, known.severity) != (notice.text, notice.title, notice.severity):
        raise KeyUsed("这个 Idempotency-Key 已经用在另一条通知上了，请换一个新的。")


def _find_stored(station: StationContract, notice_id: str) -> Airing | None:
    try:
        return station.find_airing(notice_id)
    except StoreUnusable as error:
        # An urgent notice does not wait for a disk.
        logger.warning("通知 %s 播过没有查不到，按没有播过算：%s", notice_id, error)
        return None
