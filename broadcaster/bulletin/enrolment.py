"""Enrolment of a box in a county: whom to trust, where to connect, under which account.

A box or a relay asks for it with its code, its public key, and the proof that it has the private half: a
public key is no secret, it stands in the register.
"""

from __future__ import annotations

import base64
from dataclasses import asdict
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationError
from pydantic.dataclasses import dataclass
from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError
from securesystemslib.signer import CryptoSigner, Signature

from broadcaster.bulletin import areas, strict_json
from broadcaster.bulletin.invitation import Invitation
from broadcaster.bulletin.keys import public, public_from_hex
from broadcaster.bulletin.message_fields import STRICT, BoxName, Sha256, parts, where
from broadcaster.bulletin.upstream_office import MOST, UpstreamOffice
from broadcaster.core.errors import BroadcasterError

LARGEST = 1024 * 1024
# The same key signs receipts: nothing of one kind is ever taken for the other.
PURPOSE = b"broadcaster enrolment\n"


class EnrolmentRefused(BroadcasterError):
    """A file or an answer that enrols nobody."""


def _village(value: object) -> object:
    if isinstance(value, str) and (len(value) != areas.FULL or len(areas.trim(value)) != areas.FULL):
        raise ValueError("12 digits of a village")
    return value


@dataclass(frozen=True, config=STRICT)
class Enrolment:
    """Given once, over HTTPS or as a file. `keyring` is base64; `root` the digest that pins it.

    `authority` is the PEM of the only certificate authority that the box takes the broker from.
    """

    box: BoxName
    name: Annotated[str, Field(max_length=100)]
    area: Annotated[str, BeforeValidator(_village)]
    host: Annotated[str, Field(min_length=1, max_length=255)]
    port: Annotated[int, Field(ge=1, le=65535)]
    password: Annotated[str, Field(min_length=16, max_length=200)]
    authority: Annotated[str, Field(pattern="^-----BEGIN CERTIFICATE-----", max_length=100_000)]
    root: Sha256
    keyring: Annotated[str, Field(max_length=LARGEST)]
    above: Annotated[tuple[UpstreamOffice, ...], parts(UpstreamOffice), Field(max_length=MOST)] = ()
    v: Literal[1] = 1

    @property
    def keyring_bytes(self) -> bytes:
        """The bundle that `Trust.pin` takes. Raises `EnrolmentRefused`."""
        try:
            return base64.b64decode(self.keyring, validate=True)
        except ValueError as error:
            raise EnrolmentRefused("登记文件里的钥匙串坏了，请让县里重新发一份。") from error

    def to_bytes(self) -> bytes:
        return strict_json.write(asdict(self))

    @classmethod
    def from_bytes(cls, data: bytes) -> Enrolment:
        """Raises `EnrolmentRefused`."""
        try:
            if len(data) > LARGEST:
                raise ValueError("too long")
            return cls(**strict_json.parse(data))
        except ValidationError as error:
            raise EnrolmentRefused(f"这不是县里发的登记文件（{where(error)} 不对）。") from error
        except (ValueError, TypeError) as error:
            raise EnrolmentRefused("这不是县里发的登记文件，请让县里重新发一份。") from error


def request_of(invitation: Invitation, signer: CryptoSigner) -> bytes:
    """JSON, to be sent to the office of the invitation."""
    key = str(public(signer).keyval["public"])
    asked = {"code": invitation.code, "key": key, "root": invitation.root}
    proof = signer.sign(_signed(**asked)).signature
    return strict_json.write({**asked, "proof": proof})


def is_proved(code: str, key: str, root: str, proof: str) -> bool:
    """True if who sent this has the key. `proof` is an Ed25519 signature as hex."""
    try:
        known = public_from_hex(key)
        known.verify_signature(Signature(known.keyid, proof), _signed(code, key, root))
    except (ValueError, UnverifiedSignatureError, VerificationError):
        return False
    return True


def _signed(code: str, key: str, root: str) -> bytes:
    return PURPOSE + strict_json.write({"code": code, "key": key, "root": root})
