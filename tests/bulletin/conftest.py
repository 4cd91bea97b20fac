"""A county with its keys, for the tests of bulletins."""

import pytest
from bulletin.county_rig import Box, County


@pytest.fixture
def county() -> County:
    return County()


@pytest.fixture
def box(county: County) -> Box:
    return Box(county.trust())
