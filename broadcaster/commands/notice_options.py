"""The options that describe a notice on the command line."""

import argparse
import sys
from pathlib import Path

from broadcaster.commands.console import Arguments
from broadcaster.core.errors import TextRefused, reason_of
from broadcaster.core.labels import SIGNALS
from broadcaster.core.model import FASTEST, MOST_REPEATS, SLOWEST, Notice, Severity, Signal, Style

Parser = argparse.ArgumentParser


def add_text(parser: Parser) -> None:
    parser.add_argument("text", nargs="?", metavar="文字", help="要说的话")
    parser.add_argument("--file", type=Path, metavar="文件", help="从文件读，- 表示标准输入")


def add_notice(parser: Parser) -> None:
    add_text(parser)
    parser.add_argument("--voice", metavar="声音", help="例如 baker:female")
    parser.add_argument("--pace", type=float, metavar="语速", help=f"{SLOWEST} 到 {FASTEST}，1.0 是原速")
    parser.add_argument("--repeats", type=int, metavar="遍数", help=f"说几遍，1 到 {MOST_REPEATS}")
    parser.add_argument(
        "--severity",
        type=int,
        choices=range(5),
        default=0,
        metavar="级别",
        help="0 日常 1 红 2 橙 3 黄 4 蓝",
    )
    parser.add_argument("--chime", choices=SIGNALS, metavar="信号", help="、".join(SIGNALS))
    parser.add_argument("--no-chime", action="store_true", help="开头不要钟声，也不要警报")
    parser.add_argument("--opening", metavar="文字", help="开场白")
    _add_nothing(parser, "opening", "不要开场白")
    parser.add_argument("--closing", metavar="文字", help="结束语")
    _add_nothing(parser, "closing", "不要结束语")
    parser.add_argument(
        "--style",
        choices=[style.value for style in Style],
        default="",
        metavar="念法",
        help="verse 顺口溜一句一句念；kuaiban 打竹板念",
    )
    parser.add_argument("--beats", type=int, metavar="拍数", help="快板每分钟几拍，100 到 140")


def _add_nothing(parser: Parser, what: str, description: str) -> None:
    parser.add_argument(f"--no-{what}", dest=what, action="store_const", const="", help=description)


def add_sink(parser: Parser) -> None:
    parser.add_argument("--output-file", type=Path, metavar="文件", help="不用声卡，写进这个 WAV 文件")


def add_sound_file(parser: Parser) -> None:
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="文件", help="写到哪里")


def notice_of(arguments: Arguments) -> Notice:
    """Raises `TextRefused`."""
    return Notice(
        text_of(arguments),
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
