"""What a suite of faults measured: kept while it runs, printed at its end, never asserted."""

import statistics
from collections import defaultdict


class Figures:
    """Seconds by what they are of."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)

    def add(self, what: str, seconds: float) -> None:
        self.seconds[what].append(seconds)

    def lines(self) -> list[str]:
        return [
            f"{what}: {len(each)} times, median {statistics.median(each):.2f}, longest {max(each):.2f} s"
            for what, each in self.seconds.items()
        ]
