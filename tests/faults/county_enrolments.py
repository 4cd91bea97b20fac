"""Boxes that enrol side by side, some twice, some by a code that another has used, while others are
retired: each comes in once or is told why not, and the broker's files say what the register says.
"""

import base64
import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from random import Random
from threading import Barrier, Event, Lock
from typing import Any
from zoneinfo import ZoneInfo

from faults.county_world import SETTLED_SECONDS, CountyWorld
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode
from rig.living_office import COUNTY
from rig.rig import wait_until

from broadcaster.bulletin.enrolment import Enrolment, EnrolmentRefused
from broadcaster.bulletin.invitation import Invitation
from broadcaster.bulletin.keys import new_key, public
from broadcaster.core.clock import Clock
from broadcaster.county.broker.broker_accounts import read_users
from broadcaster.county.broker.mosquitto import OFFICE
from broadcaster.county.register.one_time_code import new_code
from broadcaster.county.register.register import Box, BoxState, Register
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.link.enrol_client import ask_to_enrol
from broadcaster.link.mqtt_client import _context

SIDE_BY_SIDE = 8
# Villages of one town.
TOWN = 50
# Of those who came in; and of those of whom it is tried whether the broker lets them in.
RETIRED, TRIED = 0.25, 40
KILL_EACH = 500
# An office that is started again beside other worlds took more than 30 s.
TRIES, PAUSE_SECONDS = 180, 1.0
USED, ELSEWHERE, UNKNOWN = "已经有另一台机器用过了", "已经登记为", "没有这个登记码"
WAYS = ("once",) * 12 + ("again",) * 3 + ("two machines",) * 3 + ("another's key", "a slip")


@dataclass
class Applicant:
    """A village that is given a code; `way` is what its people do with it."""

    box: str
    invitation: Invitation
    way: str
    key: str = field(default_factory=lambda: fresh_key())
    let_in: list[tuple[str, Enrolment]] = field(default_factory=list)
    """By which key, and what it was given; the latest last."""
    retired: bool = False


def fresh_key() -> str:
    return str(public(new_key()).keyval["public"])


def enrolments(world: CountyWorld, rounds: int) -> None:
    applicants = _invite(world, rounds)
    crowd = Crowd(world, applicants)
    crowd.run()
    with closing(OfficeDatabase(f"sqlite:///{world.database}")) as database:
        boxes = Register(database, Clock(ZoneInfo("UTC")), COUNTY).boxes()
    _judge_register(world, applicants, {box.id: box for box in boxes})
    _judge_rights(world, applicants, boxes)
    _judge_the_door(world, applicants)
    _judge_retired_village(world)


def _invite(world: CountyWorld, rounds: int) -> list[Applicant]:
    """In the register at once, as a list that is typed in by a program of the office."""
    pattern = world.invite(f"{COUNTY}199200", "样子村")
    with closing(OfficeDatabase(f"sqlite:///{world.database}")) as database:
        register = Register(database, Clock(ZoneInfo("UTC")), COUNTY)
        found = []
        for number in range(rounds):
            code = f"{COUNTY}{110 + number // TOWN}{200 + number % TOWN}"
            box, one_time = register.add(code, f"村{number}")
            given = Invitation(pattern.office, one_time, pattern.root, pattern.pin)
            found.append(Applicant(box.id, given, world.random.choice(WAYS)))
    return found


class Crowd:
    """Some threads of people; `retire` is done beside them by the keeper, and the office is killed."""

    def __init__(self, world: CountyWorld, applicants: Sequence[Applicant]) -> None:
        self._world = world
        self._applicants = applicants
        self._lock = Lock()
        self._in: list[Applicant] = []
        self._done = 0
        self._over = Event()
        self._random = Random(str(world.random.random()))

    def run(self) -> None:
        with ThreadPoolExecutor(SIDE_BY_SIDE + 2) as people:
            beside = [people.submit(self._retire), people.submit(self._kill)]
            come = [people.submit(self._come, one) for one in self._applicants]
            try:
                for one in come:
                    one.result()
            finally:
                self._over.set()
            for one in beside:
                one.result()

    def _come(self, one: Applicant) -> None:
        WAY[one.way](self, one)
        with self._lock:
            self._world.books.counts["rounds"] += 1
            self._done += 1
            self._in.append(one)

    def once(self, one: Applicant, key: str = "", expected: str = "") -> bool:
        """Whether it is let in; asked again where no answer came."""
        key = key or one.key
        for _ in range(TRIES):
            try:
                one.let_in.append((key, ask_to_enrol(one.invitation, key)))
                return True
            except EnrolmentRefused as refused:
                if any(reason in str(refused) for reason in (USED, ELSEWHERE, UNKNOWN)):
                    self._refused(one, str(refused), expected)
                    return False
                # By the office, which then is away, or by nobody.
                if self._world.office.runs and "县里：平台" in str(refused):
                    self._world.books.note("broke", f"{one.box}: {refused}")
                self._count("no answer")
                Event().wait(PAUSE_SECONDS)
        raise TimeoutError(one.box)

    def _refused(self, one: Applicant, told: str, expected: str) -> None:
        if expected and expected in told:
            self._count("true reason")
        else:
            self._world.books.note("untold", f"{one.box} ({one.way}): {told}")

    def _count(self, what: str) -> None:
        with self._lock:
            self._world.books.counts[what] += 1

    def again(self, one: Applicant) -> None:
        """The answer to the first time was lost on its way, or nobody knows that it was done."""
        self.once(one)
        self.once(one)

    def two_machines(self, one: Applicant) -> None:
        """At the same time: the code is for one."""
        start = Barrier(2)

        def come(key: str) -> bool:
            start.wait()
            return self.once(one, key, USED)

        with ThreadPoolExecutor(2) as both:
            list(both.map(come, (one.key, fresh_key())))

    def anothers_key(self, one: Applicant) -> None:
        """Its card is a copy of a neighbour's; then it has a key of its own."""
        with self._lock:
            neighbours = [each for each in self._in if each.let_in and each.way == "once"]
            neighbour = self._random.choice(neighbours) if neighbours else None
        # One that is retired meanwhile has left its key free.
        if neighbour and not neighbour.retired and self.once(one, neighbour.let_in[-1][0], ELSEWHERE):
            if not neighbour.retired:
                self._world.books.note("doubled", f"{one.box} by the key of {neighbour.box}")
        self.once(one, expected=USED)

    def a_slip(self, one: Applicant) -> None:
        given = one.invitation
        # Each his own: a code that is tried again and again is kept out for a while.
        slip = Invitation(given.office, new_code(), given.root, given.pin)
        wrong = Applicant(one.box, slip, one.way)
        self.once(wrong, expected=UNKNOWN)
        self.once(one)

    def _retire(self) -> None:
        """A part of those who came in, one after the other, on the register's page."""
        wanted = int(len(self._applicants) * RETIRED)
        retired = 0
        while retired < wanted:
            with self._lock:
                left = [one for one in self._in if not one.retired]
                one = self._random.choice(left) if left else None
                if one:
                    one.retired = True
            if one is None:
                Event().wait(0.05)
                continue
            self._retire_one(one)
            retired += 1

    def _retire_one(self, one: Applicant) -> None:
        path = f"/register/{one.box}"
        for _ in range(TRIES):
            try:
                form = self._world.keeper.see(path).form(f"{path}/retire")
                # None where it was done, and the answer did not come.
                if form is not None:
                    page = self._world.keeper.send(f"{path}/retire", form)
                    if page.status != 200:
                        self._world.books.note("broke", f"{one.box} is not retired: {page.told}")
                        return
                self._count("retired")
                return
            except OSError:
                self._count("no answer")
                Event().wait(PAUSE_SECONDS)
        raise TimeoutError(one.box)

    def _kill(self) -> None:
        """The office, in the middle of all that; somebody starts it again."""
        for number in range(1, len(self._applicants) // KILL_EACH + 1):
            due = number * KILL_EACH - KILL_EACH // 2
            while self._done < due and not self._over.wait(0.05):
                pass
            self._world.office.cut_power()
            self._world.office.start()


WAY: dict[str, Callable[[Crowd, Applicant], object]] = {
    "once": Crowd.once,
    "again": Crowd.again,
    "two machines": Crowd.two_machines,
    "another's key": Crowd.anothers_key,
    "a slip": Crowd.a_slip,
}


def _judge_register(world: CountyWorld, applicants: Sequence[Applicant], boxes: dict[str, Box]) -> None:
    for one in applicants:
        box, keys = boxes[one.box], {key for key, _ in one.let_in}
        about = f"{one.box} ({one.way}{', retired' if one.retired else ''}) is {box.state} {box.key[:8]}"
        world.books.counts["sent"] += 1
        if len(keys) != 1:
            world.books.note("doubled" if keys else "lost", f"{about}: let in by {len(keys)} keys")
        elif box.state is not (BoxState.RETIRED if one.retired else BoxState.ENROLLED):
            world.books.note("wrong", about)
        elif box.key != one.let_in[-1][0]:
            world.books.note("wrong", f"{about}, and was let in by {one.let_in[-1][0][:8]}")
        else:
            world.books.counts["heard"] += 1


def _judge_rights(world: CountyWorld, applicants: Sequence[Applicant], boxes: Sequence[Box]) -> None:
    """The broker's accounts are those of the register, with the password that was given last."""
    users, wrong = read_users(world.office_folder / "broker")
    in_use = {box.id for box in boxes if box.state is BoxState.ENROLLED}
    if wrong:
        world.books.note("rights", wrong)
    for name in (users.keys() - {OFFICE}) ^ in_use:
        world.books.note("rights", f"{name} is in the {'broker' if name in users else 'register'} alone")
    for one in applicants:
        if (
            one.box in users
            and one.let_in
            and not fits(users[one.box].hashed, one.let_in[-1][1].password)
        ):
            world.books.note("rights", f"{one.box} ({one.way}) was given another password")


def fits(hashed: str, password: str) -> bool:
    """As Mosquitto asks it."""
    _, _, rounds, salt, known = hashed.split("$")
    given = base64.b64decode(salt), int(rounds)
    made = hashlib.pbkdf2_hmac("sha512", password.encode(), *given, len(base64.b64decode(known)))
    return made == base64.b64decode(known)


def _judge_the_door(world: CountyWorld, applicants: Sequence[Applicant]) -> None:
    """Some of both kinds call the broker."""
    known = [one for one in applicants if one.let_in]
    for retired in (True, False):
        tried = [one for one in known if one.retired is retired]
        for one in world.random.sample(tried, min(TRIED, len(tried))):
            if _is_let_in(one.let_in[-1][1]) is retired:
                world.books.note("rights", f"{one.box} is {'let in' if retired else 'kept out'}")


def _is_let_in(given: Enrolment) -> bool:
    answered: Future[bool] = Future()
    client = Client(CallbackAPIVersion.VERSION2, given.box, protocol=MQTTv5)
    client.username_pw_set(given.box, given.password)
    client.tls_set_context(_context(given.authority))

    def connected(c: Any, u: Any, f: Any, reason: ReasonCode, p: Any) -> None:
        if not answered.done():
            answered.set_result(not reason.is_failure)

    client.on_connect = connected
    client.connect(given.host, given.port, 30)
    client.loop_start()
    try:
        return answered.result(SETTLED_SECONDS)
    finally:
        client.loop_stop()
        client.disconnect()


def _judge_retired_village(world: CountyWorld) -> None:
    """One that is there hears nothing more, and is in no figure; the others do."""
    code, village = world.villages.popitem()
    path = f"/register/{village.box.membership.box}"
    world.keeper.fill(path, f"{path}/retire")
    wait_until(lambda: not village.box.link.status()["connected_since"], SETTLED_SECONDS)
    fields = world.keeper.write(f"今天下午停水，{code}停用以后。", (COUNTY,))
    page = world.keeper.send("/compose/send", fields)
    wait_until(
        lambda: all(one.times("停用以后") for one in world.villages.values()), SETTLED_SECONDS, 0.1
    )
    board = world.rows("SELECT box FROM reach WHERE bulletin = ?", page.bulletin)
    if village.times("停用以后") or (village.box.membership.box,) in board:
        world.books.note("rights", f"{code} is retired, and heard it or is counted")
    village.close()
