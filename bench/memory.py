"""What a box's processes hold of memory, files and threads, before and after a hard day.

scripts/bench memory [--logins 1000] [--pages 500] [--phones 20] [--airings 144] [--recoveries 3]
The box runs as `broadcaster run` on a card that does not exist (tests/rig). After each part of the day
one row: megabytes resident (and its share of what processes share), open files, threads.
"""

import argparse
import http.client
import http.cookiejar
import itertools
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.error import HTTPError

import psutil

from bench.box import CACHED, Box, running_box
from bench.page import LONG, Phone, hidden_fields

PAGES = ("/", "/say", "/timetable", "/record", "/record/usb", "/words", "/more/people", "/more/deeds")
AIRING = re.compile(r"airing=([0-9a-f-]+)")
SETTLING_SECONDS = 3.0
VOICE, SOUND = "broadcaster.studio.voice_child", "broadcaster.playout.device.sound_child"


class Stranger:
    """Somebody who guesses, from an address of his own: too many from one are kept out."""

    def __init__(self, box: Box, number: int) -> None:
        self._address = urllib.parse.urlsplit(box.address)
        self._from = f"127.0.{1 + number // 250}.{1 + number % 250}"
        self._name = f"nobody-{number}"

    def log_in(self) -> None:
        cookie, page = self._ask("GET", {})
        fields = hidden_fields(page) | {"name": self._name, "password": "not-the-right-one"}
        self._ask("POST", {"Cookie": cookie}, urllib.parse.urlencode(fields))

    def _ask(self, method: str, headers: dict[str, str], body: str = "") -> tuple[str, str]:
        host, port = self._address.hostname or "", self._address.port
        line = http.client.HTTPConnection(host, port, source_address=(self._from, 0))
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        line.request(method, "/login", body, headers | form)
        answer = line.getresponse()
        page = answer.read().decode()
        line.close()
        return (answer.getheader("Set-Cookie") or "").split(";")[0], page


def log_in(box: Box) -> None:
    """From a phone that the box has not seen."""
    cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    opener = urllib.request.build_opener(cookies)
    address = urllib.parse.urljoin(box.address, "/login")
    fields = hidden_fields(opener.open(address).read().decode())
    fields |= {"name": "王秀英", "password": "shuiku-2026"}
    assert opener.open(address, urllib.parse.urlencode(fields).encode()).url == box.address


def together(phones: int, tasks: Iterable[Callable[[], object]]) -> None:
    with ThreadPoolExecutor(phones) as pool:
        for done in [pool.submit(task) for task in tasks]:
            done.result()


def look_at(phone: Phone, path: str) -> None:
    with suppress(HTTPError):
        phone.read(path)


def export(phone: Phone) -> None:
    """Ten minutes of what was said last as MP3, until they are there."""
    record = phone.read("/record")
    airing = AIRING.findall(record)[0]
    fields = hidden_fields(record) | phone.hidden("/say") | {"airing": airing, "minutes": "10"}
    with phone.open("/record/copy", urllib.parse.urlencode(fields).encode()) as answer:
        address = answer.url
    while "<audio" not in phone.read(address):
        time.sleep(0.5)


class Day:
    """A row after each part of it."""

    def __init__(self, box: Box) -> None:
        self._main = psutil.Process(box.process.pid)
        print("| after | main MB (PSS) | files | threads | voice child MB | sound child MB |")
        print("|---|---|---|---|---|---|")
        self.row("the start")

    def child(self, module: str) -> psutil.Process | None:
        return next((one for one in self._main.children() if module in one.cmdline()), None)

    def row(self, after: str) -> None:
        time.sleep(SETTLING_SECONDS)
        memory = self._main.memory_full_info()
        children = (self.child(module) for module in (VOICE, SOUND))
        held = [f"{one.memory_info().rss / 1e6:.0f}" if one else "–" for one in children]
        own = f"{memory.rss / 1e6:.1f} ({memory.pss / 1e6:.1f})"
        counts = (self._main.num_fds(), self._main.num_threads())
        print("|", " | ".join(map(str, (after, own, *counts, *held))), "|", flush=True)

    def kill(self, module: str) -> None:
        child = self.child(module)
        if child:
            child.kill()
            child.wait()


def live_it(box: Box, arguments: argparse.Namespace) -> None:
    phone, day = Phone(box), Day(box)
    strangers = (Stranger(box, number).log_in for number in range(arguments.logins // 2))
    right = (lambda: log_in(box) for _ in range(arguments.logins // 2))
    together(arguments.phones, itertools.chain.from_iterable(zip(strangers, right, strict=True)))
    day.row(f"{arguments.logins} logins, half of them wrong")
    streams = [phone.open("/live/stream") for _ in range(arguments.phones)]
    looks = (lambda path=path: look_at(phone, path) for path in itertools.cycle(PAGES))
    together(arguments.phones, itertools.islice(looks, arguments.pages))
    day.row(f"{arguments.pages} pages, {arguments.phones} phones look on")
    for _ in range(arguments.airings):
        box.say(CACHED, False)
    day.row(f"{arguments.airings} airings")
    export(phone)
    day.row("an MP3")
    for _ in range(arguments.recoveries):
        for module in (VOICE, SOUND):
            day.kill(module)
            time.sleep(SETTLING_SECONDS)
        box.say(f"{LONG}{time.monotonic_ns()}", False)
    day.row(f"each child killed {arguments.recoveries} times, something new said")
    for stream in streams:
        stream.close()
    while day.child(VOICE):
        time.sleep(1.0)
    day.row("rest")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--logins", type=int, default=1_000)
    parser.add_argument("--pages", type=int, default=500)
    parser.add_argument("--phones", type=int, default=20)
    parser.add_argument("--airings", type=int, default=144)
    parser.add_argument("--recoveries", type=int, default=3)
    with running_box(idle_seconds=20) as box:
        live_it(box, parser.parse_args())


if __name__ == "__main__":
    main()
