"""Puts receipts that a box has signed together under one envelope."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "told",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", "number"),
    )
    op.execute("INSERT INTO told SELECT key, box_number, envelope FROM receipt")
    with op.batch_alter_table("receipt") as receipt:
        receipt.add_column(sa.Column("told_in", sa.BigInteger(), server_default="0", nullable=False))
        receipt.drop_column("envelope")
    op.execute("UPDATE receipt SET told_in = box_number")
    with op.batch_alter_table("receipt") as receipt:
        receipt.alter_column("told_in", server_default=None)
    op.create_index("receipt_told_in", "receipt", ["key", "told_in"], unique=False)
