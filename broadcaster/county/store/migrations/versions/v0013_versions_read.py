"""The version of a bulletin that each box reads."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    with op.batch_alter_table("box") as box:
        box.add_column(sa.Column("reads", sa.Integer(), server_default="1", nullable=False))
