"""Adds an index of the journal in the order in which its lines happened."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    happened = "coalesce(CAST(strftime('%s', coalesce(started_at, ended_at)) AS INTEGER), 0)"
    op.create_index("journal_happened", "journal", [sa.text(happened)])
