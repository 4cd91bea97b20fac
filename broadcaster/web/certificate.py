"""The box's own certificate: made once, kept in the state folder, made anew when it has run out.

Phones warn of it once, for nobody vouches for it; then the page may use the microphone. The command
`openssl` makes it, for main would carry 10 MB of the library `cryptography` for years.
"""

import logging
import os
import ssl
import subprocess
from pathlib import Path

from broadcaster.errors import ConfigError, reason_of

logger = logging.getLogger(__name__)

YEARS = 10
MAKE_SECONDS = 60
CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def own_certificate(folder: Path, names: tuple[str, ...]) -> tuple[Path, Path]:
    """The files of certificate and key. Raises `ConfigError` where they cannot be made."""
    certificate, key = folder / "certificate.pem", folder / "certificate.key"
    if not (certificate.exists() and key.exists() and _is_good(certificate, key)):
        logger.warning(
            "the certificate is missing, over or damaged, and made anew: phones will warn once"
        )
        _make(certificate, key, names)
    return certificate, key


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
