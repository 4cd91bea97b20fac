"""Runs the box until a signal: opens the parts of `assembly`, the scheduler, the pages and the county
link.
"""

import fcntl
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

from broadcaster.core.clock_trust import ClockTrust
from broadcaster.core.errors import (
    AlreadyRunning,
    BroadcasterError,
    ConfigError,
    StoreUnusable,
    reason_of,
)
from broadcaster.daemon.assembly import CLOSING, Config, OpenBox, open_box
from broadcaster.daemon.config_watch import ConfigWatch
from broadcaster.daemon.control_socket import ControlServer
from broadcaster.daemon.county_membership import CountyMembership
from broadcaster.schedule.missed_occurrences import Gaps
from broadcaster.schedule.scheduler import Clockwork
from broadcaster.station.first_notice import forget_greeting, greet
from broadcaster.store.store import Store
from broadcaster.system.alone_mark import plays_alone
from broadcaster.system.heap_trim import return_freed_memory
from broadcaster.system.log_format import Ordered, tell_start
from broadcaster.system.mdns import LanName, own_address
from broadcaster.system.program_files import ProgramFiles
from broadcaster.system.runtime_folder import in_runtime_folder, leave_memory
from broadcaster.system.thread_loop import ThreadLoop, Watched
from broadcaster.system.watchdog import HANG_SECONDS, keep_watch
from broadcaster.web.app import create_app
from broadcaster.web.server.server import serve
from broadcaster.web.server.tls import Origins, is_loopback, serve_https

NAME = "广播站"
# A notice goes through three threads before it sounds, and Python lets each wait 5 ms for another: from
# the queue to the player 4.8 ms on a busy machine, 0.7 with this.
SWITCH_SECONDS = 0.0005


def run(
    config: Config,
    tell: Callable[[str], None],
    output_file: Path | None,
    greets: bool,
    in_terminal: bool = False,
    hang_seconds: float = HANG_SECONDS,
) -> int:
    """Be the village's box until a signal; `tell` gets the few lines that a person reads at start,
    with a QR code for a phone where they are read `in_terminal`.

    Returns the exit code: 75 asks the service manager for a new start. Raises `BroadcasterError`
    when the box cannot come up.
    """
    return_freed_memory()
    sys.setswitchinterval(SWITCH_SECONDS)
    settings = config.settings
    ended, program = Ordered(), ProgramFiles()
    with ExitStack() as stack:
        stack.enter_context(_only_one(settings.paths.state))
        box = stack.enter_context(open_box(config, output_file))
        is_new = _is_new(box.store)
        database = box.store.database
        # Of a log that was torn nobody knows since when: what is not known to have sounded may have.
        lost_since = database.lost_since or (box.clock.now() if database.note else None)
        gaps = Gaps(
            box.clock,
            box.store.state,
            is_new,
            box.intake.known,
            box.rules.may_come,
            box.endings.record,
            lost_since,
        )
        trust = ClockTrust(box.clock, timedelta(minutes=settings.clock.wait_minutes), box.store.state)
        box.store.maintenance.begin(trust.allows)
        box.station.clock_is_trusted = lambda: trust.trusted
        box.station.confirm_clock = trust.confirm
        box.station.clock_remark = lambda: trust.remark
        box.station.held_since = lambda: gaps.held_since

        def go_by_clock() -> None:
            box.station.go_by_clock()
            box.intake.take_up()

        clockwork = Clockwork(
            box.slots.timetable.slots,
            box.intake.put,
            box.clock,
            trust,
            begins=go_by_clock,
            stepped=lambda step: box.player.wake(),
            gaps=gaps,
            written_at=box.slots.written_at(),
        )
        box.intake.plays_elsewhere = partial(plays_alone, settings.paths.state)
        forget_greeting(box.intake, box.store.state)
        box.intake.take_up(clock_is_right=False)
        if greets and is_new and settings.station.first_notice:
            greet(box.station, settings, box.store.state, box.clock, tell)
        clockwork.start()
        box.slots.on_change.append(lambda timetable: clockwork.change(timetable.slots))
        box.faults.append(lambda: trust.fault)
        stack.callback(clockwork.stop)
        box.faults.append(lambda: clockwork.fault)
        box.faults.append(lambda: box.slots.timetable.fault(box.clock.now().date()))
        files = ConfigWatch(config.folder, settings, box.slots)
        box.faults.append(lambda: files.fault)
        box.faults.append(lambda: program.fault(NAME, "scripts/run"))

        def look_at_files() -> None:
            box.station.words.refresh()
            files.step()

        following = stack.enter_context(ThreadLoop("files", look_at_files, files.wake))
        control = stack.enter_context(closing(ControlServer(box.station, settings.paths.state)))
        app = create_app(box.station, settings)
        origins, leave = Origins(app), app.extensions["broadcaster"].live.leave
        page = stack.enter_context(
            closing(serve(origins, settings.web.host, settings.web.port, leaving=leave))
        )
        fronts = _open_fronts(stack, box, page.port, origins, tell)
        county = _open_county(stack, box, tell)
        tell_start(NAME)
        _tell_start(box, page.port, tell, in_terminal)
        # Before the page and the door close, which may take seconds: nothing begins that would be cut.
        stack.callback(box.player.leave, CLOSING)
        parts: tuple[Watched, ...] = (
            *box.loops,
            following,
            clockwork,
            clockwork.loop,
            control,
            page.loop,
            *fronts,
            county,
        )
        code = keep_watch(parts, ended, box.station.status, hang_seconds)
        ended.tell(NAME)
        return code


def _open_fronts(
    stack: ExitStack, box: OpenBox, port: int, origins: Origins, tell: Callable[[str], None]
) -> list[Watched]:
    """HTTPS and the name on the network: a village without them is served all the same."""
    settings, fronts = box.station.settings, list[Watched]()
    web = settings.web
    if web.https_port is not None:
        try:
            front = stack.enter_context(closing(serve_https(web, settings.paths.state, port, origins)))
            fronts.append(front)
            if front.note:
                tell(front.note)
                box.faults.append(lambda: front.note)
            tell(f"要在网页里录音，请用：https://{_shown_address(web.host)}:{front.port}/")
        except ConfigError as error:
            tell(str(error))
    if web.local_name and not is_loopback(web.host):
        name = stack.enter_context(closing(LanName(web.local_name, settings.station.name, port)))
        fronts.append(stack.enter_context(ThreadLoop("lan-name", name.step, name.wake)))
    return fronts


def _open_county(stack: ExitStack, box: OpenBox, tell: Callable[[str], None]) -> CountyMembership:
    """The county's line, where the box is enrolled, now or later."""
    belonging = stack.enter_context(closing(CountyMembership(box.station, box.clock)))
    box.faults.append(lambda: belonging.fault)
    box.station.belong = belonging.begin
    try:
        belonging.begin()
    except BroadcasterError as error:
        tell(str(error))
    return belonging


def _is_new(store: Store) -> bool:
    """True if no airing was ever accepted here."""
    try:
        return not store.journal.recent(1) and not store.queue.unfinished()
    except StoreUnusable:
        return False


@contextmanager
def _only_one(state_folder: Path) -> Iterator[None]:
    """Hold the state folder; two boxes on it would both speak."""
    try:
        # The folder itself, for on a disk that is full or read-only no file of ours can be made.
        lock = in_runtime_folder(
            state_folder, lambda folder: os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        )
    except OSError as error:
        raise StoreUnusable(
            f"文件夹 {state_folder} 打不开（{reason_of(error)}），请检查权限。"
        ) from error
    with ExitStack() as stack:
        stack.callback(os.close, lock)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyRunning(
                "广播站已经在运行了，不用再启动；要停播请用 broadcaster stop，"
                "要关掉它请在它的窗口按 Ctrl-C。"
            ) from error
        stack.callback(leave_memory, state_folder)
        yield


def _tell_start(box: OpenBox, port: int, tell: Callable[[str], None], in_terminal: bool) -> None:
    if box.note:
        tell(box.note)
    page = f"http://{_shown_address(box.station.settings.web.host)}:{port}/"
    tell(f"手机页面：{page}")
    if in_terminal:
        tell(_qr_code(page))
    try:
        if code := box.station.accounts.one_time_code():
            tell(f"第一次使用，请打开手机页面设置账号，一次性代码：{code}")
    except StoreUnusable as error:
        tell(str(error))
    coming = box.station.upcoming(1)
    when = f"{coming[0].due_at:%m月%d日 %H:%M} {coming[0].notice.title}" if coming else "七天内没有"
    tell(f"下一次定时播出：{when}")
    if in_terminal:
        tell("按 Ctrl-C 结束广播站。")


def _shown_address(host: str) -> str:
    return own_address() if host == "0.0.0.0" else host


def _qr_code(text: str) -> str:
    # Nobody needs it again.
    import segno

    lines = io.StringIO()
    segno.make(text, error="l").terminal(lines, compact=True)
    return lines.getvalue().rstrip("\n")
