"""The command `broadcaster voices`: lists the voices and if they are ready; installs one; plays all."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from broadcaster.commands.console import Arguments, ask_box, load_config, report, settings_to_look_by
from broadcaster.commands.notice_options import add_sound_file, add_text, text_of
from broadcaster.core.errors import VoiceUnavailable

if TYPE_CHECKING:
    from broadcaster.settings.schema import Settings
    from broadcaster.tts.catalogue import Catalogue


def add_to(group: Any, add: Any) -> None:
    add(group, "list", list_voices, "有哪些声音，能不能用")
    installed = add(group, "install", install, "安装一个声音，例如 baker")
    installed.add_argument("engine", metavar="引擎", help="baker，recorded，或者 sherpa:自己起的名字")
    # Several for a package in parts, each with its digest.
    installed.add_argument(
        "--from",
        dest="source",
        action="append",
        default=[],
        metavar="网址或文件",
        help="声音包（.tar.bz2）或单个模型（.onnx），可以写几个",
    )
    installed.add_argument(
        "--sha256", action="append", default=[], metavar="校验码", help="上面文件的 SHA-256"
    )
    auditioned = add(group, "audition", audition, "每个能用的声音各说一遍，做成一个文件")
    add_text(auditioned)
    add_sound_file(auditioned)


def list_voices(arguments: Arguments) -> int:

    answers = ask_box({"do": "voices"}, arguments.config)
    if answers is None:
        entries = _catalogue(settings_to_look_by(arguments.config)).entries()
        content = [asdict(entry) for entry in entries]
    else:
        content = next(answers)["voices"]
    report(content, "\n".join(line for entry in content for line in _lines_of(entry)), arguments)
    return 0


def _lines_of(entry: dict[str, Any]) -> list[str]:
    facts = {"": entry["note"], "速度：": entry["speed"], "许可：": entry["licence"]}
    if not entry["ready"]:
        facts["怎么办："] = (
            entry["remedy"] or f"请运行：broadcaster voices install {entry['name'].split(':')[0]}"
        )
    lines = [f"    {heading}{fact}" for heading, fact in facts.items() if fact]
    return [f"{entry['name']}  {entry['state']}", *lines]


def audition(arguments: Arguments) -> int:
    from broadcaster.audio.export import check_writable, write_sound
    from broadcaster.daemon.assembly import open_studio
    from broadcaster.studio.audition import hear_voices

    check_writable(arguments.output)
    config = load_config(arguments.config)
    entries = _catalogue(config.settings).entries()
    with open_studio(config) as studio:
        heard = hear_voices(studio, entries, text_of(arguments))
    seconds = write_sound(arguments.output, heard.programme, config.settings.sound.rate_hz)
    rows = [asdict(row) for row in heard.rows]
    content = {"file": str(arguments.output), "seconds": round(seconds, 3), "voices": rows}
    report(
        content, "\n".join([*heard.table(), f"已写入 {arguments.output}，{seconds:.1f} 秒。"]), arguments
    )
    return 0


def install(arguments: Arguments) -> int:
    from broadcaster.tts.base.package_source import Source

    catalogue = _catalogue(settings_to_look_by(arguments.config))
    if len(arguments.source) != len(arguments.sha256):
        raise VoiceUnavailable("每个 --from 后面都要有它的 --sha256。")
    files = [Source(*pair) for pair in zip(arguments.source, arguments.sha256, strict=True)]
    catalogue.install(arguments.engine, lambda line: print(line, file=sys.stderr, flush=True), files)
    report({"installed": arguments.engine}, f"声音 {arguments.engine} 已装好。", arguments)
    return 0


def _catalogue(settings: Settings) -> Catalogue:
    from broadcaster.tts.catalogue import Catalogue

    voices = settings.voices
    return Catalogue(settings.paths.voices, voices.threads, voices.edge)
