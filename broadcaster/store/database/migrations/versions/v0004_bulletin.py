"""Adds received bulletins, and the receipts that wait to be sent."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "bulletin",
        sa.Column("bulletin_id", sa.Text, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("area", sa.Text, nullable=False),
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("expires", sa.Text, nullable=False),
        sa.Column("expires_epoch", sa.Integer, nullable=False),
        sa.Column("cancels", sa.Text),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("stage", sa.Text, nullable=False),
    )
    op.create_index("bulletin_seq", "bulletin", ["key_id", "seq"])
    op.create_index("bulletin_cancels", "bulletin", ["cancels"])
    op.create_index("bulletin_stage", "bulletin", ["stage"])
    op.create_table(
        "bulletin_key",
        sa.Column("key_id", sa.Text, primary_key=True),
        sa.Column("highest", sa.Integer, nullable=False),
    )
    op.create_table(
        "receipt",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("bulletin_id", sa.Text, nullable=False),
        sa.Column("envelope", sa.LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )
