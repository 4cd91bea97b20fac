"""Runs the page under waitress: a listening socket, one thread that reads and writes, others that
answer.
"""

import socket
import time
from collections import Counter
from collections.abc import Callable

from waitress import create_server, wasyncore
from waitress.channel import HTTPChannel

from broadcaster.core.errors import ConfigError, reason_of
from broadcaster.system.thread_loop import ThreadLoop
from broadcaster.web.server.server_events import MOST_STREAMS
from broadcaster.web.server.tls import Wsgi

# Above the app's own limit, so that a body that is too long still gets the app's page.
LONGEST_BODY = 40 * 1024 * 1024
# Beside the streams, each of which keeps a thread.
ANSWERING = 8
# waitress keeps a body on the disk before the app is asked who sends it: what is longer than a form
# comes from so many connections at once, the later ones are closed. 120 MB at most, not 4 GB.
LONG_BODY, MOST_LONG_BODIES = 1024 * 1024 + 64 * 1024, 3
# A connection that sends nothing for so long is closed: the guard against clients that never finish.
IDLE_SECONDS = 30
LOOK_SECONDS, LONGEST_STEP_SECONDS = 5.0, 60.0
# A trickle is never idle. 30 MB over a village's line of 1 Mbit/s take 250 s.
HEAD_SECONDS, REQUEST_SECONDS = 20.0, 600.0
# Of waitress's 100; a browser opens 6. What comes over HTTPS comes from this machine.
MOST_FROM_ONE_ADDRESS = 25


class Server:
    """Serves until `close`; `port` is the one it really has. `leaving` ends answers without end."""

    def __init__(
        self, app: Wsgi, listening: socket.socket, head_seconds: float, leaving: Callable[[], None]
    ) -> None:
        self.port: int = listening.getsockname()[1]
        self._sockets: dict[int, wasyncore.dispatcher] = {}
        self._head_seconds = head_seconds
        self._began: dict[HTTPChannel, float] = {}
        self._server = create_server(
            app,
            map=self._sockets,
            sockets=[listening],
            threads=ANSWERING + MOST_STREAMS,
            ident=None,
            channel_timeout=IDLE_SECONDS,
            max_request_body_size=LONGEST_BODY,
        )
        self._leaving = leaving
        self.loop = ThreadLoop("web", self.step, self._server.pull_trigger, LONGEST_STEP_SECONDS)
        self.loop.start()

    @property
    def alive(self) -> bool:
        return self.loop.alive

    def step(self) -> None:
        """Read and write whatever is ready, waiting a while for something to be."""
        wasyncore.loop(timeout=min(LOOK_SECONDS, self._head_seconds), map=self._sockets, count=1)
        self._bound_clients(time.monotonic())

    def _bound_clients(self, now: float) -> None:
        """Close what takes too long over one request, and what is too many from one address."""
        channels = [one for one in self._sockets.values() if isinstance(one, HTTPChannel)]
        for gone in self._began.keys() - set(channels):
            _let_go(gone)
        self._began = {one: self._began.get(one, now) for one in channels if one.request}
        for channel, began in self._began.items():
            head_done = channel.request and channel.request.headers_finished
            if now - began > (REQUEST_SECONDS if head_done else self._head_seconds):
                channel.handle_close()
        long = sorted(
            (one for one in channels if _is_long(one)), key=lambda one: self._began.get(one, now)
        )
        for channel in long[MOST_LONG_BODIES:]:
            channel.handle_close()
        from_there = Counter[str]()
        for channel in channels:
            address = channel.addr[0]
            from_there[address] += 1
            if from_there[address] > MOST_FROM_ONE_ADDRESS and not _is_ours(channel):
                channel.handle_close()

    def close(self) -> None:
        self.loop.stop()
        self._leaving()
        self._server.task_dispatcher.shutdown()
        wasyncore.close_all(self._sockets)
        for channel in self._began:
            _let_go(channel)


def serve(
    app: Wsgi,
    host: str,
    port: int,
    head_seconds: float = HEAD_SECONDS,
    leaving: Callable[[], None] = lambda: None,
) -> Server:
    """Listen there and answer in threads of our own; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        problem = (
            f"网页开不了：{host}:{port} 用不了（{reason_of(error)}），请换一个 web.host 或 web.port。"
        )
        raise ConfigError([problem]) from error
    return Server(app, listening, head_seconds, leaving)


def _let_go(channel: HTTPChannel) -> None:
    """Of what has come of a request that will not be whole: waitress leaves its file to chance."""
    if channel.request:
        channel.request.close()


def _is_long(channel: HTTPChannel) -> bool:
    """True if the client sends a long body, by its announced or its received length."""
    request = channel.request
    if not request or not request.headers_finished:
        return False
    come = len(request.body_rcv) if request.body_rcv is not None else 0
    return bool(max(request.content_length, come) > LONG_BODY)


def _is_ours(channel: HTTPChannel) -> bool:
    """True if the connection comes from this machine."""
    try:
        return bool(channel.addr[0] == channel.socket.getsockname()[0])
    except OSError:
        return False
