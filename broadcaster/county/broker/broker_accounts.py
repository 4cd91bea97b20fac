"""Accounts of a county's broker, and the topics that each may read and write.

`users.json` decides, and has a checksum; Mosquitto's own files are written from it, and each can be
restored from the other.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from broadcaster.system.atomic_file import exclusive_lock, write_private

USERS, PASSWORDS, ACL = "users.json", "passwords", "acl"
LOCK = "users.lock"
NAME = re.compile("[0-9A-Za-z_-]{1,64}")
HASHED = re.compile(r"\$7\$\d{1,9}\$[0-9A-Za-z+/=]{16}\$[0-9A-Za-z+/=]{88}")
RIGHT = re.compile(r"topic (read|write|readwrite) [^\x00-\x1f]{1,200}")


@dataclass(frozen=True)
class User:
    """A password as Mosquitto keeps it, and lines of its ACL."""

    hashed: str
    rights: tuple[str, ...]


Users = Mapping[str, User]


def read_users(folder: Path) -> tuple[dict[str, User], str]:
    """And in Chinese what was wrong with the files, or "". Raises OSError."""
    kept = _read(folder / USERS)
    users = _users_in(kept)
    if users is None:
        users = _of_mosquitto(_read(folder / PASSWORDS), _read(folder / ACL))
        note = f"{USERS} 坏了，从 {PASSWORDS} 和 {ACL} 里读出了 {len(users)} 个用户"
        return users, note * (folder / USERS).exists()
    changed = [
        name
        for name, content in _file_contents(users).items()
        if name != USERS and _read(folder / name) != content
    ]
    names = "、".join(changed)
    return users, f"{names} 坏了或者改过，照 {USERS} 重新写好了" * bool(changed)


def change_users(folder: Path, change: Callable[[dict[str, User]], Users]) -> str:
    """All files by what `change` makes of the users; in Chinese what was wrong with them, or "".

    A page, a command, the relay and the broker's own start may do it at once. Raises OSError.
    """
    with exclusive_lock(folder, LOCK):
        users, note = read_users(folder)
        _write(folder, change(users))
    return note


def _write(folder: Path, users: Users) -> None:
    """The one that counts first."""
    for name, content in _file_contents(users).items():
        write_private(folder / name, content)


def _file_contents(users: Users) -> dict[str, bytes]:
    kept = json.dumps({name: [one.hashed, *one.rights] for name, one in users.items()}, indent=0)
    acl = (f"user {name}\n" + "\n".join(one.rights) + "\n\n" for name, one in users.items())
    passwords = (f"{name}:{one.hashed}\n" for name, one in users.items())
    return {
        USERS: f"{_sum(kept)}\n{kept}\n".encode("ascii"),
        PASSWORDS: "".join(passwords).encode("ascii"),
        ACL: "".join(acl).encode("ascii"),
    }


def _sum(kept: str) -> str:
    return hashlib.sha256(kept.encode("ascii")).hexdigest()


def _users_in(content: bytes) -> dict[str, User] | None:
    """None where it is not as it was written."""
    known, _, kept = content.decode("ascii", "replace").partition("\n")
    kept = kept.removesuffix("\n")
    if not kept.isascii() or known != _sum(kept):
        return None
    return {name: User(hashed, tuple(rights)) for name, (hashed, *rights) in json.loads(kept).items()}


def _of_mosquitto(passwords: bytes, acl: bytes) -> dict[str, User]:
    """Those of whom both tell the same, in a form that could be written."""
    hashes = dict(line.split(":", 1) for line in _text(passwords).split("\n") if ":" in line)
    users = {}
    for block in _text(acl).split("\n\n"):
        first, *rights = block.strip("\n").split("\n")
        name = first.removeprefix("user ")
        is_one = NAME.fullmatch(name) and HASHED.fullmatch(hashes.get(name, ""))
        if is_one and rights and all(map(RIGHT.fullmatch, rights)):
            users[name] = User(hashes[name], tuple(rights))
    return users


def _text(content: bytes) -> str:
    return content.decode("ascii", "replace")


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""
