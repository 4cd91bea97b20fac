"""`scripts/life --county`: lets a county live for so many days; 1 where its books do not balance."""

import argparse
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from life.books import table as village_table
from life.county import VILLAGES, County, new_county
from life.county_books import table
from life.county_events import EVENTS, NIGHTS, SHORT, Event


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/life --county", description="A county that lives on.")
    parser.add_argument("--county", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--days", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--events", type=int, default=len(EVENTS), help="how many of them a day")
    parser.add_argument("--short", action="store_true", help="the two days of the suite")
    parser.add_argument("--only", action="append", metavar="EVENT", help="this one and no other")
    parser.add_argument("--without", action="append", metavar="EVENT", default=[], help="not this one")
    options = parser.parse_args()
    chosen = [one for one in (*EVENTS, *NIGHTS) if one.__name__ not in options.without]
    chosen = [one for one in chosen if not options.only or one.__name__ in options.only]
    # Whoever ends it early leaves none of its programs behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    plan = iter(SHORT) if options.short else deal(chosen, options.seed, options.events)
    with tempfile.TemporaryDirectory(prefix="county-") as folder:
        return live(Path(folder), options.days, options.seed, plan)


def deal(chosen: Sequence[Event], seed: int, a_day: int) -> Iterator[tuple[list[Event], Event | None]]:
    """Each day's events in their order, and the night's: all come before one comes again."""
    random = Random(seed)
    by_day, by_night = ([one for one in chosen if (one in NIGHTS) == night] for night in (False, True))
    hand: list[Event] = []
    nights: list[Event] = []
    while True:
        while by_day and len(hand) < min(a_day, len(by_day)):
            hand += random.sample(by_day, len(by_day))
        nights = nights or random.sample(by_night, len(by_night))
        today, hand = hand[:a_day], hand[a_day:]
        yield today, nights.pop() if nights else None


def live(folder: Path, days: int, seed: int, plan: Iterator[tuple[list[Event], Event | None]]) -> int:
    began = time.monotonic()
    with new_county(folder, seed) as county:
        _tell(f"made in {time.monotonic() - began:.0f} s")
        try:
            for _ in range(days):
                _one_day(county, *next(plan))
        except Exception:
            county.books.open(county.today)
            county.blame("not sent", f"the life ended\n{traceback.format_exc()}")
            _tell(county.office.printed[-3000:])
        wrong = _balance(county)
        _tell(f"seed {seed}: {len(wrong)} wrong, {time.monotonic() - began:.0f} s")
        return int(bool(wrong))


def _one_day(county: County, events: list[Event], night: Event | None) -> None:
    county.dawn()
    for place, event in enumerate(events):
        if place == (len(events) + 1) // 2:
            county.noon()
        began = time.monotonic()
        event(county)
        _tell(f"day {county.today}: {event.__name__} {time.monotonic() - began:.1f} s")
    if not county.is_evening:
        county.noon()
    began = time.monotonic()
    county.close_day()
    _tell(f"day {county.today}: closed in {time.monotonic() - began:.1f} s")
    county.stop_boxes()
    if night:
        night(county)
        _tell(f"night {county.today}: {night.__name__}")


def _balance(county: County) -> list[str]:
    _tell(table(county.books.days))
    wrong = list(county.books.wrong)
    for village, life in county.lives.items():
        _tell(f"{VILLAGES[village]}\n{village_table(life.books.days)}")
        wrong += [f"{VILLAGES[village]}, {sentence}" for sentence in life.books.wrong]
    for sentence in wrong:
        _tell(sentence)
    return wrong


def _tell(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
