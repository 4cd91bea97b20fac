"""The books of a county: what each officer sees of what he sent, beside what each village heard.

What sounded in a village, and what its record says of it, is balanced by that village's own books.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from life.books import Asked, Day, Figures, grid

from broadcaster.core.model import Outcome

# What an office of three villages takes, and what it may write for a day's dozen bulletins.
MOST_MEGABYTES = 170.0
MOST_HANDLES = 70
MOST_THREADS = 80
MOST_LOG_LINES = 150

# How an officer may read what a box's record says.
WORDS = {
    Outcome.PLAYED: ("播完了",),
    Outcome.CUT_SHORT: ("没播完",),
    Outcome.CANCELLED: ("取消了", "没播完"),
    Outcome.EXPIRED: ("没播成", "没播完"),
    Outcome.FAILED: ("没播成", "没播完"),
    Outcome.SUPPRESSED: ("没播成",),
}
# Of what was over before it came, or was called off before.
NEVER_TAKEN = ("没有收", "没播成", "取消了", "没有回音")
COLUMNS = (
    "bulletins",
    "villages",
    "heard",
    "not heard",
    "board untrue",
    "not listed",
    "wrong village",
    "untold",
    "text lost",
    "locked out",
    "not sent",
)


@dataclass(frozen=True)
class OnBoard:
    """A bulletin as its officer's pages have it: what they say of each village, and how often it is
    on his first page."""

    mark: str
    by: str
    asked: Mapping[str, Asked]
    words: Mapping[str, str]
    listed: int


class CountyBooks:
    """Closes each day; what befalls the people in between is `blame`d on it."""

    def __init__(self) -> None:
        self.days: list[Day] = []

    def open(self, number: int) -> None:
        self.days.append(Day(number))

    @property
    def today(self) -> Day:
        return self.days[-1]

    @property
    def wrong(self) -> list[str]:
        return [sentence for day in self.days for sentence in day.wrong]

    def close(self, bulletins: Sequence[OnBoard], figures: Figures) -> None:
        day = self.today
        day.figures = figures
        for one in bulletins:
            day.counts["bulletins"] += 1
            if one.listed != 1:
                day.blame("not listed", f"{one.mark} stands {one.listed} times on {one.by}'s first page")
            for village, asked in one.asked.items():
                _count(day, asked)
                words = one.words.get(village, "")
                if not fits(asked, words):
                    ends = [(end.outcome.value, end.reason) for end in asked.ends]
                    about = f"{one.mark} in {village}{asked.what_happened} is {ends}"
                    day.blame("board untrue", f"{about}, and {one.by} reads: {words}")
            for village in one.words.keys() - one.asked.keys():
                day.blame("board untrue", f"{one.mark} was not sent to {village}: {one.words[village]}")
        _check_bounds(day, figures)


def fits(asked: Asked, words: str) -> bool:
    """Whether the board's words of a village are its record's."""
    if not asked.ends:
        allowed: tuple[str, ...] = NEVER_TAKEN
    else:
        allowed = WORDS[asked.ends[-1].outcome]
        if asked.may_be_silent:
            allowed += ("没播成", "取消了")
    return any(word in words for word in allowed)


def table(days: Sequence[Day]) -> str:
    """A line a day."""
    rows: list[tuple[str, ...]] = [("day", *COLUMNS, "log", "MB", "fds", "threads")]
    for day in days:
        if not (figures := day.figures):
            continue
        vitals = figures.vitals
        taken = figures.log_lines, round(vitals.rss_megabytes), vitals.handles, vitals.threads
        counts = (day.counts[column] for column in COLUMNS)
        rows.append((str(day.number), *map(str, counts), *map(str, taken)))
    return grid(rows)


def _count(day: Day, asked: Asked) -> None:
    day.counts["villages"] += 1
    heard = any(end.outcome is Outcome.PLAYED for end in asked.ends)
    day.counts["heard" if heard else "not heard"] += 1


def _check_bounds(day: Day, figures: Figures) -> None:
    bounds = (
        ("megabytes of the office", figures.vitals.rss_megabytes, MOST_MEGABYTES),
        ("handles of the office", figures.vitals.handles, MOST_HANDLES),
        ("threads of the office", figures.vitals.threads, MOST_THREADS),
        ("lines in the office's log", figures.log_lines, MOST_LOG_LINES),
    )
    for what, is_so, most in bounds:
        if is_so > most:
            day.wrong.append(f"day {day.number}: {is_so:.0f} {what}, {most:.0f} at most")
