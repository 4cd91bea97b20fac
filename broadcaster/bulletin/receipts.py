"""Receipts: a box reports to the office what became of bulletins, signed by the box's own key."""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationError, model_validator
from pydantic.dataclasses import dataclass
from securesystemslib.signer import Key, Signer

from broadcaster.bulletin import envelope, strict_json
from broadcaster.bulletin.bulletin import (
    HIGHEST_SEQUENCE,
    STRICT,
    FieldName,
    Moment,
    Sha256,
    as_tuple,
    where,
)
from broadcaster.bulletin.envelope import Envelope
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


def _read_state(value: object) -> object:
    return ReceiptState(value) if type(value) is str else value


def _read_refusal(value: object) -> object:
    return Refusal(value) if type(value) is str else value


def _read_outcome(value: object) -> object:
    return Outcome(value) if type(value) is str else value


Seconds = Annotated[float, Field(ge=0, le=1e7, allow_inf_nan=False)]


@dataclass(frozen=True, config=STRICT)
class PlayedResult:
    """The result of an airing as the journal has it, by the sound that the device really took."""

    outcome: Annotated[Outcome, BeforeValidator(_read_outcome)]
    started: Moment | None
    ended: Moment
    seconds_played: Seconds
    seconds_due: Seconds
    times: Annotated[int, Field(ge=0, le=1000)]
    voice: Annotated[str, Field(max_length=80)]

    @property
    def in_full(self) -> bool:
        return self.outcome is Outcome.PLAYED


def _read_heard(value: object) -> object:
    return PlayedResult(**value) if isinstance(value, dict) else value


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
    state: Annotated[ReceiptState, BeforeValidator(_read_state)]
    at: Moment
    clock_trusted: bool
    refusal: Annotated[Refusal, BeforeValidator(_read_refusal)] | None = None
    reason: Annotated[str, Field(max_length=300)] = ""
    heard: Annotated[PlayedResult, BeforeValidator(_read_heard)] | None = None
    ignored: Annotated[tuple[FieldName, ...], BeforeValidator(as_tuple), Field(max_length=20)] = ()

    @model_validator(mode="after")
    def _agrees(self) -> Receipt:
        if (self.state is ReceiptState.REFUSED) != bool(self.refusal):
            raise ValueError("refusal")
        if (self.state is ReceiptState.ENDED) != bool(self.heard):
            raise ValueError("heard")
        return self


def _read_receipts(value: object) -> object:
    return tuple(Receipt(**one) for one in value) if isinstance(value, list) else value


@dataclass(frozen=True, config=STRICT)
class Receipts:
    """The receipts of one box at one time, under one signature and in rising numbers."""

    box: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,64}\z")]
    receipts: Annotated[
        tuple[Receipt, ...],
        BeforeValidator(_read_receipts),
        Field(min_length=1, max_length=MOST_TOGETHER),
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
        told = [_told(one) for one in self.receipts]
        written = strict_json.write({"v": self.v, "box": self.box, "receipts": told})
        return envelope.sign(PAYLOAD_TYPE, written, [signer])


def _told(receipt: Receipt) -> dict[str, object]:
    """An office of before knows nothing that is ignored, and is told none where there is none."""
    told = vars(receipt) | {"heard": receipt.heard and vars(receipt.heard)}
    return {name: value for name, value in told.items() if name != "ignored" or value}


def read_receipts(data: bytes, box: str, key: Key) -> Receipts:
    """Those of this box, whose key the office has in its register. Raises `NotAccepted`."""
    signed = envelope.read(data, PAYLOAD_TYPE, LARGEST)
    if signed.signatures.keys() != {key.keyid}:
        raise NotAccepted(Refusal.UNKNOWN_KEY)
    signed.check_signed_by(key)
    try:
        told = Receipts(**strict_json.parse(signed.payload))
    except ValidationError as error:
        raise NotAccepted(Refusal.BAD_SCHEMA, where(error)) from error
    except (ValueError, TypeError) as error:
        raise NotAccepted(Refusal.BAD_SCHEMA, "JSON") from error
    if told.box != box:
        raise NotAccepted(Refusal.WRONG_BOX, told.box)
    return told
