"""The tree of an office's areas from which people pick: the county, its towns, their villages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from broadcaster.county.register.register import Box, BoxState


@dataclass(frozen=True)
class VillageArea:
    """A village, and how many boxes are in use there."""

    code: str
    name: str
    boxes: int


@dataclass(frozen=True)
class TownAreas:
    """A town with its villages."""

    code: str
    name: str
    villages: tuple[VillageArea, ...]

    @property
    def boxes(self) -> int:
        return sum(village.boxes for village in self.villages)


def area_tree(names: Mapping[str, str], boxes: Iterable[Box]) -> list[TownAreas]:
    """All towns and villages that have a name or a box, by code."""
    in_use: dict[str, int] = {}
    called = dict(names)
    for box in boxes:
        called.setdefault(box.area, box.name)
        in_use[box.area] = in_use.get(box.area, 0) + (box.state is BoxState.ENROLLED)
    towns: dict[str, list[VillageArea]] = {}
    for code in sorted(called):
        if len(code) == 9:
            towns.setdefault(code, [])
        if len(code) == 12:
            towns.setdefault(code[:9], []).append(VillageArea(code, called[code], in_use.get(code, 0)))
    return [TownAreas(code, called.get(code, code), tuple(found)) for code, found in towns.items()]
