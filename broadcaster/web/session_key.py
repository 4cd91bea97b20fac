"""The key that signs the page's sessions: made once, kept in the state folder, read by nobody else."""

import os
import secrets
from pathlib import Path

from broadcaster.errors import StoreUnusable

KEY_BYTES = 32


def load_session_key(path: Path) -> bytes:
    """The key in the file; one that is missing or damaged is made anew, which ends all sessions."""
    try:
        if path.exists() and len(key := path.read_bytes()) == KEY_BYTES:
            return key
        return _make_key(path)
    except OSError as error:
        raise StoreUnusable(
            f"网页的密钥 {path} 读写不了（{error.strerror}），请检查文件夹能不能写。"
        ) from error


def _make_key(path: Path) -> bytes:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = secrets.token_bytes(KEY_BYTES)
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key)
    beside.replace(path)
    return key
