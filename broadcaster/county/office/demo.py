"""The program of `scripts/county_demo`: a county of three villages on one machine, until it is stopped.

Every part is the real program in a process of its own; only the loudspeakers are sound files.
"""

import argparse
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from broadcaster.bulletin.invitation import FOR_BOX, Invitation
from broadcaster.core.errors import BroadcasterError
from broadcaster.core.notice import Notice, Severity
from broadcaster.county.board.delivery_board import Counts
from broadcaster.county.broker.mosquitto import Broker, new_password
from broadcaster.county.keys.key_folder import KeyFolder
from broadcaster.county.notices.approval_desk import DraftRecord
from broadcaster.county.notices.draft import Draft
from broadcaster.county.notices.draft import DraftState as PaperState
from broadcaster.county.office.office_process import OpenOffice, open_desk
from broadcaster.county.store.officers import OfficeRole

AREA, NAME = "331121", "青田县应急管理局"
VILLAGES = {"331121104200": "洞背村", "331121104201": "西山村", "331121105200": "河口村"}
AREAS = "331121104,高市乡\n331121105,河口镇\n"
WRITER, APPROVER = "演示", "审批"
TEXT = "今天下午停水。"
LOOK_SECONDS = 0.2
# Three boxes and an office start together; on a Raspberry Pi 4 that may take a minute.
PATIENCE_SECONDS = 180.0
CODE = "一次性代码：[0-9]{8}"
ADDRESS = r"http://\S+"
PROGRAM = [sys.executable, "-m", "broadcaster.commands.cli"]


class DemoFailed(BroadcasterError):
    """A part of it ended or was not ready in time."""


class Interrupted(Exception):
    """Somebody pressed Ctrl-C, or a signal came."""


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class DemoProcess:
    """One process of it; what it says goes to its log."""

    def __init__(self, name: str, log: Path, arguments: Sequence[str], **secret: str) -> None:
        self.name, self.log = name, log
        with log.open("wb") as written:
            # In a group of its own: Ctrl-C is for the demo alone, which ends the parts in their order.
            self._process = subprocess.Popen(
                [*PROGRAM, *arguments],
                env={**os.environ, **secret},
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
                process_group=0,
            )

    @property
    def returned(self) -> int | None:
        return self._process.poll()

    def said(self, pattern: str) -> str:
        """The text that the pattern finds in its log, "" while it is not there."""
        found = re.search(pattern, self.log.read_text(encoding="utf-8", errors="replace"))
        return found[0] if found else ""

    def end(self) -> None:
        _end(self._process)


class DemoVillage:
    """A box with state, settings and page of its own; its loudspeaker is `heard.wav`."""

    def __init__(self, folder: Path, code: str, name: str) -> None:
        self.folder, self.code, self.name = folder, code, name
        folder.mkdir()
        settings = {
            "station": {"name": name},
            "web": {"host": "127.0.0.1", "port": 0, "https_port": None, "local_name": ""},
            "quiet": {"hours": []},
            "clock": {"wait_minutes": 0},
            "paths": {"audio_cache": str(folder / "cache"), "state": str(folder / "state")},
        }
        _write(folder / "broadcaster.yaml", settings)

    @property
    def sink(self) -> Path:
        return self.folder / "heard.wav"

    def start(self, *arguments: str) -> DemoProcess:
        log = self.folder / f"{arguments[0]}.log"
        return DemoProcess(self.name, log, ["--config", str(self.folder), *arguments])


class Demo:
    """All of it in one folder; `start` fills `stack` with what has to end."""

    def __init__(self, folder: Path, stopping: threading.Event, stack: ExitStack) -> None:
        self._folder, self._stopping, self._stack = folder, stopping, stack
        self._parts: list[DemoProcess] = []
        self.villages = [
            DemoVillage(folder / f"village-{number}", code, name)
            for number, (code, name) in enumerate(VILLAGES.items(), 1)
        ]

    def start(self) -> OpenOffice:
        """Office, broker and three enrolled boxes, all up."""
        tell("正在建一个演示用的县：消息服务器、县级平台、三个村的广播站……")
        office, passphrase = self._folder / "county", secrets.token_urlsafe(16)
        roots = [self._folder / f"root-{number}.key" for number in (1, 2, 3)]
        KeyFolder.create(office, AREA, NAME, roots, lambda _: passphrase, datetime.now(UTC))
        self._start_broker(office)
        desk = self._stack.enter_context(open_desk(office))
        self._let_in(desk)
        address = self._start_office(office, passphrase)
        self._make_sound()
        self._enrol(desk, address)
        for village in self.villages:
            self._run(village.start("run", "--output-file", str(village.sink)))
        self._until(lambda: all(box.online for box in desk.parts.register.boxes()), "广播站没有连上")
        self._tell_pages()
        return desk

    def publish(self, desk: OpenOffice) -> DraftRecord:
        """To the whole county; at night the second person agrees, as the rules want it."""
        writer, approver = (desk.parts.officers.get(name) for name in (WRITER, APPROVER))
        words = Notice(TEXT, title="停水通知", severity=Severity.BLUE)
        record = desk.parts.desk.send(writer, Draft(words, (AREA,)))
        if record.state is PaperState.AWAITING:
            tell(f"要两个人：{record.approval_reason}，{APPROVER}批准了。")
            record = desk.parts.desk.approve(approver, record.id, record.version)
        return record

    def watch(self, desk: OpenOffice, only: str = "") -> None:
        """Tell the board at each change, until `only` has been heard everywhere or a signal comes."""
        told: dict[str, str] = {}

        def look() -> bool:
            records = desk.parts.desk.recent(5)
            counts = desk.parts.board.counts([record.id for record in records])
            for record in records:
                line = _line(record, counts[record.id])
                if told.get(record.id) != line:
                    tell(line)
                told[record.id] = line
            return bool(only) and counts[only].heard == len(self.villages)

        self._until(look, "没有都播完", PATIENCE_SECONDS if only else float("inf"))

    def _start_broker(self, office: Path) -> None:
        broker, password = Broker(office / "broker"), new_password()
        port = _free_port()
        broker.make(["127.0.0.1"], port, "127.0.0.1")
        broker.add_office(password)
        _write(broker.folder / "office_password", password)
        web = {"host": "127.0.0.1", "port": 0, "https_port": None}
        _write(office / "office.yaml", {"name": NAME, "web": web, "broker": {"port": port}})
        self._stack.callback(_end, broker.start())

    def _let_in(self, desk: OpenOffice) -> None:
        officers = desk.parts.officers
        for name in (WRITER, APPROVER):
            password = officers.let_in(name, OfficeRole.KEEPER, Severity.RED)
            tell(f"县级平台的账号：{name}，密码：{password}")

    def _start_office(self, office: Path, passphrase: str) -> str:
        command = ["--config", str(self.villages[0].folder), "county", "run", "--office", str(office)]
        log = self._folder / "office.log"
        part = self._run(DemoProcess("县级平台", log, command, BROADCASTER_PASSPHRASE=passphrase))
        self._until(lambda: part.said(ADDRESS), "县级平台没有起来")
        return part.said(ADDRESS)

    def _make_sound(self) -> None:
        """Once for all three: a voice takes 276 MB and some seconds."""
        first, *others = self.villages
        output = str(self._folder / "notice.wav")
        self._finish([first.start("render", TEXT, "--severity", "4", "-o", output)])
        for village in others:
            shutil.copytree(first.folder / "cache", village.folder / "cache")

    def _enrol(self, desk: OpenOffice, address: str) -> None:
        """By the line of each one-time code, as a technician does it."""
        register = desk.parts.register
        codes = {village: register.add(village.code, village.name)[1] for village in self.villages}
        register.import_areas(AREAS)
        lines = {
            village: Invitation(address, code, desk.folder.pin).line(FOR_BOX)
            for village, code in codes.items()
        }
        self._finish([village.start("link", "enrol", line) for village, line in lines.items()])

    def _tell_pages(self) -> None:
        office, *boxes = self._parts
        self._until(lambda: all(box.said(CODE) for box in boxes), "手机页面没有起来")
        tell(f"县级平台的网页：{office.said(ADDRESS)}")
        for village, box in zip(self.villages, boxes, strict=True):
            tell(f"{village.name}的网页：{box.said(ADDRESS)}，{box.said(CODE)}，喇叭：{village.sink}")

    def _run(self, part: DemoProcess) -> DemoProcess:
        self._parts.append(part)
        self._stack.callback(part.end)
        return part

    def _finish(self, parts: Sequence[DemoProcess]) -> None:
        for part in parts:
            self._stack.callback(part.end)
        self._until(lambda: all(part.returned is not None for part in parts), "没有做完")
        if failed := next((part for part in parts if part.returned), None):
            raise DemoFailed(f"{failed.name}：{failed.log.read_text(encoding='utf-8').strip()}")

    def _until(
        self, done: Callable[[], object], else_say: str, seconds: float = PATIENCE_SECONDS
    ) -> None:
        for _ in _looks(self._stopping, seconds):
            if done():
                return
            if gone := next((part for part in self._parts if part.returned is not None), None):
                raise DemoFailed(f"{gone.name}停了，请看 {gone.log}")
        raise DemoFailed(f"{else_say}，等了 {seconds:.0f} 秒。")


def run(folder: Path, once: bool) -> int:
    """Raises `BroadcasterError`; whatever happens, every process has ended when this returns."""
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stopping.set())
    with ExitStack() as stack:
        demo = Demo(folder, stopping, stack)
        try:
            desk = demo.start()
            record = demo.publish(desk)
            demo.watch(desk, only=record.id)
            for place in desk.parts.board.places(record.id):
                tell(f"  {place.name}（{place.box}）{place.wording}")
            if not once:
                tell("三个村都播完了。请打开网页再发几则试试；按 Ctrl-C 结束。")
                demo.watch(desk)
        except Interrupted:
            tell("正在停下……")
    return 0


def _line(record: DraftRecord, counts: Counts) -> str:
    return f"{record.draft.title}：{counts.sentence}"


def _looks(stopping: threading.Event, seconds: float) -> Iterator[None]:
    """Again and again until the time is over. Raises `Interrupted`."""
    left = seconds
    while left > 0:
        yield
        if stopping.wait(LOOK_SECONDS):
            raise Interrupted
        left -= LOOK_SECONDS


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _write(path: Path, content: object) -> None:
    """A text as it is; settings as JSON, which is YAML."""
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    """The given one stays; another is gone afterwards."""
    if given:
        given.mkdir(parents=True, exist_ok=True)
        yield given.absolute()
    else:
        with tempfile.TemporaryDirectory(prefix="county-demo-") as made:
            yield Path(made)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        "scripts/county_demo", description="一个县、三个村，在一台电脑上演示。"
    )
    parser.add_argument("--once", action="store_true", help="发一则，三个村都播完就结束")
    parser.add_argument("--folder", type=Path, help="放在这个空文件夹里，结束以后不删")
    given = parser.parse_args(arguments)
    os.umask(0o077)
    try:
        with _folder(given.folder) as folder:
            return run(folder, given.once)
    except BroadcasterError as error:
        sys.stderr.write(f"{error}\n")
        return 1
