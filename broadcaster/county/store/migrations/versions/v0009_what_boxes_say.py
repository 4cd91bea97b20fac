"""Adds a box's own report: its loudspeaker's fault, and its quiet hours."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    for name in ("trouble", "quiet"):
        op.add_column("box", sa.Column(name, sa.Text(), server_default="", nullable=False))
