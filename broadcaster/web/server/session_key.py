"""The key that signs the page's sessions: made once, stored in the state folder, readable by its owner
only.
"""

import logging
import os
import secrets
from pathlib import Path

from broadcaster.core.errors import reason_of

logger = logging.getLogger(__name__)

KEY_BYTES = 32


def load_session_key(path: Path) -> bytes:
    """The key in the file; one that is missing or damaged is made anew, which ends all sessions.

    Where it cannot be kept it lasts as long as the box goes.
    """
    try:
        # One of zeros, as a damaged card gives it, would be known to everybody.
        if path.exists() and len(key := path.read_bytes()) == KEY_BYTES and any(key):
            return key
        return _make_key(path)
    except OSError as error:
        logger.warning("网页的钥匙存不下来，重启以后大家要重新登录：%s", reason_of(error))
        return secrets.token_bytes(KEY_BYTES)


def _make_key(path: Path) -> bytes:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = secrets.token_bytes(KEY_BYTES)
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key)
    beside.replace(path)
    return key
