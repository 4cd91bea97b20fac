"""Replaces the one account by people with roles; adds known phones, tokens and the audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# Who was alone could do everything.
TAKE_OVER = """
INSERT INTO person (name, role, password_hash, stamp, made_at)
SELECT name, 'secretary', password_hash, lower(hex(randomblob(16))), strftime('%Y-%m-%dT%H:%M:%S+00:00')
FROM account
"""


def upgrade() -> None:
    op.create_table(
        "person",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("stamp", sa.Text, nullable=False),
        sa.Column("made_at", sa.Text, nullable=False),
    )
    op.create_table(
        "phone",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("key_hash", sa.Text, nullable=False, unique=True),
        sa.Column("person", sa.Integer, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("pin_hash", sa.Text, nullable=False),
        sa.Column("wrong_pins", sa.Integer, nullable=False, server_default="0"),
        sa.Column("made_at", sa.Text, nullable=False),
        sa.Column("seen_at", sa.Text, nullable=False),
    )
    op.create_table(
        "token",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("key_hash", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("made_at", sa.Text, nullable=False),
        sa.Column("used_at", sa.Text),
    )
    op.create_table(
        "deed",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("deed_id", sa.Text, nullable=False, unique=True),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
    )
    op.execute(TAKE_OVER)
    op.drop_table("account")
