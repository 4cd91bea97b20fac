"""What officers sent and what became of it, counted: one line of figures for a kind of fault."""

from typing import ClassVar

from faults.tally import Tally


class CountyTally(Tally):
    """Of a county: `heard` counts villages, `true reason` those who were refused and told why."""

    COLUMNS: ClassVar[dict[str, str]] = {
        "rounds": "rounds",
        "sent": "sent",
        "heard": "heard",
        "lost": "LOST",
        "doubled": "DOUBLED",
        "wrong": "WRONGLY COUNTED",
        "unsent": "HEARD, not sent",
        "words": "WORDS LOST",
        "rights": "RIGHTS WRONG",
        "untold": "NOT TOLD",
        "number": "NUMBER TWICE",
        "broke": "BROKE OFF",
        "true reason": "refused, true reason",
        "no answer": "no answer",
        "retired": "retired",
        "taken back": "taken back, told",
        "gone": "gone with the copy, unheard",
    }
    GOALS = ("lost", "doubled", "wrong", "unsent", "words", "rights", "untold", "number", "broke")
