"""Adds verses, recordings and voices of bulletins; the preview log; revisions."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    for column in (
        sa.Column("verse", sa.Integer(), server_default="0", nullable=False),
        sa.Column("voice", sa.Text(), server_default="", nullable=False),
        sa.Column("sound", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.String(length=64), server_default="", nullable=False),
        sa.Column("hearings", sa.LargeBinary(), nullable=True),
    ):
        op.add_column("bulletin", column)
    for table in ("standing", "library"):
        op.add_column(table, sa.Column("verse", sa.Integer(), server_default="0", nullable=False))
        op.add_column(table, sa.Column("voice", sa.Text(), server_default="", nullable=False))
    op.add_column("reach", sa.Column("started_at", sa.String(32), nullable=True))
    op.create_table(
        "hearing",
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("sound", sa.String(length=64), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("version", "who"),
    )
    op.create_table(
        "revision",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("revision_of", "revision", ["kind", "name"], unique=False)
