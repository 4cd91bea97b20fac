"""Parses the command line, with Chinese messages. The module of a command is imported only when it is
typed.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from broadcaster import __version__
from broadcaster.core.errors import BroadcasterError
from broadcaster.core.project_folders import CONFIG_FOLDER


@dataclass(frozen=True)
class Command:
    """One command: a function of a module; its options are given by the one beside it that is named
    `…_options`, if there is one. One that `lasts` runs until somebody ends it, and tells its log.
    """

    purpose: str
    does: str
    lasts: bool = False


@dataclass(frozen=True)
class Group:
    """Commands of one name; `add_to` of each module adds its own."""

    purpose: str
    modules: tuple[str, ...]


COMMANDS: dict[str, Command | Group] = {
    "run": Command("启动广播站", "box.run", lasts=True),
    "say": Command("马上说一段话", "box.say"),
    "play": Command("放一个声音，或者一个文件夹的声音", "play.play"),
    "stop": Command("停播：停下正在播的，清空等候的", "box.stop"),
    "skip": Command("跳过正在放的这一段，接着放节目的下一段", "box.skip"),
    "resume": Command("恢复循环：停播以后，循环不等下一个时段就接着播", "box.resume"),
    "status": Command("正在播什么，接下来播什么，有没有故障", "box.status"),
    "journal": Command("播出记录，最近的在前", "journal.journal"),
    "simulate": Command("按时间表推演：哪天几点播什么，什么不播，什么撞在一起", "schedule.simulate"),
    "next": Command("接下来要播什么", "schedule.coming_up"),
    "render": Command("把一段话做成声音文件（.wav .flac .mp3）", "box.render"),
    "spoken": Command("一段话会怎么念，逐行列出", "box.spoken"),
    "verse": Command("找出顺口溜，看韵式，哪句没押上", "box.verse"),
    "voices": Group("声音：有哪些，安装，试听", ("voices",)),
    "sounds": Group("节目的声音：有哪些，收进，删掉，要回来", ("sounds",)),
    "lexicon": Group("读音表：村里的词怎么念", ("lexicon",)),
    "people": Group("人员：有哪些账号，重设忘了的密码", ("people",)),
    "cache": Group("做好的声音：看看、检查、腾地方、提前做", ("cache",)),
    "link": Group("县里：登记，连上没有，读 U 盘", ("link",)),
    "devices": Command("有哪些声卡和串口，用的是哪个，继电器的状态", "hardware.devices"),
    "amplifier": Group("功放：合上，断开，试继电器", ("hardware",)),
    "county": Group(
        "县级平台：钥匙，谁能发什么",
        (
            *("county_keys", "key_renewal", "office", "officers"),
            *("province", "foreign", "villages"),
        ),
    ),
    "check": Command("检查设置和时间表写得对不对", "check.check"),
    "config": Command("正在生效的设置", "box.show_config"),
}

# What argparse says of a command that is written wrongly, most likely first.
MISTAKES = (
    (r"the following arguments are required: (.*)", r"还要写：\1"),
    (r"unrecognized arguments: --config\b.*", r"--config 要写在命令前面"),
    (r"unrecognized arguments: ([^-].*)", r"不认识：\1。文字里有空格，要用引号括起来"),
    (r"unrecognized arguments: (.*)", r"不认识：\1"),
    (r"argument (.*?): invalid .* value: '(.*)'", r"\1 要写数字，现在写的是 \2"),
    (r"argument (.*?): expected one argument", r"\1 后面要写内容"),
    (r"argument (.*?): expected .*", r"\1 后面写的个数不对"),
    (r"argument (.*?): ignored explicit argument (.*)", r"\1 后面不用写 \2"),
    (r"argument (.*?): not allowed with argument (.*)", r"\1 不能和 \2 一起写"),
    (r"ambiguous option: (.*?) could match (.*)", r"\1 不明确，可能是：\2"),
    (r"argument (.*?): (要写 .*)", r"\1 \2"),
    (r"one of the arguments (.*) is required", r"要写一样：\1"),
)
# Chinese may be broken anywhere, a name of ours nowhere.
UNBROKEN = re.compile(r"[\x21-\x7e]+|.")
NOT_ONE_OF = re.compile(r"argument (.*?): invalid choice: (.*?) \(choose from (.*)\)")
COMMAND = "命令"


class CommandMistaken(BroadcasterError):
    """A command line that cannot be understood."""


class Help(argparse.HelpFormatter):
    """Chinese headings, and Chinese lines."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        lines = [""]
        for piece in UNBROKEN.findall(" ".join(text.split())):
            if lines[-1] and len(lines[-1] + piece) > width:
                lines.append("")
            lines[-1] += piece
        return [line.strip() for line in lines]

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, "用法：" if prefix is None else prefix)


class Parser(argparse.ArgumentParser):
    """argparse in Chinese; `options` gives it its options, when it is its turn."""

    def __init__(self, options: Callable[[Parser], None] | None = None, **settings: Any) -> None:
        super().__init__(**{"formatter_class": Help, "add_help": False, **settings})
        self._options = options
        self._positionals.title, self._optionals.title = "参数", "选项"
        self.add_argument("-h", "--help", action="help", help="显示这份说明")

    def with_options(self) -> Parser:
        """With its options."""
        options, self._options = self._options, None
        if options:
            options(self)
        return self

    def parse_known_args(self, *arguments: Any, **more: Any) -> Any:
        """Tells what is not known itself: the whole command's parser would name its own help."""
        self.with_options()
        known, left = super().parse_known_args(*arguments, **more)
        if left:
            option = next((one.partition("=")[0] for one in left if one.startswith("-")), "")
            self.error(f"unrecognized arguments: {self._meant(option) if option else ' '.join(left)}")
        return known, left

    def _meant(self, option: str) -> str:
        """The option as it was written, with the one that was probably meant."""
        import difflib

        alike = difflib.get_close_matches(option, self._option_string_actions, n=1, cutoff=0.7)
        return f"{option}（是不是 {alike[0]}？）" if alike else option

    def _print_message(self, message: str, file: Any = None) -> None:
        """argparse itself is silent where the text cannot be written."""
        (file or sys.stdout).write(message)

    def error(self, message: str) -> NoReturn:
        if wrong := NOT_ONE_OF.fullmatch(message):
            message = _not_one_of(*wrong.groups())
        for pattern, sentence in MISTAKES:
            message = re.sub(f"^{pattern}$", sentence, message, flags=re.DOTALL)
        raise CommandMistaken(f"命令写得不对，{message}。看用法：{self.prog} --help")


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    try:
        return _run(make_parser().parse_args(arguments))
    except BroadcasterError as error:
        from broadcaster.commands.console import print_json
        from broadcaster.system.terminal import EXIT_BROKEN

        if "--json" in arguments:
            print_json({"error": str(error)})
        print(error, file=sys.stderr)
        return EXIT_BROKEN


def _run(parsed: argparse.Namespace) -> int:
    import logging

    from broadcaster.system.log_format import open_log

    quiet = logging.WARNING if parsed.lasts else logging.ERROR
    open_log(logging.INFO if parsed.verbose else quiet)
    code: int = parsed.command(parsed)
    return code


def make_parser() -> Parser:
    parser = Parser(
        prog="broadcaster",
        description="村里的大喇叭：把文字变成普通话，按时播出。",
        epilog="一个命令怎么写：broadcaster 命令 --help",
    )
    parser.add_argument("--version", action="version", version=__version__, help="显示版本")
    parser.add_argument(
        "--config", type=_with_settings, default=CONFIG_FOLDER, metavar="文件夹", help="设置文件夹"
    )
    parser.add_argument("--verbose", action="store_true", help="在屏幕上显示运行记录")
    parser.set_defaults(lasts=False)
    group = parser.add_subparsers(title=COMMAND, required=True, metavar=COMMAND)
    for name, known in COMMANDS.items():
        if isinstance(known, Group):
            group.add_parser(name, help=known.purpose, options=_adding(known.modules))
        else:
            _add_command(group, name, known)
    return parser


def _with_settings(written: str) -> Path:
    """A folder that is named by mistake would be a box of all defaults, with another box's state."""
    from broadcaster.commands.console import FILES
    from broadcaster.system.last_good_settings import LAST_GOOD

    folder = Path(written)
    if folder.is_dir() and not any((folder / name).exists() for name in (*FILES, LAST_GOOD)):
        raise CommandMistaken(
            f"{folder} 里没有设置文件（{'、'.join(FILES)}），请看 --config 写对了没有。"
        )
    return folder


def _add_command(group: Any, name: str, command: Command) -> None:
    def options(parser: Parser) -> None:
        place, _, function = command.does.partition(".")
        module = import_module(f"broadcaster.commands.{place}")
        parser.set_defaults(command=getattr(module, function), lasts=command.lasts)
        if add_options := getattr(module, f"{function}_options", None):
            add_options(parser)

    parser = group.add_parser(name, help=command.purpose, description=command.purpose, options=options)
    if not command.lasts:
        _add_json(parser)


def _adding(modules: Sequence[str]) -> Callable[[Parser], None]:
    def options(parser: Parser) -> None:
        inner = parser.add_subparsers(title=COMMAND, required=True, metavar=COMMAND)
        for name in modules:
            import_module(f"broadcaster.commands.{name}").add_to(inner, _add)

    return options


def _add(group: Any, name: str, command: Any, description: str) -> Parser:
    parser: Parser = group.add_parser(name, help=description, description=description)
    _add_json(parser)
    parser.set_defaults(command=command)
    return parser


def _add_json(parser: Parser) -> None:
    parser.add_argument("--json", action="store_true", help="输出 JSON，给程序用")


def _not_one_of(what: str, written: str, choices: str) -> str:
    """The sentence for a wrong choice, with the one that was probably meant, in our own order."""
    import difflib

    written = written.strip("'\"")
    possible = [one for each in choices.split(",") if (one := each.strip("' "))]
    alike = difflib.get_close_matches(written, possible, n=1, cutoff=0.5)
    meant = f"，是不是 {alike[0]}？" if alike else "，"
    begun = f"没有 {written} 这个命令" if what == COMMAND else f"{what} 不能是 {written}"
    return f"{begun}{meant}可以是：{'、'.join(possible)}"
