"""`broadcaster check` and `broadcaster config`: what is wrong in config/, and what is in force."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from broadcaster.console import (
    Arguments,
    load_checked_lexicon,
    load_config,
    not_counted_yet,
    refuse_missing,
    report,
    state_of_box,
)
from broadcaster.errors import ConfigError
from broadcaster.folders import SETTINGS_FILES

if TYPE_CHECKING:
    from broadcaster.daemon import Config
    from broadcaster.slotbook import Slotbook


def check(arguments: Arguments) -> int:
    folder = arguments.config
    # A problem of the folder itself is found by each that reads in it.
    if problems := list(dict.fromkeys(_problems(folder))):
        raise ConfigError(problems)
    slots = len(_slotbook(load_config(folder)).entries())
    waiting = not_counted_yet(state_of_box(folder))
    sentence = "".join([f"设置没有问题，时间表里有 {slots} 条。", *waiting])
    report({"slots": slots, "waiting": waiting}, sentence, arguments)
    return 0


def show_config(arguments: Arguments) -> int:
    import yaml

    from broadcaster.setting_values import as_written
    from broadcaster.settings import load_settings

    settings = load_settings(arguments.config)
    text = yaml.safe_dump(as_written(settings), allow_unicode=True, sort_keys=False)
    report(settings.model_dump(mode="json"), text.rstrip("\n"), arguments)
    return 0


def _problems(folder: Path) -> Iterator[str]:
    from broadcaster.settings import load_settings
    from broadcaster.timetable_file import load_timetable

    yield from _keys_twice(folder)
    yield from _wrong(refuse_missing, folder)
    wrong = [*_wrong(load_settings, folder), *_wrong(load_checked_lexicon, folder)]
    yield from wrong
    if wrong:
        yield from load_timetable(folder).problems
    else:
        config = load_config(folder)
        yield from _slotbook(config).timetable.problems
        yield from _unlikely(config)


def _wrong(load: Callable[[Path], object], folder: Path) -> list[str]:
    try:
        load(folder)
    except ConfigError as error:
        return error.problems
    return []


def _slotbook(config: Config) -> Slotbook:
    from broadcaster.clock import Clock
    from broadcaster.slotbook import Slotbook

    return Slotbook(config.timetable, config.settings, Clock(config.settings.station.zone))


def _keys_twice(folder: Path) -> Iterator[str]:
    """The second one counts, and nobody sees that the first does not; slots tell of their own."""
    from broadcaster import lined_yaml

    for path in (folder / name for name in SETTINGS_FILES):
        with suppress(OSError, lined_yaml.Unreadable):
            lined = lined_yaml.parse(lined_yaml.read_text(path))
            for place in lined.twice:
                if place[0] != "slots" or len(place) == 1:
                    yield f"{path.name} 第 {lined.line_of(place)} 行 {place[-1]}：写了两次，请去掉一个"


def _unlikely(config: Config) -> Iterator[str]:
    """What has the right form and will not come so: no such voice, no tone, too tight a loop."""
    from broadcaster.lexicon_file import entries
    from broadcaster.script.lexicon import toneless
    from broadcaster.tts.catalogue import Catalogue

    settings, slots = config.settings, config.timetable.slots
    station, voices, gap = settings.station, settings.voices, settings.loops.lowest_gap_minutes
    catalogue = Catalogue(settings.paths.voices, voices.threads, voices.edge)
    wished = [("station.voice", station.voice)]
    wished += [("station.stand_ins", voice) for voice in station.stand_ins]
    wished += [(f"时间表“{slot.name}”的 voice", slot.voice) for slot in slots if slot.voice]
    for where, voice in wished:
        if catalogue.entry(voice) is None:
            yield f"{where}：没有语音 {voice}，broadcaster voices list 列出有哪些"
    for entry in entries(config.lexicon):
        if slip := toneless(entry.said):
            yield f"lexicon.yaml {entry.section}.{entry.word}：{slip}"
    for slot in slots:
        if slot.every_minutes and slot.every_minutes <= gap:
            often = f"时间表“{slot.name}”每隔 {slot.every_minutes:g} 分钟说一遍"
            yield f"{often}，中间至少要停 {gap:g} 分钟（loops.lowest_gap_minutes），隔一遍就不播一遍"
