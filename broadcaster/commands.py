"""The commands: each prints for a person or, with --json, for a program, and returns the exit code.

0 done, 1 not heard to its end, 2 wrong input or something broken (`BroadcasterError`).
"""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from broadcaster import control
from broadcaster.console import Arguments, load_config, load_config_to_run, refuse_error
from broadcaster.console import report as _report
from broadcaster.errors import BroadcasterError, ConfigError, TextRefused, VoiceUnavailable
from broadcaster.model import Line, Notice, Severity, Signal, Style
from broadcaster.setting_values import SIGNALS
from broadcaster.settings import load_settings

if TYPE_CHECKING:
    from broadcaster.daemon import Config
    from broadcaster.settings import Settings
    from broadcaster.tts.catalogue import Catalogue

# Heavy parts are imported inside the command that needs them: a command to the running box starts
# in a third of the time that importing the box itself takes.

EXIT_NOT_HEARD = 1
EXIT_BROKEN = 2


def run(arguments: Arguments) -> int:
    from broadcaster import daemon

    def tell(line: str) -> None:
        print(line, flush=True)

    config, in_terminal = load_config_to_run(arguments.config), sys.stdout.isatty()
    if config.fault:
        tell(config.fault)
    return daemon.run(config, tell, arguments.output_file, arguments.greet, in_terminal)


def say(arguments: Arguments) -> int:
    return air(replace(_notice(arguments), zones=tuple(arguments.zone)), arguments)


def air(said: Notice, arguments: Arguments) -> int:
    """Speak a notice now; wait for its end unless told not to."""
    notice = {key: value for key, value in asdict(said).items() if value is not None}
    asked_by, wait = getpass.getuser(), not arguments.no_wait
    outcome = "" if wait else "PLAYED"
    request = {"do": "say", "notice": notice, "asked_by": asked_by, "wait": wait}
    for answer in _answers(request, arguments):
        sentence = "已送上广播。"
        if "ended" in answer:
            outcome, sentence = str(answer["ended"]["outcome"]), _ending(answer["ended"])
        if outcome == "FAILED":
            print(sentence, file=sys.stderr)
        if arguments.json or outcome != "FAILED":
            _report(answer, sentence, arguments)
    return {"PLAYED": 0, "FAILED": EXIT_BROKEN}.get(outcome, EXIT_NOT_HEARD)


def stop(arguments: Arguments) -> int:
    answer = _answer_of_running_box({"do": "stop", "asked_by": getpass.getuser()}, arguments)
    count = answer["stopped"]
    sentence = f"已停播，停下了 {count} 条。" if count else "现在没有在播的。"
    _report(answer, sentence + "循环到下一个时段才再播；马上恢复：broadcaster resume", arguments)
    return 0


def resume(arguments: Arguments) -> int:
    answer = _answer_of_running_box({"do": "resume"}, arguments)
    _report(answer, "循环恢复了，到时候照常播。", arguments)
    return 0


def status(arguments: Arguments) -> int:
    answer = _answer_of_running_box({"do": "status"}, arguments)
    state = answer["status"]
    on_air = state["on_air"]
    lines = ["正在播出：" + (_naming(on_air) if on_air else "无")]
    if on_air:
        lines.append(f"  已播 {on_air['seconds_played']:.0f} 秒，共 {on_air['seconds_due']:.0f} 秒")
    lines += [f"等候：{_naming(airing)}" for airing in state["waiting"]]
    lines += [f"接下来：{_moment(airing['due_at'])} {_naming(airing)}" for airing in state["next"]]
    lines += ["循环停了，到下一个时段才再播"] if state["loops_stopped"] else []
    lines += [f"故障：{state['fault']}"] if state["fault"] else []
    _report(state, "\n".join(lines), arguments)
    return 0


def render(arguments: Arguments) -> int:
    from broadcaster.clips.export import check_writable, write_sound
    from broadcaster.daemon import open_studio

    check_writable(arguments.output)
    config = _config(arguments)
    with open_studio(config) as studio:
        programme = studio.programme(_notice(arguments))
    seconds = write_sound(arguments.output, programme, config.settings.sound.rate_hz)
    wish = _notice(arguments).voice or config.settings.station.voice
    stood_in = "" if programme.voice == wish else f"{wish} 现在用不了，用的是 {programme.voice}。"
    report = {"file": str(arguments.output), "seconds": round(seconds, 3), "voice": programme.voice}
    _report(report, f"已写入 {arguments.output}，{seconds:.1f} 秒。{stood_in}", arguments)
    return 0


def spoken(arguments: Arguments) -> int:
    from broadcaster.daemon import open_studio

    with open_studio(_config(arguments)) as studio:
        script = studio.script(Notice(_text(arguments), opening="", closing=""))
    content = [_line_as_json(line) for line in script.lines]
    lines = []
    for line in content:
        lines.append(line["spoken"])
        lines += ["    " + " ".join(line["sounded"])] if arguments.pinyin else []
    _report(content, "\n".join(lines), arguments)
    return 0


def verse(arguments: Arguments) -> int:
    from broadcaster.daemon import open_studio
    from broadcaster.script.scheme import judge, verses
    from broadcaster.script.verse_report import NO_VERSE, as_values, report

    with open_studio(_config(arguments)) as studio:
        text = Notice(_text(arguments), opening="", closing="", style=Style.VERSE)
        schemes = [judge(found) for found in verses(studio.script(text).lines)]
    if not schemes:
        raise TextRefused(NO_VERSE)
    _report(as_values(schemes), report(schemes), arguments)
    return 0


def list_voices(arguments: Arguments) -> int:
    settings = load_settings(arguments.config)
    answers = control.ask(settings.paths.state, {"do": "voices"})
    if answers is None:
        content = [asdict(entry) for entry in _catalogue(settings).entries()]
    else:
        content = _answer(answers)["voices"]
    _report(content, "\n".join(line for entry in content for line in _told(entry)), arguments)
    return 0


def _told(entry: control.Message) -> list[str]:
    facts = {"": entry["note"], "速度：": entry["speed"], "许可：": entry["licence"]}
    if not entry["ready"]:
        facts["怎么办："] = (
            entry["remedy"] or f"请运行：broadcaster voices install {entry['name'].split(':')[0]}"
        )
    told = [f"    {heading}{fact}" for heading, fact in facts.items() if fact]
    return [f"{entry['name']}  {entry['state']}", *told]


def audition(arguments: Arguments) -> int:
    from broadcaster.audition import hear_voices
    from broadcaster.clips.export import check_writable, write_sound
    from broadcaster.daemon import open_studio

    check_writable(arguments.output)
    config = _config(arguments)
    entries = _catalogue(config.settings).entries()
    with open_studio(config) as studio:
        heard = hear_voices(studio, entries, _text(arguments))
    seconds = write_sound(arguments.output, heard.programme, config.settings.sound.rate_hz)
    rows = [asdict(row) for row in heard.rows]
    report = {"file": str(arguments.output), "seconds": round(seconds, 3), "voices": rows}
    _report(
        report, "\n".join([*heard.table(), f"已写入 {arguments.output}，{seconds:.1f} 秒。"]), arguments
    )
    return 0


def install_voice(arguments: Arguments) -> int:
    from broadcaster.tts.package_source import Source

    settings = load_settings(arguments.config)
    catalogue = _catalogue(settings)
    if len(arguments.source) != len(arguments.sha256):
        raise VoiceUnavailable("每个 --from 后面都要有它的 --sha256。")
    files = [Source(*pair) for pair in zip(arguments.source, arguments.sha256, strict=True)]
    catalogue.install(arguments.engine, lambda line: print(line, file=sys.stderr, flush=True), files)
    _report({"installed": arguments.engine}, f"声音 {arguments.engine} 已装好。", arguments)
    return 0


def _catalogue(settings: Settings) -> Catalogue:
    from broadcaster.tts.catalogue import Catalogue

    voices = settings.voices
    return Catalogue(settings.paths.voices, voices.threads, voices.edge)


def check(arguments: Arguments) -> int:
    from broadcaster.clock import Clock
    from broadcaster.slotbook import Slotbook

    config = _config(arguments)
    clock = Clock(config.settings.station.zone)
    book = Slotbook(config.timetable, config.settings, clock)
    if book.timetable.problems:
        raise ConfigError(list(book.timetable.problems))
    slots = len(book.entries())
    _report({"slots": slots}, f"设置没有问题，时间表里有 {slots} 条。", arguments)
    return 0


def show_config(arguments: Arguments) -> int:
    settings = load_settings(arguments.config).model_dump(mode="json")
    lines = [f"{part}.{key}: {value}" for part, keys in settings.items() for key, value in keys.items()]
    _report(settings, "\n".join(lines), arguments)
    return 0


def _answers(request: control.Message, arguments: Arguments) -> Iterator[control.Message]:
    """What the running box answers, or this process in its place where none runs."""
    answers = control.ask(load_settings(arguments.config).paths.state, request)
    if answers is None:
        yield from _answers_alone(request, arguments)
        return
    for answer in answers:
        yield refuse_error(answer)


def _answers_alone(request: control.Message, arguments: Arguments) -> Iterator[control.Message]:
    from broadcaster.clips.store import ClipStore
    from broadcaster.daemon import open_box

    config = _config(arguments)
    # At a keyboard somebody can see to it now; a box would speak on, and tell of it on its page.
    ClipStore(config.settings.paths.audio_cache).check_writable()
    with open_box(config, arguments.output_file, makes_ahead=False) as box:
        if box.note:
            print(box.note, file=sys.stderr)
        for answer in control.answers(box.station, {**request, "wait": True}):
            yield refuse_error(answer)


def _answer_of_running_box(request: control.Message, arguments: Arguments) -> control.Message:
    answers = control.ask(load_settings(arguments.config).paths.state, request)
    if answers is None:
        raise BroadcasterError("广播站没有在运行。启动它：scripts/run")
    return _answer(answers)


def _answer(answers: Iterator[control.Message]) -> control.Message:
    return refuse_error(next(answers, {"error": "广播站没有回答，请重启它。"}))


def _config(arguments: Arguments) -> Config:
    return load_config(arguments.config)


def _notice(arguments: Arguments) -> Notice:
    return Notice(
        _text(arguments),
        severity=Severity(arguments.severity),
        voice=arguments.voice,
        pace=arguments.pace,
        repeats=arguments.repeats,
        opening=arguments.opening,
        closing=arguments.closing,
        chime=Signal.NONE if arguments.no_chime else SIGNALS.get(arguments.chime),
        style=Style(arguments.style),
        beats_per_minute=arguments.beats,
    )


def _text(arguments: Arguments) -> str:
    if (arguments.text is None) == (arguments.file is None):
        raise TextRefused("请写要说的话，或者用 --file 指定文件，两样选一样。")
    if arguments.file is None:
        return str(arguments.text)
    try:
        content = sys.stdin.buffer.read() if str(arguments.file) == "-" else arguments.file.read_bytes()
    except OSError as error:
        raise TextRefused(f"文件 {arguments.file} 打不开：{error.strerror}。请检查路径。") from error
    # Texts from a Windows desk are in GB 18030 as often as in UTF-8.
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise TextRefused(f"文件 {arguments.file} 不是文字文件，请另存为 UTF-8 文本再试。")


def _line_as_json(line: Line) -> dict[str, Any]:
    han = [syllable for syllable in line.syllables if not syllable.text.isascii()]
    return {
        "line": line.written,
        "spoken": line.spoken,
        "pinyin": [syllable.pinyin for syllable in han],
        "sounded": [syllable.sounded for syllable in han],
    }


def _naming(airing: control.Message) -> str:
    return str(airing["title"] or airing["text"][:30].replace("\n", " "))


def _moment(iso: str) -> str:
    return f"{iso[5:10]} {iso[11:16]}"


def _ending(ended: control.Message) -> str:
    words = {"PLAYED": "播完", "CUT_SHORT": "中途停下", "CANCELLED": "已取消", "EXPIRED": "过时没播"}
    sentence = f"{words.get(ended['outcome'], '没有播成')}：{ended['seconds_played']:.1f} 秒"
    return f"{sentence}，{ended['reason']}" if ended["reason"] else sentence + "。"
