"""Stores the sound of one render job in the clip cache. If the cache is full, a live job goes to the
spool and is still played once.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from broadcaster.audio.clip_store import ClipStore, cannot_write
from broadcaster.audio.sound_file_writer import encode, write_clip
from broadcaster.core.errors import CacheUnwritable
from broadcaster.core.model import Clip, Programme
from broadcaster.system.temporary_sounds import Spool


class Keeping:
    """Puts a job's sound into the cache; a live job's into the spool where the cache takes no more.

    `fault` is then the sentence that says why. What is not live is only worth making to be kept: its
    first `CacheUnwritable` ends it.
    """

    def __init__(self, store: ClipStore, spool: Spool, job: int, live: bool) -> None:
        self.fault = ""
        self._store = store
        self._spool = spool
        self._job = job
        self._live = live
        self._unkept: dict[str, Clip] = {}

    def find(self, key: str) -> Clip | None:
        return self._store.find_checked(key) or self._unkept.get(key)

    def keep(
        self, key: str, samples: NDArray[np.int16], rate_hz: int, may_be_silent: bool = False
    ) -> Clip:
        """Raises `LineRefused` for a line without sound, `CacheUnwritable` when it can be nowhere."""
        try:
            return write_clip(self._store, key, samples, rate_hz, may_be_silent)
        except CacheUnwritable as error:
            self._refuse_unless_live(error)
        # FLAC, for it may be memory: an hour of speech is 100 MB there, and 350 MB as it sounds.
        path = self._write(f"{key}.flac", encode(samples, rate_hz, "FLAC"))
        self._unkept[key] = Clip(key, path, len(samples) / rate_hz)
        return self._unkept[key]

    def keep_programme(self, key: str, programme: Programme) -> None:
        """Remember a programme, unless a clip of it could not be kept."""
        if self._unkept:
            return
        try:
            self._store.keep_programme(key, programme)
        except CacheUnwritable as error:
            self._refuse_unless_live(error)

    def piece(self, place: tuple[int, int], samples: NDArray[np.int16], rate_hz: int) -> Clip:
        """A piece of a line that is still being made, as WAV, for the device to read soon."""
        path = self._write(f"{place[0]}-{place[1]}.wav", encode(samples, rate_hz, "WAV"))
        return Clip(path.stem, path, len(samples) / rate_hz)

    def _write(self, name: str, content: bytes) -> Path:
        try:
            return self._spool.write(self._job, name, content)
        except OSError as error:
            raise cannot_write(self._spool.folders[0], error) from error

    def _refuse_unless_live(self, error: CacheUnwritable) -> None:
        if not self._live:
            raise error
        self.fault = str(error)
