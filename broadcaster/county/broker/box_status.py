"""A box's status under its own topic: it is online, the reason for its silence, its quiet hours.

The status is not signed, so it permits nothing; people see it on the office's pages.
"""

import json
from dataclasses import dataclass
from typing import Any

from broadcaster.bulletin import strict_json
from broadcaster.settings.hourly_limits import QuietSettings

LARGEST = 8 * 1024
LONGEST_TROUBLE = 120


@dataclass(frozen=True)
class BoxStatus:
    """`trouble` is its loudspeaker's, a sentence or ""; `quiet` is JSON of its quiet hours, "" where it
    does not tell them.
    """

    online: bool
    trouble: str = ""
    quiet: str = ""


def read_state(data: bytes) -> BoxStatus | None:
    """None for what no box writes; its will says only that it has gone."""
    if len(data) > LARGEST:
        return None
    try:
        values = strict_json.parse(data)
    except ValueError:
        return None
    if not isinstance(values, dict):
        return None
    trouble = values.get("sound")
    trouble = " ".join(trouble.split())[:LONGEST_TROUBLE] if isinstance(trouble, str) else ""
    return BoxStatus(values.get("online") is True, trouble, _quiet(values.get("quiet")))


def _quiet(values: Any) -> str:
    try:
        QuietSettings.model_validate(values)
        return json.dumps(values, ensure_ascii=False, sort_keys=True)
    except (ValueError, RecursionError):
        return ""


def quiet_of(written: str) -> QuietSettings:
    """As every box has them where it does not say otherwise."""
    return QuietSettings.model_validate_json(written) if written else QuietSettings()
