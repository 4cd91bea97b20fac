"""Adds counties below a province, and the totals that their relays report."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "county",
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=64), server_default="", nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=True),
        sa.Column("code_expires", sa.String(32), nullable=True),
        sa.Column("added_at", sa.String(32), nullable=False),
        sa.Column("admitted_at", sa.String(32), nullable=True),
        sa.Column("told_number", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("told_at", sa.String(32), nullable=True),
        sa.Column("below", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("code"),
        sa.UniqueConstraint("code_hash"),
    )
    op.create_table(
        "county_sum",
        sa.Column("bulletin", sa.String(length=36), nullable=False),
        sa.Column("county", sa.String(length=12), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("taken_at", sa.String(32), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("sent", "reached", "accepted", "on_the_air")
        ),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("heard", "partly", "failed", "silent")
        ),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("bulletin", "county"),
    )
