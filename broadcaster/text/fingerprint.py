"""A digest of everything that a script depends on besides its notice: this package, its libraries, the
lexicon. Loads none of the dictionaries.
"""

import hashlib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Self

from broadcaster.settings.schema import LexiconSettings
from broadcaster.text.lexicon import load_lexicon

LIBRARIES = ("g2pM", "jieba", "OpenCC", "pypinyin")


@dataclass(frozen=True)
class LexiconVersion:
    """A lexicon, and what it makes of the keys of programmes: the two change together."""

    lexicon: LexiconSettings
    version: str

    @classmethod
    def of(cls, lexicon: LexiconSettings) -> Self:
        """Raises `ConfigError` for a lexicon that is wrong."""
        load_lexicon(lexicon)
        return cls(lexicon, fingerprint(lexicon))


def fingerprint(lexicon: LexiconSettings) -> str:
    """Changes when this package, its libraries or the lexicon do: programmes are then made anew."""
    digest = hashlib.sha256(lexicon.model_dump_json().encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.name.encode() + source.read_bytes())
    for library in LIBRARIES:
        digest.update(f"{library} {_version(library)}".encode())
    return digest.hexdigest()


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "absent"
