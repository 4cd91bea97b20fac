"""The digest of the certificate of an office's site, for clients without an authority to check it."""

from contextlib import suppress
from pathlib import Path

from broadcaster.county.broker.certificate_authority import pin_of
from broadcaster.settings.schema import WebSettings
from broadcaster.web.server.certificate import CERTIFICATE


def site_pin(web: WebSettings, folder: Path) -> str:
    """As `pin_of`; "" where the site has no certificate yet."""
    with suppress(OSError, ValueError):
        certificate = web.certificate or folder / CERTIFICATE
        return pin_of(certificate.read_bytes()) if web.https_port is not None else ""
    return ""
