"""The command `broadcaster cache`: shows, checks and prunes the cache, and renders the timetable
ahead.
"""

import sys
from argparse import ArgumentTypeError
from collections.abc import Iterator
from typing import Any

from broadcaster.commands.console import Arguments, ask_box, load_config, report, settings_to_look_by
from broadcaster.daemon import control_socket
from broadcaster.system.terminal import EXIT_BROKEN

SHOWN_EVERY = 500


def add_to(group: Any, add: Any) -> None:
    add(group, "show", show, "存了多少做好的声音")
    add(group, "check", check, "逐个检查，坏的删掉")
    pruned = add(group, "prune", prune, "删掉最久没播的，直到不超过上限")
    pruned.add_argument("--to", type=_amount, metavar="兆", help="删到多少兆，不写就是设置里的上限")
    add(group, "warm", warm, "现在就把时间表里的都做好")


def _amount(text: str) -> float:
    """A number that is not below 0; argparse tells of the ValueError."""
    number = float(text)
    if not 0 <= number < float("inf"):
        raise ArgumentTypeError(f"要写 0 以上的数，现在写的是 {text}")
    return number


def show(arguments: Arguments) -> int:
    from broadcaster.audio.cache_survey import survey

    settings = settings_to_look_by(arguments.config)
    found = survey(settings.paths.audio_cache)
    oldest = found.oldest and found.oldest.astimezone(settings.station.zone)
    content = {
        "folder": str(settings.paths.audio_cache),
        "clips": len(found.clips),
        "programmes": len(found.programmes),
        "megabytes": _megabytes(found.size),
        "limit_megabytes": settings.cache.limit_megabytes,
        "oldest": oldest and oldest.isoformat(timespec="seconds"),
    }
    lines = [
        f"做好的声音：{len(found.clips)} 句，{len(found.programmes)} 条通知",
        f"占用：{_megabytes(found.size)} 兆，上限 {settings.cache.limit_megabytes} 兆",
        f"最久没播的：{oldest:%Y-%m-%d %H:%M}" if oldest else "最久没播的：无",
        f"文件夹：{settings.paths.audio_cache}",
    ]
    report(content, "\n".join(lines), arguments)
    return 0


def check(arguments: Arguments) -> int:
    from broadcaster.audio.cache_check import check as check_each
    from broadcaster.audio.clip_store import cannot_write

    folder = settings_to_look_by(arguments.config).paths.audio_cache
    count, broken = 0, []
    try:
        for count, checked in enumerate(check_each(folder), start=1):
            if checked.problem:
                broken.append({"file": str(checked.path), "problem": checked.problem})
            if count % SHOWN_EVERY == 0:
                print(f"查了 {count} 个文件", file=sys.stderr, flush=True)
    except OSError as error:
        raise cannot_write(folder, error) from error
    lines = [f"坏了，已删掉：{row['file']}（{row['problem']}）" for row in broken]
    verdict = f"坏了 {len(broken)} 个，用到时会重新做" if broken else "都好"
    lines.append(f"查了 {count} 个文件，{verdict}。")
    report({"files": count, "removed": broken}, "\n".join(lines), arguments)
    return 0


def prune(arguments: Arguments) -> int:
    (answer,) = _answers({"do": "prune", "to_megabytes": arguments.to}, arguments)
    pruned = answer["pruned"]
    sentence = (
        f"删掉了 {pruned['clips']} 句、{pruned['programmes']} 条通知，"
        f"腾出 {pruned['megabytes_freed']} 兆，还有 {pruned['megabytes_left']} 兆。"
    )
    if arguments.to is not None and pruned["megabytes_left"] > arguments.to:
        sentence += "剩下的是 48 小时内要播的、正在播的和刚做的，不删。"
    report(pruned, sentence, arguments)
    return 0


def warm(arguments: Arguments) -> int:
    refused = False
    for answer in _answers({"do": "prepare"}, arguments):
        done = answer["prepared"]
        said = "做好了" if done["made"] else "已经有了"
        outcome = done["problem"] or f"{said}，{done['seconds']:.1f} 秒"
        refused = refused or bool(done["problem"])
        report(done, f"{done['number']}/{done['of']}  {done['title']}  {outcome}", arguments)
    return EXIT_BROKEN if refused else 0


def _answers(request: control_socket.Message, arguments: Arguments) -> Iterator[control_socket.Message]:
    """By the box that runs, which knows what is on the air; by this process where none does."""
    answers = ask_box(request, arguments.config)
    if answers is not None:
        yield from answers
        return
    from broadcaster.core.clock import Clock
    from broadcaster.daemon.assembly import open_studio
    from broadcaster.station.village_slots import Slotbook

    config = load_config(arguments.config)
    clock = Clock(config.settings.station.zone)
    timetable = Slotbook(config.timetable, config.settings, clock).timetable
    with open_studio(config) as studio:
        if request["do"] == "prune":
            yield control_socket.pruned_as_json(
                studio.house.prune(control_socket.bytes_of(request["to_megabytes"]))
            )
        else:
            for prepared in studio.prepare(timetable.notices()):
                yield control_socket.prepared_as_json(prepared)


def _megabytes(size: int) -> float:
    return round(size / 1e6, 1)
