"""Invitation of a box or a county's relay: one line of text or a QR code, handed over by a person."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode

from broadcaster.core.errors import BroadcasterError

# Below the office's address.
FOR_BOX, FOR_COUNTY = "/enrol", "/enrol/county"
COMMANDS = {FOR_BOX: "link enrol", FOR_COUNTY: "county join"}
DIGEST = re.compile("[0-9a-f]{64}")


class InvitationRefused(BroadcasterError):
    """A line that was not copied whole, or is meant for somebody else."""


@dataclass(frozen=True)
class Invitation:
    """Address of the office, one-time code, digest of its first root, and digest of its site's
    certificate if no public authority has signed it. Raises `InvitationRefused`.
    """

    office: str
    code: str
    root: str
    pin: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", _digest("root", self.root))
        object.__setattr__(self, "pin", _digest("pin", self.pin) if self.pin else "")

    def line(self, path: str) -> str:
        """To be read by who is let in at this path."""
        asked = {"code": self.code, "root": self.root} | ({"pin": self.pin} if self.pin else {})
        return f"{self.office.rstrip('/')}{path}?{urlencode(asked)}"

    @classmethod
    def given(
        cls,
        line: str | None,
        path: str,
        office: str | None,
        code: str | None,
        root: str | None,
        pin: str,
    ) -> Invitation | None:
        """By a line, or by its parts; None where `line` is the name of a file, or too little is given.
        Raises `InvitationRefused`.
        """
        if line:
            return cls.read(line, path) if is_line(line) else None
        return cls(office, code, root, pin) if office and code and root else None

    @classmethod
    def read(cls, line: str, path: str) -> Invitation:
        """As `line` has written it. Raises `InvitationRefused`."""
        address, _, query = line.strip().partition("?")
        given = {name: values[-1] for name, values in parse_qs(query).items()}
        if missing := next((name for name in ("code", "root") if name not in given), ""):
            raise InvitationRefused(
                f"这一行不完整，少了 {missing}。请整行复制，放在单引号里：'https://…'"
            )
        office, found = _parted(address)
        if found != path:
            meant = f"这一行是给 broadcaster {COMMANDS[found]} 用的" if found else "这一行不是登记用的"
            raise InvitationRefused(f"{meant}，请核对是不是拿错了。")
        return cls(office, given["code"], given["root"], given.get("pin", ""))


def is_line(given: str) -> bool:
    """Or the name of a file."""
    return given.startswith(("https://", "http://"))


def _parted(address: str) -> tuple[str, str]:
    """The office's address and who is let in there, "" for nobody."""
    # The longer one first.
    for path in (FOR_COUNTY, FOR_BOX):
        if address.rstrip("/").endswith(path):
            return address.rstrip("/").removesuffix(path), path
    return address, ""


def _digest(name: str, text: str) -> str:
    """As people copy it: with colons, spaces, in capitals."""
    plain = re.sub(r"[:\s]", "", text).lower()
    if not DIGEST.fullmatch(plain):
        raise InvitationRefused(
            f"{name} 的指纹不对，要 64 个 0-9、a-f，这里是 {len(plain)} 个字符。请整行复制，再试一次。"
        )
    return plain
