"""Sync request of a box to its office: asks for the time by a nonce, and for bulletins that it
misses.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from broadcaster.bulletin import strict_json
from broadcaster.bulletin.message_fields import AS_TUPLE, STRICT, BulletinId, ReadVersion, read_payload
from broadcaster.bulletin.refusals import NotAccepted, Refusal
from broadcaster.bulletin.snapshot import SHORTEST_NONCE

LARGEST = 64 * 1024
# 39 bytes each; what is left is asked for when these have come.
MOST_MISSING = 500


Version = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, config=STRICT)
class SyncRequest:
    """The office answers on `mqtt_topics.answer(box)`, in this order: the keyring where the box has an
    older one; of `missing` what is in force and meant for the box, each as it was signed; last a
    snapshot with this nonce, of what is meant for the box alone.

    So a box that has the snapshot knows that what it still misses of it was kept from it.
    """

    nonce: Annotated[str, Field(min_length=SHORTEST_NONCE, max_length=64, pattern="^[0-9a-f]+$")]
    keyring: Annotated[tuple[Version, Version], AS_TUPLE]
    missing: Annotated[tuple[BulletinId, ...], AS_TUPLE, Field(max_length=MOST_MISSING)] = ()
    reads: ReadVersion = 1
    v: Literal[1] = 1

    def to_bytes(self) -> bytes:
        """`reads` is the highest version of a bulletin that the box reads; 1 is left out, for an office
        of before knows no such field.
        """
        fields = asdict(self).items()
        return strict_json.write({name: value for name, value in fields if name != "reads" or value > 1})

    @classmethod
    def from_bytes(cls, data: bytes) -> SyncRequest:
        """Not signed: the broker lets a box write its own questions only. Raises `NotAccepted`."""
        if len(data) > LARGEST:
            raise NotAccepted(Refusal.TOO_BIG, f"{len(data)}")
        return read_payload(cls, data)
