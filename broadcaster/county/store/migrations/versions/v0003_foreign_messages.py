"""Adds messages of other systems, and the bulletins that were made of them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "foreign_message",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("came_at", sa.String(32), nullable=False),
        sa.Column("taken_by", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("standard", sa.String(length=32), nullable=False),
        sa.Column("sender", sa.String(length=200), nullable=False),
        sa.Column("source_id", sa.String(length=200), nullable=False),
        sa.Column("drafts", sa.Text(), nullable=False),
        sa.Column("original", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("foreign_message_name", "foreign_message", ["source_id", "sender"], unique=False)
    op.create_index("foreign_message_came", "foreign_message", ["came_at"], unique=False)
    op.create_table(
        "foreign_bulletin",
        sa.Column("bulletin", sa.String(length=36), nullable=False),
        sa.Column("message", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("bulletin"),
    )
    op.create_index("foreign_bulletin_message", "foreign_bulletin", ["message"], unique=False)
