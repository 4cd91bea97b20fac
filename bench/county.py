"""A county on one machine: Mosquitto over TLS, the office as `broadcaster county run`, and its boxes.

scripts/bench county [--boxes 300] [--bulletins 1000] [--rounds 5] [--waiting 20]
    [--only pages|push|storm]
The boxes are the real link over an air of no sound, 100 turned by one process; their disks are in
memory, for in the field each has its own. The peer is bare paho on the same broker: as many, the same
topics and as many bytes. By day only: at night a second person would have to agree.
"""

from __future__ import annotations

import argparse
import base64
import http.cookiejar
import multiprocessing
import os
import re
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update

from bench.board import COUNTY, fill
from bench.county_boxes import BareSubscribers, Boxes, serve
from broadcaster.bulletin import mqtt_topics
from broadcaster.bulletin.bulletin import new_bulletin_id
from broadcaster.bulletin.enrolment import Enrolment
from broadcaster.core.clock import Clock
from broadcaster.core.notice import Severity
from broadcaster.county.broker.mosquitto import OFFICE, Broker
from broadcaster.county.broker.mqtt_client import MqttClient
from broadcaster.county.keys.key_folder import KeyFolder
from broadcaster.county.register.register import BoxState
from broadcaster.county.store.delivery_state import DeliveryState
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.county.store.officers import OfficeRole, Officers
from broadcaster.county.store.tables import box, bulletin, reach, receipt

PROCESS = 100
PARTS = ("pages", "push", "storm")
SENTENCE, NAME, PASSWORD = "三个和尚没水喝 2026", "小王", "shuiku-2026"
TEXT = "请大家注意，今天下午两点到六点停水，请各家各户提前备好生活用水。" * 18
TICKS = os.sysconf("SC_CLK_TCK")
CLOCK = Clock(ZoneInfo("Asia/Shanghai"))
TOKEN = re.compile('name="csrf_token"[^>]*value="([^"]+)"')


class Fleet:
    """Children that all do the same, each for some boxes."""

    def __init__(self, make: Callable[[list[Enrolment]], Any], enrolments: list[Enrolment]) -> None:
        context = multiprocessing.get_context("fork")
        self._children = []
        for at in range(0, len(enrolments), PROCESS):
            ours, theirs = context.Pipe()
            program = partial(make, enrolments[at : at + PROCESS])
            process = context.Process(target=serve, args=(program, theirs), daemon=True)
            process.start()
            self._children.append((ours, process))

    def ask(self, *words: Any) -> list[Any]:
        """At the same time, of all."""
        for pipe, _ in self._children:
            pipe.send(words)
        return [pipe.recv() for pipe, _ in self._children]

    def times(self, what: str) -> list[float]:
        return [one for some in self.ask("took", what) for one in some]

    def close(self) -> None:
        for _, process in self._children:
            process.kill()
            process.join()


class Clerk:
    """A browser without JavaScript."""

    def __init__(self, address: str) -> None:
        self._address = address
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(cookies)
        self.send("/login", "/login", {"name": NAME, "password": PASSWORD})

    def see(self, path: str) -> str:
        with self._opener.open(self._address + path) as answer:
            page: str = answer.read().decode()
            return page

    def send(self, path: str, seen_on: str, fields: dict[str, str]) -> None:
        found = TOKEN.search(self.see(seen_on))
        assert found
        form = urllib.parse.urlencode(fields | {"csrf_token": found[1]}).encode()
        self._opener.open(self._address + path, form).close()

    def publish(self) -> str:
        id = new_bulletin_id()
        given = {"text": TEXT, "areas": COUNTY, "severity": "4", "hours": "6", "id": id}
        self.send("/compose/send", "/compose", given)
        return id


class County:
    """Everything but the boxes, in one folder."""

    def __init__(self, folder: Path, boxes: int) -> None:
        self.folder = folder
        self._port = free_port()
        self.database = OfficeDatabase(f"sqlite:///{folder / 'office.db'}")
        self._roots = [folder / f"root-{number}.key" for number in (1, 2, 3)]
        self.office = KeyFolder.create(
            folder, COUNTY, "青田县", self._roots, lambda _: SENTENCE, CLOCK.now()
        )
        self.broker = Broker(folder / "broker")
        self.broker.make(["127.0.0.1"], self._port, "127.0.0.1")
        self.password = secrets.token_urlsafe(24)
        self.broker.add_office(self.password)
        (self.broker.folder / "office_password").write_text(self.password)
        self.enrolments = [self._enrolment(number) for number in range(boxes)]
        self._let_in()

    def _enrolment(self, number: int) -> Enrolment:
        village = f"{COUNTY}{100 + number // 50}{200 + number % 50}"
        return Enrolment(
            box=f"{village}-1",
            name=f"村{number}",
            area=village,
            host="127.0.0.1",
            port=self._port,
            password=secrets.token_urlsafe(24),
            authority=self.broker.authority,
            root=self.office.pin,
            keyring=self._keyring,
        )

    @property
    def _keyring(self) -> str:
        return base64.b64encode(self.office.keyring.to_bytes()).decode()

    def _let_in(self) -> None:
        self.broker.add_boxes([(one.box, one.area, one.password) for one in self.enrolments])

    def register(self, keys: dict[str, str]) -> None:
        with self.database.transaction() as connection:
            for id, key in keys.items():
                row = update(box).where(box.c.id == id)
                connection.execute(row.values(key=key, state=BoxState.ENROLLED))
        Officers(self.database, CLOCK).add(NAME, OfficeRole.CLERK, Severity.ORANGE, PASSWORD)

    @contextmanager
    def brokering(self) -> Iterator[int]:
        process = self.broker.start()
        try:
            until(lambda: answers(self._port), 30)
            yield process.pid
        finally:
            process.kill()
            process.wait()

    @contextmanager
    def working(self) -> Iterator[tuple[int, str]]:
        """The office's process and its page."""
        port = free_port()
        settings = f"broker: {{port: {self._port}}}\nweb: {{port: {port}, https_port: null}}\n"
        (self.folder / "office.yaml").write_text(settings, encoding="utf-8")
        (self.folder / "config").mkdir()
        (self.folder / "config" / "broadcaster.yaml").write_text("{}\n", encoding="utf-8")
        (self.folder / "sentence").write_text(SENTENCE, encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "broadcaster.commands.cli",
            "--config",
            str(self.folder / "config"),
        ]
        command += ["county", "run", "--office", str(self.folder)]
        command += ["--passphrase-file", str(self.folder / "sentence")]
        with (self.folder / "office.log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            until(lambda: answers(port), 30)
            yield process.pid, f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()

    def count(self, ids: Sequence[str], *stages: DeliveryState) -> int:
        ours = reach.c.bulletin.in_(ids) & reach.c.stage.in_(stages)
        return int(self.database.read(select(func.count()).where(ours))[0][0])

    def moment(self, column: Any, id: str, *more: Any) -> float:
        table = column.table
        which = table.c.id if table is bulletin else table.c.bulletin
        found = self.database.read(select(func.max(column)).where(which == id, *more))[0][0]
        return float(found.timestamp())

    def bare_publisher(self) -> MqttClient:
        authority = self.broker.folder / "authority.pem"
        return MqttClient("127.0.0.1", self._port, OFFICE, self.password, authority)


def measure_peer(county: County, rounds: int) -> list[float]:
    """From the publish to the last of the bare subscribers."""
    with closing(Fleet(BareSubscribers, county.enrolments)) as fleet:
        count = len(county.enrolments)
        until(lambda: sum(fleet.ask("up")) == count)
        wire = county.bare_publisher()
        wire.start()
        with closing(wire):
            until(lambda: wire.connected)
            found = [_bare_round(fleet, wire, count) for _ in range(rounds)]
        fleet.ask("off")
        return found


def _bare_round(fleet: Fleet, wire: MqttClient, count: int) -> float:
    topic = mqtt_topics.bulletin(COUNTY, new_bulletin_id())
    began = time.time()
    wire.publish([(topic, secrets.token_bytes(3_000))], retain=False)
    until(lambda: len(fleet.times(topic)) == count)
    return max(fleet.times(topic)) - began


def measure_push(county: County, fleet: Fleet, clerk: Clerk) -> dict[str, float]:
    """One bulletin, from the clerk's tap."""
    began, boxes = time.time(), len(county.enrolments)
    id = clerk.publish()
    until(lambda: county.count([id], DeliveryState.ACCEPTED, DeliveryState.ON_THE_AIR) == boxes)
    on_the_board = time.time()
    taken = county.moment(receipt.c.taken_at, id, receipt.c.state == "accepted")
    found = {
        "signed": county.moment(bulletin.c.issued, id) - began,
        "half of the boxes have it": statistics.median(fleet.times(id)) - began,
        "the last box has it": max(fleet.times(id)) - began,
        "the last 'accepted' at the office": taken - began,
        "on the board": on_the_board - began,
    }
    fleet.ask("play")
    until(lambda: county.count([id], DeliveryState.HEARD) == boxes)
    until(lambda: not sum(fleet.ask("waiting")), pause=1)
    fleet.ask("rest")
    return found


def measure_storm(county: County, fleet: Fleet, clerk: Clerk, waiting: int) -> dict[str, float]:
    """All boxes back at once, with so many bulletins waiting for each."""
    fleet.ask("off")
    ids = [clerk.publish() for _ in range(waiting)]
    boxes = len(county.enrolments)
    until(lambda: county.count(ids, DeliveryState.SENT) == boxes * waiting)
    began = time.time()
    fleet.ask("on")
    taken = DeliveryState.ACCEPTED, DeliveryState.ON_THE_AIR, DeliveryState.HEARD
    until(lambda: county.count(ids, *taken) == boxes * waiting, 600, pause=0.5)
    found = {"all accepted": time.time() - began}
    fleet.ask("play")
    until(lambda: county.count(ids, DeliveryState.HEARD) == boxes * waiting, 600, pause=0.5)
    until(lambda: not sum(fleet.ask("waiting")), 600, pause=0.5)
    return found | {"all heard, told and settled": time.time() - began}


def measure_pages(county: County, clerk: Clerk, rounds: int = 60) -> None:
    ids = [row.id for row in county.database.read(select(bulletin.c.id).limit(200))]
    paths = {
        "the list": lambda: "/",
        "one bulletin": lambda: f"/bulletin/{secrets.choice(ids)}",
        "one town": lambda: f"/bulletin/{secrets.choice(ids)}/town/{COUNTY}100",
    }

    def see(path: Callable[[], str]) -> None:
        clerk.see(path())

    for name, path in paths.items():
        times = sorted(timed(partial(see, path)) * 1000 for _ in range(rounds))
        row(f"{name}, ms", times[len(times) // 2], times[int(len(times) * 0.95)], times[-1])


def timed(what: Callable[[], object]) -> float:
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


def until(what: Callable[[], object], seconds: float = 300, pause: float = 0.05) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            raise TimeoutError("it did not come to that")
        time.sleep(pause)


def quiet(pid: int) -> None:
    """Until a process does nearly nothing: the boxes have asked what they ask after connecting."""
    while True:
        before = worked(pid)
        time.sleep(5)
        if worked(pid) - before < 0.25:
            return


def worked(pid: int) -> float:
    """Seconds of processor."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def megabytes(pid: int, which: str = "VmRSS") -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"{which}:\s+(\d+)", status)[1]) // 1024  # type: ignore[index]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def row(name: str, *figures: float) -> None:
    print(f"| {name} | " + " | ".join(f"{figure:.3g}" for figure in figures) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--boxes", type=int, default=300)
    parser.add_argument("--bulletins", type=int, default=1000, help="how many the office has had before")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--waiting", type=int, default=20)
    parser.add_argument("--only", choices=PARTS, action="append", help="of pages, push and storm")
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        disks = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/dev/shm")))
        county = County(folder, given.boxes)
        stack.callback(county.database.close)
        county.database.migrate()
        fill(county.database, [one.area for one in county.enrolments], given.bulletins)
        county.database.close()
        measure(county, disks, given, stack)


def measure(county: County, disks: Path, given: argparse.Namespace, stack: ExitStack) -> None:
    broker = stack.enter_context(county.brokering())
    print(f"{given.boxes} boxes, load {os.getloadavg()[0]:.1f}\n| s | median | most |\n|---|---|---|")
    peer = measure_peer(county, given.rounds)
    row("bare paho, the last has it", statistics.median(peer), max(peer))
    fleet = stack.enter_context(closing(Fleet(partial(Boxes, disks), county.enrolments)))
    county.register({id: key for keys in fleet.ask("keys") for id, key in keys.items()})
    county.database.close()
    office, address = stack.enter_context(county.working())
    began = time.time()
    fleet.ask("on")
    until(lambda: sum(fleet.ask("up")) == given.boxes)
    row("all boxes connect for the first time", time.time() - began)
    quiet(office)
    clerk, parts = Clerk(address), given.only or PARTS
    pids = {"office": office, "broker": broker}
    if "pages" in parts:
        print("| page | median | p95 | most |\n|---|---|---|---|")
        measure_pages(county, clerk)
        told_memory(pids)
        print("| s | median | most |\n|---|---|---|")
    if "push" in parts or "storm" in parts:
        # In it each of the boxes builds its SQL, which a real one does on a processor of its own.
        first = measure_push(county, fleet, clerk)["the last 'accepted' at the office"]
        row("the first push, the last 'accepted' at the office", first)
    if "push" in parts:
        measure_pushes(county, fleet, clerk, given.rounds, pids)
    if "storm" in parts:
        before = {name: worked(pid) for name, pid in pids.items()}, sum(fleet.ask("worked"))
        for name, seconds in measure_storm(county, fleet, clerk, given.waiting).items():
            row(f"{given.waiting} waiting for each, {name}", seconds)
        told_work(before, pids, fleet, given.waiting * given.boxes)
    told_memory(pids)
    print(f"load {os.getloadavg()[0]:.1f}")


def measure_pushes(
    county: County, fleet: Fleet, clerk: Clerk, rounds: int, pids: dict[str, int]
) -> None:
    before = {name: worked(pid) for name, pid in pids.items()}, sum(fleet.ask("worked"))
    found = [measure_push(county, fleet, clerk) for _ in range(rounds)]
    for name in found[0]:
        times = [one[name] for one in found]
        row(name, statistics.median(times), max(times))
    told_work(before, pids, fleet, rounds * len(county.enrolments))


def told_memory(pids: dict[str, int]) -> None:
    for name, pid in pids.items():
        print(f"{name}: {megabytes(pid)} MB, {megabytes(pid, 'VmHWM')} at most")


def told_work(before: Any, pids: dict[str, int], fleet: Fleet, deliveries: int) -> None:
    """Milliseconds of processor for one bulletin in one box, all its receipts with it."""
    each = {name: (worked(pid) - before[0][name]) for name, pid in pids.items()}
    each["boxes"] = sum(fleet.ask("worked")) - before[1]
    for name, seconds in each.items():
        row(f"ms of processor a delivery, {name}", seconds * 1000 / deliveries)


if __name__ == "__main__":
    main()
