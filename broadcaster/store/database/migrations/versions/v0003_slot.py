"""Adds slots made on the page, and to the journal how a notice was to be said."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("journal", sa.Column("manner", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "slot",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("written", sa.Text),
        sa.Column("paused_until", sa.Text),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("changed_at", sa.Text, nullable=False),
        sa.Column("removed_at", sa.Text),
    )
