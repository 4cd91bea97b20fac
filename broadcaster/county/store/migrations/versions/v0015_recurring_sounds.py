"""Adds sounds to recurring notices, which go out before they are due."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("standing", sa.Column("sound", sa.Text(), server_default="", nullable=False))
    op.add_column("standing", sa.Column("sent_due", sa.String(32)))
