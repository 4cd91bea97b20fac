"""Adds the unsent forms of the page."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "draft",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("draft_id", sa.Text, nullable=False),
        sa.Column("person", sa.Integer, nullable=False),
        sa.Column("form", sa.Text, nullable=False),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("kept_at", sa.Text, nullable=False),
        sa.Column("kept_epoch", sa.Integer, nullable=False),
        sa.Column("became", sa.Text, nullable=False),
    )
    op.create_index("draft_of", "draft", ["person", "draft_id"], unique=True)
