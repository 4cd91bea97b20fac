"""Serves villages' own pages on the office's site: `/village/<box>/…` is the page of that box's
station.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from flask import Flask

from broadcaster.core.errors import BroadcasterError, RemoteRefused
from broadcaster.county.keys.village_keys import VillageKeys
from broadcaster.county.register.one_time_code import RegisterRefused
from broadcaster.county.register.register import Register
from broadcaster.county.villages.remote_client import CLOSED, RemoteClient
from broadcaster.county.villages.remote_station import RemoteStation
from broadcaster.web.app import create_app
from broadcaster.web.server.security_headers import HTTPS_PORT
from broadcaster.web.server.server_events import Live
from broadcaster.web.server.tls import Wsgi, is_loopback

PREFIX = "/village/"
# Recordings, which boxes check against the bulletin that names them.
SIGNED = "/sound/"
# One app has 1 MB, with its templates.
MOST_APPS = 20
# How soon a village that was given other settings is shown by them.
LOOK_AGAIN_SECONDS = 300.0
# Each stream holds one of the site's 32 threads; a page that gets none asks every 5 s.
MOST_STREAMS = 8
# In the environment of a request: why a village's page is not to be had.
PROBLEM = "broadcaster.problem"
NEEDS_TLS = "请用 https 打开这个页面：密码不能不加密地传。"


@dataclass
class _Page:
    """The app of one village; `looked_at` is monotonic."""

    app: Flask
    station: RemoteStation
    looked_at: float


class VillageSites:
    """A WSGI application: the office's, and below `/village/` those of its villages. Any thread.

    `https_port` is where is sent who came without TLS and not from this machine; None where there is no
    such port. Only what is signed may be fetched so.
    """

    def __init__(
        self, office: Wsgi, line: RemoteClient, register: Register, keys: VillageKeys, folder: Path
    ) -> None:
        self.https_port: int | None = None
        self._office = office
        self._line = line
        self._register = register
        self._keys = keys
        self._folder = folder
        self._pages: OrderedDict[str, _Page] = OrderedDict()
        self._lock = threading.Lock()
        self._opening: dict[str, threading.Lock] = {}
        self._places = threading.Semaphore(MOST_STREAMS)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        secure = environ["wsgi.url_scheme"] == "https" or is_loopback(environ.get("REMOTE_ADDR", ""))
        if not secure and self.https_port and not path.startswith(SIGNED):
            return _lead_to_tls(environ, start_response, self.https_port)
        box, slash, rest = path.removeprefix(PREFIX).partition("/")
        if not path.startswith(PREFIX) or not slash:
            return self._office(environ, start_response)
        try:
            app: Wsgi = self._app_of(box) if secure else _refuse(NEEDS_TLS)
        except BroadcasterError as error:
            return self._office(environ | {PROBLEM: str(error)}, start_response)
        root = environ.get("SCRIPT_NAME", "") + PREFIX + box
        # For somebody else, as a proxy says it: this machine is not the village's.
        handed_on = {"HTTP_X_FORWARDED_FOR": environ.get("REMOTE_ADDR", "")}
        asked = {"SCRIPT_NAME": root, "PATH_INFO": f"/{rest}", **handed_on}
        return app(environ | asked, start_response)

    def leave(self) -> None:
        """End every stream, for the site ends."""
        for page in tuple(self._pages.values()):
            page.app.extensions["broadcaster"].live.leave()

    def _app_of(self, box: str) -> Flask:
        """Raises `BroadcasterError`."""
        self._check_hosted(box)
        with self._lock:
            opening = self._opening.setdefault(box, threading.Lock())
        with opening:
            page, now = self._pages.get(box), time.monotonic()
            if page and now - page.looked_at < LOOK_AGAIN_SECONDS:
                return page.app
            made = self._open(box, page)
        with self._lock:
            self._pages[box] = made
            self._pages.move_to_end(box)
            while len(self._pages) > MOST_APPS:
                self._pages.popitem(last=False)[1].app.extensions["broadcaster"].live.leave()
        return made.app

    def _check_hosted(self, box: str) -> None:
        """Nobody learns here which boxes there are."""
        with suppress(RegisterRefused):
            if self._keys.delegation(self._register.area_of(box)):
                return
        raise RemoteRefused(CLOSED)

    def _open(self, box: str, before: _Page | None) -> _Page:
        folder = self._folder / box
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        station = RemoteStation(partial(self._line.ask, box), folder)
        if before and before.station.settings == station.settings:
            return replace(before, looked_at=time.monotonic())
        for leftover in folder.glob("*.sound"):
            leftover.unlink(missing_ok=True)
        app = create_app(cast(Any, station), station.settings)
        parts = app.extensions["broadcaster"]
        app.extensions["broadcaster"] = replace(parts, live=Live(self._places))
        return _Page(app, station, time.monotonic())


def _refuse(sentence: str) -> Wsgi:
    raise RemoteRefused(sentence)


def _lead_to_tls(environ: dict[str, Any], start_response: Any, port: int) -> Iterable[bytes]:
    host = environ.get("HTTP_HOST", "").rpartition(":")[0] or environ.get("HTTP_HOST", "")
    asked = environ.get("QUERY_STRING", "")
    place = host if port == HTTPS_PORT else f"{host}:{port}"
    address = f"https://{place}{quote(environ['PATH_INFO'])}" + (f"?{asked}" if asked else "")
    start_response("307 Temporary Redirect", [("Location", address), ("Content-Length", "0")])
    return []
