"""A program that brings an older database up to date: a process of its own, run only when needed.

Alembic with its templates takes 10 MB, which main would then hold for years.
"""

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config

from broadcaster.store.database.sqlite_connection import connect, raw


def alembic_config() -> Config:
    """Alembic's configuration; it finds the migrations in a source folder and in an installed
    package.
    """
    config = Config()
    config.set_main_option("script_location", "broadcaster.store.database:migrations")
    return config


def migrate(path: Path) -> None:
    """Bring a file to the newest version, in one transaction; it is left as it was on any error."""
    connection = connect(path)
    sqlite = raw(connection)
    try:
        config = alembic_config()
        config.attributes["connection"] = connection
        sqlite.execute("BEGIN IMMEDIATE")
        command.upgrade(config, "head")
        sqlite.commit()
        # Only a VACUUM can turn incremental vacuum on in a file that was made without it.
        sqlite.execute("PRAGMA auto_vacuum = INCREMENTAL")
        sqlite.execute("VACUUM")
    finally:
        connection.close()


if __name__ == "__main__":
    migrate(Path(sys.argv[1]))
