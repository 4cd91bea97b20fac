"""Preview log: which officer heard which version of a draft before it was sent; a changed draft counts
as unheard.
"""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from broadcaster.bulletin import strict_json
from broadcaster.core.clock import Clock
from broadcaster.core.errors import StoreUnusable
from broadcaster.county.store.office_database import OfficeDatabase, put
from broadcaster.county.store.tables import hearing

logger = logging.getLogger(__name__)

PAYLOAD_TYPE = "application/vnd.broadcaster.hearings+json"


@dataclass(frozen=True)
class PreviewEntry:
    """One person's; `sound` is the SHA-256 of the WAV that was played to its end."""

    who: str
    at: datetime
    sound: str
    seconds: int


class PreviewLog:
    """Any thread."""

    def __init__(self, database: OfficeDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def noting(
        self, pieces: Iterator[bytes], size: int, version: str, who: str, bytes_a_second: int
    ) -> Iterator[bytes]:
        """The same pieces; when the last one of `size` bytes is given, it is noted."""
        digest, given = hashlib.sha256(), 0
        for piece in pieces:
            digest.update(piece)
            given += len(piece)
            if given == size:
                seconds = round(size / bytes_a_second)
                self._note_quietly(
                    version, PreviewEntry(who, self._clock.now(), digest.hexdigest(), seconds)
                )
            yield piece

    def _note_quietly(self, version: str, heard: PreviewEntry) -> None:
        try:
            self.note(version, heard)
        except StoreUnusable as error:
            # Who listens is not to lose the end of it.
            logger.warning("%s 听过录音没有记下来：%s", heard.who, error)

    def note(self, version: str, heard: PreviewEntry) -> None:
        values = {"version": version, **asdict(heard)}
        with self._database.transaction() as connection:
            put(connection, hearing, values, over=("at", "sound", "seconds"))

    def of(self, version: str) -> list[PreviewEntry]:
        """The earliest first."""
        with self._database.transaction() as connection:
            return of(connection, version)


def of(connection: Connection, version: str) -> list[PreviewEntry]:
    rows = connection.execute(select(hearing).where(hearing.c.version == version).order_by(hearing.c.at))
    return [PreviewEntry(row.who, row.at, row.sound, row.seconds) for row in rows]


def to_bytes(id: str, version: str, digest: str, heard: Sequence[PreviewEntry]) -> bytes:
    """The payload that is signed beside a bulletin: its digest, and who had heard that version of it."""
    payload = {"v": 1, "bulletin": id, "version": version, "digest": digest}
    return strict_json.write(payload | {"heard": [asdict(one) for one in heard]})
