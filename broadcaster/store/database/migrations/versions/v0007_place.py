"""Adds the place in a sound that was cut."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    place = sa.Column("seconds_in_line", sa.REAL, nullable=False, server_default="0")
    op.add_column("queue", place)
