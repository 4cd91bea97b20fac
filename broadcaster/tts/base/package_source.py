"""Fetches a file that a person names by address and SHA-256: from the web, a disk or a USB stick."""

import hashlib
import http.client
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast
from urllib.parse import unquote, urlsplit
from urllib.request import urlopen

from broadcaster.core.errors import VoiceUnavailable, reason_of

LARGEST_BYTES = 1_500_000_000  # the largest package known is 350 MB
TIMEOUT_SECONDS = 30
BLOCK_BYTES = 1 << 20
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Source:
    """A URL (http, https, file) or a path, and the digest that its content must have."""

    address: str
    sha256: str

    @property
    def file_name(self) -> str:
        return Path(unquote(urlsplit(self.address).path)).name


def fetch(source: Source, folder: Path, report: Callable[[str], None]) -> Path:
    """The checked file, in `folder`. Raises `VoiceUnavailable`."""
    expected = source.sha256.strip().lower()
    if not SHA256.fullmatch(expected):
        raise VoiceUnavailable("--sha256 要写 64 位的十六进制数，一般和下载地址写在一起。")
    report(f"正在取 {source.file_name or source.address}……")
    path = folder / (source.file_name or "file")
    try:
        found = _copy(source.address, path)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise VoiceUnavailable(
            f"取不到 {source.address}（{reason_of(error)}），请检查地址和网络。"
        ) from error
    if found != expected:
        raise VoiceUnavailable(
            f"{path.name} 的 SHA-256 是 {found}，和要求的不一样，没有安装。请核对后重新下载。"
        )
    return path


def _copy(address: str, path: Path) -> str:
    """Write it to `path`; give back its digest."""
    sum_, size = hashlib.sha256(), 0
    with _open(address) as source, path.open("wb") as copy:
        while block := source.read(BLOCK_BYTES):
            size += len(block)
            if size > LARGEST_BYTES:
                raise OSError(f"比 {LARGEST_BYTES // 1_000_000} MB 还大")
            sum_.update(block)
            copy.write(block)
    return sum_.hexdigest()


def _open(address: str) -> AbstractContextManager[IO[bytes]]:
    parts = urlsplit(address)
    if parts.scheme in ("http", "https"):
        return cast(AbstractContextManager[IO[bytes]], urlopen(address, timeout=TIMEOUT_SECONDS))
    if parts.scheme == "file":
        return Path(unquote(parts.path)).open("rb")
    return Path(address).open("rb")
