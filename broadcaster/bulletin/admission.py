"""Admission of a county's relay to the office above: address, account, and the root to pin."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationError
from pydantic.dataclasses import dataclass

from broadcaster.bulletin import strict_json
from broadcaster.bulletin.message_fields import STRICT, Sha256, where
from broadcaster.bulletin.upstream_office import read_office
from broadcaster.core.errors import BroadcasterError

LARGEST = 128 * 1024

Area = Annotated[str, BeforeValidator(read_office)]


class AdmissionRefused(BroadcasterError):
    """A file or an answer that lets nobody in."""


@dataclass(frozen=True, config=STRICT)
class Admission:
    """Given once, over HTTPS or as a file, by the office of `area`, whose first root has this digest.

    `authority` is the PEM of the only certificate authority that its broker is taken from.
    """

    county: Area
    area: Area
    root: Sha256
    host: Annotated[str, Field(min_length=1, max_length=255)]
    port: Annotated[int, Field(ge=1, le=65535)]
    user: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,64}\z")]
    password: Annotated[str, Field(min_length=16, max_length=200)]
    authority: Annotated[str, Field(pattern="^-----BEGIN CERTIFICATE-----", max_length=100_000)]
    v: Literal[1] = 1

    def to_bytes(self) -> bytes:
        return strict_json.write(asdict(self))

    @classmethod
    def from_bytes(cls, data: bytes) -> Admission:
        """Raises `AdmissionRefused`."""
        try:
            if len(data) > LARGEST:
                raise ValueError("too long")
            return cls(**strict_json.parse(data))
        except ValidationError as error:
            raise AdmissionRefused(f"这不是上级发的接入文件（{where(error)} 不对）。") from error
        except (ValueError, TypeError, BroadcasterError) as error:
            raise AdmissionRefused("这不是上级发的接入文件，请让上级重新发一份。") from error
