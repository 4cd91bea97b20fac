"""The page under waitress: a listening socket, threads that answer, one that reads and writes."""

import socket

from flask import Flask
from waitress import create_server, wasyncore

from broadcaster.errors import ConfigError
from broadcaster.loop import Loop
from broadcaster.web.live import MOST_STREAMS, Live

# Above the app's own limit, so that a body that is too long still gets the app's page.
LONGEST_BODY = 40 * 1024 * 1024
# Beside the streams, each of which keeps a thread.
ANSWERING = 8
# A connection that sends nothing for so long is closed: the guard against clients that never finish.
IDLE_SECONDS = 30
LOOK_SECONDS = 5.0


class Server:
    """Serves until `close`; `port` is the one it really has."""

    def __init__(self, app: Flask, listening: socket.socket) -> None:
        self.port: int = listening.getsockname()[1]
        self._sockets: dict[int, wasyncore.dispatcher] = {}
        self._server = create_server(
            app,
            map=self._sockets,
            sockets=[listening],
            threads=ANSWERING + MOST_STREAMS,
            ident=None,
            channel_timeout=IDLE_SECONDS,
            max_request_body_size=LONGEST_BODY,
        )
        self._live: Live = app.extensions["broadcaster"].live
        self._loop = Loop("web", self.step, self._server.pull_trigger)
        self._loop.start()

    @property
    def alive(self) -> bool:
        return self._loop.alive

    def step(self) -> None:
        """Read and write whatever is ready, waiting a while for something to be."""
        wasyncore.loop(timeout=LOOK_SECONDS, map=self._sockets, count=1)

    def close(self) -> None:
        self._loop.stop()
        self._live.leave()
        self._server.task_dispatcher.shutdown()
        wasyncore.close_all(self._sockets)


def serve(app: Flask, host: str, port: int) -> Server:
    """Listen there and answer in threads of our own; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        problem = (
            f"网页开不了：{host}:{port} 用不了（{error.strerror}），请换一个 web.host 或 web.port。"
        )
        raise ConfigError([problem]) from error
    return Server(app, listening)
