"""The phone page: how soon it answers while phones look on, and from a tap to the loudspeaker.

scripts/bench page [--phones 20] [--requests 100] [--rounds 10]
The box runs as `broadcaster run` on a card that does not exist (tests/rig), which knows when each sample
sounded. Each phone keeps the stream open that the home page's script opens; the requests come from one
more, over a connection each. The peer is the same page as it stands, from bare Flask under waitress.
"""

import argparse
import gzip
import html
import http.client
import http.cookiejar
import multiprocessing
import re
import socket
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import flask
import numpy as np
import waitress

from bench.box import CACHED, Box, row, running_box
from bench.sound_programme import Programme, long_file, minute_of_sound

LONG = "请大家注意用电安全，不要私拉电线，出门前关好电器。" * 3
PAUSE_SECONDS, BEFORE_STOP_SECONDS, SILENT_SECONDS = 0.05, 1.5, 1.0
CACHED_SECONDS = 3.0
PROGRAMME_MINUTES = 20.0
HIDDEN = re.compile('<input type="hidden" name="([^"]+)" value="([^"]*)"')


class Phone:
    """A browser without JavaScript: it keeps its cookies, reads gzip and sends what a form has in it."""

    def __init__(self, box: Box) -> None:
        self._page = box.address
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(cookies)
        self._opener.addheaders.append(("Accept-Encoding", "gzip"))
        account = {"name": "王秀英", "password": "shuiku-2026", "again": "shuiku-2026"}
        self.send("/start", self.hidden("/start") | account | {"code": box.code})

    def open(self, path: str, form: bytes | None = None) -> http.client.HTTPResponse:
        answer: http.client.HTTPResponse = self._opener.open(
            urllib.parse.urljoin(self._page, path), form
        )
        return answer

    def send(self, path: str, fields: dict[str, str]) -> str:
        return self.read(path, urllib.parse.urlencode(fields).encode())

    def home(self) -> str:
        return self.read("/")

    def hidden(self, path: str) -> dict[str, str]:
        return hidden_fields(self.read(path))

    def read(self, path: str, form: bytes | None = None) -> str:
        with self.open(path, form) as answer:
            content = answer.read()
            packed = answer.headers.get("Content-Encoding") == "gzip"
            return (gzip.decompress(content) if packed else content).decode()

    def rehearse(self, text: str, repeats: int = 1) -> dict[str, str]:
        """What the button 确认播出 will send."""
        wish = {"severity": "0", "when": "now", "chime": "none", "frame": "none"}
        fields = self.hidden("/say") | wish | {"text": text, "repeats": str(repeats)}
        return hidden_fields(self.send("/say", fields))


def hidden_fields(page: str) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in HIDDEN.findall(page)}


def look_on(phone: Phone, phones: int) -> None:
    for _ in range(phones):
        Thread(target=_follow, args=(phone.open("/live/stream?of=home"),), daemon=True).start()


def _follow(stream: http.client.HTTPResponse) -> None:
    for _ in stream:
        pass


@contextmanager
def peer(page: str) -> Iterator[Callable[[], object]]:
    """A way to ask bare Flask for the same page."""
    listening = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listening.getsockname()[1]}/"
    process = multiprocessing.Process(target=_serve, args=(listening, page), daemon=True)
    process.start()
    yield lambda: urllib.request.urlopen(address).read()
    process.kill()


def _serve(listening: socket.socket, page: str) -> None:
    app = flask.Flask(__name__)
    app.add_url_rule("/", view_func=lambda: page)
    waitress.serve(app, sockets=[listening], threads=8)


def milliseconds(ask: Callable[[], object], requests: int) -> list[float]:
    taken = []
    for _ in range(requests):
        asked_at = time.monotonic()
        ask()
        taken.append((time.monotonic() - asked_at) * 1000)
        time.sleep(PAUSE_SECONDS)
    return taken


def measure_home(box: Box, phone: Phone, phones: int, requests: int) -> None:
    print("| home page, ms | median | least | p95 | most |\n|---|---|---|---|---|")
    row("nobody looks on, the air is silent", milliseconds(phone.home, requests))
    look_on(phone, phones)
    phone.send("/say/air", phone.rehearse(LONG, repeats=20))
    while "正在播出" not in phone.home():
        time.sleep(0.1)
    with peer(phone.home()) as ask_peer:
        row(f"{phones} phones look on, the air plays", milliseconds(phone.home, requests))
        row("the same page from bare Flask, meanwhile", milliseconds(ask_peer, requests))
    assert "正在播出" in phone.home()
    phone.send("/stop", phone.hidden("/bar"))
    time.sleep(SILENT_SECONDS)
    measure_programme(box, phone, phones, requests)
    print(f"The sound card ran dry {box.ran_dry} times meanwhile.")


def measure_programme(box: Box, phone: Phone, phones: int, requests: int) -> None:
    """While a long file is heard for the first time, so that it is also being made."""
    long = long_file(box.folder, minute_of_sound(box.folder), PROGRAMME_MINUTES)
    with Programme(box, long).playing():
        while "正在播出" not in phone.home():
            time.sleep(0.1)
        row(f"{phones} phones look on, a sound programme plays", milliseconds(phone.home, requests))


def tap_to_sample(box: Box, phone: Phone) -> float:
    fields = phone.rehearse(CACHED)

    def tap() -> None:
        phone.send("/say/air", fields)
        time.sleep(CACHED_SECONDS)

    return box.time(tap)


def stop_to_silence(box: Box, phone: Phone) -> float:
    """Milliseconds from 停播 to the last sample that is not silence."""
    phone.send("/say/air", phone.rehearse(LONG))
    time.sleep(BEFORE_STOP_SECONDS)
    fields, before = phone.hidden("/bar"), len(box.rig.captured())
    asked_at = time.monotonic()
    phone.send("/stop", fields)
    time.sleep(SILENT_SECONDS)
    last = np.flatnonzero(np.frombuffer(box.rig.captured()[before:], np.int16))[-1]
    return (box.rig.village.heard_at(before // 2 + int(last)) - asked_at) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--phones", type=int, default=20)
    parser.add_argument("--requests", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=10)
    arguments = parser.parse_args()
    with running_box(idle_seconds=600) as box:
        phone = Phone(box)
        for text in (CACHED, LONG):
            box.say(text, False)
        measure_home(box, phone, arguments.phones, arguments.requests)
        print("\n| as many look on, ms | median | least | p95 | most |\n|---|---|---|---|---|")
        rounds = range(arguments.rounds)
        row("tap on 确认播出 → first sample", [tap_to_sample(box, phone) for _ in rounds])
        row("tap on 停播 → last sample", [stop_to_silence(box, phone) for _ in rounds])
        print(f"The sound card ran dry {box.ran_dry} times in all.")


if __name__ == "__main__":
    main()
