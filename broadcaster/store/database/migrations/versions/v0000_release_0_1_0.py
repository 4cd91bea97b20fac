"""Makes the tables of 0.1.0, which had no version; also for files on which it made only some."""

from alembic import op

revision = "0000"
down_revision = None

JOURNAL = """
CREATE TABLE IF NOT EXISTS journal (
    number INTEGER PRIMARY KEY,
    airing_id TEXT NOT NULL UNIQUE,
    notice_id TEXT NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    severity INTEGER NOT NULL,
    kind TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    due_at TEXT NOT NULL,
    started_at TEXT,
    ended_at TEXT NOT NULL,
    seconds_played REAL NOT NULL,
    seconds_due REAL NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    voice TEXT NOT NULL
)
"""
ACCOUNT = """
CREATE TABLE IF NOT EXISTS account (
    number INTEGER PRIMARY KEY CHECK (number = 1),
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL
)
"""


def upgrade() -> None:
    op.execute(JOURNAL)
    op.execute(ACCOUNT)
