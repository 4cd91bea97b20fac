"""The box's own TLS certificate: made once, stored in the state folder, renewed when it has expired.

Phones warn of it once, because no authority vouches for it; then the page may use the microphone. The
command `openssl` makes it, because main would carry 10 MB of the library `cryptography` for years.
"""

import os
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

from broadcaster.core.errors import ConfigError, reason_of

MADE_ANEW = "HTTPS 的证书过期了、坏了或者不见了，已经重做：手机打开网页会再提醒一次不安全，继续就行。"
CERTIFICATE = "certificate.pem"
YEARS = 10
MAKE_SECONDS = 60
CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True)
class CertificatePair:
    """Its files, and in Chinese that they are not those of before, or ""."""

    certificate: Path
    key: Path
    note: str = ""


def own_certificate(folder: Path, names: tuple[str, ...]) -> CertificatePair:
    """Raises `ConfigError` where it cannot be made."""
    certificate, key = folder / CERTIFICATE, folder / "certificate.key"
    if certificate.exists() and key.exists() and _is_good(certificate, key):
        return CertificatePair(certificate, key)
    is_first = not (certificate.exists() or key.exists())
    _make(certificate, key, names)
    return CertificatePair(certificate, key, "" if is_first else MADE_ANEW)


def _is_good(certificate: Path, key: Path) -> bool:
    """Also not when a clock that nobody had set made it, or one of the two is damaged."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except OSError:
        return False
    return _openssl("x509", "-checkend", "86400", "-noout", "-in", str(certificate)).returncode == 0


def _make(certificate: Path, key: Path, names: tuple[str, ...]) -> None:
    beside = [path.with_suffix(path.suffix + ".new") for path in (certificate, key)]
    for path in beside:
        path.unlink(missing_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    called = ("-subj", f"/CN={names[0]}", "-addext", f"subjectAltName={','.join(_as_san(names))}")
    files = ("-out", str(beside[0]), "-keyout", str(beside[1]))
    made = _openssl("req", "-x509", *CURVE, "-days", str(YEARS * 365), *called, *files)
    if made.returncode:
        raise ConfigError([f"HTTPS 的证书没有做成：{made.stderr.strip().splitlines()[-1:]}"])
    try:
        for new, path in zip(beside, (certificate, key), strict=True):
            new.replace(path)
    except OSError as error:
        raise ConfigError([f"HTTPS 的证书存不下：{error.filename2}（{reason_of(error)}）。"]) from error


def _as_san(names: tuple[str, ...]) -> list[str]:
    numeric = [name.replace(".", "").isdigit() or ":" in name for name in names]
    return [f"{'IP' if ip else 'DNS'}:{name}" for name, ip in zip(names, numeric, strict=True)]


def _openssl(*arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ("openssl", *arguments), capture_output=True, text=True, check=False, timeout=MAKE_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigError([f"HTTPS 要用 openssl，请安装：apt-get install openssl（{error}）"]) from error
