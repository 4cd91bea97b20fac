"""A notice that is sent again, because the line is bad and no answer came, is aired once."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

from broadcaster.errors import BroadcasterError, StoreUnusable
from broadcaster.model import Airing, Notice

if TYPE_CHECKING:
    from broadcaster.station import Station

logger = logging.getLogger(__name__)


class KeyUsed(BroadcasterError):
    """The key of another notice."""


class Once:
    """Announces under a key. The notice's id is made from the key, so queue and journal remember it."""

    def __init__(self, remembered: int = 500) -> None:
        # For the time in which the disk fails, when neither queue nor journal knows of it.
        self._recent: OrderedDict[str, Airing] = OrderedDict()
        self._remembered = remembered
        # Two that come together must not both find nothing.
        self._lock = threading.Lock()

    def announce(self, station: Station, notice: Notice, asked_by: str, key: str) -> tuple[Airing, bool]:
        """The airing, and whether it was there already. Raises as `Station.announce`, or `KeyUsed`."""
        notice = replace(notice, id=hashlib.sha256(key.encode()).hexdigest()[:12])
        with self._lock:
            known = self._recent.get(notice.id) or _find(station, notice.id)
            if known:
                _check_same(known.notice, notice)
                return known, True
            airing = station.announce(notice, asked_by=asked_by)
            self._recent[notice.id] = airing
            while len(self._recent) > self._remembered:
                self._recent.popitem(last=False)
            return airing, False


def _find(station: Station, notice_id: str) -> Airing | None:
    try:
        return station.find_airing(notice_id)
    except StoreUnusable as error:
        # An urgent notice does not wait for a disk.
        logger.warning("it is not known whether %s was aired: %s", notice_id, error)
        return None


def _check_same(known: Notice, notice: Notice) -> None:
    if (known.text, known.title, known.severity) != (notice.text, notice.title, notice.severity):
        raise KeyUsed("这个 Idempotency-Key 已经用在另一条通知上了，请换一个新的。")
