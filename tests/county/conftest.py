"""An office over both databases, with the keys of a county of its own."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from county.county_office import PASSWORD, SENTENCE, OfficeDesk, make_desk
from county.office_site import LogIn, Visitor, app_of
from flask import Flask
from rig.cluster import Cluster, find_programs
from rig.fakes import ManualClock
from sqlalchemy import delete

from broadcaster.county.keys.key_folder import KeyFolder
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.county.store.tables import metadata


@pytest.fixture(scope="session")
def office_folder(tmp_path_factory: pytest.TempPathFactory) -> KeyFolder:
    """Begun once: locking four keys takes a second."""
    folder = tmp_path_factory.mktemp("county")
    roots = [folder / f"root-{number}.key" for number in (1, 2, 3)]
    begun = ManualClock().now()
    return KeyFolder.create(folder, "331121", "青田县", roots, lambda _: SENTENCE, begun)


@pytest.fixture(scope="session")
def province_folder(tmp_path_factory: pytest.TempPathFactory) -> KeyFolder:
    folder = tmp_path_factory.mktemp("province")
    roots = [folder / f"root-{number}.key" for number in (1, 2, 3)]
    begun = ManualClock().now()
    return KeyFolder.create(folder, "33", "浙江省", roots, lambda _: SENTENCE, begun)


@pytest.fixture(scope="session")
def cluster() -> Iterator[OfficeDatabase]:
    programs = find_programs()
    if programs is None:
        pytest.skip("apt-get install postgresql")
    started = Cluster(programs)
    database = OfficeDatabase(started.url)
    database.migrate()
    yield database
    database.close()
    started.stop()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "office.db"
    with closing(OfficeDatabase(f"sqlite:///{path}")) as database:
        database.migrate()
    return path


@pytest.fixture
def sqlite(tmp_path: Path, migrated: Path) -> Iterator[OfficeDatabase]:
    path = tmp_path / "office.db"
    shutil.copy(migrated, path)
    with closing(OfficeDatabase(f"sqlite:///{path}")) as database:
        yield database


@pytest.fixture
def postgresql(cluster: OfficeDatabase) -> OfficeDatabase:
    with cluster.transaction() as connection:
        for table in metadata.sorted_tables:
            connection.execute(delete(table))
    return cluster


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> OfficeDatabase:
    """Both, one after the other: they keep the same promises."""
    chosen: OfficeDatabase = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture
def desk(database: OfficeDatabase, office_folder: KeyFolder) -> OfficeDesk:
    return make_desk(database, office_folder)


@pytest.fixture
def province(database: OfficeDatabase, province_folder: KeyFolder) -> OfficeDesk:
    """An office above counties, over both."""
    return make_desk(database, province_folder)


@pytest.fixture
def plain_desk(sqlite: OfficeDatabase, office_folder: KeyFolder) -> OfficeDesk:
    """Over SQLite alone, for what is the same on both."""
    return make_desk(sqlite, office_folder)


@pytest.fixture
def app(plain_desk: OfficeDesk, tmp_path: Path) -> Flask:
    return app_of(plain_desk, tmp_path)


@pytest.fixture
def log_in(app: Flask) -> LogIn:
    def log_in(name: str) -> Visitor:
        visitor = Visitor(app)
        assert visitor.post("/login", name=name, password=PASSWORD).status_code == 303
        return visitor

    return log_in
