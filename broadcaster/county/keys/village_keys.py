"""Keys for villages' pages on the office's site: for each a key pair and a delegation, at a key keeper's
request.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from securesystemslib.signer import CryptoSigner, Signer

from broadcaster.bulletin import areas
from broadcaster.bulletin.delegation import MOST_OF_A_TOWN, Delegation
from broadcaster.bulletin.keys import KeyLocked, new_key, public
from broadcaster.bulletin.metadata_signing import CharterRefused, KeyList
from broadcaster.core.clock import Clock
from broadcaster.core.notice import Severity
from broadcaster.county.keys.key_folder import KeyFolder, open_key

logger = logging.getLogger(__name__)

# The broker takes 262,144 bytes a message; a village adds 530, and one that is closed 90.
LARGEST_KEYRING = 250_000


class VillageKeys:
    """Any thread. `signer` gives the county's key, `passphrase` locks the villages' as it does that one;
    `changed` is called when the keyring is another.
    """

    def __init__(
        self,
        folder: KeyFolder,
        signer: Callable[[], Signer],
        passphrase: str,
        clock: Clock,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._folder = folder
        self._signer = signer
        self._passphrase = passphrase
        self._clock = clock
        self._changed = changed
        self._unlocked: dict[str, CryptoSigner] = {}
        # Names of the villages whose keys did not open when they were wanted, by area.
        self._shut: dict[str, str] = {}
        self._lock = threading.Lock()
        self._read: tuple[tuple[int, int], KeyList] | None = None

    def delegation(self, village: str) -> Delegation | None:
        """Of the office's own key of this village; None where its page is not carried."""
        found = self._listed().delegation(areas.trim(village))
        return found if found and self._file_of(found).exists() else None

    def warnings(self) -> list[str]:
        """Sentences for people: each key takes 0.3 s to open, so it is known when it is wanted."""
        return [
            f"{name}的钥匙打不开（文件坏了，或者是别的密码锁的），它的网页经县里打不开：请在登记簿里关掉再开通。"
            for name in tuple(self._shut.values())
        ]

    def is_open(self, village: str, urgent: bool) -> bool:
        """True if its page is hosted already, by a key that the passphrase opens."""
        found = self.delegation(village)
        as_wanted = found is not None and found.severities == _severities(urgent)
        return as_wanted and self.signer(village) is not None

    def _listed(self) -> KeyList:
        """Asked at each request, and verifying a list of 300 villages takes 34 ms."""
        file = self._folder.keyring_file.stat()
        stamp = file.st_ino, file.st_mtime_ns
        if self._read is None or self._read[0] != stamp:
            self._read = stamp, self._folder.key_list
        return self._read[1]

    def open(self, village: str, name: str, urgent: bool = True) -> None:
        """Carry the page of this village from now on. `urgent`: red and orange too. Raises
        `CharterRefused`, `FileUnwritable`.
        """
        area = areas.trim(village)
        with self._lock:
            listed = self._folder.key_list
            before = self.delegation(area)
            if listed.delegation(area) and not before:
                raise CharterRefused("这个村已经有自己的钥匙（county delegate），要先作废它。")
            if len(self._folder.keyring.to_bytes()) > LARGEST_KEYRING:
                raise CharterRefused("开通的村太多，钥匙串再大消息服务器就不收了。请先关掉不用的。")
            self._check_signs()
            made = new_key()
            self._folder.write_village_key(area, made, self._passphrase)
            wanted = Delegation(area, name, _severities(urgent), ())
            listed = listed.delegating(wanted, public(made), self._clock.now())
            self._folder.change(listed, self._signer())
            self._unlocked[area] = made
            self._shut.pop(area, None)
            if before:
                self._remove(before)
        self._changed()

    def close(self, village: str) -> None:
        """Carry it no more: its key counts nowhere from now on. Raises the same."""
        with self._lock:
            found = self.delegation(village)
            if found is None:
                return
            listed = self._folder.key_list.revoking(set(found.key_ids), self._clock.now())
            self._folder.change(listed, self._signer())
            self._remove(found)
            self._unlocked.pop(found.area, None)
            self._shut.pop(found.area, None)
        self._changed()

    def _remove(self, delegation: Delegation) -> None:
        """A key that counts nowhere any more: one that stays is no harm."""
        with suppress(OSError):
            self._file_of(delegation).unlink()

    def _file_of(self, delegation: Delegation) -> Path:
        return self._folder.village_key_file(delegation.area, delegation.key_ids[0])

    def _check_signs(self) -> None:
        """Before anything is written: a list that another key than the county's signed is refused."""
        if self._signer().public_key.keyid not in self._folder.trust.root.targets_key_ids:
            raise CharterRefused("县里的钥匙换过了，请重新启动县级平台再试。")

    def signer(self, village: str) -> Signer | None:
        """None where the page is not carried, or its key was locked by another passphrase."""
        area, found = areas.trim(village), self.delegation(village)
        if found is None:
            return None
        with self._lock:
            made = self._unlocked.get(area)
            # A command may have made another meanwhile.
            if made is None or public(made).keyid not in found.key_ids:
                try:
                    made = self._unlocked[area] = open_key(self._file_of(found), self._passphrase)
                except KeyLocked as error:
                    logger.warning("%s 的钥匙打不开：%s", area, error)
                    self._shut[area] = found.name
                    return None
                self._shut.pop(area, None)
        return made if public(made).keyid in found.key_ids else None


def _severities(urgent: bool) -> frozenset[Severity]:
    return frozenset(Severity) if urgent else MOST_OF_A_TOWN
