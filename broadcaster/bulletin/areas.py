"""Area codes: 12 digits by GB/T 2260 and GB/T 10114, of which the leading 2, 4, 6, 9 or 12 count.

A code is stored *trimmed*: without the zeros that name no lower area. So the county 331121000000 is
331121, and one area has one code. Cities without counties (东莞) have 00 in place of the county.
"""

import re

from broadcaster.core.errors import BroadcasterError
from broadcaster.core.notice import OfficeLevel

# How many digits each kind of area has, trimmed.
DIGITS = {
    2: OfficeLevel.PROVINCE,
    4: OfficeLevel.CITY,
    6: OfficeLevel.COUNTY,
    9: OfficeLevel.TOWN,
    12: OfficeLevel.VILLAGE,
}
FULL = 12


class AreaUnknown(BroadcasterError):
    """A text that is no area code."""


def trim(code: str) -> str:
    """The one code of an area. Raises `AreaUnknown`."""
    trimmed = _trimmed(code)
    if trimmed is None:
        raise AreaUnknown(f"“{code[:20]}”不是区划代码，请写 2、4、6、9 或 12 位数字，如 331121104200。")
    return trimmed


def _trimmed(code: str) -> str | None:
    if len(code) not in DIGITS or not re.fullmatch("[0-9]+", code):
        return None
    province, city, county, town, village = (
        *(code[:2], code[2:4].ljust(2, "0"), code[4:6].ljust(2, "0")),
        *(code[6:9].ljust(3, "0"), code[9:].ljust(3, "0")),
    )
    below_city = int(county + town + village)
    # A town 000 would have the full code of its county, and whoever speaks for it would speak for that.
    if not int(province) or (below_city and not int(city)) or (int(village) and not int(town)):
        return None
    for digits in DIGITS:
        if not int(code[digits:] or 0):
            return code[:digits]
    return None


def full(code: str) -> str:
    """All 12 digits of a trimmed code."""
    return code.ljust(FULL, "0")


def tuf_pattern(code: str) -> str:
    """The TUF pattern that matches the 12 digits of every place in this area."""
    return code.ljust(FULL, "?")


def ancestors(code: str) -> tuple[str, ...]:
    """The area itself and all that it lies in, the widest first; five for most villages."""
    found = (_trimmed(code[:digits]) for digits in DIGITS if digits <= len(code))
    return tuple(dict.fromkeys(area for area in found if area))


def contains(area: str, other: str) -> bool:
    """True if the trimmed code `other` is `area` or lies in it."""
    return other.startswith(area)


def office_of(code: str) -> OfficeLevel:
    """The level of the office that speaks for an area of this kind."""
    return DIGITS[len(code)]
