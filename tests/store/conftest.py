"""A store on a real file, opened as the box opens it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rig.fakes import ManualClock
from rig.stored import OpenStore

from broadcaster.store.database import write_queue
from broadcaster.store.store import Store, open_store

# A disk under load may keep a line longer than the air would wait for it.
LOADED_DISK_SECONDS = 60.0


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "broadcaster.db"


@pytest.fixture
def open_again(path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> OpenStore:
    """The same file, as often as a test starts the box, whose clock is right."""

    monkeypatch.setattr(write_queue, "PATIENCE_SECONDS", LOADED_DISK_SECONDS)

    @contextmanager
    def opened() -> Iterator[Store]:
        with open_store(path, clock) as store:
            store.maintenance.begin(lambda: True)
            yield store

    return opened


@pytest.fixture
def store(open_again: OpenStore) -> Iterator[Store]:
    with open_again() as store:
        yield store
