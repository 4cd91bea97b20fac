"""The command `broadcaster sounds`: lists, takes in, removes and restores sounds of the library."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
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
        "--title", default="", metavar="名字", help="叫什么；不写就用文件名，或者文件里写的"
    )
    taken.add_argument("--replace", metavar="声音", help="换掉这一个：名字、时间表里的用处都归新的")
    for name, does, purpose in (
        ("remove", remove, "删掉一个声音，30 天里能要回来"),
        ("restore", restore, "把删掉的要回来"),
    ):
        chosen = add(group, name, does, purpose)
        chosen.add_argument("sound", metavar="声音", help="名字，或者列出来的代号，开头 4 个字母就行")


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
    library = library_of(arguments)
    old = chosen(library.all(), arguments.replace) if arguments.replace else None
    sound = take_file(library, arguments.file, arguments.title)
    said = f"已经有了，叫“{sound.title}”" if sound.again else "收好了"
    if old and (put := library.replace(sound.key, old.key)):
        sound, said = put, f"{said}，换掉了老的“{old.title}”（{_length(old)}）"
    report({"added": asdict(sound)}, f"{said}：{_line(sound)}{_namesake(sound, library)}", arguments)
    return 0


def _namesake(sound: Sound, library: SoundLibrary) -> str:
    from broadcaster.studio.sound_library import namesake

    other = namesake(library.all(), sound.title)
    if other is None:
        return ""
    return (
        f"\n已经有一个“{other.title}”（{_length(other)}），这一个就叫“{sound.title}”。"
        "要叫别的写 --title，要换掉老的写 --replace，再收一遍。"
    )


def remove(arguments: Arguments) -> int:
    library = library_of(arguments)
    sound = chosen(library.all(), arguments.sound)
    library.remove(sound.key)
    sentence = f"删掉了：{sound.title}。要回来：broadcaster sounds restore {sound.key}"
    report({"removed": asdict(sound)}, sentence, arguments)
    return 0


def restore(arguments: Arguments) -> int:
    library = library_of(arguments)
    key = chosen(library.removed(), arguments.sound, "broadcaster sounds list --removed").key
    if sound := library.restore(key):
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


def chosen(sounds: list[Sound], name: str, listing: str = "broadcaster sounds list") -> Sound:
    """The one that is meant. Raises `SoundRefused` for none and for several."""
    from broadcaster.studio.sound_library import all_named

    found = all_named(sounds, name)
    if not found:
        raise SoundRefused(f"没有叫“{name}”的声音。看有哪些：{listing}")
    if len(found) > 1:
        raise SoundRefused(f"叫“{name}”的有 {len(found)} 个，请写代号。看有哪些：{listing}")
    return found[0]


def _line(sound: Sound) -> str:
    loud = f"{sound.facts.lufs:.1f} LUFS"
    taken = datetime.fromtimestamp(sound.taken_at)  # noqa: DTZ006 - as this machine's `ls` says it
    return "  ".join((sound.key, sound.title, _length(sound), loud, f"{taken:%Y-%m-%d %H:%M}"))


def _length(sound: Sound) -> str:
    minutes, seconds = divmod(round(sound.seconds), 60)
    return f"{minutes}:{seconds:02}"
