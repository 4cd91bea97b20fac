"""Adds the queue, the remembered state, and a journal that is searched by time and rolled up by day."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = "0000"


def upgrade() -> None:
    due_epoch = sa.Column("due_epoch", sa.Integer, nullable=False, server_default="0")
    op.add_column("journal", due_epoch)
    op.execute("UPDATE journal SET due_epoch = CAST(strftime('%s', due_at) AS INTEGER)")
    op.create_index("journal_due", "journal", ["due_epoch"])
    op.create_table(
        "journal_day",
        sa.Column("day", sa.Text, primary_key=True),
        sa.Column("slot", sa.Text, primary_key=True),
        sa.Column("outcome", sa.Text, primary_key=True),
        sa.Column("airings", sa.Integer, nullable=False),
        sa.Column("seconds", sa.REAL, nullable=False),
    )
    op.create_table(
        "queue",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("airing_id", sa.Text, nullable=False, unique=True),
        sa.Column("airing", sa.Text, nullable=False),
        sa.Column("next_line", sa.Integer, nullable=False, server_default="0"),
        sa.Column("seconds_played", sa.REAL, nullable=False, server_default="0"),
        sa.Column("noted_at", sa.Text),
    )
    op.create_table(
        "station_state",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
