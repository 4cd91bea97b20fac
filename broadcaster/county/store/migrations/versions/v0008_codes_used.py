"""A one-time code stays with the key that came in by it, which may come again."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    for name in ("box", "county"):
        with op.batch_alter_table(name) as table:
            table.add_column(
                sa.Column("code_used_by", sa.String(length=64), server_default="", nullable=False)
            )
