"""The migrations lead to the tables that the program knows."""

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import text

from broadcaster.core.errors import ConfigError, StoreUnusable
from broadcaster.county.relay.uplink import OfficeReceipts
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.county.store.tables import metadata


def test_the_last_migration_leaves_the_tables_of_the_program(database: OfficeDatabase) -> None:
    with database.engine.connect() as connection:
        assert not compare_metadata(MigrationContext.configure(connection), metadata)


def test_an_office_of_today_is_left_as_it_is(database: OfficeDatabase) -> None:
    database.migrate()


def test_receipts_of_before_stand_each_under_its_own_envelope(database: OfficeDatabase) -> None:
    with database.transaction() as connection:
        metadata.drop_all(connection)
        connection.execute(text("DROP TABLE alembic_version"))
        config = Config()
        config.set_main_option("script_location", "broadcaster.county.store:migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        connection.execute(
            text(
                "INSERT INTO receipt (box, key, box_number, bulletin, state, at, taken_at, envelope)"
                " VALUES ('b', 'k', 7, 'id', 'accepted', '', '', :envelope)"
            ),
            {"envelope": b"{}"},
        )
    database.migrate()
    assert OfficeReceipts(database).receipts_of("id") == [("b", b"{}")]
    with database.engine.connect() as connection:
        assert not compare_metadata(MigrationContext.configure(connection), metadata)


def test_a_url_that_is_none_is_told_in_a_sentence() -> None:
    with pytest.raises(ConfigError, match="sqlite:///"):
        OfficeDatabase("office.db")


def test_a_database_that_is_away_is_told_in_a_sentence() -> None:
    away = OfficeDatabase("postgresql://office@127.0.0.1:1/office")
    with pytest.raises(StoreUnusable, match="数据库用不了"):
        away.migrate()
