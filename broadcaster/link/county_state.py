"""The box's view of its county: trusted keys, the last snapshot, and the county's time."""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from broadcaster.bulletin.keyring import Trust
from broadcaster.bulletin.refusals import NotAccepted, Refusal
from broadcaster.bulletin.snapshot import FRESH, Snapshot, read_snapshot
from broadcaster.bulletin.trusted_time import Now
from broadcaster.core.clock import Clock
from broadcaster.core.errors import reason_of
from broadcaster.link.membership import Membership
from broadcaster.station.station import Station

logger = logging.getLogger(__name__)

# No box runs before it was written.
WRITTEN = datetime(2026, 11, 1, tzinfo=UTC)
# A snapshot is stored at once when what is in force changes, else so often: the floor after a restart.
KEPT_EVERY = timedelta(hours=1)
# An answer may take so long, and then say the time: seconds on 4G, a minute where it is bad.
ANSWER_SECONDS = 60.0
CLOCKS_AGREE = timedelta(minutes=1)
# A box says so to its village weeks before it would go deaf.
TRUST_WARNED = timedelta(days=30)


class CountyState:
    """One thread changes it; any may look."""

    def __init__(self, station: Station, membership: Membership, clock: Clock) -> None:
        self._station = station
        self._membership = membership
        self._clock = clock
        self.trust: Trust = membership.trust()
        self.snapshot: Snapshot | None = None
        self.withheld: frozenset[str] = frozenset()
        """In force, meant for this box, asked for, and not sent."""
        self.last_refusal = ""
        self._floor = WRITTEN
        self._elsewhere: frozenset[str] = frozenset()
        self._judged: set[str] = set()
        self._trust_is_kept = True
        self._kept_at = WRITTEN
        self._asked, self._asked_for = ("", float("-inf")), frozenset[str]()
        self._fresh_at = clock.monotonic()
        self._recall()

    def _recall(self) -> None:
        try:
            if kept := self._membership.snapshot():
                # Whatever the clock says: they were judged when they came.
                self.snapshot = read_snapshot(kept, self.trust, Now(WRITTEN, False, WRITTEN))
                self._kept_at = self.snapshot.at
                self.raise_floor(self.snapshot.at)
        except NotAccepted as error:
            logger.warning("存着的清单用不了，等县里的新清单：%s", error)

    def now(self) -> Now:
        return Now(self._clock.now(), self._station.clock_is_trusted(), self._floor)

    def raise_floor(self, verified: datetime) -> None:
        """It is at least this late."""
        self._floor = max(self._floor, verified)

    def refused(self, bulletin_id: str, reason: Refusal) -> None:
        """Notes a refused bulletin, so it is no longer asked for."""
        self.last_refusal = f"{reason.sentence}（{bulletin_id or '没有编号'}）"
        if bulletin_id:
            self._judged.add(bulletin_id)

    def take_keyring(self, data: bytes) -> bool:
        """Takes a keyring; True if it was newer. Raises `NotAccepted`; then nothing has changed."""
        newer = self.trust.updated(data, self.now().earliest)
        is_newer = newer.to_bytes() != self.trust.to_bytes()
        if is_newer or not self._trust_is_kept:
            self._keep_trust(newer)
        if not is_newer:
            return False
        self.trust = newer
        # A stolen key may have made them of next year.
        self.snapshot = None
        self._judged.clear()
        logger.info("县里的钥匙串换成第 %s.%s 版", *newer.version)
        return True

    def _keep_trust(self, trust: Trust) -> None:
        """A disk that takes nothing must not silence the county: each connection brings it again."""
        try:
            self._membership.keep_trust(trust)
            self._trust_is_kept = True
        except OSError as error:
            logger.warning("县里的钥匙串没有存下来，下次连上再存：%s", reason_of(error))
            self._trust_is_kept = False

    @property
    def answered(self) -> bool:
        """True if no sync request is open."""
        return not self._asked[0]

    def ask(self, nonce: str, missing: Iterable[str]) -> None:
        """A question with this nonce goes out now, for these bulletins."""
        self._asked, self._asked_for = (nonce, self._clock.monotonic()), frozenset(missing)

    def take_snapshot(self, data: bytes, known: dict[str, str]) -> bool:
        """Takes a snapshot; True if it answers the sync request. Raises `NotAccepted`."""
        snapshot = read_snapshot(data, self.trust, self.now(), self.snapshot)
        before, self.snapshot = self.snapshot, snapshot
        answers = snapshot.tells_time_to(self._asked[0])
        if answers:
            self._take_answer(snapshot, before, known)
        trusted = self._station.clock_is_trusted()
        if snapshot.is_fresh(self._clock.now()) if trusted else answers:
            self._fresh_at = self._clock.monotonic()
        self.raise_floor(snapshot.at)
        if (
            not before
            or before.in_force != snapshot.in_force
            or snapshot.at - self._kept_at >= KEPT_EVERY
        ):
            self._keep(snapshot, data)
        return answers

    def _take_answer(self, snapshot: Snapshot, before: Snapshot | None, known: dict[str, str]) -> None:
        if before:
            self._elsewhere = frozenset(before.in_force) - frozenset(snapshot.in_force)
        # What was said after the question is on its way.
        self.withheld = (snapshot.missing(known) - self._judged) & self._asked_for
        if self.withheld:
            logger.error(
                "县里在效的通知问过了还没有送到，请告诉县里：%s", " ".join(sorted(self.withheld))
            )
        soon = self._clock.monotonic() - self._asked[1] <= ANSWER_SECONDS
        agrees = abs(self._clock.now() - snapshot.at) <= CLOCKS_AGREE
        if soon and agrees and not self._station.clock_is_trusted():
            self._station.confirm_clock()
        self._asked = "", float("-inf")

    def _keep(self, snapshot: Snapshot, data: bytes) -> None:
        try:
            self._membership.keep_snapshot(data)
            self._kept_at = snapshot.at
        except OSError as error:
            logger.warning("县里的清单没有存下来：%s", reason_of(error))

    def missing(self, known: dict[str, str]) -> frozenset[str]:
        """In force as far as the box knows, and not known to be somebody else's."""
        if not self.snapshot:
            return frozenset()
        return self.snapshot.missing(known) - self._elsewhere - self._judged

    @property
    def wants_keyring(self) -> bool:
        return bool(self.snapshot and self.snapshot.keyring > self.trust.version)

    @property
    def fault(self) -> str:
        """A sentence in Chinese, or ""."""
        if self.withheld:
            return f"县里有 {len(self.withheld)} 则通知没有送到，请告诉县里。"
        if self._clock.monotonic() - self._fresh_at > FRESH.total_seconds():
            return "半个多小时收不到县里的消息了，请检查网络；还不行就告诉县里。"
        return trust_fault("县里", self.trust, self.now())


def trust_fault(whose: str, trust: Trust | None, now: Now) -> str:
    """That nothing of theirs will be aired soon, or is no longer; "" while all is well."""
    left = trust.expires - now.earliest if trust else TRUST_WARNED
    if left <= timedelta(0):
        return f"{whose}的钥匙过期了，{whose}发的通知现在播不了，请告诉县里。"
    if left < TRUST_WARNED:
        return f"{whose}的钥匙还有 {left.days} 天到期，到期以后{whose}发的通知就播不了了，请告诉县里。"
    return ""


def tellable(moment: datetime) -> datetime:
    """As a receipt has it: a box without a clock of its own comes up in 1970, which no receipt holds."""
    return max(moment, WRITTEN)
