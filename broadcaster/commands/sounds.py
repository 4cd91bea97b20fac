"""The command `broadcaster sounds`: lists, takes in, removes and restores sounds of the library."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from broadcaster.commands.console import Arguments, report, settings_to_look_by
from broadcaster.core.errors import SoundRefused, reason_of

if TYPE_CHECKING:
    from broadcaster.studio.sound_library import Sound, SoundLibrary

PIECE_BYTES = 1024 * 1024


def add_to(group: Any, add: Any) -> None:
    listed = add(group, "list", show, "有哪些声音，多长，还装得下多少")
    listed.add_argument("--removed", action="store_true", help="看删掉的，30 天里能要回来")
    taken = add(group, "add", take, "收进一个声音文件")
    taken.add_argument("file", type=Path, metavar="文件")
    taken.add_argument(
        "--title", default="", metavar="名字", help="叫什么；不写就用文件里写的，或者文件名"
    )
    for name, does, purpose in (
        ("remove", remove, "删掉一个声音，30 天里能要回来"),
        ("restore", restore, "把删掉的要回来"),
    ):
        chosen = add(group, name, does, purpose)
        chosen.add_argument("sound", metavar="声音", help="名字，或者列出来的代号")


def show(arguments: Arguments) -> int:
    library = library_of(arguments)
    found = library.removed() if arguments.removed else library.all()
    lines = [_line(sound) for sound in found] or [
        "还没有声音。" if not arguments.removed else "没有删掉的。"
    ]
    lines.append(f"还装得下 {library.room() // 1_000_000} 兆。")
    content = {"sounds": [asdict(sound) for sound in found], "room": library.room()}
    report(content, "\n".join(lines), arguments)
    return 0


def take(arguments: Arguments) -> int:
    sound = take_file(library_of(arguments), arguments.file, arguments.title)
    report({"added": asdict(sound)}, f"收好了：{_line(sound)}", arguments)
    return 0


def remove(arguments: Arguments) -> int:
    library = library_of(arguments)
    sound = _chosen(library.all(), arguments.sound, "broadcaster sounds list")
    library.remove(sound.key)
    sentence = f"删掉了：{sound.title}。要回来：broadcaster sounds restore {sound.key}"
    report({"removed": asdict(sound)}, sentence, arguments)
    return 0


def restore(arguments: Arguments) -> int:
    library = library_of(arguments)
    sound = _chosen(library.removed(), arguments.sound, "broadcaster sounds list --removed")
    library.restore(sound.key)
    report({"restored": asdict(sound)}, f"要回来了：{sound.title}。", arguments)
    return 0


def take_file(library: SoundLibrary, path: Path, title: str = "") -> Sound:
    """Take a file of this machine into the library. Raises `SoundRefused`, also for one that cannot be
    read.
    """
    try:
        with path.open("rb") as file:
            pieces: Iterator[bytes] = iter(partial(file.read, PIECE_BYTES), b"")
            return library.take(pieces, path.name, title)
    except OSError as error:
        raise SoundRefused(f"{path} 读不出来（{reason_of(error)}）。") from error


def library_of(arguments: Arguments) -> SoundLibrary:
    """On the disk, whether or not the box runs: each sound is whole or absent."""
    from broadcaster.studio.sound_library import SoundLibrary

    settings = settings_to_look_by(arguments.config)
    return SoundLibrary(settings.paths.state, settings.sounds.limit_megabytes * 1_000_000)


def _chosen(sounds: list[Sound], name: str, listing: str) -> Sound:
    found = [sound for sound in sounds if name in (sound.key, sound.title)]
    if not found:
        raise SoundRefused(f"没有叫“{name}”的声音。看有哪些：{listing}")
    if len(found) > 1:
        raise SoundRefused(f"叫“{name}”的有 {len(found)} 个，请写代号。看有哪些：{listing}")
    return found[0]


def _line(sound: Sound) -> str:
    minutes, seconds = divmod(round(sound.seconds), 60)
    return f"{sound.key}  {sound.title}  {minutes}:{seconds:02}  {sound.facts.lufs:.1f} LUFS"
