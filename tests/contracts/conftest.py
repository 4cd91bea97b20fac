"""The real parts of a box, put together as `run` does, and beside them their fakes."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from rig.fakes import FakeStation, FakeStudio

from broadcaster.core.notice import Notice, Signal
from broadcaster.daemon.assembly import Config, open_box, open_studio
from broadcaster.schedule.slot_settings import TimetableSettings
from broadcaster.settings.schema import LexiconSettings, Settings
from broadcaster.station.station_contract import StationContract
from broadcaster.studio.studio_contract import StudioContract

ACCOUNT = ("王秀英", "shuiku-2026")


def settings_in(folder: Path) -> Settings:
    """A box that nobody hears, with a voice that is there at once."""
    return Settings.model_validate(
        {
            "station": {"voice": "espeak:cmn"},
            "sound": {"device": "silent", "linger_seconds": 0, "volume_by_hour": []},
            "quiet": {"hours": []},
            "paths": {"audio_cache": str(folder / "cache"), "state": str(folder / "state")},
        }
    )


def config_in(folder: Path) -> Config:
    return Config(settings_in(folder), TimetableSettings(), LexiconSettings(), folder)


@pytest.fixture(scope="module", params=["fake", "real"])
def station(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StationContract]:
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "fake":
        with closing(FakeStation(settings_in(folder), account=ACCOUNT)) as fake:
            yield fake
    else:
        with open_box(config_in(folder), makes_ahead=False) as box:
            accounts = box.station.accounts
            accounts.create(accounts.one_time_code() or "", *ACCOUNT)
            yield box.station


@pytest.fixture(scope="module", params=["fake", "real"])
def studio(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StudioContract]:
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "fake":
        yield FakeStudio(folder)
    else:
        with open_studio(config_in(folder)) as studio:
            yield studio


@pytest.fixture
def notice() -> Notice:
    """Said once and nothing around it."""
    return Notice("今天下午停水。", chime=Signal.NONE, opening="", closing="")
