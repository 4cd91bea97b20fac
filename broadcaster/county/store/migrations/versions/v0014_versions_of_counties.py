"""The version of a bulletin that each county below reads."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("county", sa.Column("reads", sa.Integer(), server_default="1", nullable=False))
