"""The county's own certificate authority: boxes accept no other certificate from the broker."""

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# A box keeps the authority that it was enrolled with for all its life.
AUTHORITY_LIFE, SERVER_LIFE = timedelta(days=365 * 20), timedelta(days=365 * 5)
# The office's clock and that of who looks at the certificate may differ.
BACKDATED = timedelta(days=1)


def make_authority(folder: Path) -> None:
    """`authority.pem` and its key; what is there stays, for every box has it pinned."""
    if (folder / "authority.pem").exists():
        return
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("broadcaster county")
    builder = _certificate(name, name, key.public_key(), key.public_key(), AUTHORITY_LIFE)
    signs = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    builder = builder.add_extension(x509.BasicConstraints(True, 0), True).add_extension(signs, True)
    _write(folder / "authority.key", _private(key))
    _write(folder / "authority.pem", _pem(builder.sign(key, hashes.SHA256())))


def make_server(folder: Path, hosts: Sequence[str]) -> None:
    """`server.pem` and its key for these names and addresses, by the authority in the folder.

    Raises OSError and `ValueError` where that is not as it was made.
    """
    signer = serialization.load_pem_private_key((folder / "authority.key").read_bytes(), None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    authority = x509.load_pem_x509_certificate((folder / "authority.pem").read_bytes())
    _check_pair(authority, signer)
    key = ec.generate_private_key(ec.SECP256R1())
    keys = key.public_key(), signer.public_key()
    builder = _certificate(_name(hosts[0]), authority.subject, *keys, SERVER_LIFE)
    names = x509.SubjectAlternativeName([_alternative(host) for host in hosts])
    builder = builder.add_extension(names, False).add_extension(x509.BasicConstraints(False, None), True)
    _write(folder / "server.key", _private(key))
    _write(folder / "server.pem", _pem(builder.sign(signer, hashes.SHA256())))


def pin_of(chain: bytes) -> str:
    """SHA-256 in hex of a certificate, in PEM, that has signed itself; "" of one that an authority has
    signed. Raises `ValueError`.
    """
    first = x509.load_pem_x509_certificate(chain)
    signed_itself = first.issuer == first.subject
    return first.fingerprint(hashes.SHA256()).hex() if signed_itself else ""


def _check_pair(authority: x509.Certificate, signer: ec.EllipticCurvePrivateKey) -> None:
    try:
        authority.verify_directly_issued_by(authority)
    except InvalidSignature as error:
        raise ValueError("the authority has not signed itself") from error
    if authority.public_key() != signer.public_key():
        raise ValueError("the key is not the authority's")


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    by: ec.EllipticCurvePublicKey,
    life: timedelta,
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by), False)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_bytes(content)
