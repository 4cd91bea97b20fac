"""Adds to a county's totals the villages in which the bulletin was cancelled before it sounded."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    cancelled = sa.Column("cancelled", sa.Integer(), server_default="0", nullable=False)
    op.add_column("county_sum", cancelled)
