"""The command `check`: tells if a box would start with these settings, and which mistakes they have."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from broadcaster.commands.console import (
    EXIT_TO_MEND,
    FILES,
    Arguments,
    load_checked_lexicon,
    load_config,
    load_config_to_run,
    not_counted_yet,
    report,
    state_of_box,
)
from broadcaster.core.clock import Clock
from broadcaster.core.errors import BroadcasterError, ConfigError
from broadcaster.system.last_good_settings import refuse_missing

if TYPE_CHECKING:
    from broadcaster.daemon.assembly import Config
    from broadcaster.settings.schema import LexiconSettings, PathSettings, Settings
    from broadcaster.station.village_slots import SlotEntry


def check_options(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "退出码：0 能启动，没有问题；1 能启动，有要改的地方；2 启动不了。"


def check(arguments: Arguments) -> int:
    """0 where the box starts and all is well, 1 where it starts and something is to be mended, 2
    (`ConfigError`) where it would not start.
    """
    from broadcaster.station.village_slots import Slotbook

    config, problems, by_the_last_good = _as_it_would_start(arguments.config)
    book = Slotbook(config.timetable, config.settings, Clock(config.settings.station.zone))
    slots = book.entries()
    problems += [*book.timetable.problems, *_unlikely(config.settings, config.lexicon, slots)]
    problems += missing_in(slots, config.settings)
    problems += _full_disks(config.settings.paths)
    for sentence in problems:
        print(sentence, file=sys.stderr)
    how = "，改好以前按上次能用的设置播" if by_the_last_good else ""
    said = f"能启动{how}，时间表里有 {len(slots)} 条；上面有 {len(problems)} 处要改。"
    if not problems:
        said = f"设置没有问题，时间表里有 {len(slots)} 条。"
    waiting = _waiting(arguments.config)
    content = {"slots": len(slots), "problems": problems, "waiting": waiting}
    report(content, "".join([said, *waiting]), arguments)
    return EXIT_TO_MEND if problems else 0


def _waiting(folder: Path) -> list[str]:
    """The changes that the running box does not use yet."""
    try:
        return not_counted_yet(state_of_box(folder))
    except BroadcasterError as error:
        return [str(error)]


def _as_it_would_start(folder: Path) -> tuple[Config, list[str], bool]:
    """The configuration that a box would start with, its mistakes, and True if it is the last good one.
    Raises `ConfigError` if it would not start.
    """
    from broadcaster.schedule.timetable_file import load_timetable
    from broadcaster.settings.problems import keys_twice
    from broadcaster.settings.schema import load_settings

    settings, _, lexicon = FILES
    doubts = [*keys_twice(folder / settings), *keys_twice(folder / lexicon)]
    try:
        refuse_missing(folder, FILES)
        return load_config(folder), doubts, False
    except ConfigError:
        loads = (partial(refuse_missing, names=FILES), load_settings, load_checked_lexicon)
        wrong = [problem for load in loads for problem in _wrong(load, folder)]
    # What is wrong with the folder itself is found by each.
    problems = list(dict.fromkeys([*doubts, *wrong]))
    try:
        return load_config_to_run(folder), problems, True
    except ConfigError as error:
        raise ConfigError([*problems, *load_timetable(folder).problems]) from error


def _wrong(load: Callable[[Path], object], folder: Path) -> list[str]:
    try:
        load(folder)
    except ConfigError as error:
        return error.problems
    return []


def _unlikely(settings: Settings, lexicon: LexiconSettings, slots: Sequence[SlotEntry]) -> Iterator[str]:
    """Settings that are valid and still cannot work: no such voice, no tone, too tight a loop."""
    from broadcaster.station.lexicon_file import entries
    from broadcaster.text.lexicon import toneless
    from broadcaster.tts.catalogue import Catalogue

    station, voices, gap = settings.station, settings.voices, settings.loops.lowest_gap_minutes
    catalogue = Catalogue(settings.paths.voices, voices.threads, voices.edge)
    named = [(_slot_name(entry), entry.slot) for entry in slots if entry.slot]
    wished = [("station.voice", station.voice)]
    wished += [("station.stand_ins", voice) for voice in station.stand_ins]
    wished += [(f"{name}的 voice", slot.notice.voice) for name, slot in named if slot.notice.voice]
    for where, voice in wished:
        if catalogue.entry(voice) is None:
            yield f"{where}：没有语音 {voice}，broadcaster voices list 列出有哪些"
    for entry in entries(lexicon):
        if slip := toneless(entry.said):
            yield f"lexicon.yaml {entry.section}.{entry.word}：{slip}"
    for name, slot in named:
        if slot.every_minutes and slot.every_minutes <= gap:
            often = f"{name}每隔 {slot.every_minutes:g} 分钟说一遍"
            yield f"{often}，中间至少要停 {gap:g} 分钟（loops.lowest_gap_minutes），隔一遍就不播一遍"


def missing_in(slots: Iterable[SlotEntry], settings: Settings) -> Iterator[str]:
    """The sounds and folders that slots name and the library does not have."""
    from broadcaster.studio.missing_sounds import MISSING_SAID, missing_sounds
    from broadcaster.studio.sound_library import SoundLibrary, is_key, named

    library = SoundLibrary(settings.paths.state)
    sounds, removed = library.all(), library.removed()
    for slot in (entry.slot for entry in slots if entry.slot and entry.slot.enabled):
        for what, name in missing_sounds(slot.pieces, sounds):
            gone = named(removed, name) if is_key(name) else None
            yield f"{slot.place}：{MISSING_SAID[what].format(name=gone.title if gone else name)}"


def _full_disks(paths: PathSettings) -> Iterator[str]:
    from broadcaster.audio.clip_store import PROBE_BYTES
    from broadcaster.store.database.reserved_space import LEAST_FREE_BYTES

    kept = (
        ("做好的声音", paths.audio_cache, PROBE_BYTES),
        ("播出记录", paths.state, LEAST_FREE_BYTES),
    )
    for what, folder, least in kept:
        there = next(one for one in (folder, *folder.parents) if one.exists())
        if (free := shutil.disk_usage(there).free) < least:
            left = f"{folder} 的磁盘满了，只剩 {free / 1e6:.1f} MB"
            yield f"{left}：{what}存不下，广播照常，请腾出空间"


def _slot_name(entry: SlotEntry) -> str:
    return f"{'时间表' if entry.written is None else '页面上加的'}“{entry.name}”"
