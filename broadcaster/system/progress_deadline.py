"""Decides how long a working process may be silent: several times its longest step so far."""

# A hang is told from a slow step by its length: this many times the longest that came to its end.
LONGER_THAN_ANY = 6.0
# Who has just been started has shown no step yet, and a slow board loads for a minute; it works then.
LONGER_AT_THE_START = 6.0
# And no hang is waited for longer, whatever took so long once.
LONGEST = 10.0
WORK_SECONDS = 0.1


class ProgressDeadline:
    """A slow machine is slow in all it does, so its own steps say what is slow and what is a hang.

    `deadline_seconds` is the shortest wait. Moments are monotonic seconds; the owner has the lock.
    """

    def __init__(self, deadline_seconds: float, now: float) -> None:
        self._deadline_seconds = deadline_seconds
        self._starting = False
        self._worked_seconds, self._worked_at = 0.0, now
        self.signed_at = now
        """The last sign of life, or when there was something to do."""
        self.longest_seconds = 0.0
        """The longest step that came to its end."""

    def start(self, now: float) -> None:
        """A new process is begun."""
        self._starting, self.signed_at = True, now
        self._worked_seconds, self._worked_at = 0.0, now

    def begin(self, now: float) -> None:
        """There is something to do again."""
        self.signed_at = max(self.signed_at, now)

    def sign(self, now: float) -> None:
        """A step came to its end."""
        self.longest_seconds = max(self.longest_seconds, now - self.signed_at)
        self._starting, self.signed_at = False, now

    def is_over(self, now: float, worked_seconds: float) -> bool:
        """True if this silence is a hang; `worked_seconds` is the processor time of the whole
        process.
        """
        silent = now - self.signed_at
        if not self._starting:
            return silent > self._limit_seconds
        if worked_seconds - self._worked_seconds > WORK_SECONDS:
            self._worked_seconds, self._worked_at = worked_seconds, now
        idle = now - max(self._worked_at, self.signed_at)
        return idle > self._limit_seconds or silent > self._deadline_seconds * LONGER_AT_THE_START

    @property
    def slow(self) -> bool:
        """True if a single step took so long that a person notices."""
        return self.longest_seconds * LONGER_THAN_ANY > self._deadline_seconds

    @property
    def _limit_seconds(self) -> float:
        learned = min(self.longest_seconds * LONGER_THAN_ANY, self._deadline_seconds * LONGEST)
        return max(self._deadline_seconds, learned)
