"""Checks the length of a spoken line: outside of the bounds the voice broke off or ran away."""

from broadcaster.core.errors import LineRefused
from broadcaster.core.model import Line

# A syllable of live speech takes 0.1 to 0.5 s.
SHORTEST_SYLLABLE_SECONDS = 0.08
LONGEST_SYLLABLE_SECONDS = 0.6
# What a voice may add at the ends of a line, whatever its length.
ENDS_SECONDS = 1.0


def check_length(seconds: float, line: Line) -> None:
    """Raise `LineRefused` if speech of this length, at pace 1.0, cannot be this line."""
    shortest = syllable_count(line) * SHORTEST_SYLLABLE_SECONDS
    if not shortest <= seconds <= longest_seconds(line):
        raise LineRefused(f"“{line.spoken}”做出来的声音长 {seconds:.1f} 秒，和字数对不上，没有采用。")


def longest_seconds(line: Line) -> float:
    """No voice takes longer over this line at pace 1.0."""
    return syllable_count(line) * LONGEST_SYLLABLE_SECONDS + ENDS_SECONDS


def syllable_count(line: Line) -> int:
    """The letter W is one unit of three syllables."""
    return sum(len(syllable.sounded.split()) for syllable in line.syllables)
