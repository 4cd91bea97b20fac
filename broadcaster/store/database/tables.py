"""The tables of the station's database, as the last migration leaves them."""

from sqlalchemy import (
    REAL,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    literal_column,
)

# Oldest first; 0000 is what version 0.1.0 of the program made, which had no number.
VERSIONS = ("0000", "0001", "0002", "0003", "0004", "0005", "0006", "0007")
VERSION = VERSIONS[-1]

# In the state folder.
DATABASE = "broadcaster.db"

metadata = MetaData()

# When a line of the journal happened, in seconds since 1970: it began to sound, or else ended.
HAPPENED = literal_column(
    "coalesce(CAST(strftime('%s', coalesce(started_at, ended_at)) AS INTEGER), 0)", Integer
)

journal = Table(
    "journal",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("airing_id", Text, nullable=False, unique=True),
    Column("notice_id", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("due_at", Text, nullable=False),
    Column("started_at", Text),
    Column("ended_at", Text, nullable=False),
    Column("seconds_played", REAL, nullable=False),
    Column("seconds_due", REAL, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("voice", Text, nullable=False),
    # due_at in seconds since 1970: its texts of several time zones do not compare.
    Column("due_epoch", Integer, nullable=False, server_default="0"),
    # What the notice asked for beside its text: JSON, or "" where it left all to the station.
    Column("manner", Text, nullable=False, server_default=""),
    Index("journal_due", "due_epoch"),
    Index("journal_happened", HAPPENED),
)

journal_day = Table(
    "journal_day",
    metadata,
    Column("day", Text, primary_key=True),
    Column("slot", Text, primary_key=True),
    Column("outcome", Text, primary_key=True),
    Column("airings", Integer, nullable=False),
    Column("seconds", REAL, nullable=False),
)

queue = Table(
    "queue",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("airing_id", Text, nullable=False, unique=True),
    Column("airing", Text, nullable=False),
    Column("next_line", Integer, nullable=False, server_default="0"),
    Column("seconds_in_line", REAL, nullable=False, server_default="0"),
    Column("seconds_played", REAL, nullable=False, server_default="0"),
    Column("noted_at", Text),
)

# What was made on the page. A row that has nothing written only holds up a slot of the file.
slot = Table(
    "slot",
    metadata,
    Column("name", Text, primary_key=True),
    Column("written", Text),
    Column("paused_until", Text),
    Column("made_by", Text, nullable=False),
    Column("changed_at", Text, nullable=False),
    Column("removed_at", Text),
)

person = Table(
    "person",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    # Another one ends all sessions.
    Column("stamp", Text, nullable=False),
    Column("made_at", Text, nullable=False),
)

phone = Table(
    "phone",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("key_hash", Text, nullable=False, unique=True),
    Column("person", Integer, nullable=False),
    Column("label", Text, nullable=False),
    Column("pin_hash", Text, nullable=False),
    Column("wrong_pins", Integer, nullable=False, server_default="0"),
    Column("made_at", Text, nullable=False),
    Column("seen_at", Text, nullable=False),
)

token = Table(
    "token",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("key_hash", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", Text, nullable=False),
    Column("used_at", Text),
)

deed = Table(
    "deed",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("deed_id", Text, nullable=False, unique=True),
    Column("at", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("address", Text, nullable=False),
)

# What the county told this box, until it expires: to be said once, and what is cancelled never.
bulletin = Table(
    "bulletin",
    metadata,
    Column("bulletin_id", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("area", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("expires", Text, nullable=False),
    # In seconds since 1970: texts of several time zones do not compare.
    Column("expires_epoch", Integer, nullable=False),
    Column("cancels", Text),
    # The bytes that were signed.
    Column("payload", LargeBinary, nullable=False),
    Column("stage", Text, nullable=False),
    Index("bulletin_seq", "key_id", "seq"),
    Index("bulletin_cancels", "cancels"),
    Index("bulletin_stage", "stage"),
)

# The highest number that each key has used; outlives the bulletins.
bulletin_key = Table(
    "bulletin_key",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("highest", Integer, nullable=False),
)

# What the county has not acknowledged yet. Numbers are never used again.
receipt = Table(
    "receipt",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("bulletin_id", Text, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

# What somebody wrote on the page and looked at: the fields of the form, as JSON.
draft = Table(
    "draft",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("draft_id", Text, nullable=False),
    Column("person", Integer, nullable=False),
    Column("form", Text, nullable=False),
    Column("fields", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("kept_at", Text, nullable=False),
    Column("kept_epoch", Integer, nullable=False),
    Column("became", Text, nullable=False),
    Index("draft_of", "person", "draft_id", unique=True),
)

station_state = Table(
    "station_state",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

# Alembic's own; made here too, so that a new file needs no migration and no Alembic in memory.
version = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), primary_key=True),
)
