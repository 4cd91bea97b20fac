"""The target areas of a message of another system: those inside this office's area, and the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from broadcaster.bulletin import areas

# GB/T 2260.
PROVINCES = dict(
    pair.split("=")
    for pair in (
        "11=北京 12=天津 13=河北 14=山西 15=内蒙古 21=辽宁 22=吉林 23=黑龙江 31=上海 32=江苏 33=浙江 "
        "34=安徽 35=福建 36=江西 37=山东 41=河南 42=湖北 43=湖南 44=广东 45=广西 46=海南 50=重庆 "
        "51=四川 52=贵州 53=云南 54=西藏 61=陕西 62=甘肃 63=青海 64=宁夏 65=新疆 71=台湾 81=香港 82=澳门"
    ).split()
)


@dataclass(frozen=True)
class TargetAreas:
    """`ours` are trimmed codes, of which the whole office where it lies in one of `wider`."""

    ours: tuple[str, ...]
    wider: tuple[str, ...]
    elsewhere: tuple[str, ...]


def target_areas(codes: Sequence[str], office: str) -> TargetAreas:
    """A message for the province is one for each of its counties; `office` is a trimmed code."""
    wider = tuple(code for code in codes if code != office and areas.contains(code, office))
    inside = tuple(code for code in codes if areas.contains(office, code))
    ours = (office,) if wider else inside
    elsewhere = tuple(code for code in codes if code not in (*wider, *inside))
    return TargetAreas(ours, wider, elsewhere)


def called(code: str, names: Mapping[str, str]) -> str:
    """As people know it: its name, or the province's and all digits."""
    name = names.get(code) or PROVINCES.get(code, "")
    return name or f"{PROVINCES.get(code[:2], '')} {areas.full(code)}".strip()
