"""Configures Mosquitto for a county by figures that were measured, with an account and an ACL for each
box.
"""

import base64
import getpass
import hashlib
import os
import re
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from broadcaster.bulletin import areas, mqtt_topics
from broadcaster.core.errors import BroadcasterError, reason_of
from broadcaster.county.broker.broker_accounts import ACL, NAME, PASSWORDS, User, change_users
from broadcaster.county.broker.certificate_authority import make_authority, make_server
from broadcaster.system.atomic_file import write_private

OFFICE, RELAY = "office", "relay"
CONFIGURATION, PID = "mosquitto.conf", "mosquitto.pid"
# It saves its store before: a gigabyte at worst.
END_SECONDS = 60.0
USABLE = re.compile(r"[!-~]{8,200}\s*")
# In the folder `kept`.
KEPT, DAMAGED = "mosquitto.db", "mosquitto-damaged.db"
LOG, LOG_BEFORE, LOG_BYTES = "log", "log.1", 4 * 1024 * 1024
# As mosquitto_passwd 2.0 writes it. Passwords are ours and random, so more rounds protect nothing.
ROUNDS, SALT_BYTES, HASH_BYTES = 101, 12, 64

# Measured on 2.0.11. With `autosave_on_changes` and an interval of 1 it writes its whole store at
# every message: 6.5 ms of processor a delivery with 300 boxes, 0.5 without, and each box more makes
# every save longer. So it saves by time, once a minute, which it does whether or not anything has
# changed: 3 GB a day where the store has 2 MB. What a kill takes of the last two minutes the ends
# bring again: office and relay all that is in force, at each new connection; a box the receipts that
# were not safe yet (`link/outbox`). The default of 1,000 queued messages drops the newest, the red
# one, without a word, and so does a cap in bytes: what waits for an office that is away is receipts,
# and a gigabyte is a million and a half of them. What waits for boxes is stored once for all. At two
# gigabytes Mosquitto throws out who sends much; what is small still passes, and the machine lives.
# Without user names as client ids another user takes a box's session over. Without nodelay TLS connects
# at 22 a second, with it at 367.
SETTINGS = """\
listener {port} {host}
certfile {folder}/server.pem
keyfile {folder}/server.key
tls_version tlsv1.2
allow_anonymous false
password_file {folder}/{passwords}
acl_file {folder}/{acl}
use_username_as_clientid true
pid_file {folder}/{pid}
persistence true
persistence_location {folder}/kept/
autosave_on_changes false
autosave_interval {saved}
persistent_client_expiration 14d
max_queued_messages 0
max_queued_bytes 1073741824
max_inflight_messages 20
message_size_limit 262144
memory_limit 2147483648
set_tcp_nodelay true
log_dest stderr
log_type error
log_type warning
log_type notice
log_type information
user {user}
"""


FROM_A_COPY = "请从拷贝的文件夹里放回来：各村认的是它，换一个各村就都连不上了。"


class BrokerRefused(BroadcasterError):
    """A broker that cannot be: Mosquitto is not installed, a name that is none."""


class Broker:
    """The folder that Mosquitto runs from. What it changes counts after `reload`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()

    def make(self, hosts: Sequence[str], port: int = 8883, listen: str = "0.0.0.0") -> str:
        """Authority, certificate and settings; users, authority and what is kept stay as they are.

        In Chinese what was damaged and is well again, or "". Raises `BrokerRefused`.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.folder / "kept").mkdir(mode=0o700, exist_ok=True)
            self._make_certificates(hosts)
            write_private(self.folder / CONFIGURATION, self._settings(port, listen).encode())
            return change_users(self.folder, _all_with_commands)
        except OSError as error:
            where = error.filename2 or error.filename
            raise BrokerRefused(f"{where} 读不出来或写不进去（{reason_of(error)}）。") from error

    def _make_certificates(self, hosts: Sequence[str]) -> None:
        """Another authority than the one that boxes have pinned would shut all of them out."""
        authority, key = self.folder / "authority.pem", self.folder / "authority.key"
        if authority.exists() != key.exists():
            gone = key if authority.exists() else authority
            raise BrokerRefused(f"{gone} 不见了，{FROM_A_COPY}")
        try:
            make_authority(self.folder)
            make_server(self.folder, hosts)
        except (ValueError, TypeError) as error:
            raise BrokerRefused(f"{authority} 或者 {key.name} 坏了，{FROM_A_COPY}") from error

    @property
    def authority(self) -> str:
        """The PEM that boxes pin."""
        return (self.folder / "authority.pem").read_text(encoding="ascii")

    def add_office(self, password: str) -> None:
        """The user that publishes, and reads what comes of it."""
        self._add([(OFFICE, password, [f"topic readwrite {mqtt_topics.ROOT}/#"])])

    def add_box(self, box: str, area: str, password: str) -> None:
        """It reads what is for its area and those above it, and its own answers and commands; it writes
        its own receipts, state, questions and what it did. One that is there gets another password.
        Raises `BrokerRefused`.
        """
        self.add_boxes([(box, area, password)])

    def add_boxes(self, boxes: Sequence[tuple[str, str, str]]) -> None:
        """The same for many: both files are read and written once."""
        self._add([(box, password, _acl_of_box(box, area)) for box, area, password in boxes])

    def add_relay(self, password: str) -> None:
        """A county's own relay, on its broker: it writes what comes from above, and reads receipts."""
        read = [mqtt_topics.receipt("+", "+")]
        write = [f"{mqtt_topics.ROOT}/{kind}/#" for kind in "nkh"]
        self._add([(RELAY, password, _acl(read, write))])

    def add_county(self, county: str, password: str) -> None:
        """The relay of a county, on the province's broker. No ACL can say "begins with 331121", and what
        loudspeakers say is no secret: it reads all bulletins, and writes its own county's sums only.
        """
        offices = [code for code in areas.ancestors(county) if len(code) <= 6]
        read = [f"{mqtt_topics.ROOT}/n/+/+"]
        read += [
            topic(code) for code in offices for topic in (mqtt_topics.keyring, mqtt_topics.snapshot)
        ]
        self._add([(county_user(county), password, _acl(read, [mqtt_topics.totals(county, "+")]))])

    def remove(self, name: str) -> None:
        """A user that is no more; connected still until the next `reload`."""

        def without(users: dict[str, User]) -> dict[str, User]:
            return {other: user for other, user in users.items() if other != name}

        change_users(self.folder, without)

    def start(self) -> subprocess.Popen[bytes]:
        """Mosquitto as a child of this process. Raises `BrokerRefused` where it is not installed."""
        program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/sbin")
        if not program:
            raise BrokerRefused("没有装 mosquitto，请先运行：apt-get install mosquitto")
        settings = str(self.folder / CONFIGURATION)
        log = (self.folder / LOG).open("ab")
        with log:
            return subprocess.Popen([program, "-c", settings], stdout=log, stderr=log)

    def end_left_behind(self) -> bool:
        """End a Mosquitto of this folder that outlived who began it: nobody would begin it again when it
        dies. Its clients come back by themselves. True if there was one.
        """
        with suppress(OSError, ValueError):
            pid = int((self.folder / PID).read_text())
            words = _command_of(pid)
            settings = Path(f"/proc/{pid}/cwd", words[words.index("-c") + 1])
            if settings.samefile(self.folder / CONFIGURATION):
                os.kill(pid, signal.SIGTERM)
                end = time.monotonic() + END_SECONDS
                while _command_of(pid) == words and time.monotonic() < end:
                    time.sleep(0.05)
                return True
        return False

    def cut_log(self) -> None:
        """Keeps the last of it in two files: each wrong login from anywhere is a line, 1 GB a day at a
        hundred a second. Mosquitto appends, so it goes on at the new beginning.
        """
        log = self.folder / LOG
        if log.exists() and log.stat().st_size > LOG_BYTES:
            with suppress(OSError):
                # A full disk takes no copy, and room all the more.
                shutil.copyfile(log, self.folder / LOG_BEFORE)
            os.truncate(log, 0)

    def set_aside_store(self) -> bool:
        """Sets aside a store that Mosquitto cannot read; office and boxes send unsaved messages
        again.
        """
        return self._moved(KEPT, DAMAGED)

    def restore_store(self) -> bool:
        """It was not for that."""
        return self._moved(DAMAGED, KEPT)

    def _moved(self, name: str, to: str) -> bool:
        path = self.folder / "kept" / name
        if not path.exists():
            return False
        path.replace(path.with_name(to))
        return True

    def reload(self, pid: int) -> None:
        """Let a running one read users and ACL again. Sessions from its disk whose client has not been
        there yet end by it, in silence.
        """
        os.kill(pid, signal.SIGHUP)

    def _add(self, users: Sequence[tuple[str, str, Sequence[str]]]) -> None:
        for name, password, _ in users:
            if not NAME.fullmatch(name) or "\n" in password:
                raise BrokerRefused(f"“{name[:64]}”不能做名字，只能用字母、数字、- 和 _。")
        added = {name: User(_hashed(password), tuple(rights)) for name, password, rights in users}
        change_users(self.folder, lambda users: users | added)

    def _settings(self, port: int, listen: str) -> str:
        given = {"folder": self.folder, "user": getpass.getuser(), "saved": mqtt_topics.SAVED_SECONDS}
        given["pid"] = PID
        return SETTINGS.format(port=port, host=listen, passwords=PASSWORDS, acl=ACL, **given)


def _command_of(pid: int) -> list[str]:
    """Its words; none of one that has ended."""
    with suppress(OSError):
        return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes()).split("\0")
    return []


def county_user(county: str) -> str:
    """The name of a county's relay on the province's broker."""
    return f"county-{areas.trim(county)}"


def _acl_of_box(box: str, area: str) -> list[str]:
    offices = [code for code in areas.ancestors(area) if len(code) <= 6]
    read = [*mqtt_topics.bulletins_for(area), mqtt_topics.answer(box), mqtt_topics.command(box)]
    read += [topic(code) for code in offices for topic in (mqtt_topics.keyring, mqtt_topics.snapshot)]
    write = [
        mqtt_topics.receipt(box),
        mqtt_topics.state(box),
        mqtt_topics.sync_request(box),
        mqtt_topics.done(box),
    ]
    return _acl(read, write)


def _all_with_commands(users: dict[str, User]) -> dict[str, User]:
    return {name: _with_commands(name, one) for name, one in users.items()}


def _with_commands(name: str, user: User) -> User:
    """A box that was let in before there were commands may read and answer them too."""
    its_own = _acl([mqtt_topics.command(name)], [mqtt_topics.done(name)])
    lacks = [right for right in its_own if right not in user.rights]
    is_box = f"topic write {mqtt_topics.sync_request(name)}" in user.rights
    return User(user.hashed, (*user.rights, *lacks)) if is_box else user


def _acl(read: Sequence[str], write: Sequence[str]) -> list[str]:
    return [f"topic read {one}" for one in read] + [f"topic write {one}" for one in write]


def new_password() -> str:
    return secrets.token_urlsafe(24)


def is_password(text: str) -> bool:
    """True if a person may have written this; a damaged disk gives zeros and nothing."""
    return bool(USABLE.fullmatch(text))


def _hashed(password: str) -> str:
    salt = os.urandom(SALT_BYTES)
    made = hashlib.pbkdf2_hmac("sha512", password.encode("utf-8"), salt, ROUNDS, HASH_BYTES)
    return f"$7${ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(made).decode()}"
