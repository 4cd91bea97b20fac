"""The options that describe a notice on the command line."""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from broadcaster.commands.console import Arguments
from broadcaster.core.errors import TextRefused, reason_of
from broadcaster.core.labels import SIGNALS
from broadcaster.core.notice import (
    SPECS,
    Notice,
    Severity,
    Signal,
    Spec,
    Style,
    Way,
    kind_of,
    kinds,
    read,
    settable,
)

Parser = argparse.ArgumentParser
# A field is an option of its own name.
NAMES = {"beats_per_minute": "beats"}


def add_text(parser: Parser) -> None:
    parser.add_argument("text", nargs="?", metavar="文字", help="要说的话")
    parser.add_argument("--file", type=Path, metavar="文件", help="从文件读，- 表示标准输入")


def add_notice(parser: Parser) -> None:
    add_text(parser)
    add_fields(parser, (name for name in settable(Way.CLI) if name != "text"))
    parser.add_argument("--no-chime", action="store_true", help="开头不要钟声，也不要警报")
    _add_nothing(parser, "opening", "不要开场白")
    _add_nothing(parser, "closing", "不要结束语")


def add_fields(parser: Parser, names: Iterable[str]) -> None:
    for name in names:
        option = NAMES.get(name, name).replace("_", "-")
        parser.add_argument(f"--{option}", dest=name, **_option(SPECS[name], kind_of(kinds()[name])))


def _option(spec: Spec, kind: Any) -> dict[str, Any]:
    """The settings of an option; one that is not given leaves no attribute behind."""
    settings = {
        "default": argparse.SUPPRESS,
        "help": "，".join(filter(None, (spec.label, spec.hint, spec.range))),
    }
    if kind is bool:
        return settings | {"action": "store_true"}
    closed = {Severity: list(map(int, Severity)), Signal: SIGNALS, Style: list(map(str, Style))}
    type_ = int if issubclass(kind, int) else float if kind is float else str
    return settings | {"type": type_, "choices": closed.get(kind), "metavar": spec.label}


def _add_nothing(parser: Parser, what: str, description: str) -> None:
    parser.add_argument(
        f"--no-{what}",
        dest=what,
        action="store_const",
        const="",
        default=argparse.SUPPRESS,
        help=description,
    )


def add_sink(parser: Parser) -> None:
    parser.add_argument("--output-file", type=Path, metavar="文件", help="不用声卡，写进这个 WAV 文件")


def add_sound_file(parser: Parser) -> None:
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="文件", help="写到哪里")


def notice_of(arguments: Arguments) -> Notice:
    """Raises `TextRefused` and `NoticeRefused`."""
    given = {name: vars(arguments)[name] for name in settable(Way.CLI) if name in vars(arguments)}
    if "chime" in given:
        given["chime"] = SIGNALS[given["chime"]].value
    if arguments.no_chime:
        given["chime"] = Signal.NONE.value
    return read(given | {"text": text_of(arguments)}, Way.CLI)


def text_of(arguments: Arguments) -> str:
    """Raises `TextRefused`."""
    if (arguments.text is None) == (arguments.file is None):
        raise TextRefused("请写要说的话，或者用 --file 指定文件，两样选一样。")
    if arguments.file is None:
        return str(arguments.text)
    try:
        content = sys.stdin.buffer.read() if str(arguments.file) == "-" else arguments.file.read_bytes()
    except OSError as error:
        raise TextRefused(f"文件 {arguments.file} 打不开：{reason_of(error)}。") from error
    # Texts from a Windows desk are in GB 18030 as often as in UTF-8.
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise TextRefused(f"文件 {arguments.file} 不是文字文件，请另存为 UTF-8 文本再试。")
