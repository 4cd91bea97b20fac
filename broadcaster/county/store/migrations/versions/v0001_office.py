"""Makes the first tables of the office."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "area",
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "box",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("area", sa.String(length=12), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=64), server_default="", nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=True),
        sa.Column("code_expires", sa.String(32), nullable=True),
        sa.Column("added_at", sa.String(32), nullable=False),
        sa.Column("enrolled_at", sa.String(32), nullable=True),
        sa.Column("heard_at", sa.String(32), nullable=True),
        sa.Column("online", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code_hash"),
    )
    op.create_index("box_area", "box", ["area"], unique=False)
    op.create_table(
        "bulletin",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("areas", sa.Text(), nullable=False),
        sa.Column("repeat", sa.Integer(), nullable=True),
        sa.Column("night_ok", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.String(32), nullable=True),
        sa.Column("life_minutes", sa.Integer(), nullable=False),
        sa.Column("cancels", sa.String(length=36), nullable=True),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.Column("written_at", sa.String(32), nullable=False),
        sa.Column("why_two", sa.Text(), server_default="", nullable=False),
        sa.Column("approved_by", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("issued", sa.String(32), nullable=True),
        sa.Column("expires", sa.String(32), nullable=True),
        sa.Column("key_id", sa.String(length=64), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("envelope", sa.LargeBinary(), nullable=True),
        sa.Column("sent_at", sa.String(32), nullable=True),
        sa.Column("cleared_at", sa.String(32), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key_id", "seq"),
    )
    op.create_index("bulletin_state", "bulletin", ["state", "expires"], unique=False)
    op.create_index("bulletin_written", "bulletin", ["written_at"], unique=False)
    op.create_table(
        "library",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "officer",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("cap", sa.Integer(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("stamp", sa.String(length=32), nullable=False),
        sa.Column("made_at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "reach",
        sa.Column("bulletin", sa.String(length=36), nullable=False),
        sa.Column("box", sa.String(length=64), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=64), server_default="", nullable=False),
        sa.Column("box_number", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("at", sa.String(32), nullable=True),
        sa.Column("seconds_played", sa.Integer(), server_default="0", nullable=False),
        sa.Column("seconds_due", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("bulletin", "box"),
    )
    op.create_index("reach_stage", "reach", ["bulletin", "stage"], unique=False)
    op.create_table(
        "receipt",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("box", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("box_number", sa.BigInteger(), nullable=False),
        sa.Column("bulletin", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("taken_at", sa.String(32), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("key", "box_number"),
    )
    op.create_index("receipt_bulletin", "receipt", ["bulletin"], unique=False)
    op.create_table(
        "sequence",
        sa.Column("key_id", sa.String(length=64), nullable=False),
        sa.Column("highest", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key_id"),
    )
    op.create_table(
        "standing",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("areas", sa.Text(), nullable=False),
        sa.Column("repeat", sa.Integer(), nullable=True),
        sa.Column("schedule", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("next_due", sa.String(32), nullable=False),
        sa.Column("paused", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
