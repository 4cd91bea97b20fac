"""The command `broadcaster`: what it understands, in Chinese, and how errors end it."""

import argparse
import logging
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from broadcaster import (
    __version__,
    cache_commands,
    commands,
    county_commands,
    foreign_commands,
    journal_commands,
    lexicon_commands,
    link_commands,
    office_commands,
    people_commands,
    province_commands,
    renewal_commands,
    schedule_commands,
    technician,
    village_commands,
)
from broadcaster.console import print_json
from broadcaster.errors import BroadcasterError
from broadcaster.model import SECTIONS, Style
from broadcaster.setting_values import SIGNALS
from broadcaster.settings import CONFIG_FOLDER

# What argparse says of a command that is written wrongly, most likely first.
MISTAKES = (
    (r"the following arguments are required: (.*)", r"还要写：\1"),
    (r"unrecognized arguments: (.*)", r"不认识：\1"),
    (r"argument (.*?): invalid choice: (.*?) \(choose from (.*)\)", r"\1 不能是 \2，可以是：\3"),
    (r"argument (.*?): invalid .* value: (.*)", r"\1 要写数字，现在写的是 \2"),
    (r"argument (.*?): expected one argument", r"\1 后面要写内容"),
)


# These run until somebody ends them, and tell their log.
LASTING = (commands.run, office_commands.run, office_commands.relay)


class Help(argparse.HelpFormatter):
    """Chinese headings."""

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, "用法：" if prefix is None else prefix)


class Parser(argparse.ArgumentParser):
    """argparse in Chinese."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(formatter_class=Help, add_help=False, **settings)
        self._positionals.title, self._optionals.title = "参数", "选项"
        self.add_argument("-h", "--help", action="help", help="显示这份说明")

    def error(self, message: str) -> NoReturn:
        for pattern, sentence in MISTAKES:
            message = re.sub(f"^{pattern}$", sentence, message)
        self.exit(commands.EXIT_BROKEN, f"命令写得不对，{message}。看用法：{self.prog} --help\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parsed = make_parser().parse_args(arguments)
    quiet = logging.WARNING if parsed.command in LASTING else logging.ERROR
    logging.basicConfig(
        level=logging.INFO if parsed.verbose else quiet, format="%(asctime)s %(name)s: %(message)s"
    )
    try:
        code: int = parsed.command(parsed)
        return code
    except BroadcasterError as error:
        if getattr(parsed, "json", False):
            print_json({"error": str(error)})
        print(error, file=sys.stderr)
        return commands.EXIT_BROKEN
    except KeyboardInterrupt:
        return commands.EXIT_NOT_HEARD


def make_parser() -> Parser:
    parser = Parser(prog="broadcaster", description="村里的大喇叭：把文字变成普通话，按时播出。")
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument(
        "--config", type=Path, default=CONFIG_FOLDER, metavar="文件夹", help="设置文件夹"
    )
    parser.add_argument("--verbose", action="store_true", help="在屏幕上显示运行记录")
    group: Any = parser.add_subparsers(title="命令", required=True, metavar="命令")

    started: Parser = group.add_parser("run", help="启动广播站")
    started.add_argument("--greet", action="store_true", help="启动后念一遍设置里的第一则通知")
    _add_output_file(started)
    started.set_defaults(command=commands.run)

    said = _add(group, "say", commands.say, "马上说一段话")
    _add_notice(said)
    _add_output_file(said)
    said.add_argument(
        "--zone", action="append", default=[], metavar="分区", help="只在这个区播，可以写几个"
    )
    said.add_argument("--no-wait", action="store_true", help="交给广播站就返回，不等播完")

    _add(group, "stop", commands.stop, "停播：停下正在播的，清空等候的")
    _add(group, "resume", commands.resume, "恢复循环：停播以后，循环不等下一个时段就接着播")
    _add(group, "status", commands.status, "正在播什么，接下来播什么，有没有故障")
    journal_commands.add_options(
        _add(group, "journal", journal_commands.journal, "播出记录，最近的在前")
    )

    schedule_commands.add_to(lambda name, command, description: _add(group, name, command, description))

    rendered = _add(group, "render", commands.render, "把一段话做成声音文件（.wav .flac .mp3）")
    _add_notice(rendered)
    rendered.add_argument("-o", "--output", type=Path, required=True, metavar="文件", help="写到哪里")

    shown = _add(group, "spoken", commands.spoken, "一段话会怎么念，逐行列出")
    _add_text(shown)
    shown.add_argument("--pinyin", action="store_true", help="带上拼音（变调以后的读音）")

    judged = _add(group, "verse", commands.verse, "找出顺口溜，看韵式，哪句没押上")
    _add_text(judged)

    voices = group.add_parser("voices", help="声音：有哪些，安装").add_subparsers(
        title="命令", required=True, metavar="命令"
    )
    _add(voices, "list", commands.list_voices, "有哪些声音，能不能用")
    installed = _add(voices, "install", commands.install_voice, "安装一个声音，例如 baker")
    installed.add_argument("engine", metavar="引擎", help="baker，recorded，或者 sherpa:自己起的名字")
    _add_source(installed)

    auditioned = _add(voices, "audition", commands.audition, "每个能用的声音各说一遍，做成一个文件")
    _add_text(auditioned)
    auditioned.add_argument("-o", "--output", type=Path, required=True, metavar="文件", help="写到哪里")

    _add_lexicon(group)
    _add_people(group)
    _add_cache(group)
    link = group.add_parser("link", help="县里：登记，连上没有，读 U 盘").add_subparsers(
        title="命令", required=True, metavar="命令"
    )
    link_commands.add_options(link, _add)
    listed = _add(group, "devices", technician.devices, "有哪些声卡和串口，用的是哪个，继电器的状态")
    listed.add_argument(
        "--use", metavar="声卡", help="功放接在这块声卡上（插口、编号或名字），以后从它响"
    )
    amplifier = group.add_parser("amplifier", help="功放：合上，断开，试继电器").add_subparsers(
        title="命令", required=True, metavar="命令"
    )
    switched = _add(amplifier, "on", technician.switch_on, "合上继电器，过一会儿自动断开")
    switched.add_argument("names", nargs="*", metavar="名字", help="总电源或分区的名字，不写就是全部")
    switched.add_argument(
        "--minutes", type=float, default=5.0, metavar="分钟", help="几分钟后断开，默认 5"
    )
    _add(amplifier, "off", technician.switch_off, "断开所有继电器")
    _add(amplifier, "test", technician.try_relays, "一路一路地合上、断开，听它响")

    county = group.add_parser("county", help="县级平台：钥匙，谁能发什么").add_subparsers(
        title="命令", required=True, metavar="命令"
    )
    county_commands.add_to(county, _add)
    renewal_commands.add_to(county, _add)
    office_commands.add_to(county, _add)
    province_commands.add_to(county, _add)
    foreign_commands.add_to(county, _add)
    village_commands.add_to(county, _add)
    _add(group, "check", commands.check, "检查设置和时间表写得对不对")
    _add(group, "config", commands.show_config, "正在生效的设置")
    return parser


def _add(group: Any, name: str, command: Any, description: str) -> Parser:
    parser: Parser = group.add_parser(name, help=description, description=description)
    parser.add_argument("--json", action="store_true", help="输出 JSON，给程序用")
    parser.set_defaults(command=command)
    return parser


def _add_lexicon(group: Any) -> None:
    lexicon = group.add_parser("lexicon", help="读音表：村里的词怎么念").add_subparsers(
        title="命令", required=True, metavar="命令"
    )
    listed = _add(lexicon, "list", lexicon_commands.show, "有哪些词，怎么念")
    listed.add_argument("word", nargs="?", metavar="词", help="只看这一个")
    changed = _add(lexicon, "set", lexicon_commands.set_word, "记下一个词怎么念，广播站马上照着念")
    changed.add_argument("word", metavar="词")
    changed.add_argument("said", metavar="读音", help="拼音，如 'lao4 ting2'；或者同音字，如 烙亭")
    removed = _add(lexicon, "remove", lexicon_commands.remove_word, "删掉一个词")
    removed.add_argument("word", metavar="词")
    heard = _add(lexicon, "listen", lexicon_commands.listen, "听一个词现在怎么念，或者换个读音怎么念")
    heard.add_argument("word", metavar="词")
    heard.add_argument("said", nargs="?", metavar="读音", help="试一个还没记下的读音，要和 -o 一起用")
    heard.add_argument("-o", "--output", type=Path, metavar="文件", help="写成声音文件，不上大喇叭")
    _add_output_file(heard)
    heard.set_defaults(no_wait=False)
    sections = "，".join(f"{section} {kind}" for section, kind in SECTIONS.items())
    for parser in (changed, removed, heard):
        parser.add_argument("--section", choices=list(SECTIONS), metavar="分组", help=sections)


def _add_people(group: Any) -> None:
    people = group.add_parser("people", help="人员：有哪些账号，重设忘了的密码").add_subparsers(
        title="命令", required=True, metavar="命令"
    )
    _add(people, "list", people_commands.show, "有哪些账号，能做什么")
    forgot = _add(people, "reset", people_commands.reset, "给忘了密码的人一个新密码")
    forgot.add_argument("name", metavar="名字")


def _add_cache(group: Any) -> None:
    cache = group.add_parser("cache", help="做好的声音：看看、检查、腾地方、提前做").add_subparsers(
        title="命令", required=True, metavar="命令"
    )
    _add(cache, "show", cache_commands.show, "存了多少做好的声音")
    _add(cache, "check", cache_commands.check, "逐个检查，坏的删掉")
    pruned = _add(cache, "prune", cache_commands.prune, "删掉最久没播的，直到不超过上限")
    pruned.add_argument("--to", type=_amount, metavar="兆", help="删到多少兆，不写就是设置里的上限")
    _add(cache, "warm", cache_commands.warm, "现在就把时间表里的都做好")


def _amount(text: str) -> float:
    """A number that is not below 0; argparse tells of the ValueError."""
    number = float(text)
    if not 0 <= number < float("inf"):
        raise ValueError(text)
    return number


def _add_text(parser: Parser) -> None:
    parser.add_argument("text", nargs="?", metavar="文字", help="要说的话")
    parser.add_argument("--file", type=Path, metavar="文件", help="从文件读，- 表示标准输入")


def _add_source(parser: Parser) -> None:
    """Where a package comes from; several for one in parts, each with its digest."""
    parser.add_argument(
        "--from",
        dest="source",
        action="append",
        default=[],
        metavar="网址或文件",
        help="声音包（.tar.bz2）或单个模型（.onnx），可以写几个",
    )
    parser.add_argument(
        "--sha256", action="append", default=[], metavar="校验码", help="上面文件的 SHA-256"
    )


def _add_notice(parser: Parser) -> None:
    _add_text(parser)
    parser.add_argument("--voice", metavar="声音", help="例如 baker:female")
    parser.add_argument("--pace", type=float, metavar="语速", help="1.0 是原速")
    parser.add_argument("--repeats", type=int, metavar="遍数", help="说几遍，不写就按级别")
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


def _add_output_file(parser: Parser) -> None:
    parser.add_argument("--output-file", type=Path, metavar="文件", help="不用声卡，写进这个 WAV 文件")


if __name__ == "__main__":
    sys.exit(main())
