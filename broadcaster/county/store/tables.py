"""The tables of an office's database, as the last migration leaves them; the same on both databases."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator


class Moment(TypeDecorator[datetime]):
    """An aware time, kept as text of UTC that sorts as the times do: SQLite has no time zones."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return value.astimezone(UTC).isoformat(timespec="microseconds") if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return value and datetime.fromisoformat(value)


metadata = MetaData()

area = Table(
    "area",
    metadata,
    Column("code", String(12), primary_key=True),
    Column("name", Text, nullable=False),
)

box = Table(
    "box",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("area", String(12), nullable=False),
    Column("name", Text, nullable=False),
    Column("state", String(16), nullable=False),
    # The public half of the box's own key, as hex; "" until it is enrolled.
    Column("key", String(64), nullable=False, server_default=""),
    # SHA-256 of the one-time code, while one counts.
    Column("code_hash", String(64), unique=True),
    Column("code_expires", Moment),
    # The key that came in by it, as hex; "" while none has.
    Column("code_used_by", String(64), nullable=False, server_default=""),
    Column("added_at", Moment, nullable=False),
    Column("enrolled_at", Moment),
    Column("heard_at", Moment),
    Column("online", Integer, nullable=False, server_default="0"),
    # As it says itself: what its loudspeaker ails, and its quiet hours as JSON.
    Column("trouble", Text, nullable=False, server_default=""),
    Column("quiet", Text, nullable=False, server_default=""),
    # The highest version of a bulletin that it says it reads.
    Column("reads", Integer, nullable=False, server_default="1"),
    Index("box_area", "area"),
)

officer = Table(
    "officer",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    # The most severe that this person may send.
    Column("cap", Integer, nullable=False),
    Column("password_hash", Text, nullable=False),
    # Another one ends all sessions.
    Column("stamp", String(32), nullable=False),
    Column("made_at", Moment, nullable=False),
)

session = Table(
    "session",
    metadata,
    # SHA-256 of what the browser holds; a row that is gone is a logout.
    Column("key", String(64), primary_key=True),
    Column("stamp", String(32), nullable=False),
    Column("began_at", Moment, nullable=False),
)

bulletin = Table(
    "bulletin",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("severity", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    # Trimmed codes, parted by spaces.
    Column("areas", Text, nullable=False),
    Column("repeat", Integer),
    Column("night_ok", Integer, nullable=False),
    # None is as soon as it is signed.
    Column("not_before", Moment),
    Column("life_minutes", Integer, nullable=False),
    Column("cancels", String(36)),
    Column("verse", Integer, nullable=False, server_default="0"),
    Column("voice", Text, nullable=False, server_default=""),
    # Of the notice what has no column, as JSON.
    Column("more", Text, nullable=False, server_default=""),
    # A recording in place of the text, as JSON.
    Column("sound", Text, nullable=False, server_default=""),
    # Of the draft that was written, and agreed to: nothing else is signed.
    Column("version", String(64), nullable=False, server_default=""),
    Column("written_by", Text, nullable=False),
    # Whose words these were so far, a line each; none where it is the one above.
    Column("writers", Text, nullable=False, server_default=""),
    Column("written_at", Moment, nullable=False),
    Column("why_two", Text, nullable=False, server_default=""),
    Column("approved_by", Text, nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    # From here on: as it was signed.
    Column("issued", Moment),
    Column("expires", Moment),
    Column("key_id", String(64)),
    Column("seq", BigInteger),
    Column("digest", String(64)),
    Column("envelope", LargeBinary),
    # Who had heard it before, signed.
    Column("hearings", LargeBinary),
    Column("sent_at", Moment),
    # When it was taken off the broker again.
    Column("cleared_at", Moment),
    Index("bulletin_state", "state", "expires"),
    Index("bulletin_written", "written_at"),
    UniqueConstraint("key_id", "seq"),
)

# The last number that each key has signed.
sequence = Table(
    "sequence",
    metadata,
    Column("key_id", String(64), primary_key=True),
    Column("highest", BigInteger, nullable=False),
)

# Only ever added to.
receipt = Table(
    "receipt",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("box", String(64), nullable=False),
    # The public key that has signed it: a box that was replaced counts from 1 again.
    Column("key", String(64), nullable=False),
    Column("box_number", BigInteger, nullable=False),
    Column("bulletin", String(36), nullable=False),
    Column("state", String(16), nullable=False),
    Column("at", Moment, nullable=False),
    Column("taken_at", Moment, nullable=False),
    # The number of the last that were signed with it.
    Column("told_in", BigInteger, nullable=False),
    UniqueConstraint("key", "box_number"),
    Index("receipt_bulletin", "bulletin"),
    Index("receipt_told_in", "key", "told_in"),
)

# What boxes have signed, as it came; by the key and the number of the last receipt in it.
envelope = Table(
    "told",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("envelope", LargeBinary, nullable=False),
)
SIGNED_WITH = (receipt.c.key == envelope.c.key) & (receipt.c.told_in == envelope.c.number)

# What came of a box and does not count, by reason.
doubt = Table(
    "doubt",
    metadata,
    Column("box", String(64), primary_key=True),
    Column("why", String(16), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("last_at", Moment, nullable=False),
)

# How far each bulletin has come in each box that it was sent to: what its receipts add up to.
reach = Table(
    "reach",
    metadata,
    Column("bulletin", String(36), primary_key=True),
    Column("box", String(64), primary_key=True),
    Column("stage", String(16), nullable=False),
    Column("key", String(64), nullable=False, server_default=""),
    Column("box_number", BigInteger, nullable=False, server_default="0"),
    Column("at", Moment),
    Column("seconds_played", Integer, nullable=False, server_default="0"),
    Column("seconds_due", Integer, nullable=False, server_default="0"),
    Column("reason", Text, nullable=False, server_default=""),
    # When it began to sound there, once it has ended.
    Column("started_at", Moment),
    # Counting reads the index alone.
    Index("reach_stage", "bulletin", "stage"),
)

# Messages of other systems, as they came; the drafts that were read of them as JSON.
foreign_message = Table(
    "foreign_message",
    metadata,
    # SHA-256 of the file: the same one comes once.
    Column("id", String(64), primary_key=True),
    Column("came_at", Moment, nullable=False),
    Column("taken_by", Text, nullable=False),
    Column("title", Text, nullable=False),
    # How its system names it, and how another message refers to it.
    Column("standard", String(32), nullable=False),
    Column("sender", String(200), nullable=False),
    Column("source_id", String(200), nullable=False),
    Column("drafts", Text, nullable=False),
    Column("original", Text, nullable=False),
    Index("foreign_message_name", "source_id", "sender"),
    Index("foreign_message_came", "came_at"),
)

# Which bulletins somebody has made of which message.
foreign_bulletin = Table(
    "foreign_bulletin",
    metadata,
    Column("bulletin", String(36), primary_key=True),
    Column("message", String(64), nullable=False),
    Index("foreign_bulletin_message", "message"),
)

standing = Table(
    "standing",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("areas", Text, nullable=False),
    Column("repeat", Integer),
    # Days of the week, 1 is Monday, the time and perhaps the last day: "12345 08:00 2026-12-31".
    Column("schedule", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("next_due", Moment, nullable=False),
    Column("paused", Integer, nullable=False, server_default="0"),
    Column("verse", Integer, nullable=False, server_default="0"),
    Column("voice", Text, nullable=False, server_default=""),
    # Of the notice what has no column, as JSON.
    Column("more", Text, nullable=False, server_default=""),
    # As of a bulletin.
    Column("sound", Text, nullable=False, server_default=""),
    # When the last one falls due that went out: one with a sound goes out before.
    Column("sent_due", Moment),
)

library = Table(
    "library",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("text", Text, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("verse", Integer, nullable=False, server_default="0"),
    Column("voice", Text, nullable=False, server_default=""),
    # Of the notice what has no column, as JSON.
    Column("more", Text, nullable=False, server_default=""),
)

# Who had which version of a draft played to him before it was sent, and the digest of that sound.
hearing = Table(
    "hearing",
    metadata,
    Column("version", String(64), primary_key=True),
    Column("who", Text, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("sound", String(64), nullable=False),
    Column("seconds", Integer, nullable=False),
)

# What texts of the library and standing notices were, by whom and since when; only ever added to.
revision = Table(
    "revision",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("name", String(60), nullable=False),
    Column("at", Moment, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("content", Text, nullable=False),
    Index("revision_of", "kind", "name"),
)

audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("address", Text, nullable=False),
)

# Counties below, whose relays bring this office's bulletins to boxes of theirs.
county = Table(
    "county",
    metadata,
    Column("code", String(12), primary_key=True),
    Column("name", Text, nullable=False),
    Column("state", String(16), nullable=False),
    # The public half of its relay's key, as hex; "" until it is let in.
    Column("key", String(64), nullable=False, server_default=""),
    # SHA-256 of the one-time code, while one counts.
    Column("code_hash", String(64), unique=True),
    Column("code_expires", Moment),
    # The key that came in by it, as hex; "" while none has.
    Column("code_used_by", String(64), nullable=False, server_default=""),
    Column("added_at", Moment, nullable=False),
    Column("admitted_at", Moment),
    # The relay's last word of itself: until when all was told, whether it hears its county's boxes, and
    # the version of a bulletin that all of them read.
    Column("told_number", BigInteger, nullable=False, server_default="0"),
    Column("told_at", Moment),
    Column("below", Integer, nullable=False, server_default="0"),
    Column("reads", Integer, nullable=False, server_default="1"),
)

# The last sum of each bulletin in each county.
county_sum = Table(
    "county_sum",
    metadata,
    Column("bulletin", String(36), primary_key=True),
    Column("county", String(12), primary_key=True),
    # The public key that has signed it: a relay that was replaced counts anew.
    Column("key", String(64), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("at", Moment, nullable=False),
    Column("taken_at", Moment, nullable=False),
    Column("sent", Integer, nullable=False),
    Column("reached", Integer, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("on_the_air", Integer, nullable=False),
    Column("heard", Integer, nullable=False),
    Column("partly", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("silent", Integer, nullable=False),
    Column("cancelled", Integer, nullable=False, server_default="0"),
    Column("envelope", LargeBinary, nullable=False),
)

# What somebody is writing, as his form had it, under the id that its bulletin is to have.
writing = Table(
    "writing",
    metadata,
    Column("bulletin", String(36), primary_key=True),
    Column("officer", Integer, primary_key=True),
    Column("fields", Text, nullable=False),
    Column("at", Moment, nullable=False),
)
