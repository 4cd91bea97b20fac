"""Values about people and their rights: persons with roles, known phones, tokens with scopes, entries of
the audit log.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Role(StrEnum):
    """The rights of a person; each role includes those before it."""

    VIEWER = "viewer"
    EDITOR = "editor"
    SECRETARY = "secretary"

    def covers(self, least: "Role") -> bool:
        order = list(Role)
        return order.index(self) >= order.index(least)


class Scope(StrEnum):
    """The one thing that a token is for. All but METRICS may also read."""

    READ = "read"
    WORDS = "words"
    AIR = "air"
    COUNTY = "county"
    METRICS = "metrics"

    def covers(self, needed: "Scope") -> bool:
        """The county airs too, as the higher office."""
        if self is needed:
            return True
        return self is not Scope.METRICS and (
            needed is Scope.READ or (self is Scope.COUNTY and needed is Scope.AIR)
        )


@dataclass(frozen=True)
class Person:
    """One account. Sessions carry its `stamp`; another stamp ends them."""

    number: int
    name: str
    role: Role
    stamp: str


@dataclass(frozen=True)
class Phone:
    """A phone on which a person may log in by six digits."""

    number: int
    owner: str
    label: str
    made_at: datetime
    seen_at: datetime


@dataclass(frozen=True)
class Token:
    """A program's key; the key itself is shown once and kept only as a hash."""

    number: int
    name: str
    scope: Scope
    made_by: str
    made_at: datetime
    used_at: datetime | None


@dataclass(frozen=True)
class AuditEntry:
    """One entry of the audit log: who did something, what it was, to what, and from which address."""

    at: datetime
    who: str
    what: str
    about: str
    address: str


@dataclass(frozen=True)
class AuditFilter:
    """A filter of the audit log: entries of exactly this kind, with these words, on that day."""

    what: str = ""
    who: str = ""
    words: str = ""
    day: date | None = None


@dataclass(frozen=True)
class WrongLogins:
    """That the password of `name` was wrong again and again; "" is names that nobody has here."""

    name: str
    count: int
    addresses: int
    last_address: str
    since: datetime
