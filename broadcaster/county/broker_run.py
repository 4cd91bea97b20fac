"""The program of `scripts/county_broker`: makes a broker's folder, then becomes Mosquitto's parent."""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from broadcaster.county.alone import only_one
from broadcaster.county.broker import Broker, new_password
from broadcaster.errors import AlreadyRunning, BroadcasterError, reason_of
from broadcaster.terminal import EXIT_BROKEN

# Its certificate lives for five years, and the broker may run longer than that.
RENEWED_SECONDS = 180 * 86_400.0
# How the office on the same machine reaches it (`broker.host`), so its certificate is for this name too.
BESIDE_THE_OFFICE = "127.0.0.1"


def main(arguments: Sequence[str]) -> int:
    folder, host, port = [*arguments, "8883"][:3]
    try:
        return run(Path(folder), host, int(port))
    except BroadcasterError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_BROKEN


def run(folder: Path, host: str, port: int) -> int:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with only_one(folder, "县里的消息服务器"):
        _refuse_taken(port)
        return _run(folder, host, port)


def _refuse_taken(port: int) -> None:
    """A broker on another folder, or another program: Mosquitto would end with a word in its log."""
    try:
        # As Mosquitto does it, so that connections that linger from the last run are no hindrance.
        socket.create_server(("", port)).close()
    except OSError as error:
        raise AlreadyRunning(
            f"端口 {port} 用不了：{reason_of(error)}。消息服务器可能已经在运行了；不然请换一个端口。"
        ) from error


def _run(folder: Path, host: str, port: int) -> int:
    broker, hosts = Broker(folder), [host, BESIDE_THE_OFFICE]
    broker.make(hosts, port)
    password = folder / "office_password"
    if not password.exists():
        password.touch(mode=0o600)
        password.write_text(new_password(), encoding="ascii")
    broker.add_office(password.read_text(encoding="ascii"))
    process = broker.start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: process.terminate())
    signal.signal(signal.SIGHUP, lambda *_: broker.reload(process.pid))

    def renew(*_: object) -> None:
        broker.make(hosts, port)
        broker.reload(process.pid)

    signal.signal(signal.SIGALRM, renew)
    signal.setitimer(signal.ITIMER_REAL, RENEWED_SECONDS, RENEWED_SECONDS)
    sys.stdout.write(f"县里的消息服务器：{host}:{port}，办公室的密码在 {password}\n")
    sys.stdout.flush()
    return process.wait()
