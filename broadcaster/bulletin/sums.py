"""What a county tells its province of one bulletin: in how many boxes it came how far, signed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator
from pydantic.dataclasses import dataclass
from securesystemslib.signer import Key, Signer

from broadcaster.bulletin import envelope, strict_json
from broadcaster.bulletin.bulletin import (
    HIGHEST_SEQUENCE,
    STRICT,
    BulletinId,
    Moment,
    Sha256,
    where,
)
from broadcaster.bulletin.envelope import Envelope
from broadcaster.bulletin.refusals import NotAccepted, Refusal

PAYLOAD_TYPE = "application/vnd.broadcaster.sum+json"
LARGEST = 4 * 1024

Boxes = Annotated[int, Field(ge=0, le=10_000_000)]


@dataclass(frozen=True, config=STRICT)
class Sum:
    """Boxes of the county by how far they told that this bulletin came; `digest` is what was signed.

    `number` counts what the relay has signed: the highest of a bulletin is the one that counts.
    """

    county: Annotated[str, Field(pattern=r"^[0-9]{4,12}\z")]
    number: Annotated[int, Field(ge=1, le=HIGHEST_SEQUENCE)]
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
    v: Literal[1] = 1

    @model_validator(mode="after")
    def _agrees(self) -> Sum:
        if self.reached + self.silent != self.sent or self.accepted > self.reached:
            raise ValueError("reached")
        if self.on_the_air + self.heard + self.partly + self.failed > self.reached:
            raise ValueError("ended")
        return self

    def signed(self, signer: Signer) -> Envelope:
        return envelope.sign(PAYLOAD_TYPE, strict_json.write(asdict(self)), [signer])


def read_sum(data: bytes, county: str, key: Key) -> Sum:
    """The sum of this county, whose relay's key the province knows. Raises `NotAccepted`."""
    signed = envelope.read(data, PAYLOAD_TYPE, LARGEST)
    if signed.signatures.keys() != {key.keyid}:
        raise NotAccepted(Refusal.UNKNOWN_KEY)
    signed.check_signed_by(key)
    try:
        read = Sum(**strict_json.parse(signed.payload))
    except ValidationError as error:
        raise NotAccepted(Refusal.BAD_SCHEMA, where(error)) from error
    except (ValueError, TypeError) as error:
        raise NotAccepted(Refusal.BAD_SCHEMA, "JSON") from error
    if read.county != county:
        raise NotAccepted(Refusal.WRONG_BOX, read.county)
    return read
