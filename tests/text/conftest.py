"""One reader for all tests: its dictionaries take a second to load."""

import pytest

from broadcaster.settings.schema import LexiconSettings, load_lexicon
from broadcaster.text.frontend import Reader


@pytest.fixture(scope="session")
def reader() -> Reader:
    """With the lexicon that is shipped."""
    return Reader(load_lexicon())


@pytest.fixture(scope="session")
def plain_reader() -> Reader:
    """Without any lexicon."""
    return Reader(LexiconSettings())
