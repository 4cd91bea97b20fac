"""Builds the parts that make a notice sound, in the order of the data, and takes them down in
reverse.
"""

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path

from broadcaster.core.clock import Clock
from broadcaster.core.notice import Notice
from broadcaster.playout.device.alsa_cards import CardChoice
from broadcaster.playout.device.child_device import open_device
from broadcaster.playout.player import Player
from broadcaster.rules.air_rules import AirRules
from broadcaster.rules.length_estimate import estimated_lengths
from broadcaster.schedule.slot_settings import TimetableSettings
from broadcaster.settings.hourly_limits import QuietSettings
from broadcaster.settings.schema import LexiconSettings, Settings
from broadcaster.station.durable_queue import DurableQueue, Endings
from broadcaster.station.folder_choice import FolderChoice
from broadcaster.station.incoming_column import ColumnParts
from broadcaster.station.incoming_pieces import IncomingPieces, IncomingSources, StandIns
from broadcaster.station.lexicon_file import LexiconFile
from broadcaster.station.live_programme import Microphone
from broadcaster.station.station import Station
from broadcaster.station.village_lexicon import Wordbook
from broadcaster.station.village_slots import Slotbook
from broadcaster.store.database.tables import DATABASE
from broadcaster.store.store import Store, open_store
from broadcaster.studio.export_jobs import Copies
from broadcaster.studio.sound_lengths import SoundLengths
from broadcaster.studio.sound_library import SoundLibrary
from broadcaster.studio.studio import Studio
from broadcaster.system.temporary_sounds import Spool, open_spool
from broadcaster.system.thread_loop import ThreadLoop

logger = logging.getLogger(__name__)

AHEAD = timedelta(hours=24)
KEPT_BEFORE = timedelta(hours=48)
CLOSING = "广播站关闭"
# The player waits for 60 s, and stirs every 10 while it airs. The studio looks through all that is due.
PLAYER_SECONDS, STUDIO_SECONDS, INCOMING_SECONDS = 180.0, 300.0, 60.0


@dataclass(frozen=True)
class Config:
    """The contents of config/, read and checked."""

    settings: Settings
    timetable: TimetableSettings
    lexicon: LexiconSettings
    folder: Path
    fault: str = ""
    """The files that are as they were at the last start, and why."""
    changed: str = ""
    """The files that have changed, for whoever starts the box."""


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
    library = SoundLibrary(settings.paths.state)
    choice = FolderChoice(library.all)
    rules = AirRules(settings, estimated_lengths(settings, SoundLengths(library)))
    slots = Slotbook(config.timetable, settings, clock, rules, opens_soon=True)
    with ExitStack() as stack:
        studio = stack.enter_context(
            closing(
                Studio(
                    settings,
                    config.lexicon,
                    clock,
                    ahead=partial(_due_within, AHEAD, slots, clock, choice) if makes_ahead else tuple,
                    due=partial(_due_within, KEPT_BEFORE, slots, clock, choice),
                )
            )
        )
        # First of all: a database on a disk without a free byte cannot be opened.
        studio.house.tidy()
        store = stack.enter_context(open_store(settings.paths.state / DATABASE, clock))
        slots.keep_in(store.slots, studio.settle)
        choice.keep_in(store.state)
        for problem in slots.timetable.problems:
            logger.error("时间表里这一条不播：%s", problem)
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

        endings = Endings(store.journal, rules)
        endings.recall(datetime.combine(clock.now().date(), time(), clock.zone))
        # What a person says goes through memory alone: ten minutes are 58 MB that no card need take.
        memory = Spool(open_spool(settings.paths.state).folders[-1:])
        stack.callback(memory.close)
        microphone = Microphone(studio, memory, settings.sound.rate_hz)
        incoming = IncomingPieces(
            microphone.make,
            ColumnParts(
                studio,
                clock,
                IncomingSources(settings.sound, memory).open,
                StandIns(library.all, choice.of).of,
                rules.rest_begins,
                studio.pieces.tell,
            ),
        )
        player = Player(incoming.make, device, rules, endings.record, clock, store.queue.move)
        player.on_damage = studio.throw_away
        intake = DurableQueue(store.queue, player, endings, clock)
        intake.choose = choice.of
        choice.accepted = player.accepted
        endings.on_end.append(choice.note_heard)
        faults: list[Callable[[], str]] = [
            lambda: _since(player.fault, device.fault_since, clock),
            lambda: store.fault,
            lambda: store.lost_records.fault,
            lambda: studio.house.fault,
            lambda: studio.pieces.fault,
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
        player.note_progress = playing.note_progress
        loops = (
            *store.loops,
            stack.enter_context(ThreadLoop("studio", make_and_read, studio.wake, STUDIO_SECONDS)),
            stack.enter_context(ThreadLoop("cache", studio.house.step, studio.house.wake)),
            stack.enter_context(ThreadLoop("talks", station.talks.step, station.talks.wake)),
            stack.enter_context(ThreadLoop("copies", copies.step, copies.wake)),
            stack.enter_context(ThreadLoop("incoming", incoming.step, incoming.wake, INCOMING_SECONDS)),
            stack.enter_context(ThreadLoop("sounds", station.uploads.step, station.uploads.wake)),
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
    choice = FolderChoice(SoundLibrary(settings.paths.state).all)
    due = partial(_due_within, KEPT_BEFORE, slots, clock, choice)
    with (
        closing(Studio(settings, config.lexicon, clock, due=due)) as studio,
        ThreadLoop("studio", studio.step, studio.wake),
    ):
        yield studio


def _since(fault: str, moment: datetime | None, clock: Clock) -> str:
    """A fault of the card, and since when it ails."""
    if not fault or moment is None:
        return fault
    return f"{fault.removesuffix('。')}（{moment.astimezone(clock.zone):%m月%d日 %H:%M} 起）"


def _due_within(
    span: timedelta, slots: Slotbook, clock: Clock, choice: FolderChoice
) -> Iterable[Notice]:
    now = clock.now()
    due = slots.timetable.notices_within(now, now + span)
    return (choice.of(notice, notice.title) for notice in due)
