"""The page is served over HTTPS by the box's own certificate, and no client keeps others waiting."""

import gc
import http.client
import socket
import ssl
import stat
import struct
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from flask import Flask, request
from rig.fakes import FakeStation

from broadcaster.core.errors import ConfigError
from broadcaster.settings.schema import WebSettings
from broadcaster.web.base.access import OPEN, RULES
from broadcaster.web.server.certificate import own_certificate
from broadcaster.web.server.server import Server, serve
from broadcaster.web.server.tls import Origins, TlsFront, serve_https

WEB = WebSettings(host="127.0.0.1", port=0, https_port=0)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("own")


@pytest.fixture
def origins(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Origins:
    @app.get("/from")
    def told() -> str:
        return f"{request.scheme} {request.remote_addr} {request.host}"

    monkeypatch.setitem(RULES, "told", OPEN)
    return Origins(app)


@pytest.fixture
def server(origins: Origins) -> Iterator[Server]:
    with closing(serve(origins, "127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def front(server: Server, origins: Origins, own: Path) -> Iterator[TlsFront]:
    with closing(serve_https(WEB, own, server.port, origins)) as front:
        yield front


@pytest.fixture
def trusting(own: Path) -> ssl.SSLContext:
    """Trusts the box's own certificate, and checks its names."""
    return ssl.create_default_context(cafile=str(own_certificate(own, ("localhost",)).certificate))


def test_the_page_is_served_over_https_with_the_boxs_own_certificate(
    front: TlsFront, trusting: ssl.SSLContext
) -> None:
    for name in ("localhost", "127.0.0.1"):
        page = urllib.request.urlopen(f"https://{name}:{front.port}/", timeout=10, context=trusting)
        with page:
            assert page.url.endswith("/login") and "登录" in page.read().decode()


def test_the_app_knows_where_it_really_comes_from(
    front: TlsFront, server: Server, trusting: ssl.SSLContext
) -> None:
    address = f"127.0.0.1:{front.port}"
    with closing(
        http.client.HTTPSConnection("localhost", front.port, timeout=10, context=trusting)
    ) as connection:
        for _ in range(2):
            connection.request("GET", "/from", headers={"Host": address})
            assert connection.getresponse().read().decode() == f"https 127.0.0.1 {address}"
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/from", timeout=10) as plain:
        assert plain.read().decode().startswith("http 127.0.0.1")


def test_what_the_front_hands_on_has_the_address_of_the_phone(app: Flask) -> None:
    seen: list[tuple[str, str]] = []

    def application(environ: dict[str, str], start_response: object) -> list[bytes]:
        seen.append((environ["REMOTE_ADDR"], environ["wsgi.url_scheme"]))
        return []

    origins = Origins(application)
    ours = {"REMOTE_ADDR": "127.0.0.1", "REMOTE_PORT": "5000", "wsgi.url_scheme": "http"}
    origins.add(("127.0.0.1", 5000), "192.0.2.7")
    origins({**ours}, None)
    origins({**ours, "REMOTE_ADDR": "192.0.2.9"}, None)
    origins.remove(("127.0.0.1", 5000))
    origins({**ours}, None)
    assert seen == [("192.0.2.7", "https"), ("192.0.2.9", "http"), ("127.0.0.1", "http")]


def test_a_large_page_and_a_large_form_come_through_whole(
    front: TlsFront, trusting: ssl.SSLContext
) -> None:
    with closing(
        http.client.HTTPSConnection("localhost", front.port, timeout=20, context=trusting)
    ) as connection:
        connection.request("POST", "/login", b"text=" + b"x" * 2_000_000)
        answer = connection.getresponse()
        place = answer.getheader("Location")
        assert answer.status == 303 and place
        answer.read()
        connection.close()
        connection.request("GET", place)
        shown = connection.getresponse()
        assert shown.status == 413 and "太大了" in shown.read().decode()


def test_who_never_finishes_the_handshake_keeps_nobody_waiting(
    front: TlsFront, trusting: ssl.SSLContext
) -> None:
    mute = [socket.create_connection(("127.0.0.1", front.port)) for _ in range(80)]
    page = urllib.request.urlopen(f"https://localhost:{front.port}/", timeout=10, context=trusting)
    assert page.status == 200
    page.close()
    for connection in mute:
        connection.close()


def test_one_address_has_so_many_connections_and_no_more(
    front: TlsFront, trusting: ssl.SSLContext
) -> None:
    kept = []
    for _ in range(20):
        connection = socket.create_connection(("127.0.0.1", front.port))
        kept.append(trusting.wrap_socket(connection, server_hostname="localhost"))
    one_more = socket.create_connection(("127.0.0.1", front.port), timeout=10)
    with trusting.wrap_socket(one_more, server_hostname="localhost") as refused:
        assert refused.recv(1) == b""
    for connection in kept:
        connection.close()


HEAD = b"POST /large HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n"
BREAKS = {
    "before the first byte": None,
    "with what is no TLS": None,
    "in the handshake": None,
    "after the handshake": b"",
    "in the head": HEAD,
    "in the body": HEAD + b"\r\n" + b"x" * 100,
    "in the answer": b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n",
}


def _come_as_far_as(stage: str, port: int, context: ssl.SSLContext) -> socket.socket:
    plain = socket.create_connection(("127.0.0.1", port), timeout=10)
    if stage == "with what is no TLS":
        plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
    if stage == "in the handshake":
        hello = ssl.MemoryBIO()
        with suppress(ssl.SSLWantReadError):
            context.wrap_bio(ssl.MemoryBIO(), hello, server_hostname="localhost").do_handshake()
        plain.sendall(hello.read()[:200])
    if (sent := BREAKS[stage]) is None:
        return plain
    secure = context.wrap_socket(plain, server_hostname="localhost")
    secure.sendall(sent)
    if stage == "in the answer":
        assert secure.recv(4096).startswith(b"HTTP/1.1 200")
    return secure


@pytest.fixture
def large(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    @app.get("/large")
    def large() -> bytes:
        return b"x" * 8_000_000

    monkeypatch.setitem(RULES, "large", OPEN)


@pytest.fixture
def held(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    let_go = threading.Event()

    @app.get("/held")
    def held() -> str:
        let_go.wait(20)
        return ""

    monkeypatch.setitem(RULES, "held", OPEN)
    yield let_go
    let_go.set()


def _quiet(caplog: pytest.LogCaptureFixture) -> bool:
    gc.collect()
    return not [one for one in caplog.records if one.name == "asyncio"]


# waitress leaves the file of an answer to chance when the phone goes while the page writes it.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.parametrize("abruptly", [False, True], ids=["closed", "reset"])
def test_a_connection_that_breaks_off_leaves_no_line_in_the_log(
    large: None,
    front: TlsFront,
    trusting: ssl.SSLContext,
    caplog: pytest.LogCaptureFixture,
    abruptly: bool,
) -> None:
    for stage in BREAKS:
        with _come_as_far_as(stage, front.port, trusting) as connection:
            if abruptly:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    url = f"https://localhost:{front.port}/from"
    with urllib.request.urlopen(url, timeout=10, context=trusting) as page:
        assert page.status == 200
    assert _quiet(caplog)


def test_a_relay_outlives_the_collector_while_the_page_still_answers(
    held: threading.Event,
    front: TlsFront,
    trusting: ssl.SSLContext,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for _ in range(2):
        plain = socket.create_connection(("127.0.0.1", front.port), timeout=10)
        with trusting.wrap_socket(plain, server_hostname="localhost") as connection:
            connection.sendall(b"GET /held HTTP/1.1\r\nHost: localhost\r\n\r\n")
    # The front has seen that they left when the next one is answered.
    url = f"https://localhost:{front.port}/from"
    with urllib.request.urlopen(url, timeout=10, context=trusting) as page:
        assert page.status == 200
    assert _quiet(caplog)
    held.set()
    with urllib.request.urlopen(url, timeout=10, context=trusting) as page:
        assert page.status == 200
    assert _quiet(caplog)


# What is still in its handshake has no relay; its socket ends with the process.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_the_end_of_the_program_ends_every_relay_without_a_line(
    large: None, front: TlsFront, trusting: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    open_ones = [_come_as_far_as(stage, front.port, trusting) for stage in BREAKS for _ in range(2)]
    front.close()
    assert not front.alive
    for connection in open_ones:
        connection.close()
    assert _quiet(caplog)


def test_the_certificate_is_made_once_private_and_again_when_it_is_damaged(tmp_path: Path) -> None:
    pair = own_certificate(tmp_path, ("broadcaster.local", "192.0.2.7"))
    certificate, key = pair.certificate, pair.key
    assert pair.note == "", "the first one is no fault"
    made = certificate.read_bytes()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert own_certificate(tmp_path, ("broadcaster.local",)).certificate.read_bytes() == made
    certificate.write_bytes(b"half")
    assert "已经重做" in own_certificate(tmp_path, ("broadcaster.local",)).note
    assert certificate.read_bytes() != made
    assert {file.name for file in tmp_path.iterdir()} == {"certificate.pem", "certificate.key"}


def test_a_given_certificate_that_is_none_is_told(tmp_path: Path, server: Server, app: Flask) -> None:
    file = tmp_path / "given.pem"
    file.write_text("no certificate")
    web = WEB.model_copy(update={"certificate": file, "key": file})
    with pytest.raises(ConfigError, match=r"web\.certificate"):
        serve_https(web, tmp_path, server.port, Origins(app))


def test_a_given_certificate_is_the_one_that_is_served(
    tmp_path: Path, server: Server, origins: Origins
) -> None:
    pair = own_certificate(tmp_path, ("village.example",))
    certificate, key = pair.certificate, pair.key
    web = WEB.model_copy(update={"certificate": certificate, "key": key})
    context = ssl.create_default_context(cafile=str(certificate))
    with (
        closing(serve_https(web, tmp_path / "unused", server.port, origins)) as front,
        socket.create_connection(("127.0.0.1", front.port)) as plain,
        context.wrap_socket(plain, server_hostname="village.example") as served,
    ):
        assert served.getpeercert()


def test_a_port_that_is_taken_is_told(front: TlsFront, own: Path, origins: Origins) -> None:
    with pytest.raises(ConfigError, match=r"web\.https_port"):
        serve_https(WEB.model_copy(update={"https_port": front.port}), own, 1, origins)


def test_after_close_nothing_listens_and_no_thread_is_left(
    server: Server, origins: Origins, own: Path
) -> None:
    front = serve_https(WEB, own, server.port, origins)
    assert front.alive
    front.close()
    assert not front.alive
    assert "https" not in {thread.name for thread in threading.enumerate()}
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", front.port))


def test_a_session_over_https_is_for_https_only(
    front: TlsFront, trusting: ssl.SSLContext, station: FakeStation
) -> None:
    with closing(
        http.client.HTTPSConnection("localhost", front.port, timeout=10, context=trusting)
    ) as connection:
        connection.request("GET", "/login")
        cookie = connection.getresponse().getheader("Set-Cookie")
    assert cookie and cookie.startswith("__Host-broadcaster=") and "Secure" in cookie
