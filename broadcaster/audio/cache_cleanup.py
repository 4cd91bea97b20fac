"""Keeps the cache within its size limit, and notices when it cannot be written."""

import logging
import shutil
import threading
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from pathlib import Path

from broadcaster.audio.cache_survey import prune, total_size
from broadcaster.audio.clip_store import ClipStore
from broadcaster.core.clock import Clock
from broadcaster.core.errors import CacheFull, CacheUnwritable
from broadcaster.core.model import Delivery, Pruned, Ready
from broadcaster.settings.schema import Settings

logger = logging.getLogger(__name__)

STAYS = "剩下的都快要播了。空间不够，请换一张大的存储卡，或者把 cache.limit_megabytes 写大。"
# Below the limit by a tenth: at 2000 MB that is an hour of new speech until the next look.
PRUNED_SHARE = 0.9
# What nothing can be taken from is not gone through again at once.
PRUNE_AGAIN_SECONDS = 600.0
LOOK_SECONDS = 60.0
# A fault is gone from the page 10 s after its cause at the latest.
PROBE_SECONDS = 5.0
# The journal and the system live on the same card: its last room is theirs, not the cache's.
SPARE_BYTES = 50_000_000
# A clip that no programme needs may belong to one that is being made.
LEFTOVER_SECONDS = 3600.0


class Housekeeping:
    """Removes what was aired longest ago when the cache is over its limit, or the disk nearly full.

    `due` names the programmes that must stay; `always` the clips. What is on the air stays too. Any
    thread may call; `step` is that of a thread of its own: removing a thousand files takes a second.
    """

    def __init__(
        self,
        store: ClipStore,
        settings: Settings,
        due: Callable[[], Set[str]],
        always: Set[str],
        clock: Clock,
    ) -> None:
        self._store = store
        self._limit_bytes = int(settings.cache.limit_megabytes * 1_000_000)
        # As PCM of 16 bits: FLAC is never more.
        self._bytes_a_second = 2 * settings.sound.rate_hz
        self._due = due
        self._always = always
        self._clock = clock
        self._lock = threading.Lock()
        self._sounding: list[set[str]] = []
        self._fault = ""
        self._full = False
        self._known_bytes: int | None = None
        self._grown_bytes = 0.0
        self._pruned_at = self._probed_at = float("-inf")
        self._changed = threading.Event()

    @property
    def fault(self) -> str:
        """A sentence in Chinese on why rendered sound cannot be stored, or ""."""
        return self._fault

    @property
    def known_bytes(self) -> int:
        """The size of the cache as last counted, plus the most that was added since."""
        return int((self._known_bytes or 0) + self._grown_bytes)

    @contextmanager
    def on_air(self, deliver: Callable[[Delivery], None]) -> Iterator[Callable[[Delivery], None]]:
        """Protects clips on their way to the air: a clip delivered through the yielded function is not
        removed before the context ends.
        """
        keys: set[str] = set()

        def delivered(delivery: Delivery) -> None:
            if isinstance(delivery, Ready):
                with self._lock:
                    keys.add(delivery.item.clip.key)
            deliver(delivery)

        with self._lock:
            self._sounding.append(keys)
        try:
            yield delivered
        finally:
            with self._lock:
                self._sounding = [other for other in self._sounding if other is not keys]

    def aired(self, programme_key: str) -> None:
        """Stamp a programme, for the order in which they go."""
        self._store.stamp(programme_key, self._clock.now())

    def note_rendered(self, seconds: float, fault: str) -> None:
        """So many seconds were rendered; `fault` says why they could not be stored, or ""."""
        self._grown_bytes += seconds * self._bytes_a_second
        if fault and fault != self._fault:
            logger.warning("做好的声音存不下来：%s", fault)
            self._probed_at = float("-inf")
        self._fault = fault
        self._changed.set()

    def step(self) -> None:
        """See to it, and wait until a programme was made or some time is over."""
        self.tidy()
        self._changed.wait(PROBE_SECONDS if self._fault else LOOK_SECONDS)
        self._changed.clear()

    def wake(self) -> None:
        self._changed.set()

    def close(self) -> None:
        """Applies the limit to the clips that a command made, too."""
        if self._grown_bytes:
            self.tidy()

    def tidy(self) -> None:
        """Make room if there is too little; ask again whether the cache can be written."""
        now = self._clock.monotonic()
        if self._fault and now - self._probed_at >= PROBE_SECONDS:
            self._probed_at = now
            self._ask()
        wanted = self._wanted_bytes()
        if wanted is not None and now - self._pruned_at >= PRUNE_AGAIN_SECONDS:
            self._pruned_at = now
            self._make_room(wanted)

    def prune(self, to_bytes: int | None = None) -> Pruned:
        """Remove down to so many bytes, or to the limit. Raises `CacheUnwritable`."""
        with self._lock:
            sounding = set(self._always).union(*self._sounding)
        before = self._clock.now().timestamp() - LEFTOVER_SECONDS
        wanted = self._limit_bytes if to_bytes is None else to_bytes
        pruned = prune(self._store.folder, wanted, self._due(), sounding, before)
        self._known_bytes, self._grown_bytes = pruned.bytes_left, 0.0
        if pruned.clips or pruned.programmes:
            logger.info("做好的声音清掉了一些：声音 %d 个，节目 %d 个", pruned.clips, pruned.programmes)
        return pruned

    def _wanted_bytes(self) -> int | None:
        """The size to come down to, if the cache is too large for its limit or for the disk;
        else None.
        """
        known = self._known_bytes
        if known is None or known + self._grown_bytes > self._limit_bytes:
            # The last count and the most that came since are too much: count.
            self._known_bytes = known = total_size(self._store.folder)
            self._grown_bytes = 0.0
        if known > self._limit_bytes:
            return int(PRUNED_SHARE * self._limit_bytes)
        short = SPARE_BYTES - (0 if self._full else _free_bytes(self._store.folder))
        if short > 0 and known:
            return max(0, min(int(PRUNED_SHARE * known), known - short))
        return None

    def _make_room(self, to_bytes: int) -> None:
        try:
            left = self.prune(to_bytes).bytes_left
        except CacheUnwritable as error:
            logger.warning("做好的声音腾不出地方：%s", error)
            return
        if left > to_bytes:
            logger.warning(
                "做好的声音清到 %.1f MB 就清不动了，要清到 %.1f MB：%s",
                left / 1e6,
                to_bytes / 1e6,
                STAYS,
            )
        if self._fault:
            self._ask()

    def _ask(self) -> None:
        full, fault = False, ""
        try:
            self._store.check_writable()
        except CacheUnwritable as error:
            full, fault = isinstance(error, CacheFull), str(error)
        self._full, self._fault = full, fault


def _free_bytes(folder: Path) -> int:
    """On the disk of a folder; plenty where that cannot be asked, for then nothing is in it."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return SPARE_BYTES
