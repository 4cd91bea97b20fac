"""A secretary says on the page at which card the amplifier hangs."""

import pytest
from flask.testing import FlaskClient
from rig.fakes import FakeStation
from web.logins import Post

from broadcaster.station.station import CardEntry

WIRED = CardEntry("1-1.2", "Device（USB Audio Device，插口 1-1.2）", in_use=False, wired=True)
OTHER = CardEntry("1-1.4", "Device_1（USB Audio Device，插口 1-1.4）", in_use=True, wired=False)


@pytest.fixture
def station(station: FakeStation) -> FakeStation:
    station.cards = [WIRED, OTHER]
    return station


def test_the_page_says_where_sound_goes_and_where_the_amplifier_hangs(secretary: FlaskClient) -> None:
    assert 'href="/more/cards"' in secretary.get("/more").text
    page = secretary.get("/more/cards").text
    assert "插口 1-1.2）<small>功放接在这里</small>" in page
    assert "插口 1-1.4）<small>现在从这里响</small>" in page
    assert page.count("就是这块") == 2


def test_a_secretary_says_at_which_card_the_amplifier_hangs(
    secretary: FlaskClient, post: Post, station: FakeStation
) -> None:
    assert post("/more/cards", "/more/cards", card="1-1.4").status_code == 303
    assert "功放接在声卡 1-1.4" in secretary.get("/more/cards").text
    assert [card.name for card in station.cards if card.wired] == ["1-1.4"]
    assert station.done()[-1][1:] == ("选声卡", "1-1.4")


def test_a_card_that_has_gone_meanwhile_is_refused_in_words(
    secretary: FlaskClient, post: Post, station: FakeStation
) -> None:
    post("/more/cards", "/more/cards", card="1-1.3")
    assert "没有叫 1-1.3 的声卡" in secretary.get("/more/cards").text
    assert [card.name for card in station.cards if card.wired] == ["1-1.2"]
