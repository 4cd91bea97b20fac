"""One-time codes that let in a box or a county's relay; stored as a hash only.

A code lets in one key, and that one as often as it asks: the answer to the first time may be lost.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from broadcaster.core.errors import BroadcasterError
from broadcaster.store.passwords import LETTERS

CODE_LENGTH = 12
CODE_LIFE = timedelta(days=7)
NO_SUCH_CODE = "没有这个登记码。请对照给的再抄一遍；发过几次的话，只有最后一次的算数。"
CODE_CUT_OFF = f"登记码是 {CODE_LENGTH} 个字母和数字，这个不是。请把县里给的从头到尾再复制一遍。"


class RegisterRefused(BroadcasterError):
    """A box, a county or an area that cannot be so; the register is as it was."""


class CodeUnknown(RegisterRefused):
    """A code that nobody has given: a slip, or a guess."""


def new_code() -> str:
    """Twelve signs, 59 bits, in three groups."""
    return _grouped("".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH)))


def code_hash_of(code: str) -> str:
    """However it was typed."""
    return hashlib.sha256(_signs(code).encode("utf-8", "replace")).hexdigest()


def normalised(code: str) -> str:
    """As `new_code` writes it, however it was typed; "" for what can be none."""
    signs = _signs(code)
    might_be = len(signs) == CODE_LENGTH and set(signs) <= set(LETTERS)
    return _grouped(signs) if might_be else ""


def code_columns(code: str, now: datetime) -> dict[str, Any]:
    """The columns of who is given this code."""
    return {"code_hash": code_hash_of(code), "code_expires": now + CODE_LIFE, "code_used_by": ""}


def find_code(
    connection: Connection, table: Table, code: str, key: str, is_proved: bool, now: datetime
) -> Row[Any]:
    """The row that this code lets in, by this key; once more only who proved that the key is his, for
    each time has a new password, and shuts out who has the one of before. Raises `RegisterRefused`.
    """
    query = select(table).where(table.c.code_hash == code_hash_of(code)).with_for_update()
    row = connection.execute(query).first()
    if row is None:
        raise CodeUnknown(NO_SUCH_CODE if normalised(code) else CODE_CUT_OFF)
    if row.code_used_by not in ("", key):
        raise RegisterRefused(f"这个登记码（{row.name}）已经有另一台机器用过了，请让给码的人再发一个。")
    if row.code_expires < now:
        expired = row.code_expires.astimezone(now.tzinfo)
        raise RegisterRefused(f"这个登记码 {expired:%m月%d日 %H:%M} 过期了，请让给码的人再发一个。")
    if row.code_used_by and not is_proved:
        raise RegisterRefused(
            f"这个登记码（{row.name}）已经用过了。同一台机器要再登记，请先更新它的程序，好证明钥匙在它手里；"
            "更新不了，请让给码的人再发一个。"
        )
    return row


def _signs(code: str) -> str:
    return "".join(sign for sign in code.lower() if sign.isalnum())


def _grouped(signs: str) -> str:
    return "-".join(signs[at : at + 4] for at in range(0, CODE_LENGTH, 4))
