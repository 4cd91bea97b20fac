"""A county's site with two villages, for the tests of pages from afar."""

from collections.abc import Iterator

import pytest
from rig.far_office import FarOffice, far_office


@pytest.fixture(scope="package")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FarOffice]:
    with far_office(tmp_path_factory.mktemp("office")) as made:
        yield made
