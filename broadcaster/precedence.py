"""Who goes first on the air, who cuts whom, and what becomes of the one that was cut. Pure."""

from __future__ import annotations

from enum import Enum

from broadcaster.model import Airing, Kind

Precedence = tuple[int, int, float]


def precedence(airing: Airing) -> Precedence:
    """Sort key of the air: severity, then the higher office, then the earlier due time.

    By the timestamp, for aware times of one zone compare by wall clock, which a summer time repeats.
    """
    notice = airing.notice
    return notice.severity.rank, -notice.office, airing.due_at.timestamp()


def cuts_in(newcomer: Airing, on_air: Airing) -> bool:
    """Whether a newcomer silences what is sounding; equals in severity wait for its end."""
    return newcomer.notice.severity.rank < on_air.notice.severity.rank


class Resume(Enum):
    """How an airing goes on that was cut by something severer, or by the loss of the device."""

    NEVER = "never"
    FROM_LINE = "from_line"
    NEXT_TIME = "next_time"


# What was urgent is stale, or was asked for by a person who can ask again; a loop comes again by
# itself, and goes on with its next item then.
RESUMES = {
    Kind.LIVE: Resume.NEVER,
    Kind.SCHEDULED: Resume.FROM_LINE,
    Kind.LOOP: Resume.NEXT_TIME,
}
