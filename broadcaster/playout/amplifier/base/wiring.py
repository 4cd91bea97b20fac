"""The wiring of the relays: which one switches what. Plain values, because the sound child cannot afford
the settings' library.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from broadcaster.settings.schema import AmplifierSettings

POWER = "总电源"


@dataclass(frozen=True)
class Wiring:
    """The relays of one amplifier: `power` switches all of it, each of `zones` one line of horns.

    A relay is a BCM number of the GPIO, or a place on the serial board, from 1.
    """

    kind: Literal["none", "gpio", "serial"] = "none"
    power: int | None = None
    zones: tuple[tuple[str, int], ...] = ()
    active_high: bool = True
    port: str = ""
    board: Literal["lcus", "kmtronic", "devantech"] = "lcus"
    answers: bool = True
    warm_up_seconds: float = 0.0
    hold_seconds: float = 0.0
    longest_on_seconds: float = 3600.0

    @classmethod
    def of(cls, settings: AmplifierSettings) -> Wiring:
        return cls(
            settings.kind,
            settings.power,
            tuple(settings.zones.items()),
            settings.active_high,
            settings.port,
            settings.board,
            settings.answers,
            settings.warm_up_seconds,
            settings.hold_seconds,
            60 * settings.longest_on_minutes,
        )

    @property
    def relays(self) -> dict[str, int]:
        """Every relay by its name, the power first; none where there is no amplifier to switch."""
        if self.kind == "none":
            return {}
        power = {} if self.power is None else {POWER: self.power}
        return power | dict(self.zones)

    @property
    def numbers(self) -> frozenset[int]:
        return frozenset(self.relays.values())

    def for_zones(self, zones: tuple[str, ...]) -> frozenset[str]:
        """The relays that must be on for these zones; all of them where none is named, or an unknown
        one: too far is better than unheard."""
        everything = frozenset(self.relays)
        if zones and everything.issuperset(zones):
            return everything & {POWER, *zones}
        return everything
