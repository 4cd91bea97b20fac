"""Adds officers' sessions, and their unsent forms."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "session",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("stamp", sa.String(length=32), nullable=False),
        sa.Column("began_at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "writing",
        sa.Column("bulletin", sa.String(length=36), nullable=False),
        sa.Column("officer", sa.Integer(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("bulletin", "officer"),
    )
