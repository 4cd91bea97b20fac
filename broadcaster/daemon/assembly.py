"""Builds the box, part by part in the order of the data, and takes it down in reverse."""

import fcntl
import io
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path

from broadcaster.core.clock import Clock
from broadcaster.core.clock_trust import ClockTrust
from broadcaster.core.errors import (
    AlreadyRunning,
    BroadcasterError,
    ConfigError,
    StoreUnusable,
    reason_of,
)
from broadcaster.core.model import Notice
from broadcaster.daemon.config_watch import ChangedFiles
from broadcaster.daemon.control_socket import ControlServer
from broadcaster.daemon.county_membership import Belonging
from broadcaster.playout.device.alsa_cards import CardChoice
from broadcaster.playout.device.child_device import open_device
from broadcaster.playout.player import Player
from broadcaster.rules.air_rules import AirRules
from broadcaster.rules.length_estimate import estimated_lengths
from broadcaster.schedule.missed_occurrences import Gaps
from broadcaster.schedule.scheduler import Clockwork
from broadcaster.schedule.slot_settings import TimetableSettings
from broadcaster.settings.hourly_limits import QuietSettings
from broadcaster.settings.schema import LexiconSettings, Settings
from broadcaster.station.durable_queue import DurableQueue, Endings
from broadcaster.station.first_notice import forget_greeting, greet
from broadcaster.station.lexicon_file import LexiconFile
from broadcaster.station.live_programme import Microphone
from broadcaster.station.station import Station
from broadcaster.station.village_lexicon import Wordbook
from broadcaster.station.village_slots import Slotbook
from broadcaster.store.database.tables import DATABASE
from broadcaster.store.store import Store, open_store
from broadcaster.studio.export_jobs import Copies
from broadcaster.studio.studio import Studio
from broadcaster.system.heap_trim import give_back_what_is_freed
from broadcaster.system.log_format import Ordered, tell_start
from broadcaster.system.mdns import LanName, own_address
from broadcaster.system.runtime_folder import in_foothold, leave_memory
from broadcaster.system.temporary_sounds import Spool, open_spool
from broadcaster.system.thread_loop import ThreadLoop, Watched
from broadcaster.system.watchdog import HANG_SECONDS, keep_watch
from broadcaster.web.app import create_app
from broadcaster.web.server.server import serve
from broadcaster.web.server.tls import Origins, is_loopback, serve_https

logger = logging.getLogger(__name__)

AHEAD = timedelta(hours=24)
KEPT_BEFORE = timedelta(hours=48)
NAME, CLOSING = "广播站", "广播站关闭"
# A notice goes through three threads before it sounds, and Python lets each wait 5 ms for another: from
# the queue to the player 4.8 ms on a busy machine, 0.7 with this.
SWITCH_SECONDS = 0.0005
# The player waits for 60 s, and stirs every 10 while it airs. The studio looks through all that is due.
PLAYER_SECONDS, STUDIO_SECONDS = 180.0, 300.0


@dataclass(frozen=True)
class Config:
    """What config/ holds, read and checked."""

    settings: Settings
    timetable: TimetableSettings
    lexicon: LexiconSettings
    folder: Path
    fault: str = ""
    """What of it is as it was at the last start, and why."""
    changed: str = ""
    """What is not, for who starts it."""


@dataclass(frozen=True)
class OpenBox:
    """A station that speaks, and what the daemon builds on beside it."""

    station: Station
    player: Player
    intake: DurableQueue
    rules: AirRules
    endings: Endings
    store: Store
    slots: Slotbook
    clock: Clock
    note: str
    loops: tuple[ThreadLoop, ...]
    faults: list[Callable[[], str]]


@contextmanager
def open_box(
    config: Config, output_file: Path | None = None, makes_ahead: bool = True
) -> Iterator[OpenBox]:
    """Everything between a notice and its sound; the timetable's programmes are made ahead."""
    settings = config.settings
    if output_file:
        # A file wakes nobody.
        settings = settings.model_copy(update={"quiet": QuietSettings(hours=())})
    clock = Clock(settings.station.zone)
    slots = Slotbook(config.timetable, settings, clock)
    for problem in slots.timetable.problems:
        logger.error("时间表里这一条不播：%s", problem)
    with ExitStack() as stack:
        studio = stack.enter_context(
            closing(
                Studio(
                    settings,
                    config.lexicon,
                    clock,
                    ahead=partial(_due_within, AHEAD, slots, clock) if makes_ahead else tuple,
                    due=partial(_due_within, KEPT_BEFORE, slots, clock),
                )
            )
        )
        # First of all: a database on a disk without a free byte cannot be opened.
        studio.house.tidy()
        store = stack.enter_context(open_store(settings.paths.state / DATABASE, clock))
        slots.keep_in(store.slots, studio.settled)
        slots.on_change.append(lambda timetable: studio.wake())
        cards = CardChoice(settings.sound.device, settings.paths.state, os.environ, memory=store.state)
        device = stack.enter_context(
            closing(
                open_device(
                    settings.sound,
                    settings.paths.state,
                    output_file,
                    amplifier=settings.amplifier,
                    cards=cards,
                )
            )
        )
        copies = Copies(studio, settings)
        words = Wordbook(LexiconFile(config.folder), config.lexicon, studio)

        def make_and_read() -> None:
            words.refresh()
            studio.step()

        rules = AirRules(settings, estimated_lengths(settings))
        endings = Endings(store.journal, rules)
        endings.recall(datetime.combine(clock.now().date(), time(), clock.zone))
        # What a person says goes through memory alone: ten minutes are 58 MB that no card need take.
        memory = Spool(open_spool(settings.paths.state).folders[-1:])
        stack.callback(memory.close)
        microphone = Microphone(studio, memory, settings.sound.rate_hz)
        player = Player(microphone.make, device, rules, endings.record, clock, store.queue.move)
        player.on_damage = studio.throw_away
        intake = DurableQueue(store.queue, player, endings, clock)
        faults: list[Callable[[], str]] = [
            lambda: player.fault,
            lambda: store.fault,
            lambda: store.losses.fault,
            lambda: studio.house.fault,
            lambda: words.fault,
            lambda: config.fault,
        ]
        station = Station(
            settings,
            player,
            studio,
            slots,
            rules,
            intake,
            endings,
            store,
            words,
            copies,
            microphone,
            clock,
            faults,
            device,
            cards,
        )
        playing = ThreadLoop("player", player.step, player.wake, PLAYER_SECONDS)
        player.stir = playing.stir
        loops = (
            *store.loops,
            stack.enter_context(ThreadLoop("studio", make_and_read, studio.wake, STUDIO_SECONDS)),
            stack.enter_context(ThreadLoop("cache", studio.house.step, studio.house.wake)),
            stack.enter_context(ThreadLoop("talks", station.talks.step, station.talks.wake)),
            stack.enter_context(ThreadLoop("copies", copies.step, copies.wake)),
            stack.enter_context(playing),
            stack.enter_context(ThreadLoop("progress", intake.note_progress, intake.wake)),
        )
        stack.callback(player.leave, CLOSING)
        yield OpenBox(
            station,
            player,
            intake,
            rules,
            endings,
            store,
            slots,
            clock,
            device.note,
            (*loops, device.watch),
            faults,
        )


@contextmanager
def open_studio(config: Config) -> Iterator[Studio]:
    """The studio alone, for a command that writes files or shows a script; it makes nothing ahead."""
    settings, clock = config.settings, Clock(config.settings.station.zone)
    slots = Slotbook(config.timetable, settings, clock)
    due = partial(_due_within, KEPT_BEFORE, slots, clock)
    with (
        closing(Studio(settings, config.lexicon, clock, due=due)) as studio,
        ThreadLoop("studio", studio.step, studio.wake),
    ):
        yield studio


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
    give_back_what_is_freed()
    sys.setswitchinterval(SWITCH_SECONDS)
    settings = config.settings
    ended = Ordered()
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
        box.store.upkeep.begin(trust.allows)
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
        files = ChangedFiles(config.folder, settings, box.slots)
        box.faults.append(lambda: files.fault)

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
            tell(f"要在网页里录音，请用：https://{_seen_address(web.host)}:{front.port}/")
        except ConfigError as error:
            tell(str(error))
    if web.local_name and not is_loopback(web.host):
        name = stack.enter_context(closing(LanName(web.local_name, settings.station.name, port)))
        fronts.append(stack.enter_context(ThreadLoop("lan-name", name.step, name.wake)))
    return fronts


def _open_county(stack: ExitStack, box: OpenBox, tell: Callable[[str], None]) -> Belonging:
    """The county's line, where the box is enrolled, now or later."""
    belonging = stack.enter_context(closing(Belonging(box.station, box.clock)))
    box.faults.append(lambda: belonging.fault)
    box.station.belong = belonging.begin
    try:
        belonging.begin()
    except BroadcasterError as error:
        tell(str(error))
    return belonging


def _is_new(store: Store) -> bool:
    """Whether nothing was ever accepted here."""
    try:
        return not store.journal.recent(1) and not store.queue.unfinished()
    except StoreUnusable:
        return False


def _due_within(span: timedelta, slots: Slotbook, clock: Clock) -> Iterable[Notice]:
    now = clock.now()
    return slots.timetable.notices_within(now, now + span)


@contextmanager
def _only_one(state_folder: Path) -> Iterator[None]:
    """Hold the state folder; two boxes on it would both speak."""
    try:
        # The folder itself, for on a disk that is full or read-only no file of ours can be made.
        lock = in_foothold(state_folder, lambda folder: os.open(folder, os.O_RDONLY | os.O_DIRECTORY))
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
    page = f"http://{_seen_address(box.station.settings.web.host)}:{port}/"
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


def _seen_address(host: str) -> str:
    return own_address() if host == "0.0.0.0" else host


def _qr_code(text: str) -> str:
    # Nobody needs it again.
    import segno

    lines = io.StringIO()
    segno.make(text, error="l").terminal(lines, compact=True)
    return lines.getvalue().rstrip("\n")
