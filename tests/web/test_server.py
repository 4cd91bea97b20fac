import http.client
import socket
import threading
import urllib.request
from collections.abc import Iterator

import pytest
from flask import Flask

from broadcaster.errors import ConfigError
from broadcaster.web.server import Server, serve


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
    assert answer.status == 413
    assert "太大了" in answer.read().decode()
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
