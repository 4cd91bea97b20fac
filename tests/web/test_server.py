"""The server answers, refuses and closes in time, whatever a client does to it."""

import http.client
import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress

import pytest
from flask import Flask

from broadcaster.core.errors import ConfigError
from broadcaster.web.server.server import MOST_LONG_BODIES, Server, serve


@pytest.fixture
def server(app: Flask) -> Iterator[Server]:
    server = serve(app, "127.0.0.1", 0)
    yield server
    server.close()


def test_a_browser_gets_the_login_page_and_its_look(server: Server) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/", timeout=10) as page:
        assert page.url.endswith("/login")
        assert "登录" in page.read().decode()
        assert "Server" not in page.headers
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/static/page.css", timeout=10) as style:
        assert style.headers["Content-Type"].startswith("text/css")


def test_a_body_that_is_too_long_gets_our_page_over_the_wire(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("POST", "/login", b"text=" + b"x" * 2_000_000)
    answer = connection.getresponse()
    place = answer.getheader("Location")
    assert answer.status == 303 and place
    connection.close()
    connection.request("GET", place)
    shown = connection.getresponse()
    assert shown.status == 413 and "太大了" in shown.read().decode()
    connection.close()


def test_a_client_that_never_finishes_does_not_keep_others_waiting(server: Server) -> None:
    slow = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(8)]
    for connection in slow:
        connection.sendall(b"POST /login HTTP/1.1\r\nContent-Length: 500\r\n\r\nname=")
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/login", timeout=10) as page:
        assert page.status == 200
    for connection in slow:
        connection.close()


def test_after_close_nothing_listens_and_no_thread_is_left(app: Flask) -> None:
    server = serve(app, "127.0.0.1", 0)
    assert server.alive
    server.close()
    assert not server.alive
    names = {thread.name for thread in threading.enumerate()}
    assert not {name for name in names if name == "web" or name.startswith("waitress")}
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port))


def test_a_port_that_is_taken_is_told_in_a_sentence(server: Server, app: Flask) -> None:
    with pytest.raises(ConfigError, match="网页开不了"):
        serve(app, "127.0.0.1", server.port)


def test_a_head_that_trickles_in_is_given_up(app: Flask) -> None:
    server = serve(app, "127.0.0.1", 0, head_seconds=0.2)
    with closing(server), socket.create_connection(("127.0.0.1", server.port), timeout=30) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nX: ")
        received = None
        while received is None:
            try:
                slow.sendall(b"x")
                slow.settimeout(0.05)
                received = slow.recv(1)
            except TimeoutError:
                continue
            except OSError:
                received = b""
        assert received == b""


def test_a_body_of_a_hundred_megabytes_is_refused_before_it_is_sent(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(b"POST /login HTTP/1.1\r\nContent-Length: 104857600\r\n\r\n")
        assert b" 413 " in client.recv(4096)


@pytest.mark.parametrize("odd", [b"\x16\x03\x01\x02\x00", b"GET / HTTP/9\r\n\r\n", b"\r\n\r\nx\r\n\r\n"])
def test_what_is_no_request_ends_only_its_own_connection(server: Server, odd: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(odd)
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/login", timeout=10) as page:
        assert page.status == 200


LONG = 20 * 1024 * 1024


@pytest.mark.parametrize("chunked", [False, True])
def test_of_many_long_bodies_at_once_only_a_few_are_kept_for_the_app(
    server: Server, chunked: bool
) -> None:
    """Nobody has logged in here: without this, each would put its 40 MB on the disk first."""
    said = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {LONG}"
    head = f"POST /login HTTP/1.1\r\nHost: x\r\n{said}\r\n\r\n".encode()
    piece = b"%x\r\n" % (1 << 21) + b"x" * (1 << 21) + b"\r\n" if chunked else b"x" * 100_000
    with ExitStack() as stack:
        opened = [
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=30))
            for _ in range(8)
        ]
        for connection in opened:
            connection.sendall(head)
            with suppress(OSError):
                connection.sendall(piece)
        for connection in opened[MOST_LONG_BODIES:]:
            assert is_closed(connection)
        for connection in opened[:MOST_LONG_BODIES]:
            connection.sendall(piece)
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/login", timeout=10) as page:
            assert page.status == 200


def is_closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True
