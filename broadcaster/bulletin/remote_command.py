"""Remote commands from a village's page on the county's site to its box, and the box's answers; both are
signed.

The payload types are their own, so a command is never taken for a bulletin, nor an answer for a receipt.
"""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass
from securesystemslib.signer import Key, Signer

from broadcaster.bulletin import areas, envelope, strict_json
from broadcaster.bulletin.delegation import Delegation
from broadcaster.bulletin.envelope import Envelope
from broadcaster.bulletin.keyring import Trust
from broadcaster.bulletin.message_fields import (
    AS_TUPLE,
    HIGHEST_SEQUENCE,
    STRICT,
    BoxName,
    Sha256,
    by_value,
    parts,
    read_payload,
    read_signed,
)
from broadcaster.bulletin.refusals import NotAccepted, Refusal
from broadcaster.bulletin.trusted_time import Now

COMMAND_TYPE = "application/vnd.broadcaster.command+json"
ANSWER_TYPE = "application/vnd.broadcaster.answer+json"
# The broker's own limit on one message. Twice in base64, 128 kB of sound are 228 kB.
LARGEST = 256 * 1024
MOST_CALLS = 16
SESSION_LIFE_SECONDS = 3600.0

Token = Annotated[str, Field(pattern=r"^[0-9a-f]{32}\z")]


@dataclass(frozen=True, config=STRICT)
class RemoteCall:
    """One call, by its name in the table of calls, and what is given to it."""

    call: Annotated[str, Field(max_length=60)]
    given: dict[str, Any]


@dataclass(frozen=True, config=STRICT)
class RemoteCommand:
    """`number` rises in its session, and `seconds` have gone by since that was opened, by the office's
    monotonic clock. Number 0 opens one: then `session` is a nonce.
    """

    box: BoxName
    session: Token
    number: Annotated[int, Field(ge=0, le=HIGHEST_SEQUENCE)]
    seconds: Annotated[float, Field(ge=0, le=SESSION_LIFE_SECONDS * 2, allow_inf_nan=False)]
    calls: Annotated[tuple[RemoteCall, ...], parts(RemoteCall), Field(max_length=MOST_CALLS)] = ()
    v: Literal[1] = 1

    def signed(self, signer: Signer) -> Envelope:
        return envelope.sign(COMMAND_TYPE, strict_json.write(asdict(self)), [signer])


@dataclass(frozen=True, config=STRICT)
class RemoteAnswer:
    """To the one command of this digest. `session` is the one it was opened by or belongs to; of
    `answers` each is a value, or an error that a call ended in; a command that was `refused` has none.
    """

    box: BoxName
    to: Sha256
    session: Token
    answers: Annotated[tuple[Any, ...], AS_TUPLE] = ()
    refused: Annotated[Refusal, by_value(Refusal)] | None = None
    v: Literal[1] = 1

    def signed(self, signer: Signer) -> Envelope:
        return envelope.sign(ANSWER_TYPE, strict_json.write(asdict(self)), [signer])


def read_command(
    data: bytes, trust: Trust, box: str, area: str, now: Now
) -> tuple[Envelope, RemoteCommand, Delegation]:
    """By a key that speaks for exactly this village and counts today. Raises `NotAccepted`.

    Whether it is new is for who remembers its session.
    """
    signed = envelope.read(data, COMMAND_TYPE, LARGEST)
    key_id = signed.only_key_id
    signed.check_signed_by(trust.key(key_id))
    trust.check_not_expired(now.earliest)
    village = areas.trim(area)
    own = [one for one in trust.delegations_of(key_id) if one.area == village]
    if not own:
        raise NotAccepted(Refusal.AREA_NOT_ALLOWED, area)
    command = read_payload(RemoteCommand, signed.payload)
    if command.box != box:
        raise NotAccepted(Refusal.NOT_FOR_THIS_BOX, command.box)
    return signed, command, own[0]


def read_answer(data: bytes, box: str, key: Key) -> RemoteAnswer:
    """Of this box, whose key the office has in its register. Raises `NotAccepted`."""
    answer = read_signed(RemoteAnswer, ANSWER_TYPE, data, key, LARGEST)
    if answer.box != box:
        raise NotAccepted(Refusal.WRONG_BOX, answer.box)
    return answer
