"""What the office's pages work with: its parts, its settings, how it enrols and how words sound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from broadcaster.county.booth import Booth
from broadcaster.county.draft import Draft
from broadcaster.county.office_settings import OfficeSettings
from broadcaster.county.parts import Parts
from broadcaster.county.register import BrokerAddress
from broadcaster.county.village_keys import VillageKeys
from broadcaster.store.tries import TriesFrom


@dataclass(frozen=True)
class Trusted:
    """What a box is told to believe: the digest that pins the root, the keyring, the broker."""

    pin: str
    keyring: Callable[[], bytes]
    broker: BrokerAddress


@dataclass(frozen=True)
class Pages:
    """Given to the app once, by `create_app`."""

    parts: Parts
    settings: OfficeSettings
    trusted: Trusted
    booth: Booth
    # What somebody must see to before villages go deaf.
    warnings: Callable[[], Sequence[str]] = tuple
    # Which villages' pages the site carries; None for a site that carries none.
    villages: VillageKeys | None = None
    # Wrong codes of 59 bits: villages behind one operator's address do not keep each other out.
    tries: TriesFrom = field(default_factory=lambda: TriesFrom(most_of_address=300))

    def spoken(self, draft: Draft) -> list[str]:
        """The lines of a draft as they will be said. Raises `TextRefused`."""
        return [line.spoken for line in self.booth.script(draft).lines]
