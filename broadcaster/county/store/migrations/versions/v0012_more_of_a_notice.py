"""Fields of a notice that have no column of their own, as JSON."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    for table in ("bulletin", "standing", "library"):
        with op.batch_alter_table(table) as changed:
            changed.add_column(sa.Column("more", sa.Text(), server_default="", nullable=False))
