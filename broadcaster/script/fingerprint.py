"""What a script depends on besides its notice, as one digest; loads none of the dictionaries."""

import hashlib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from broadcaster.settings import LexiconSettings

LIBRARIES = ("g2pM", "jieba", "OpenCC", "pypinyin")


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
