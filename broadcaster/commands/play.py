"""`broadcaster play`: a sound file, a sound or a folder of the library, or a stream, now or later."""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from broadcaster.commands.box import air
from broadcaster.commands.console import Arguments, settings_to_look_by
from broadcaster.commands.notice_options import add_sink
from broadcaster.commands.sounds import chosen, library_of, take_file
from broadcaster.core.errors import SoundRefused, TimeRefused
from broadcaster.core.notice import Notice
from broadcaster.core.piece import ADDRESSES, Order, Piece, PieceKind

if TYPE_CHECKING:
    from broadcaster.studio.sound_library import SoundLibrary


def play_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "sound", metavar="声音", help="声音文件，声音库里一个声音、一个文件夹的名字，或者要转播的地址"
    )
    parser.add_argument("--minutes", type=float, metavar="分钟", help="放几分钟")
    parser.add_argument("--order", choices=[one.value for one in Order], help="文件夹的先后")
    parser.add_argument("--at", metavar="时间", help='到时候再放，例如 "2026-12-01 09:00"')
    parser.add_argument(
        "--zone", action="append", default=[], metavar="分区", help="只在这个区播，可以写几个"
    )
    parser.add_argument("--no-wait", action="store_true", help="交给广播站就返回，不等播完")
    add_sink(parser)


def play(arguments: Arguments) -> int:
    settings = settings_to_look_by(arguments.config)
    at = _moment(arguments.at, settings.station.zone) if arguments.at else None
    piece, title = _meant(arguments, library_of(arguments))
    if piece.problem:
        raise SoundRefused(piece.problem)
    column = Notice("", title=title, pieces=(piece,), zones=tuple(arguments.zone))
    return air(column, arguments, at)


def _meant(arguments: Arguments, library: SoundLibrary) -> tuple[Piece, str]:
    """A file is taken into the library first, from where it sounds."""
    from broadcaster.studio.sound_library import all_named, folder_of

    name, order, path = arguments.sound, Order(arguments.order or Order.IN_ORDER), Path(arguments.sound)
    if path.is_file():
        sound = take_file(library, path)
        return Piece(PieceKind.AUDIO, sound.key, arguments.minutes, order), sound.title
    if name.startswith(ADDRESSES):
        return Piece(
            PieceKind.RELAY, name, arguments.minutes, order
        ), f"转播 {urlsplit(name).hostname or ''}"[:100]
    sounds = library.all()
    if all_named(sounds, name):
        found = chosen(sounds, name)
        return Piece(PieceKind.AUDIO, found.key, arguments.minutes, order), found.title
    if any(folder_of(sound.title) == name for sound in sounds):
        return Piece(PieceKind.FOLDER, name, arguments.minutes, order), name
    raise SoundRefused(
        f"没有“{name}”这个文件，声音库里也没有叫这个名字的声音和文件夹，请看看写对了没有。"
    )


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=zone)
    except ValueError as error:
        raise TimeRefused(f'时间写法不对：{text}，要写成 "2026-12-01 09:00"。') from error
