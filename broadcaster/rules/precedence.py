"""Order on the air: which airing goes first, which cuts another, and how a cut one goes on. Pure
functions.
"""

from datetime import datetime
from enum import Enum

from broadcaster.core.model import Airing, AiringKind
from broadcaster.core.notice import Severity

Precedence = tuple[int, int, float]


def precedence(airing: Airing) -> Precedence:
    """Sort key of the air: severity (a drill is daily), the higher office, the earlier due time.

    By the timestamp, for aware times of one zone compare by wall clock, which a summer time repeats.
    """
    notice = airing.notice
    return notice.rank, -notice.office, airing.due_at.timestamp()


def cuts_in(newcomer: Airing, on_air: Airing) -> bool:
    """True if a newcomer silences the airing on the air; equals in severity wait for its end."""
    return newcomer.notice.rank < on_air.notice.rank


class Cause(Enum):
    """The reason for which an airing was cut."""

    SEVERER = "severer"
    """Something severer cut in."""
    DEVICE = "device"
    """The card or the sound child was lost."""
    DOWN = "down"
    """The power went, or the box was stopped."""
    WINDOW = "window"
    """The time that was given to it is over."""
    SKIP = "skip"
    """A person wants the next piece of a column."""


class Resume(Enum):
    """The way in which a cut airing goes on.

    FROM_LINE: from the start of the line that was cut, or from the beginning while no line of its text
    has been heard as a whole; signal and opening do not count. UNHEARD: only as long as none has been.
    """

    NEVER = "never"
    UNHEARD = "unheard"
    FROM_LINE = "from_line"


# To severer words a live notice gives way for good: who asked can ask again; a loop comes by itself.
# Nobody chose a lost device, and the power is back at a time when half of what was live is stale.
RESUMES = {
    Cause.SEVERER: {
        AiringKind.LIVE: Resume.NEVER,
        AiringKind.SCHEDULED: Resume.FROM_LINE,
        AiringKind.LOOP: Resume.NEVER,
    },
    Cause.DEVICE: dict.fromkeys(AiringKind, Resume.FROM_LINE),
    Cause.SKIP: dict.fromkeys(AiringKind, Resume.FROM_LINE),
    Cause.DOWN: {
        AiringKind.LIVE: Resume.UNHEARD,
        AiringKind.SCHEDULED: Resume.FROM_LINE,
        AiringKind.LOOP: Resume.UNHEARD,
    },
}


def resume(airing: Airing, cause: Cause) -> Resume:
    """The way in which a cut airing goes on, while it is valid. A talk at a microphone is stored nowhere
    and never goes on, nor does one whose time is over; a red one always does, and so does an opera that
    somebody has put on: nobody thinks of asking for its second half again.
    """
    if airing.notice.talk or cause is Cause.WINDOW:
        return Resume.NEVER
    put_on = airing.kind is AiringKind.LIVE and bool(airing.notice.pieces)
    always = put_on or airing.notice.meant is Severity.RED
    return Resume.FROM_LINE if always else RESUMES[cause][airing.kind]


def valid_until(airing: Airing, cut_at: datetime | None) -> datetime:
    """The end of its being worth saying. The rest of a column is worth it for as long after a cut as its
    beginning is after its due time: it may be two hours long. One with a stated time ends with that.
    """
    if cut_at is None or airing.firm or not airing.notice.pieces:
        return airing.expires_at
    return max(airing.expires_at, cut_at + (airing.expires_at - airing.due_at))


def goes_on(airing: Airing, cause: Cause, next_line: int) -> bool:
    """True if it is taken up again; `next_line` is 0 while no line of its text was heard as a whole."""
    rule = resume(airing, cause)
    return rule is Resume.FROM_LINE or (rule is Resume.UNHEARD and next_line == 0)
