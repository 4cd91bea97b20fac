"""Signed messages of a county's relay to the office above: delivery totals of a bulletin, and the
relay's heartbeat.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal, TypeVar

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass
from securesystemslib.signer import Key, Signer

from broadcaster.bulletin import envelope, strict_json
from broadcaster.bulletin.envelope import Envelope
from broadcaster.bulletin.message_fields import (
    HIGHEST_SEQUENCE,
    STRICT,
    BulletinId,
    Moment,
    ReadVersion,
    Sha256,
    read_signed,
)
from broadcaster.bulletin.refusals import NotAccepted, Refusal

PAYLOAD_TYPE = "application/vnd.broadcaster.sum+json"
HEARTBEAT_TYPE = "application/vnd.broadcaster.presence+json"
LARGEST = 4 * 1024

Boxes = Annotated[int, Field(ge=0, le=10_000_000)]
County = Annotated[str, Field(pattern=r"^[0-9]{4,12}\z")]
Number = Annotated[int, Field(ge=1, le=HIGHEST_SEQUENCE)]


@dataclass(frozen=True, config=STRICT)
class RelayTotals:
    """Boxes of the county by how far they told that this bulletin came; `digest` is what was signed.

    `number` counts what the relay has signed: the highest of a bulletin is the one that counts.
    """

    county: County
    number: Number
    bulletin: BulletinId
    digest: Sha256
    at: Moment
    sent: Boxes
    reached: Boxes
    accepted: Boxes
    on_the_air: Boxes
    heard: Boxes
    partly: Boxes
    failed: Boxes
    silent: Boxes
    cancelled: Boxes = 0
    v: Literal[1] = 1

    @model_validator(mode="after")
    def _agrees(self) -> RelayTotals:
        if self.reached + self.silent != self.sent or self.accepted > self.reached:
            raise ValueError("reached")
        ended = self.heard + self.partly + self.failed + self.cancelled
        if self.on_the_air + ended > self.reached:
            raise ValueError("ended")
        if self.reached - self.accepted > self.failed:
            raise ValueError("failed")
        return self

    def signed(self, signer: Signer) -> Envelope:
        """Without `cancelled` where it is 0: an office of before does not know that field."""
        fields = {name: value for name, value in asdict(self).items() if name != "cancelled" or value}
        return envelope.sign(PAYLOAD_TYPE, strict_json.write(fields), [signer])


@dataclass(frozen=True, config=STRICT)
class RelayHeartbeat:
    """That all that had changed until `at` has been told above; `below` is whether the relay hears its
    county's boxes, `reads` the version of a bulletin that all of them read. The highest `number` counts.
    """

    county: County
    number: Number
    at: Moment
    below: bool
    reads: ReadVersion = 1
    v: Literal[1] = 1

    def signed(self, signer: Signer) -> Envelope:
        """An office of before knows no `reads`, and is told none where it is 1."""
        values = asdict(self).items()
        given = {name: value for name, value in values if name != "reads" or value > 1}
        return envelope.sign(HEARTBEAT_TYPE, strict_json.write(given), [signer])


Message = TypeVar("Message", RelayTotals, RelayHeartbeat)


def read_totals(data: bytes, county: str, key: Key) -> RelayTotals:
    """The sum of this county, whose relay's key the province knows. Raises `NotAccepted`."""
    return _read(RelayTotals, PAYLOAD_TYPE, data, county, key)


def read_heartbeat(data: bytes, county: str, key: Key) -> RelayHeartbeat:
    """The same of what its relay says of itself."""
    return _read(RelayHeartbeat, HEARTBEAT_TYPE, data, county, key)


def _read(kind: type[Message], payload_type: str, data: bytes, county: str, key: Key) -> Message:
    message = read_signed(kind, payload_type, data, key, LARGEST)
    if message.county != county:
        raise NotAccepted(Refusal.WRONG_BOX, message.county)
    return message
