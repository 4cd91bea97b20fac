"""Asking the office, once, to be enrolled: by a one-time code, over TLS."""

from __future__ import annotations

import hashlib
import http.client
import ssl
from urllib.parse import urlsplit

from broadcaster.bulletin import strict_json
from broadcaster.bulletin.enrolment import LARGEST, Enrolment, EnrolmentRefused

TIMEOUT_SECONDS = 30.0


def ask_to_enrol(office: str, code: str, root: str, public_key: str, pin: str = "") -> Enrolment:
    """POST the code and the box's key to `office`/enrol. `root` is the digest of the county's first
    root; `pin` the SHA-256 of the office's certificate, in the place of public authorities, or "".

    Raises `EnrolmentRefused`.
    """
    body = strict_json.write({"code": code, "key": public_key})
    try:
        status, answer = _post(office, body, pin)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise EnrolmentRefused(f"连不上县里（{error}），请检查地址和网络，再试一次。") from error
    if status != 200:
        raise EnrolmentRefused("县里没有接受这个代码，可能用过了或者过期了，请让县里重新给一个。")
    enrolment = Enrolment.from_bytes(answer)
    if enrolment.root != root.lower():
        raise EnrolmentRefused("县里的根和写下来的不一样，可能有人冒充，没有登记。请和县里核对。")
    return enrolment


def _post(office: str, body: bytes, pin: str) -> tuple[int, bytes]:
    address = urlsplit(office.rstrip("/") + "/enrol")
    connection = _connection(address.scheme, address.hostname or "", address.port, pin)
    try:
        connection.connect()
        if pin:
            _check_pin(connection, pin)
        connection.request("POST", address.path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read(LARGEST + 1)
    finally:
        connection.close()


def _connection(scheme: str, host: str, port: int | None, pin: str) -> http.client.HTTPConnection:
    if scheme == "http" and host in ("127.0.0.1", "localhost"):
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    if scheme != "https":
        raise EnrolmentRefused("县里的地址要以 https:// 开头：登记时会收到密码。")
    context = ssl.create_default_context()
    if pin:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS, context=context)


def _check_pin(connection: http.client.HTTPConnection, pin: str) -> None:
    sock = connection.sock
    certificate = sock.getpeercert(binary_form=True) if isinstance(sock, ssl.SSLSocket) else None
    digest = hashlib.sha256(certificate or b"").hexdigest()
    if digest != pin.replace(":", "").lower():
        raise EnrolmentRefused("县里的证书和写下来的不一样，可能有人冒充，没有登记。请和县里核对。")
