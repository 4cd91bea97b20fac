"""Renews the office's list of keys in time, and warns before keys expire."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from securesystemslib.signer import Signer

from broadcaster.bulletin.keyring import Trust
from broadcaster.bulletin.metadata_signing import LIST_RENEWED_BEFORE
from broadcaster.bulletin.refusals import NotAccepted
from broadcaster.core.clock import Clock
from broadcaster.core.errors import BroadcasterError, ConfigError, FileUnwritable
from broadcaster.county.keys.key_folder import KeyFolder
from broadcaster.county.store.office_settings import RelaySettings

logger = logging.getLogger(__name__)

# The office renews its list at 200 days; two keepers of root keys must be brought together.
LIST_WARNED, ROOT_WARNED = timedelta(days=100), timedelta(days=180)
TRY_KEY_SECONDS = 60.0
# What has expired on the disk is still to be renewed from there.
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
RENEW_LIST = "broadcaster county renew"
RENEW_ROOT = "broadcaster county renew --root-key 文件 --root-key 文件"
KEY_CHANGED = (
    "县里的钥匙换过了，这里手上还是旧的：现在不签也不发，写好的都留着。"
    "请重新启动县级平台（broadcaster county run），输入新钥匙的密码。"
)

ABOVE_DIFFERS = (
    "office.yaml 的 relay 里写的上级和根钥匙说的不一样，各村只听根钥匙说的：请改 office.yaml，"
    "或者请两位保管人带根钥匙来，运行 broadcaster county above。"
)


class KeyRenewal:
    """`look` is for the office's own thread; `warnings` for any.

    `unlock` opens the county's key without asking anybody, where its passphrase lies in a file.
    """

    def __init__(
        self,
        folder: KeyFolder,
        signer: Signer,
        clock: Clock,
        unlock: Callable[[KeyFolder], Signer] | None = None,
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._unlock = unlock
        self._tried_at = float("-inf")
        self._trouble = ""
        self._told: list[str] = []
        self.signer = signer
        self.keyring = folder.keyring.to_bytes()
        self.trust = folder.trust

    def look(self) -> None:
        """Follow what a command has changed, take up a new key, renew what is half over."""
        try:
            self._read()
            if not self.may_sign:
                self._reopen()
            if self.may_sign:
                self._renew()
            self._trouble = ""
        except (BroadcasterError, NotAccepted) as error:
            self._trouble = f"钥匙串有问题：{error}"
        self._log_warnings()

    def keep_snapshot(self, snapshot: bytes) -> None:
        """Beside the keyring; a stick without them still brings what is in force."""
        try:
            self._folder.keep_snapshot(snapshot)
        except FileUnwritable as error:
            logger.warning("清单没有存下来，做的 U 盘里没有它：%s", error)

    @property
    def may_sign(self) -> bool:
        return self.trust.names_office_key(self.signer.public_key.keyid)

    def warnings(self) -> list[str]:
        """Sentences for people, the gravest first."""
        found = [] if self.may_sign else [KEY_CHANGED]
        found += expiry_warnings(self.trust, self._clock.now())
        return [*found, self._trouble] if self._trouble else found

    def _read(self) -> None:
        """A list that is older than the one known, a copy that was put back, is not gone by."""
        data = self._folder.keyring.to_bytes()
        if data != self.keyring:
            self.trust, self.keyring = self.trust.updated(data, LONG_AGO), data
            logger.info("县里的钥匙串换成第 %s.%s 版", *self.trust.version)

    def _reopen(self) -> None:
        now = self._clock.monotonic()
        if self._unlock and now - self._tried_at >= TRY_KEY_SECONDS:
            self._tried_at = now
            self.signer = self._unlock(self._folder)

    def _renew(self) -> None:
        now = self._clock.now()
        if self.trust.targets.targets.expires - now < LIST_RENEWED_BEFORE:
            self._folder.renew(self.signer, now)
            self._read()

    def _log_warnings(self) -> None:
        """Each once a day: the days that are left are counted in it."""
        found = self.warnings()
        for sentence in found:
            if sentence not in self._told:
                logger.warning("请留意：%s", sentence)
        self._told = found


def expiry_warnings(trust: Trust, now: datetime) -> list[str]:
    root, listed = trust.root.root.expires, trust.targets.targets.expires
    found = [
        _warning("根", root - now, ROOT_WARNED, f"请请两位保管人带根钥匙来，运行 {RENEW_ROOT}"),
        _warning("钥匙名单", listed - now, LIST_WARNED, f"请运行 {RENEW_LIST}"),
    ]
    return [sentence for sentence in found if sentence]


def upstream_warnings(trust: Trust, relay: RelaySettings) -> list[str]:
    """That villages do not hear whom the relay brings: they go by the root alone, once it has spoken."""
    try:
        brought = relay.upstream_offices(trust.area)
    except ConfigError as error:
        return error.problems
    named = trust.above
    return [ABOVE_DIFFERS] if named is not None and not set(brought) <= set(named) else []


def _warning(what: str, left: timedelta, warned: timedelta, action: str) -> str:
    if left <= timedelta(0):
        return f"{what}过期了，各村的广播站现在不播县里的通知：{action}。"
    if left < warned:
        return f"{what}还有 {left.days} 天到期，到期以后各村不再播县里的通知：{action}。"
    return ""
