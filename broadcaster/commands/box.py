"""The commands that run the box or ask the running one: run, say, stop, skip, resume, status, render,
spoken, verse, config.

Each prints for a person or, with --json, for a program, and returns the exit code: 0 done, 1 not heard
to its end, 2 wrong input or something broken (`BroadcasterError`).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from broadcaster.commands.console import (
    NOT_RUNNING,
    Arguments,
    ask_box,
    ask_running_box,
    load_config,
    load_config_to_run,
    refuse_error,
    report,
    settings_to_look_by,
)
from broadcaster.commands.notice_options import (
    add_notice,
    add_sink,
    add_sound_file,
    add_text,
    notice_of,
    text_of,
)
from broadcaster.core.errors import BroadcasterError, CacheUnwritable, TextRefused
from broadcaster.core.labels import COMMAND, as_drill, say_place, sound_called
from broadcaster.core.model import Line, Programme
from broadcaster.core.notice import Notice, Style, plain
from broadcaster.daemon import control_socket
from broadcaster.system.alone_mark import marked_alone
from broadcaster.system.terminal import EXIT_BROKEN

if TYPE_CHECKING:
    from broadcaster.daemon.assembly import Config

# Heavy parts are imported inside the command that needs them: a command to the running box starts
# in a tenth of the time that importing the box itself takes.

EXIT_NOT_HEARD = 1
ACCEPTED = "已送上广播。"
UNKEPT = "已安排，但磁盘写不进去：停电就没有了。"
WAITS = (
    "声卡好了就接着播，最多等半小时。按 Ctrl-C 只是不再等，这一条还排着；要取消请用 broadcaster stop。"
)
GOES_ON = "这里不再等了，这一条广播站照样播；要停用 broadcaster stop。"
NO_PIECE = "现在放的不是一段一段的节目，没有可跳的。要停请用 broadcaster stop。"
NOBODY_TAKES_IT = (
    "广播站没有在运行，没有谁接过去播。启动它：scripts/run；要就在这里播完，请去掉 --no-wait。"
)
LEFT_WAITING = "广播站关了，这一条还没播完：半小时内再启动，没播过的、红色的会接着播。"

Parser = argparse.ArgumentParser


def run_options(parser: Parser) -> None:
    parser.add_argument(
        "--greet", action="store_true", help="新装的广播站第一次启动时，念一遍设置里的第一则通知"
    )
    add_sink(parser)


def run(arguments: Arguments) -> int:
    from broadcaster.daemon import running_box
    from broadcaster.system.log_format import log_in

    def tell(line: str) -> None:
        print(line, flush=True)

    config, in_terminal = load_config_to_run(arguments.config), sys.stdout.isatty()
    log_in(config.settings.station.zone)
    for note in filter(None, (config.fault, config.changed)):
        tell(note)
    return running_box.run(config, tell, arguments.output_file, arguments.greet, in_terminal)


def say_options(parser: Parser) -> None:
    add_notice(parser)
    add_sink(parser)
    parser.add_argument(
        "--zone", action="append", default=[], metavar="分区", help="只在这个区播，可以写几个"
    )
    parser.add_argument("--no-wait", action="store_true", help="交给广播站就返回，不等播完")


def say(arguments: Arguments) -> int:
    return air(replace(notice_of(arguments), zones=tuple(arguments.zone)), arguments)


def air(said: Notice, arguments: Arguments, at: datetime | None = None) -> int:
    """Speak a notice now, or at a moment to come; wait for its end unless told not to."""
    asked_by, wait = COMMAND, not (arguments.no_wait or at)
    outcome = "" if wait else "PLAYED"
    request = {"do": "say", "notice": plain(said), "asked_by": asked_by, "wait": wait}
    request |= {"at": at.isoformat()} if at else {}
    for answer in _answers(request, arguments):
        sentence = ACCEPTED
        if "waits_for_card" in answer:
            sentence = f"{answer['waits_for_card'].rstrip('。')}。{WAITS}"
        elif not answer.get("accepted", {}).get("kept", True):
            sentence = UNKEPT
        if "ended" in answer:
            outcome, sentence = str(answer["ended"]["outcome"]), _ending(answer["ended"])
        if outcome == "FAILED":
            print(sentence, file=sys.stderr)
        if arguments.json or outcome != "FAILED":
            report(answer, sentence, arguments)
    if not outcome:
        print(LEFT_WAITING, file=sys.stderr)
    return {"PLAYED": 0, "FAILED": EXIT_BROKEN}.get(outcome, EXIT_NOT_HEARD)


def stop(arguments: Arguments) -> int:
    answer = ask_running_box({"do": "stop", "asked_by": COMMAND}, arguments.config)
    count, again = answer["stopped"], answer["loops_again"]
    sentence = f"已停播，停下了 {count} 条。" if count else "现在没有在播的。"
    if answer["loops_stopped"]:
        until = f"要到 {_moment(again)} 才再播" if again else "到下一个时段才再播"
        sentence += f"循环停了，{until}；马上恢复：broadcaster resume"
    report(answer, sentence, arguments)
    return 0


def skip(arguments: Arguments) -> int:
    answer = ask_running_box({"do": "skip", "asked_by": COMMAND}, arguments.config)
    sentence = NO_PIECE
    if answer["skipped"]:
        sentence = "跳过了，接着放下一段。" if answer["left"] else "跳过了，后面没有别的段了。"
    report(answer, sentence, arguments)
    return 0 if answer["skipped"] else EXIT_NOT_HEARD


def resume(arguments: Arguments) -> int:
    answer = ask_running_box({"do": "resume"}, arguments.config)
    report(answer, "循环恢复了，到时候照常播。", arguments)
    return 0


def status(arguments: Arguments) -> int:
    answer = ask_running_box({"do": "status"}, arguments.config)
    state = answer["status"]
    on_air = state["on_air"]
    lines = ["正在播出：" + (_naming(on_air) if on_air else "无")]
    if on_air:
        whole = f"，共 {on_air['seconds_due']:.0f} 秒" if on_air["made"] else ""
        lines.append(f"  已播 {on_air['seconds_played']:.0f} 秒{whole}")
        said = _piece(on_air["piece"]) if on_air["piece"] else ""
        lines += [f"  {said}"] if said else []
    lines += [f"等候：{_naming(airing)}" for airing in state["waiting"]]
    coming = sorted(state["later"] + state["next"], key=moment_due)
    lines += [f"接下来：{naming_later(airing)}" for airing in coming]
    lines += [_loops_stopped(state)] if state["loops_stopped"] else []
    lines += [f"故障：{fault}" for fault in state["faults"]]
    lines += [f"时钟：{state['clock_remark']}"] if state["clock_remark"] else []
    report(state, "\n".join(lines), arguments)
    return 0


def _piece(piece: control_socket.Message) -> str:
    """第 2 段，共 4 段：戏曲《大登殿》 12:31 / 45:00"""
    number = f"第 {piece['number']} 段，共 {piece['of']} 段" if piece["of"] > 1 else ""
    if not piece["title"]:
        return number
    place = say_place(piece["seconds"], piece["of_seconds"])
    return "：".join(filter(None, (number, f"{sound_called(piece['title'])} {place}")))


def _loops_stopped(state: control_socket.Message) -> str:
    who = f"{state['loops_stopped_by']} " if state["loops_stopped_by"] else ""
    when = _moment(state["loops_stopped_at"])
    return f"循环停了（{who}{when} 停播），到下一个时段才再播；马上恢复：broadcaster resume"


def render_options(parser: Parser) -> None:
    add_notice(parser)
    add_sound_file(parser)


def render(arguments: Arguments) -> int:
    from broadcaster.audio.export import check_writable, write_sound

    check_writable(arguments.output)
    config = load_config(arguments.config)
    with _rendered(config, notice_of(arguments)) as programme:
        seconds = write_sound(arguments.output, programme, config.settings.sound.rate_hz)
    wish = notice_of(arguments).voice or config.settings.station.voice
    stood_in = "" if programme.voice == wish else f"{wish} 说不了这一段，用的是 {programme.voice}。"
    content = {"file": str(arguments.output), "seconds": round(seconds, 3), "voice": programme.voice}
    report(content, f"已写入 {arguments.output}，{seconds:.1f} 秒。{stood_in}", arguments)
    return 0


@contextmanager
def _rendered(config: Config, notice: Notice) -> Iterator[Programme]:
    """Its clips stand until the block ends, in the cache or, where that takes none, elsewhere."""
    from broadcaster.audio.clip_store import ClipStore
    from broadcaster.daemon.assembly import open_studio

    with ExitStack() as stack:
        try:
            ClipStore(config.settings.paths.audio_cache).check_writable()
        except CacheUnwritable:
            folder = Path(stack.enter_context(TemporaryDirectory()))
            paths = config.settings.paths.model_copy(update={"audio_cache": folder})
            settings = config.settings.model_copy(update={"paths": paths})
            config = replace(config, settings=settings)
        with open_studio(config) as studio:
            programme = studio.programme(studio.settle(notice))
        yield programme


def spoken_options(parser: Parser) -> None:
    add_text(parser)
    parser.add_argument("--pinyin", action="store_true", help="带上拼音（变调以后的读音）")


def spoken(arguments: Arguments) -> int:
    from broadcaster.daemon.assembly import open_studio

    with open_studio(load_config(arguments.config)) as studio:
        script = studio.script(Notice(text_of(arguments), opening="", closing=""))
    content = [_line_as_json(line) for line in script.lines]
    lines = []
    for line in content:
        lines.append(line["spoken"])
        lines += ["    " + " ".join(line["sounded"])] if arguments.pinyin else []
    report(content, "\n".join(lines), arguments)
    return 0


def verse_options(parser: Parser) -> None:
    add_text(parser)


def verse(arguments: Arguments) -> int:
    from broadcaster.daemon.assembly import open_studio
    from broadcaster.text.rhyme_scheme import judge, verses
    from broadcaster.text.verse_report import NO_VERSE, as_values
    from broadcaster.text.verse_report import report as as_text

    with open_studio(load_config(arguments.config)) as studio:
        text = Notice(text_of(arguments), opening="", closing="", style=Style.VERSE)
        schemes = [judge(found) for found in verses(studio.script(text).lines)]
    if not schemes:
        raise TextRefused(NO_VERSE)
    report(as_values(schemes), as_text(schemes), arguments)
    return 0


def show_config(arguments: Arguments) -> int:
    import yaml

    from broadcaster.settings.values import as_written

    settings = settings_to_look_by(arguments.config)
    text = yaml.safe_dump(as_written(settings), allow_unicode=True, sort_keys=False)
    report(settings.model_dump(mode="json"), text.rstrip("\n"), arguments)
    return 0


def _answers(request: control_socket.Message, arguments: Arguments) -> Iterator[control_socket.Message]:
    """The answers of the running box, or of this process if none runs; that does not stand by."""
    answers = ask_box(request, arguments.config)
    if answers is None and "at" in request:
        raise BroadcasterError(NOT_RUNNING)
    if answers is None and arguments.no_wait:
        raise BroadcasterError(NOBODY_TAKES_IT)
    return _answers_of_box(answers) if answers else _answers_alone(request, arguments)


def _answers_of_box(answers: Iterator[control_socket.Message]) -> Iterator[control_socket.Message]:
    """The box's answers; if the person presses Ctrl-C after it was accepted, he learns that it
    goes on.
    """
    accepted = False
    try:
        for answer in answers:
            accepted = accepted or "accepted" in answer
            yield answer
    except KeyboardInterrupt:
        if accepted:
            print(GOES_ON, file=sys.stderr)
        raise


def _answers_alone(
    request: control_socket.Message, arguments: Arguments
) -> Iterator[control_socket.Message]:
    from broadcaster.audio.clip_store import ClipStore
    from broadcaster.daemon.assembly import open_box

    config = load_config(arguments.config)
    # At a keyboard somebody can see to it now; a box would speak on, and tell of it on its page.
    ClipStore(config.settings.paths.audio_cache).check_writable()
    with open_box(config, arguments.output_file, makes_ahead=False) as box, ExitStack() as stack:
        if box.note:
            print(box.note, file=sys.stderr)
        airing_id = ""
        try:
            for answer in control_socket.answers(box.station, {**request, "wait": True}):
                if "accepted" in answer:
                    airing_id = answer["accepted"]["id"]
                    # Without the mark it still plays; a box that begins now would take it up too.
                    with suppress(OSError):
                        stack.enter_context(marked_alone(config.settings.paths.state, airing_id))
                if "waits_for_card" in answer:
                    raise BroadcasterError(answer["waits_for_card"])
                yield refuse_error(answer)
        finally:
            # No box is there to go on with it.
            box.station.cancel(airing_id, COMMAND)


def _line_as_json(line: Line) -> dict[str, Any]:
    han = [syllable for syllable in line.syllables if not syllable.text.isascii()]
    return {
        "line": line.written,
        "spoken": line.spoken,
        "pinyin": [syllable.pinyin for syllable in han],
        "sounded": [syllable.sounded for syllable in han],
    }


def _naming(airing: control_socket.Message) -> str:
    words = str(airing["title"] or airing["text"][:30].replace("\n", " "))
    return as_drill(words) if airing["drill"] else words


def moment_due(airing: control_socket.Message) -> datetime:
    return datetime.fromisoformat(airing["due_at"])


def naming_later(airing: control_socket.Message) -> str:
    """11-30 06:30 停水, and what it waits for beside that."""
    held = "（等时钟对准）" if airing["held"] else ""
    return f"{_moment(airing['due_at'])} {_naming(airing)}{held}"


def _moment(iso: str) -> str:
    return f"{iso[5:10]} {iso[11:16]}"


def _ending(ended: control_socket.Message) -> str:
    words = {"PLAYED": "播完", "CUT_SHORT": "中途停下", "CANCELLED": "已取消", "EXPIRED": "过时没播"}
    sentence = f"{words.get(ended['outcome'], '没有播成')}：{ended['seconds_played']:.1f} 秒"
    return f"{sentence}，{ended['reason']}" if ended["reason"] else sentence + "。"
