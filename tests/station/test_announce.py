"""What is announced is settled once: the air gets it as it was accepted."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rig.counted_text import CountedText

from broadcaster.core.model import Outcome
from broadcaster.core.notice import Notice, Signal
from broadcaster.daemon.assembly import Config, open_box
from broadcaster.schedule.slot_settings import TimetableSettings
from broadcaster.settings.schema import LexiconSettings, Settings
from broadcaster.station.station import Station

PATIENCE_SECONDS = 60.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A box that nobody hears, with a voice that is there at once."""
    return Settings.model_validate(
        {
            "station": {"voice": "espeak:cmn"},
            "sound": {"device": "silent", "linger_seconds": 0, "volume_by_hour": []},
            "quiet": {"hours": []},
            "paths": {"audio_cache": str(tmp_path / "cache"), "state": str(tmp_path / "state")},
        }
    )


@contextmanager
def open_station(settings: Settings, folder: Path) -> Iterator[Station]:
    config = Config(settings, TimetableSettings(), LexiconSettings(), folder)
    with open_box(config, makes_ahead=False) as box:
        yield box.station


def outcome(station: Station, airing_id: str) -> Outcome | None:
    end = station.wait_for_end(airing_id, PATIENCE_SECONDS)
    return end.outcome if end else None


def test_a_notice_is_settled_once_from_its_announcement_to_its_end(
    settings: Settings, tmp_path: Path
) -> None:
    text = CountedText("停水。")
    notice = Notice(text, chime=Signal.NONE, opening="", closing="")
    with open_station(settings, tmp_path) as station:
        assert outcome(station, station.announce(notice).id) is Outcome.PLAYED
        assert text.settled == 1
        assert outcome(station, station.announce(notice).id) is Outcome.PLAYED
        assert text.settled == 1


def test_a_notice_that_is_previewed_before_is_not_settled_again(
    settings: Settings, tmp_path: Path
) -> None:
    text = CountedText("停水。")
    notice = Notice(text, chime=Signal.NONE, opening="", closing="")
    with open_station(settings, tmp_path) as station:
        assert station.rehearsals.hear(station.rehearsals.start(notice))
        assert outcome(station, station.announce(notice).id) is Outcome.PLAYED
    assert text.settled == 1
