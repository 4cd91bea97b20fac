"""One question to an office's page, over TLS: by public authorities, or by its certificate's digest."""

from __future__ import annotations

import hashlib
import http.client
import ssl
from urllib.parse import urlsplit

from broadcaster.errors import BroadcasterError, reason_of

TIMEOUT_SECONDS = 30.0


class OfficeRefused(BroadcasterError):
    """An office that cannot be asked, or is not the one that it should be."""


def post(office: str, path: str, body: bytes, pin: str, longest: int) -> tuple[int, bytes]:
    """JSON to `office` + `path`; the status, and one byte more than `longest` of the answer at most.

    `pin` is the SHA-256 of the office's certificate, in the place of public authorities, or "".
    Raises `OfficeRefused`.
    """
    try:
        return _post(office.rstrip("/") + path, body, pin, longest)
    except (OSError, http.client.HTTPException, ValueError) as error:
        own = (
            "，自己做的证书要写 --pin 和它的指纹" if isinstance(error, ssl.SSLError) and not pin else ""
        )
        raise OfficeRefused(
            f"连不上（{reason_of(error)}{own}），请检查地址和网络，再试一次。"
        ) from error


def _post(url: str, body: bytes, pin: str, longest: int) -> tuple[int, bytes]:
    address = urlsplit(url)
    connection = _connection(address.scheme, address.hostname or "", address.port, pin)
    try:
        connection.connect()
        if pin:
            _check_pin(connection, pin)
        connection.request("POST", address.path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read(longest + 1)
    finally:
        connection.close()


def _connection(scheme: str, host: str, port: int | None, pin: str) -> http.client.HTTPConnection:
    if scheme == "http" and host in ("127.0.0.1", "localhost"):
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    if scheme != "https":
        raise OfficeRefused("地址要以 https:// 开头：登记时会收到密码。")
    context = ssl.create_default_context()
    if pin:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS, context=context)


def _check_pin(connection: http.client.HTTPConnection, pin: str) -> None:
    sock = connection.sock
    certificate = sock.getpeercert(binary_form=True) if isinstance(sock, ssl.SSLSocket) else None
    digest = hashlib.sha256(certificate or b"").hexdigest()
    if digest != pin.replace(":", "").lower():
        raise OfficeRefused("对方的证书和写下来的不一样，可能有人冒充，没有登记。请打电话核对。")
