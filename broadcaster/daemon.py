"""Builds the box, part by part in the order of the data, and takes it down in reverse."""

import fcntl
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from broadcaster.clock import Clock
from broadcaster.control import ControlServer
from broadcaster.errors import AlreadyRunning, StoreUnusable
from broadcaster.loop import Loop, Watched
from broadcaster.model import Notice
from broadcaster.playout.player import Player
from broadcaster.playout.sound_device import open_device
from broadcaster.schedule.clockwork import Clockwork
from broadcaster.schedule.timetable import Timetable
from broadcaster.settings import LexiconSettings, Settings, TimetableSettings
from broadcaster.station import Endings, Station
from broadcaster.store.store import open_store
from broadcaster.store.tables import DATABASE
from broadcaster.studio import Studio
from broadcaster.web.app import create_app
from broadcaster.web.server import serve

logger = logging.getLogger(__name__)

AHEAD = timedelta(hours=24)
WATCH_SECONDS = 5.0
# sysexits.h EX_TEMPFAIL: the service manager starts the box again.
EXIT_RESTART = 75


@dataclass(frozen=True)
class Config:
    """What config/ holds, read and checked."""

    settings: Settings
    timetable: TimetableSettings
    lexicon: LexiconSettings


@dataclass(frozen=True)
class Box:
    """A station that speaks, and what the daemon builds on beside it."""

    station: Station
    player: Player
    timetable: Timetable
    clock: Clock
    note: str
    loops: tuple[Loop, ...]
    faults: list[Callable[[], str]]


@contextmanager
def open_box(config: Config, output_file: Path | None = None) -> Iterator[Box]:
    """Everything between a notice and its sound; the timetable's programmes are made ahead."""
    settings = config.settings
    clock = Clock(settings.station.zone)
    timetable = Timetable(config.timetable, settings.station)
    with ExitStack() as stack:
        store = stack.enter_context(open_store(settings.paths.state / DATABASE, clock))
        device = stack.enter_context(
            closing(open_device(settings.sound, settings.paths.state, output_file))
        )
        studio = stack.enter_context(
            closing(Studio(settings, config.lexicon, clock, lambda: _due_soon(timetable, clock)))
        )
        endings = Endings(store.journal)
        player = Player(studio.make, device, endings.record, clock)
        faults: list[Callable[[], str]] = [lambda: player.fault, lambda: store.fault]
        station = Station(settings, player, studio, timetable, endings, store, clock, faults)
        loops = (
            *store.loops,
            stack.enter_context(Loop("studio", studio.step, studio.wake)),
            stack.enter_context(Loop("player", player.step, player.wake)),
            stack.enter_context(Loop("progress", station.note_progress, station.wake)),
        )
        stack.callback(player.leave, "广播站关闭")
        yield Box(station, player, timetable, clock, device.note, loops, faults)


@contextmanager
def open_studio(config: Config) -> Iterator[Studio]:
    """The studio alone, for a command that writes files or shows a script."""
    clock = Clock(config.settings.station.zone)
    with (
        closing(Studio(config.settings, config.lexicon, clock)) as studio,
        Loop("studio", studio.step, studio.wake),
    ):
        yield studio


def run(config: Config, tell: Callable[[str], None], output_file: Path | None, greet: bool) -> int:
    """Be the village's box until a signal; `tell` gets the few lines that a person reads at start.

    Returns the exit code: 75 asks the service manager for a new start. Raises `BroadcasterError`
    when the box cannot come up.
    """
    settings = config.settings
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with ExitStack() as stack:
        stack.enter_context(_only_one(settings.paths.state))
        box = stack.enter_context(open_box(config, output_file))
        box.station.take_up()
        if greet and settings.station.first_notice:
            box.station.announce(Notice(settings.station.first_notice, title="试音"), asked_by="开机")
        clockwork = Clockwork(box.timetable.slots, box.station.put, box.clock)
        clockwork.start()
        stack.callback(clockwork.stop)
        box.faults.append(lambda: clockwork.fault)
        control = stack.enter_context(closing(ControlServer(box.station, settings.paths.state)))
        page = stack.enter_context(
            closing(serve(create_app(box.station, settings), settings.web.host, settings.web.port))
        )
        _tell_start(box, page.port, tell)
        watched: tuple[Watched, ...] = (*box.loops, clockwork, control, page)
        while not ended.wait(WATCH_SECONDS):
            if not all(part.alive for part in watched):
                logger.critical("a thread of the box died; ending for a new start")
                return EXIT_RESTART
    return 0


def _due_soon(timetable: Timetable, clock: Clock) -> Iterator[Notice]:
    now = clock.now()
    return (airing.notice for airing in timetable.plan(now, now + AHEAD))


@contextmanager
def _only_one(state_folder: Path) -> Iterator[None]:
    """Hold the state folder; two boxes on it would both speak."""
    try:
        state_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (state_folder / "lock").open("w")
    except OSError as error:
        raise StoreUnusable(
            f"文件夹 {state_folder} 写不进去（{error.strerror}），请检查权限。"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyRunning(
                "广播站已经在运行了，不用再启动；要停播请用 broadcaster stop。"
            ) from error
        yield


def _tell_start(box: Box, port: int, tell: Callable[[str], None]) -> None:
    if box.note:
        tell(box.note)
    host = box.station.settings.web.host
    tell(f"手机页面：http://{_own_address() if host == '0.0.0.0' else host}:{port}/")
    code = box.station.accounts.one_time_code()
    if code:
        tell(f"第一次使用，请打开手机页面设置账号，一次性代码：{code}")
    coming = box.station.upcoming(1)
    if coming:
        tell(f"下一次定时播出：{coming[0].due_at:%m月%d日 %H:%M} {coming[0].notice.title}")


def _own_address() -> str:
    """The address by which others on the local network reach this machine; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])
