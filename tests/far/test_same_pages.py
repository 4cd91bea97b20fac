"""The contract of `RemoteStation`: every page shows what it shows over the station itself."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from far.far_rig import far_ends
from rig.fakes import FakeStation
from web.every_page import furnish, walk

from broadcaster.core.clock import Clock
from broadcaster.settings.schema import PathSettings, Settings, WebSettings
from broadcaster.station.remote_api import CALLS, OVER_THE_COUNTY
from broadcaster.store.database.tables import DATABASE
from broadcaster.store.store import open_store
from broadcaster.web.app import create_app

NAME, PASSWORD = "王秀英", "shuiku-2026"
# Tokens, ids, passwords and times: what is another one each time.
OTHER_EACH_TIME = re.compile(r"[0-9A-Za-z_.:/=?&%-]{6,}|\d+|[a-z2-9]{4}(-[a-z2-9]{4})+")

SAYS_SO = '<p class="quiet center">现在是经县里的网站用村里的广播，播出、停播和在村里一样。</p>'


def shown(folder: Path, from_afar: bool) -> dict[str, str]:
    """Every page, and what its forms lead to, as a secretary sees them."""
    with ExitStack() as stack:
        paths = PathSettings(state=folder / "state", audio_cache=folder / "cache")
        # The county's site has TLS itself, so it names no address of the box's.
        settings = Settings(paths=paths, web=WebSettings(https_port=None))
        station = FakeStation(settings, account=(NAME, PASSWORD))
        stack.callback(station.close)
        zone = settings.station.zone
        store = stack.enter_context(open_store(folder / "journal" / DATABASE, Clock(zone)))
        furnish(station, settings, store)
        seen: Any = station
        if from_afar:
            seen = stack.enter_context(far_ends(station)).remote(folder)
            settings = seen.settings
            (folder / "state").mkdir(exist_ok=True)
        client = create_app(seen, settings).test_client()
        _log_in(client)
        pages = (
            (name, page.replace(SAYS_SO, "").replace(f"{OVER_THE_COUNTY} ", ""))
            for name, page in walk(client, station)
        )
        return {name: OTHER_EACH_TIME.sub("", page) for name, page in pages}


def _log_in(client: Any) -> None:
    page = client.get("/login").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    fields = {"csrf_token": token[1], "name": NAME, "password": PASSWORD}
    assert client.post("/login", data=fields).status_code == 303


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    at_home, afar = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("afar")
    yield shown(at_home, from_afar=False), shown(afar, from_afar=True)


def test_every_page_shows_from_afar_what_it_shows_at_home(
    both: tuple[dict[str, str], dict[str, str]],
) -> None:
    at_home, afar = both
    assert len(at_home) > 40
    plain = [OTHER_EACH_TIME.sub("", name) for name in at_home]
    assert [OTHER_EACH_TIME.sub("", name) for name in afar] == plain
    for (name, page), other in zip(at_home.items(), afar.values(), strict=True):
        assert other == page, name


@pytest.mark.parametrize("name", CALLS)
def test_every_row_of_the_table_says_what_it_takes_and_gives(name: str) -> None:
    call = CALLS[name]
    assert "return" in call._types and call._parameters.keys() <= call._types.keys()
    assert call.patience > 0
