"""An enrolment survives its way as text, and anything else is refused with a sentence."""

import base64
from dataclasses import replace

import pytest

from broadcaster.bulletin.enrolment import Enrolment, EnrolmentRefused

ENROLMENT = Enrolment(
    box="331121104200-1",
    name="舒中村",
    area="331121104200",
    host="broker.example",
    port=8883,
    password="x" * 32,
    authority="-----BEGIN CERTIFICATE-----\n",
    root="ab" * 32,
    keyring=base64.b64encode(b"{}").decode(),
)


def test_it_is_the_same_after_the_way() -> None:
    read = Enrolment.from_bytes(ENROLMENT.to_bytes())
    assert read == ENROLMENT and read.keyring_bytes == b"{}"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        ENROLMENT.to_bytes().replace(b"331121104200-1", b"../etc"),
        ENROLMENT.to_bytes().replace(b'"331121104200"', b'"331121104000"'),
        ENROLMENT.to_bytes().replace(b'"port":8883', b'"port":8883,"port":1'),
        ENROLMENT.to_bytes().replace(b'"v":1', b'"v":2'),
    ],
)
def test_anything_else_is_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(EnrolmentRefused, match="登记文件"):
        Enrolment.from_bytes(data)


def test_a_keyring_that_is_no_base64_is_refused() -> None:
    with pytest.raises(EnrolmentRefused, match="钥匙串"):
        assert replace(ENROLMENT, keyring="?").keyring_bytes
