"""Divides a line of 快板 into beats: two sounds to a beat, the rhyme on a beat of its own.

The usual line of seven is 2 2 2 1, as in 竹板 / 这么 / 一打 / 呀.
"""

from functools import lru_cache

from broadcaster.core.beat_timing import BAR
from broadcaster.core.model import Break, Line, Syllable
from broadcaster.text.rhyme import PARTICLES

# What a division costs: a beat with one sound halts the line, one with three hurries it, a beat that
# begins inside a word stresses the wrong syllable, and a rhyme off the beat is lost.
ALONE, CROWDED, INSIDE_WORD, WEAK_ENDING = 0.6, 1.5, 0.5, 0.9
SIZES = (1, 2, 3)


def beats(line: Line) -> tuple[int, ...]:
    """The number of the line's `sounds` on each beat; 0 for a beat of rest at its end."""
    sounds = line.sounds
    feet = _best_feet(tuple(_joined(sound) for sound in sounds), _is_light(sounds[-1]))
    return feet + (0,) * (-len(feet) % BAR)


def _joined(sound: Syllable) -> bool:
    return sound.gap is Break.NONE


def _is_light(sound: Syllable) -> bool:
    """了 of 跑了 carries no rhyme, so it follows the beat."""
    return sound.text in PARTICLES and sound.sounded.endswith("5")


@lru_cache(maxsize=64)
def _best_feet(joined: tuple[bool, ...], light_ending: bool) -> tuple[int, ...]:
    """The cheapest division; `joined` says of each sound whether the next one is of the same word."""
    count = len(joined)
    best: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
    for end in range(1, count + 1):
        ways = []
        for size in SIZES[:end]:
            cost, feet = best[end - size]
            inside = end < count and joined[end - 1]
            weight = INSIDE_WORD * inside + _weight(size, end == count, light_ending)
            ways.append((cost + weight, (*feet, size)))
        best.append(min(ways))
    return best[count][1]


def _weight(size: int, last: bool, light_ending: bool) -> float:
    if size == 3:
        return CROWDED
    if last:
        strong = size == (2 if light_ending else 1)
        return 0.0 if strong else WEAK_ENDING
    return ALONE if size == 1 else 0.0
