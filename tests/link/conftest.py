"""A broker, an office and a box between them, for the tests of the link."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from bulletin.county_rig import County
from link.link_rig import LinkBox, Office, told_zone
from rig.broker import BrokerRig


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerRig]:
    rig = BrokerRig(tmp_path_factory.mktemp("broker"))
    rig.start()
    yield rig
    rig.kill()


@pytest.fixture
def county() -> County:
    return County(expires=datetime.now(told_zone()) + timedelta(days=365))


@pytest.fixture
def box(tmp_path: Path, county: County, broker: BrokerRig, request: pytest.FixtureRequest) -> LinkBox:
    """Each test has a box of its own at the one broker, by a name of its own."""
    name = f"box-{abs(hash(request.node.nodeid)) % 10**9}"
    return LinkBox(tmp_path / "box", county, broker, name)


@pytest.fixture
def office(broker: BrokerRig, county: County) -> Iterator[Office]:
    made = Office(broker, county)
    yield made
    for told, _ in made.in_force:
        made.client.publish(f"cb/1/n/{told.areas[0]}/{told.id}", b"")
    made.client.publish("cb/1/h/331121", b"")
    made.client.publish("cb/1/k/331121", b"")
    made.close()
