"""Delegations: which keys may speak for which area at which severities, as TUF roles by path."""

from __future__ import annotations

from dataclasses import dataclass

from tuf.api.metadata import DelegatedRole

from broadcaster.bulletin import areas
from broadcaster.core.notice import OfficeLevel, Severity

# A town or a village key that is stolen, or used in anger, cannot sound the siren of what it speaks for.
MOST_OF_A_TOWN = frozenset({Severity.DAILY, Severity.YELLOW, Severity.BLUE})


@dataclass(frozen=True)
class Issuer:
    """The signer of a bulletin: key, area, and name for people."""

    key_id: str
    area: str
    name: str

    @property
    def office(self) -> OfficeLevel:
        return areas.office_of(self.area)

    def may_cancel(self, other: Issuer) -> bool:
        """The same issuer, also by another key, or who stands above it."""
        return areas.contains(self.area, other.area)


@dataclass(frozen=True)
class Delegation:
    """An area, the severities it may use, the keys that speak for it; `name` is heard and read."""

    area: str
    name: str
    severities: frozenset[Severity]
    key_ids: tuple[str, ...]

    def __post_init__(self) -> None:
        if areas.trim(self.area) != self.area:
            raise ValueError(f"not trimmed: {self.area}")
        if not self.severities <= may_ever_use(self.area):
            raise ValueError(f"severities of {self.area}")
        if not self.severities or not self.name.strip() or len(self.name) > 60:
            raise ValueError(f"delegation of {self.area}")

    @property
    def path(self) -> str:
        severities = "".join(str(int(one)) for one in sorted(self.severities))
        return f"bulletins/{areas.tuf_pattern(self.area)}/[{severities}]/*"

    def to_role(self) -> DelegatedRole:
        return DelegatedRole(
            self.area, list(self.key_ids), 1, True, [self.path], None, {"called": self.name}
        )

    @classmethod
    def of_role(cls, role: DelegatedRole) -> Delegation:
        """Raises ValueError for a role that is not written as `to_role` writes it."""
        name = role.unrecognized_fields.get("called")
        paths = role.paths or [""]
        written = paths[0].rpartition("/[")[2].removesuffix("]/*")
        if not isinstance(name, str) or not written.isdecimal():
            raise ValueError(f"role {role.name}")
        severities = frozenset(Severity(int(digit)) for digit in written)
        delegation = cls(role.name, name, severities, tuple(role.keyids))
        if delegation.to_role() != role:
            raise ValueError(f"role {role.name}")
        return delegation

    def issuer(self, key_id: str) -> Issuer:
        return Issuer(key_id, self.area, self.name)

    def allows_area(self, area: str) -> bool:
        role = self.to_role()
        return any(
            role.is_delegated_path(bulletin_path(area, severity, "x")) for severity in self.severities
        )

    def allows(self, area: str, severity: Severity, id: str) -> bool:
        return self.to_role().is_delegated_path(bulletin_path(area, severity, id))


def bulletin_path(area: str, severity: Severity, id: str) -> str:
    return f"bulletins/{areas.full(area)}/{int(severity)}/{id}"


def may_ever_use(area: str) -> frozenset[Severity]:
    """The severities that may be delegated to an area at all."""
    return MOST_OF_A_TOWN if areas.office_of(area) is OfficeLevel.TOWN else frozenset(Severity)
