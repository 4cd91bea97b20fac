"""DSSE envelopes: payload bytes with their signatures. The payload is never rewritten, and not parsed
before its signature is verified.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from securesystemslib import dsse
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import Key, Signature, Signer

from broadcaster.bulletin import strict_json
from broadcaster.bulletin.refusals import NotAccepted, Refusal

# A bulletin of 2,000 characters is 9 kB; the longest snapshot (1,000 in force) 120 kB.
LARGEST = 256 * 1024
MOST_SIGNATURES = 16
LONGEST_SIGNATURE = 8 * 1024
KEY_ID = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Envelope:
    """`signatures` by the id of the key; which algorithm made one is known from its key alone."""

    payload_type: str
    payload: bytes
    signatures: dict[str, bytes]

    @property
    def digest(self) -> str:
        """SHA-256 of what was signed: one bulletin has one, however its envelope is written."""
        return hashlib.sha256(self.payload).hexdigest()

    @property
    def signed_bytes(self) -> bytes:
        return self._dsse().pae()

    @property
    def only_key_id(self) -> str:
        """The id of the one key that has signed. Raises `NotAccepted`."""
        if len(self.signatures) != 1:
            raise NotAccepted(Refusal.NOT_AN_ENVELOPE)
        return next(iter(self.signatures))

    @property
    def tuf_signatures(self) -> dict[str, Signature]:
        return {id: Signature(id, signature.hex()) for id, signature in self.signatures.items()}

    def check_signed_by(self, key: Key) -> None:
        """Raise `NotAccepted`."""
        try:
            self._dsse().verify([key], 1)
        except VerificationError:
            raise NotAccepted(Refusal.BAD_SIGNATURE) from None

    def to_bytes(self) -> bytes:
        signatures = [{"keyid": id, "sig": _encode(made)} for id, made in self.signatures.items()]
        return strict_json.write(
            {
                "payloadType": self.payload_type,
                "payload": _encode(self.payload),
                "signatures": signatures,
            }
        )

    def _dsse(self) -> dsse.Envelope:
        return dsse.Envelope(self.payload, self.payload_type, self.tuf_signatures)


def sign(payload_type: str, payload: bytes, signers: Sequence[Signer]) -> Envelope:
    unsigned = dsse.Envelope(payload, payload_type, {})
    made = (unsigned.sign(signer) for signer in signers)
    return Envelope(payload_type, payload, {one.keyid: bytes.fromhex(one.signature) for one in made})


def read(data: bytes, payload_type: str, largest: int = LARGEST) -> Envelope:
    """The envelope as it is written, nothing verified yet. Raises `NotAccepted`."""
    if len(data) > largest:
        raise NotAccepted(Refusal.TOO_BIG, f"{len(data)}")
    try:
        envelope = _read(strict_json.parse(data))
    except (ValueError, binascii.Error, TypeError, KeyError, AttributeError) as error:
        raise NotAccepted(Refusal.NOT_AN_ENVELOPE) from error
    if envelope.payload_type != payload_type:
        raise NotAccepted(Refusal.WRONG_TYPE, envelope.payload_type[:60])
    return envelope


def _read(written: Any) -> Envelope:
    if written.keys() != {"payloadType", "payload", "signatures"}:
        raise ValueError("keys")
    payload_type, signatures = written["payloadType"], written["signatures"]
    if not isinstance(payload_type, str) or not isinstance(signatures, list):
        raise ValueError("types")
    if not 0 < len(signatures) <= MOST_SIGNATURES:
        raise ValueError("number of signatures")
    made = dict(map(_read_signature, signatures))
    if len(made) != len(signatures):
        raise ValueError("two signatures of one key")
    return Envelope(payload_type, _decode(written["payload"]), made)


def _read_signature(written: Any) -> tuple[str, bytes]:
    if written.keys() != {"keyid", "sig"} or not KEY_ID.fullmatch(written["keyid"]):
        raise ValueError("signature")
    signature = _decode(written["sig"])
    if not 0 < len(signature) <= LONGEST_SIGNATURE:
        raise ValueError("signature")
    return written["keyid"], signature


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _decode(text: str) -> bytes:
    data = base64.b64decode(text, validate=True)
    # Python takes text whose last, unused bits are set; then one payload would have several writings.
    if _encode(data) != text:
        raise ValueError("base64")
    return data
