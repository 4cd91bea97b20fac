"""The version of the library behind the voice `espeak:cmn`, read without loading it."""

from functools import cache
from importlib import metadata

REVISION = 1  # raised when the same line comes to sound different, so that clips are made anew


@cache
def version() -> str:
    """The library's release and ours of what it is fed."""
    return f"{metadata.version('espeakng-loader')}.{REVISION}"
