"""What a box says of itself (its loudspeaker, its quiet hours); what was cancelled before it sounded."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    for name in ("trouble", "quiet"):
        op.add_column("box", sa.Column(name, sa.Text(), server_default="", nullable=False))
    cancelled = sa.Column("cancelled", sa.Integer(), server_default="0", nullable=False)
    op.add_column("county_sum", cancelled)
