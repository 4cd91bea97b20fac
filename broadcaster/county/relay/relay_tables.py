"""The tables of a relay's own database: it can be lost, and is then filled again from above."""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, String, Table, Text

from broadcaster.county.store.tables import Moment

metadata = MetaData()

# Bulletins from above that were verified.
carried = Table(
    "carried",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("key_id", String(64), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("expires", Moment, nullable=False),
    # Where it stands below: trimmed codes, parted by spaces.
    Column("areas", Text, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    Column("below", Integer, nullable=False, server_default="0"),
    # Expired, withdrawn, or its key revoked: to be taken off below, and then off.
    Column("over", Integer, nullable=False, server_default="0"),
    # Whether something was told since the last sum that the broker above has taken.
    Column("due", Integer, nullable=False, server_default="1"),
    Column("summed", Text, nullable=False, server_default=""),
    Column("sum_number", BigInteger, nullable=False, server_default="0"),
)

# How far each has come in each box, as its receipts tell.
came = Table(
    "came",
    metadata,
    Column("bulletin", String(36), primary_key=True),
    Column("box", String(64), primary_key=True),
    Column("stage", String(16), nullable=False),
    Column("key", String(64), nullable=False, server_default=""),
    Column("box_number", BigInteger, nullable=False, server_default="0"),
)

# The newest keyring and snapshot, as they came, and whom they made the relay believe.
kept = Table(
    "kept",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
