"""An upstream office (above the county) as it is pinned: by hand in an enrolment, or by the county's own
root.
"""

from typing import Annotated, Any

from pydantic import BeforeValidator
from pydantic.dataclasses import dataclass

from broadcaster.bulletin import areas
from broadcaster.bulletin.message_fields import STRICT, Sha256

MOST = 4


def read_office(value: object) -> object:
    """For a field of pydantic: a code as it is kept."""
    if isinstance(value, str) and areas.trim(value) != value:
        raise ValueError("a trimmed code")
    return value


@dataclass(frozen=True, config=STRICT)
class UpstreamOffice:
    """An office above the county that is believed too: the digest of its first root."""

    area: Annotated[str, BeforeValidator(read_office)]
    root: Sha256


def read_upstream_offices(written: Any, county: str) -> tuple[UpstreamOffice, ...]:
    """The upstream offices that a root names. Raises ValueError, TypeError, `AreaUnknown`."""
    if not isinstance(written, list) or len(written) > MOST:
        raise ValueError("above")
    found = tuple(UpstreamOffice(**one) for one in written)
    if len({one.area for one in found}) < len(found):
        raise ValueError("one office twice")
    if not all(is_upstream(one.area, county) for one in found):
        raise ValueError("not above")
    return found


def is_upstream(area: str, other: str) -> bool:
    return area != other and areas.contains(area, other)
