"""Posts one request to an office's page over TLS. The certificate is checked by public authorities or by
its digest.
"""

import hashlib
import http.client
import ssl
from contextlib import closing
from datetime import datetime
from urllib.parse import urlsplit

from broadcaster.core.errors import BroadcasterError, reason_of

TIMEOUT_SECONDS = 30.0
LONGEST_SENTENCE = 300
OTHER_NAME = "对方的证书不是给这个地址的，请核对地址；地址对的话，请对方换证书。"
# By the numbers of OpenSSL's x509_vfy.h: not yet valid, expired, of another name or address.
WHY_NOT_BELIEVED = {
    9: "对方的证书还没有生效：本机的时钟（{now}）可能慢了，请先对时，再试一次。",
    10: "对方的证书过期了，请对方换证书；本机的时钟（{now}）快了的话，请先对时。",
    62: OTHER_NAME,
    64: OTHER_NAME,
}
OF_ITS_OWN = (
    "对方的证书不是公认的机构签的。用自己做的证书的平台，给的那一行里有证书的指纹（pin=…），请整行复制；"
    "或者加上 --pin 和指纹，对方运行 broadcaster county show 能看到。"
)


class OfficeRefused(BroadcasterError):
    """An office that cannot be asked, is not the one that it should be, or says no and why."""


class _OtherCertificate(OfficeRefused):
    """Not the one whose digest was given."""


def post(office: str, path: str, body: bytes, pin: str, longest: int) -> bytes:
    """JSON to `office` + `path`; one byte more than `longest` of the answer at most.

    `pin` is the SHA-256 of the office's certificate, in the place of public authorities, or "". One
    that public authorities vouch for is as good: it was renewed, or another server stands before it.
    Raises `OfficeRefused`.
    """
    try:
        url = urlsplit(office.rstrip("/") + path)
        with _connected(url.scheme, url.hostname or "", url.port, pin) as connection:
            connection.request("POST", url.path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            content = answer.read(longest + 1)
    except ssl.SSLCertVerificationError as error:
        raise OfficeRefused(_why_not_believed(error)) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise OfficeRefused(f"连不上（{reason_of(error)}），请检查地址和网络，再试一次。") from error
    if answer.status != http.client.OK:
        raise OfficeRefused(_said(answer, content))
    return content


def _connected(
    scheme: str, host: str, port: int | None, pin: str
) -> closing[http.client.HTTPConnection]:
    if scheme == "http" and host in ("127.0.0.1", "localhost"):
        return _open(http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS))
    if scheme != "https":
        raise OfficeRefused("地址要以 https:// 开头：登记时会收到密码。")
    if not pin:
        return _open(_over_tls(host, port))
    try:
        return _open(_over_tls(host, port, by_pin=True), pin)
    except _OtherCertificate as other:
        try:
            return _open(_over_tls(host, port))
        except ssl.SSLCertVerificationError:
            raise other from None


def _open(connection: http.client.HTTPConnection, pin: str = "") -> closing[http.client.HTTPConnection]:
    try:
        connection.connect()
        if pin:
            _check_pin(connection, pin)
    except BaseException:
        connection.close()
        raise
    return closing(connection)


def _over_tls(host: str, port: int | None, by_pin: bool = False) -> http.client.HTTPSConnection:
    context = ssl.create_default_context()
    if by_pin:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS, context=context)


def _check_pin(connection: http.client.HTTPConnection, pin: str) -> None:
    sock = connection.sock
    certificate = sock.getpeercert(binary_form=True) if isinstance(sock, ssl.SSLSocket) else None
    digest = hashlib.sha256(certificate or b"").hexdigest()
    if digest != pin.replace(":", "").lower():
        raise _OtherCertificate(
            "对方的证书和写下来的指纹不一样：可能有人冒充，也可能证书重做过。没有登记，登记码还能用。"
            "请打电话核对（对方运行 broadcaster county show），不一样就要一行新的。"
        )


def _why_not_believed(error: ssl.SSLCertVerificationError) -> str:
    """The address and the network are right."""
    now = f"{datetime.now().astimezone():%Y-%m-%d %H:%M}"
    return WHY_NOT_BELIEVED.get(error.verify_code, OF_ITS_OWN).format(now=now)


def _said(answer: http.client.HTTPResponse, content: bytes) -> str:
    """The office's own sentence; what else answers at that address has none."""
    text = content[: 4 * LONGEST_SENTENCE].decode("utf-8", "replace").strip()
    plain = answer.headers.get_content_type() == "text/plain"
    if plain and text.isprintable() and 0 < len(text) <= LONGEST_SENTENCE:
        return text
    return f"这个地址上回答的不是县级平台（{answer.status}），请核对地址。"
