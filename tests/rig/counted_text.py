"""A text that counts how often it is looked at for being speakable: once, each time it is settled."""

from typing import Any


class CountedText(str):
    """The voice child gets it as a plain text."""

    settled = 0

    def strip(self, chars: str | None = None, /) -> str:
        self.settled += 1
        return super().strip(chars)

    def __reduce__(self) -> tuple[Any, ...]:
        return str, (str(self),)
