"""The program of `scripts/county_broker`: makes a broker's folder, then runs Mosquitto as a child."""

import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic

from broadcaster.core.errors import AlreadyRunning, BroadcasterError, ConfigError, reason_of
from broadcaster.county.broker.mosquitto import Broker, BrokerRefused, is_password, new_password
from broadcaster.county.store.office_settings import load_office_settings
from broadcaster.system.atomic_file import write_private
from broadcaster.system.single_instance import only_one
from broadcaster.system.terminal import EXIT_BROKEN
from broadcaster.system.thread_loop import ThreadLoop

# Its certificate lives for five years, and the broker may run longer than that.
RENEWED_SECONDS = 180 * 86_400.0
# How the office on the same machine may reach it (`broker.host`), so its certificate is for these too.
BESIDE_THE_OFFICE = ("127.0.0.1", "localhost", "::1")
# Port, settings, users and certificates were looked at before: what ends it so soon is what it kept.
AT_ONCE_SECONDS = 5.0
# A hundred wrong logins a second are 1 MB meanwhile.
LOG_SECONDS = 60.0
OFFICE_PASSWORD = "office_password"


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
        if Broker(folder).end_left_behind():
            _print("上一次的消息服务器还开着，没有人管它，已经停了，现在重新启动")
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
    broker, hosts = Broker(folder), names_of(folder, host)
    _print(broker.make(hosts, port))
    broker.add_office(office_password(folder))
    running = BrokerProcess(broker)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: running.stop())
    signal.signal(signal.SIGHUP, lambda *_: running.reload())

    def renew(*_: object) -> None:
        _print(broker.make(hosts, port))
        running.reload()

    signal.signal(signal.SIGALRM, renew)
    signal.setitimer(signal.ITIMER_REAL, RENEWED_SECONDS, RENEWED_SECONDS)
    sys.stdout.write(f"县里的消息服务器：{host}:{port}，办公室的密码在 {folder / OFFICE_PASSWORD}\n")
    sys.stdout.flush()
    return running.run()


def names_of(folder: Path, host: str) -> list[str]:
    """All by which boxes and the office may call it: those of the office.yaml beside it too."""
    names = [host, *BESIDE_THE_OFFICE]
    with suppress(ConfigError):
        broker = load_office_settings(folder.absolute().parent).broker
        names += filter(None, (broker.host, broker.box_host))
    return list(dict.fromkeys(names))


def office_password(folder: Path) -> str:
    """As it was made, or anew where nobody could write what stands there."""
    path = folder / OFFICE_PASSWORD
    try:
        found = path.read_bytes().decode("ascii", "replace") if path.exists() else ""
        if not is_password(found):
            write_private(path, new_password().encode("ascii"))
            if found:
                _print(f"{path} 坏了，换了新的密码：县级平台开着的话，请重新启动它")
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise BrokerRefused(f"{path} 读不出来或写不进去（{reason_of(error)}）。") from error


def _print(note: str) -> None:
    if note:
        sys.stdout.write(f"{note}。\n")
        sys.stdout.flush()


class BrokerProcess:
    """Mosquitto as a child, which is begun again where it died by itself."""

    def __init__(
        self,
        broker: Broker,
        at_once_seconds: float = AT_ONCE_SECONDS,
        log_seconds: float = LOG_SECONDS,
    ) -> None:
        self._broker = broker
        self._at_once_seconds = at_once_seconds
        self._log_seconds = log_seconds
        self._ended = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def run(self) -> int:
        """Until it is stopped, or cannot begin; its exit code. Mosquitto that dies by itself is begun
        again: 2.0.11 of Debian 12 does so on occasion where clients are put out (a list of sessions
        that is freed twice), and a county would have no broker until somebody looks.
        """
        with ThreadLoop("broker-log", self._look_at_log, self._ended.set):
            return self._run()

    def _run(self) -> int:
        code, seconds = self._begin()
        while code < 0 and seconds >= self._at_once_seconds and not self._stopped:
            _print(f"消息服务器自己停了（{signal.Signals(-code).name}），又启动了")
            code, seconds = self._begin()
        # Stopped it ends well: so early, Mosquitto dies of the signal.
        return 0 if self._stopped else code

    def _look_at_log(self) -> None:
        if not self._ended.wait(self._log_seconds):
            self._broker.cut_log()

    def _begin(self) -> tuple[int, float]:
        """Until it ends, begun once more without what it kept where it cannot begin with it."""
        code, seconds = self._run_once()
        if self._cannot_begin(code, seconds) and self._broker.set_aside_store():
            _print(
                "消息服务器存下来的消息坏了，留在 kept 文件夹里；从头开始，平台和各村会把还算数的再送来"
            )
            code, seconds = self._run_once()
            if self._cannot_begin(code, seconds):
                self._broker.restore_store()
        return code, seconds

    def _cannot_begin(self, code: int, seconds: float) -> bool:
        return code != 0 and seconds < self._at_once_seconds and not self._stopped

    def _run_once(self) -> tuple[int, float]:
        began = monotonic()
        self._process = self._broker.start()
        if self._stopped:
            self._process.terminate()
        return self._process.wait(), monotonic() - began

    def stop(self) -> None:
        self._stopped = True
        if self._process:
            self._process.terminate()

    def reload(self) -> None:
        if self._process:
            self._broker.reload(self._process.pid)
