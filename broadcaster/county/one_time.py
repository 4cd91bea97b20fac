"""One-time codes, by which a box or a county's relay comes in once; kept as a hash only."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from broadcaster.store.passwords import LETTERS

CODE_LENGTH = 12
CODE_LIFE = timedelta(days=7)


def new_code() -> str:
    """Twelve signs, 59 bits, in three groups."""
    signs = "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))
    return "-".join(signs[at : at + 4] for at in range(0, CODE_LENGTH, 4))


def code_hash_of(code: str) -> str:
    """However it was typed."""
    signs = "".join(sign for sign in code.lower() if sign.isalnum())
    return hashlib.sha256(signs.encode("utf-8", "replace")).hexdigest()
