"""Adds the people who wrote parts of a bulletin, beside the one who handed it in."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    with op.batch_alter_table("bulletin") as bulletin:
        bulletin.add_column(sa.Column("writers", sa.Text(), server_default="", nullable=False))
