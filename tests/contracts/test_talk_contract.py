"""A live talk belongs to who began it, and ends once, in the real part and in the tests' fake."""

from collections.abc import Iterator

import pytest

from broadcaster.core.notice import Severity
from broadcaster.core.people import Person
from broadcaster.station.live_talks import TalkStage
from broadcaster.station.station_contract import LiveTalksContract, StationContract

UNKNOWN = "a" * 12


@pytest.fixture
def talks(station: StationContract) -> LiveTalksContract:
    return station.talks


@pytest.fixture
def person(station: StationContract) -> Person:
    found = station.accounts.find("王秀英")
    assert found
    return found


@pytest.fixture
def talk(talks: LiveTalksContract, person: Person) -> Iterator[str]:
    talk_id = talks.begin(person, Severity.DAILY)
    yield talk_id
    talks.leave(talk_id)


def test_a_talk_is_told_of_to_who_began_it_alone(
    talks: LiveTalksContract, person: Person, talk: str
) -> None:
    state = talks.state(talk, person.name)
    assert state and state.stage is not TalkStage.OVER and state.sentence
    assert talks.state(talk, "别人") is talks.state(UNKNOWN, person.name) is None


def test_blocks_are_taken_from_who_began_it_alone(
    talks: LiveTalksContract, person: Person, talk: str
) -> None:
    block = bytes(talks.rate_hz // 5 * 2)
    assert talks.take(talk, person.name, 0, block)
    assert talks.take(talk, "别人", 1, block) is talks.take(UNKNOWN, person.name, 1, block) is None


def test_a_talk_that_is_ended_gives_its_airing_and_is_over(
    talks: LiveTalksContract, person: Person, talk: str
) -> None:
    airing = talks.end(talk, person.name)
    assert airing and airing.notice.text
    state = talks.state(talk, person.name)
    assert state and state.stage is TalkStage.OVER
    assert talks.end(UNKNOWN, person.name) is talks.end(talk, "别人") is None


def test_one_person_speaks_at_one_microphone(
    talks: LiveTalksContract, person: Person, talk: str
) -> None:
    again = talks.begin(person, Severity.DAILY)
    assert again != talk
    before = talks.state(talk, person.name)
    assert before and before.stage is TalkStage.OVER
    talks.leave(again)


def test_who_has_left_speaks_no_more(talks: LiveTalksContract, person: Person, talk: str) -> None:
    talks.leave(talk)
    state = talks.state(talk, person.name)
    assert state and state.stage is TalkStage.OVER
