"""One reader for all tests: its dictionaries take a second to load."""

import pytest

from broadcaster.settings.schema import LexiconSettings, load_lexicon
from broadcaster.text.frontend import Frontend


@pytest.fixture(scope="session")
def reader() -> Frontend:
    """With the lexicon that is shipped."""
    return Frontend(load_lexicon())


@pytest.fixture(scope="session")
def plain_reader() -> Frontend:
    """Without any lexicon."""
    return Frontend(LexiconSettings())
