"""The folder with an office's keyring and keys. The keyring names the county's key, and is
changed last.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from broadcaster.bulletin import areas
from broadcaster.bulletin.keyring import Keyring, Trust
from broadcaster.bulletin.keys import KeyLocked, lock, new_key, public, unlock
from broadcaster.bulletin.metadata_signing import (
    ROOT_KEYS,
    ROOT_LIFE,
    CharterRefused,
    KeyList,
    make_root,
    next_root,
    sign_root,
)
from broadcaster.bulletin.refusals import NotAccepted
from broadcaster.bulletin.tuf_metadata import read_root
from broadcaster.bulletin.upstream_office import UpstreamOffice
from broadcaster.core.errors import FileUnwritable, reason_of
from broadcaster.county.keys.office_probe import FROM_A_COPY, KEYRING, SNAPSHOT, why_no_keyring
from broadcaster.system.atomic_file import atomic_write, exclusive_lock

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner, Signer

LOCK = "keyring.lock"

# Asked for the passphrase of a key that is called so in Chinese.
AskPassphrase = Callable[[str], str]


@dataclass(frozen=True)
class KeyFolder:
    """The folder may be copied and kept: its keys are locked, and the root's are not in it."""

    path: Path

    @classmethod
    def create(
        cls,
        path: Path,
        area: str,
        name: str,
        root_files: Sequence[Path],
        ask: AskPassphrase,
        now: datetime,
    ) -> KeyFolder:
        """A new county: three root keys in files of their own, its own key, its first keyring."""
        area, folder = areas.trim(area), cls(path)
        if len(root_files) != ROOT_KEYS:
            raise CharterRefused(f"根钥匙要写 {ROOT_KEYS} 个文件，最好在三个优盘上。")
        if folder.keyring_file.exists():
            raise CharterRefused(f"{path} 里已经有钥匙串了。")
        county, roots = new_key(), [new_key() for _ in range(ROOT_KEYS)]
        keys = [public(one) for one in roots]
        payload = make_root(area, 1, now + ROOT_LIFE, keys, public(county))
        root = sign_root(payload, roots).to_bytes()
        listed = KeyList.first(area, name, public(county), now).signed(county, area)
        locked = dict(zip(root_files, folder._lock_roots(roots, ask), strict=True))
        locked[folder.key_file(public(county).keyid)] = lock(county, ask("县里的钥匙"))
        with _written_together(locked):
            folder._keep(Keyring((root,), listed.to_bytes()))
        return folder

    @property
    def keyring_file(self) -> Path:
        return self.path / KEYRING

    def key_file(self, key_id: str) -> Path:
        return self.path / f"county-{key_id[:16]}.key"

    @property
    def keyring(self) -> Keyring:
        """Raises `CharterRefused` where there is none that holds."""
        try:
            return Keyring.from_bytes(self.keyring_file.read_bytes())
        except FileNotFoundError:
            raise CharterRefused(why_no_keyring(self.path)) from None
        except OSError as error:
            sentence = f"{self.keyring_file} 读不出来（{reason_of(error)}）：{FROM_A_COPY}"
            raise CharterRefused(sentence) from None
        except NotAccepted as error:
            raise CharterRefused(f"{self.keyring_file} 坏了：{error}{FROM_A_COPY}") from error

    @property
    def trust(self) -> Trust:
        """As the office's own boxes will have it, whether or not it has expired."""
        try:
            return Trust.from_bytes(self.keyring.to_bytes())
        except NotAccepted as error:
            raise CharterRefused(f"{self.keyring_file} 坏了：{error}") from error

    @property
    def pin(self) -> str:
        """The digest of the first root, which is given to a box by hand."""
        return read_root(self.keyring.roots[0]).envelope.digest

    @property
    def key_list(self) -> KeyList:
        return KeyList.of(self.trust.targets)

    def unlock(self, passphrase: str) -> CryptoSigner:
        """The county's key. Raises `KeyLocked`."""
        key_id = next(iter(self.trust.root.targets_key_ids))
        return open_key(self.key_file(key_id), passphrase)

    def change(self, key_list: KeyList, county_key: Signer) -> None:
        """Sign the list that comes after the one on the disk, and keep it. Raises `CharterRefused`."""
        with self._alone():
            trust = self.trust
            if key_list.version != trust.targets.targets.version + 1:
                raise CharterRefused("钥匙串刚才被另一个命令改过，这次什么也没有改，请再来一次。")
            if county_key.public_key.keyid not in trust.root.targets_key_ids:
                raise CharterRefused("县里的钥匙已经换过，这一把不能再签，这次什么也没有改。")
            signed = key_list.signed(county_key, trust.area)
            self._keep(Keyring(self.keyring.roots, signed.to_bytes()))

    def renew(self, county_key: Signer, now: datetime) -> None:
        """The same list for another `LIST_LIFE`. Raises `CharterRefused` and `FileUnwritable`."""
        self.change(self.key_list.renewed(now), county_key)

    def renew_root(
        self,
        root_keys: Sequence[CryptoSigner],
        now: datetime,
        upstream: Sequence[UpstreamOffice] | None = None,
    ) -> None:
        """The same root for another `ROOT_LIFE`, or one that names other `upstream` offices; county key
        and list stay. Raises `CharterRefused`.
        """
        with self._alone():
            root, kept = self.trust.root, self.keyring
            county = next(iter(root.targets_key_ids))
            newer = next_root(root, root_keys, [], root.root.keys[county], now, upstream)
            self._keep(Keyring((*kept.roots, newer.to_bytes()), kept.targets))

    def rotate(
        self,
        root_keys: Sequence[CryptoSigner],
        new_root_files: Sequence[Path],
        ask: AskPassphrase,
        now: datetime,
    ) -> None:
        """A new county key, and new root keys where files for them are named."""
        if len(new_root_files) not in (0, ROOT_KEYS):
            raise CharterRefused(f"新的根钥匙要么不写，要么写 {ROOT_KEYS} 个文件。")
        trust, county = self.trust, new_key()
        roots = [new_key() for _ in new_root_files]
        root = next_root(trust.root, root_keys, roots, public(county), now)
        old = next(iter(trust.root.targets_key_ids))
        listed = self.key_list.rotated(old, public(county), now).signed(county, trust.area)
        locked = dict(zip(new_root_files, self._lock_roots(roots, ask), strict=True))
        locked[self.key_file(public(county).keyid)] = lock(county, ask("县里的新钥匙"))
        with self._alone(), _written_together(locked):
            if self.trust.version != trust.version:
                raise CharterRefused("钥匙串刚才被另一个命令改过，这次什么也没有改，请再来一次。")
            self._keep(Keyring((*self.keyring.roots, root.to_bytes()), listed.to_bytes()))
        self.key_file(old).unlink(missing_ok=True)

    def village_key_file(self, village: str, key_id: str) -> Path:
        return self.path / "villages" / f"{areas.trim(village)}-{key_id[:16]}.key"

    def write_village_key(self, village: str, signer: CryptoSigner, passphrase: str) -> None:
        """For the page of this village on the office's site. Raises `FileUnwritable`."""
        path = self.village_key_file(village, public(signer).keyid)
        _write(path, lock(signer, passphrase))

    def keep_snapshot(self, snapshot: bytes) -> None:
        """For a stick, which is made without the county's key. Raises `FileUnwritable`."""
        _write(self.path / SNAPSHOT, snapshot)

    @staticmethod
    def _lock_roots(roots: Sequence[CryptoSigner], ask: AskPassphrase) -> list[bytes]:
        return [lock(one, ask(f"第 {number} 把根钥匙")) for number, one in enumerate(roots, 1)]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """A command and the running office take turns."""
        with ExitStack() as stack:
            try:
                stack.enter_context(exclusive_lock(self.path, LOCK))
            except OSError as error:
                raise FileUnwritable(f"{self.path} 写不进去：{reason_of(error)}。") from None
            yield

    def _keep(self, keyring: Keyring) -> None:
        _write(self.keyring_file, keyring.to_bytes())


def write_key(path: Path, signer: CryptoSigner, passphrase: str) -> None:
    """A key of its own, for a town or a village. Raises `CharterRefused`, `FileUnwritable`."""
    with _written_together({path: lock(signer, passphrase)}):
        pass


def open_key(path: Path, passphrase: str) -> CryptoSigner:
    """Raises `KeyLocked`."""
    try:
        return unlock(path.read_bytes(), passphrase)
    except OSError as error:
        raise KeyLocked(f"钥匙文件 {path} 读不出来：{reason_of(error)}。") from None
    except KeyLocked as error:
        raise KeyLocked(f"{path}：{error}") from None


class _written_together:
    """New files that are all taken back if the block does not end well."""

    def __init__(self, files: dict[Path, bytes]) -> None:
        self._files = files
        self._made: list[Path] = []

    def __enter__(self) -> None:
        if there := next((path for path in self._files if path.exists()), None):
            raise CharterRefused(f"{there} 已经有了，不覆盖，请换个文件名。")
        try:
            for path, content in self._files.items():
                _write(path, content)
                self._made.append(path)
        except BaseException:
            self._remove_made()
            raise

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind:
            self._remove_made()

    def _remove_made(self) -> None:
        for path in self._made:
            path.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with atomic_write(path, path.parent) as unfinished:
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
    except OSError as error:
        raise FileUnwritable(f"{path} 写不进去：{reason_of(error)}。") from None
