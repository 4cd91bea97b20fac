"""Notes the key that used a one-time code, so that the same key may use it again."""

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
