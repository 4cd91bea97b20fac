"""The box that was killed: what it had promised is aired when it is up again, and nothing twice."""

from datetime import timedelta
from pathlib import Path

import pytest
from fakes import ManualClock
from rig.rig import FakeRig, wait_until
from stored import airing, entry
from village import RunningBox, Village

from broadcaster.model import Airing, JournalEntry, Kind, Outcome
from broadcaster.playout.player import Player
from broadcaster.playout.silent import SilentDevice
from broadcaster.schedule.timetable import Timetable
from broadcaster.settings import Settings, TimetableSettings
from broadcaster.station import Endings, Station
from broadcaster.store.store import Store, open_store
from broadcaster.store.tables import DATABASE

FIRE = "东山起火，请马上到村委会集合。"
LONG = "明天上午八点到十一点停水，请大家提前储水。" * 5
