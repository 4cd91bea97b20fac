"""The command `check`: whether a box would start by these settings, and what of them is to be mended."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from broadcaster.clock import Clock
from broadcaster.console import (
    FILES,
    Arguments,
    load_config,
    load_config_to_run,
    refuse_missing,
    report,
)
from broadcaster.daemon import Config
from broadcaster.errors import ConfigError
from broadcaster.settings import Settings
from broadcaster.settings_problems import keys_twice
from broadcaster.slotbook import Slotbook, SlotEntry
from broadcaster.tts.catalogue import Catalogue

EXIT_TO_MEND = 1


def check_options(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "退出码：0 能启动，没有问题；1 能启动，有要改的地方；2 启动不了。"


def check(arguments: Arguments) -> int:
    """0 where the box starts and all is well, 1 where it starts and something is to be mended, 2
    (`ConfigError`) where it would not start.
    """
    config, problems = _as_it_would_start(arguments.config)
    book = Slotbook(config.timetable, config.settings, Clock(config.settings.station.zone))
    slots = book.entries()
    problems += [*book.timetable.problems, *_unlikely(config.settings, slots)]
    for sentence in problems:
        print(sentence, file=sys.stderr)
    said = f"能启动，时间表里有 {len(slots)} 条；上面有 {len(problems)} 处要改。"
    if not problems:
        said = f"设置没有问题，时间表里有 {len(slots)} 条。"
    report({"slots": len(slots), "problems": problems}, said, arguments)
    return EXIT_TO_MEND if problems else 0


def _as_it_would_start(folder: Path) -> tuple[Config, list[str]]:
    """What a box would run by, and what is wrong with it; `ConfigError` where it would not start."""
    try:
        refuse_missing(folder)
        config = load_config(folder)
    except ConfigError as error:
        by_the_last_good = load_config_to_run(folder)
        return by_the_last_good, [*error.problems, "能启动，按上次能用的设置播，直到改好。"]
    settings, _, lexicon = FILES
    return config, [*keys_twice(folder / settings), *keys_twice(folder / lexicon)]


def _unlikely(settings: Settings, slots: Sequence[SlotEntry]) -> Iterator[str]:
    """What is written rightly and will not come so: voices that are not, loops too tight."""
    station, voices, gap = settings.station, settings.voices, settings.loops.lowest_gap_minutes
    catalogue = Catalogue(settings.paths.voices, voices.threads, voices.edge)
    named = [(_slot_name(entry), entry.slot) for entry in slots if entry.slot]
    wished = [("station.voice", station.voice)]
    wished += [("station.stand_ins", voice) for voice in station.stand_ins]
    wished += [(f"{name}的 voice", slot.voice) for name, slot in named if slot.voice]
    for where, voice in wished:
        if catalogue.entry(voice) is None:
            yield f"{where}：没有语音 {voice}，broadcaster voices list 列出有哪些"
    for name, slot in named:
        if slot.every_minutes and slot.every_minutes <= gap:
            often = f"{name}每隔 {slot.every_minutes:g} 分钟说一遍"
            yield f"{often}，中间至少要停 {gap:g} 分钟（loops.lowest_gap_minutes），隔一遍就不播一遍"


def _slot_name(entry: SlotEntry) -> str:
    return f"{'时间表' if entry.written is None else '页面上加的'}“{entry.name}”"
