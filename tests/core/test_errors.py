"""What the system, the network and TLS say of a failure is told in Chinese."""

import errno
import re
import socket
import ssl
from contextlib import closing
from http.client import BadStatusLine
from urllib.error import URLError

import pytest

from broadcaster.core.errors import reason_of

NETWORK = (
    *(errno.ECONNREFUSED, errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE, errno.ETIMEDOUT),
    *(errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN),
)
FAILURES = [
    *(OSError(number, "in English") for number in NETWORK),
    socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
    ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed certificate"),
    ssl.SSLError(1, "wrong version number"),
    TimeoutError("timed out"),
    BadStatusLine("SSH-2.0"),
    URLError(ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")),
]


@pytest.mark.parametrize("failure", FAILURES, ids=repr)
def test_a_failure_of_the_network_is_told_in_chinese(failure: Exception) -> None:
    assert re.fullmatch(r"[\u4e00-\u9fff，]+", reason_of(failure))


def test_a_port_where_nobody_listens_is_told_in_chinese() -> None:
    with closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))
        with pytest.raises(OSError) as caught:
            socket.create_connection(held.getsockname())
    assert reason_of(caught.value) == "那台机器上的服务没有开"
