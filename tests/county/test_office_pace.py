"""While a county answers, the office takes in; what is due is seen to once a second, or when woken."""

from typing import Any, cast

import pytest
from county.county_office import OfficeDesk, keys_of

from broadcaster.bulletin import mqtt_topics
from broadcaster.county.board.county_totals import CountyTotals
from broadcaster.county.broker.mqtt_client import Incoming, MqttClient
from broadcaster.county.notices.draft import DraftState
from broadcaster.county.office.office_thread import OfficeThread


class BusyWire:
    """A broker that is away, with something of a box still to be taken in each time."""

    connected = False

    def take(self, seconds: float, most: int) -> list[Incoming]:
        return [Incoming(mqtt_topics.state("331121104200-1"), b'{"online": true}')]

    def wake(self) -> None:
        pass

    def acknowledge(self, taken: Any) -> None:
        pass


@pytest.fixture
def office(plain_desk: OfficeDesk) -> OfficeThread:
    desk, parts = plain_desk, plain_desk.parts
    made = OfficeThread(
        *(desk.publisher, desk.intake, parts.recurring, cast(MqttClient, BusyWire())),
        *(desk.clock, keys_of(desk), parts.register.areas_of),
        CountyTotals(parts.database, desk.clock),
    )
    made.step()
    return made


def test_what_is_due_is_seen_to_once_a_second_while_boxes_answer(
    plain_desk: OfficeDesk, office: OfficeThread
) -> None:
    record = plain_desk.parts.desk.send(plain_desk.officer("小王"), plain_desk.draft())
    office.step()
    assert plain_desk.parts.desk.get(record.id).state is DraftState.CLEARED
    plain_desk.clock.advance(1)
    office.step()
    assert plain_desk.parts.desk.get(record.id).state is DraftState.PUBLISHED


def test_what_the_desk_clears_is_signed_at_once_while_boxes_answer(
    plain_desk: OfficeDesk, office: OfficeThread
) -> None:
    record = plain_desk.parts.desk.send(plain_desk.officer("小王"), plain_desk.draft())
    office.wake()
    office.step()
    assert plain_desk.parts.desk.get(record.id).state is DraftState.PUBLISHED
