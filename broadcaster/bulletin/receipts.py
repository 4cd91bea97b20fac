"""Receipts: a box reports to the office what became of bulletins, signed by the box's own key."""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass
from securesystemslib.signer import Key, Signer

from broadcaster.bulletin import envelope, strict_json
from broadcaster.bulletin.envelope import Envelope
from broadcaster.bulletin.message_fields import (
    AS_TUPLE,
    HIGHEST_SEQUENCE,
    STRICT,
    BoxName,
    FieldName,
    Moment,
    Sha256,
    by_value,
    part,
    parts,
    read_signed,
)
from broadcaster.bulletin.refusals import NotAccepted, Refusal
from broadcaster.core.model import Outcome

PAYLOAD_TYPE = "application/vnd.broadcaster.receipts+json"
# What a box that comes back takes in at once. Twenty with the longest of reasons are 50 kB.
MOST_TOGETHER = 20
LARGEST = 64 * 1024


class ReceiptState(StrEnum):
    """The progress of a bulletin in one box; the last state is ENDED or REFUSED."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    DEFERRED = "deferred"
    ON_THE_AIR = "on_the_air"
    ENDED = "ended"


Seconds = Annotated[float, Field(ge=0, le=1e7, allow_inf_nan=False)]


@dataclass(frozen=True, config=STRICT)
class PlayedResult:
    """The result of an airing as the journal has it, by the sound that the device really took."""

    outcome: Annotated[Outcome, by_value(Outcome)]
    started: Moment | None
    ended: Moment
    seconds_played: Seconds
    seconds_due: Seconds
    times: Annotated[int, Field(ge=0, le=1000)]
    voice: Annotated[str, Field(max_length=80)]

    @property
    def in_full(self) -> bool:
        return self.outcome is Outcome.PLAYED


@dataclass(frozen=True, config=STRICT)
class Receipt:
    """`number` counts what the box has signed, so that none is taken twice and none is out of turn.

    `bulletin` is its id as far as the box could read it, `digest` that of what was signed. `reason`
    says why, for people: the sentence of a refusal, the hours that it waits for. `ignored` are fields of
    the bulletin that the box does not know.
    """

    number: Annotated[int, Field(ge=1, le=HIGHEST_SEQUENCE)]
    bulletin: Annotated[str, Field(max_length=36)]
    digest: Sha256 | None
    state: Annotated[ReceiptState, by_value(ReceiptState)]
    at: Moment
    clock_trusted: bool
    refusal: Annotated[Refusal, by_value(Refusal)] | None = None
    reason: Annotated[str, Field(max_length=300)] = ""
    heard: Annotated[PlayedResult, part(PlayedResult)] | None = None
    ignored: Annotated[tuple[FieldName, ...], AS_TUPLE, Field(max_length=20)] = ()

    @model_validator(mode="after")
    def _agrees(self) -> Receipt:
        if (self.state is ReceiptState.REFUSED) != bool(self.refusal):
            raise ValueError("refusal")
        if (self.state is ReceiptState.ENDED) != bool(self.heard):
            raise ValueError("heard")
        return self


@dataclass(frozen=True, config=STRICT)
class Receipts:
    """The receipts of one box at one time, under one signature and in rising numbers."""

    box: BoxName
    receipts: Annotated[
        tuple[Receipt, ...], parts(Receipt), Field(min_length=1, max_length=MOST_TOGETHER)
    ]
    v: Literal[1] = 1

    @model_validator(mode="after")
    def _agrees(self) -> Receipts:
        numbers = [one.number for one in self.receipts]
        if any(later <= earlier for earlier, later in pairwise(numbers)):
            raise ValueError("number")
        return self

    @property
    def number(self) -> int:
        """That of the last, by which they are known together."""
        return self.receipts[-1].number

    def signed(self, signer: Signer) -> Envelope:
        receipts = [_written(receipt) for receipt in self.receipts]
        written = strict_json.write({"v": self.v, "box": self.box, "receipts": receipts})
        return envelope.sign(PAYLOAD_TYPE, written, [signer])


def _written(receipt: Receipt) -> dict[str, object]:
    """Without `ignored` where it is empty: an office of before does not know that field."""
    fields = vars(receipt) | {"heard": receipt.heard and vars(receipt.heard)}
    return {name: value for name, value in fields.items() if name != "ignored" or value}


def read_receipts(data: bytes, box: str, key: Key) -> Receipts:
    """Those of this box, whose key the office has in its register. Raises `NotAccepted`."""
    receipts = read_signed(Receipts, PAYLOAD_TYPE, data, key, LARGEST)
    if receipts.box != box:
        raise NotAccepted(Refusal.WRONG_BOX, receipts.box)
    return receipts
