"""The command `broadcaster county`: an office's keys. The root's keys are used to begin and to rotate
only.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from broadcaster.commands.console import Arguments, report
from broadcaster.core.clock import Clock
from broadcaster.core.errors import BroadcasterError, ConfigError
from broadcaster.county.keys.office_probe import office_in

if TYPE_CHECKING:
    from broadcaster.bulletin.delegation import Delegation
    from broadcaster.county.keys.key_folder import KeyFolder

Adder = Callable[..., Any]
PASSPHRASE = "BROADCASTER_PASSPHRASE"
OFFICE = Path("county")
ROOT_FILES = ("root-1.key", "root-2.key", "root-3.key")
# 0 daily, 3 yellow, 4 blue: what a town may use at most, and what others get if nothing else is said.
ORDINARY = (0, 3, 4)


class PassphraseMissing(BroadcasterError):
    """Nobody can be asked, and none was given."""


def add_to(group: Any, add: Adder) -> None:
    begun = add_command(group, add, "init", init, "建立县级平台：三把根钥匙，县里的钥匙，钥匙串")
    begun.add_argument("area", metavar="区划代码", help="县的代码，如 331121")
    begun.add_argument("--name", required=True, metavar="名称", help="县里叫什么，村里会听到")
    add_root_files(begun, "--root-key", "根钥匙写到哪三个文件，最好在三个优盘上")
    made = add_command(group, add, "key", key, "给乡镇或村做一把钥匙")
    made.add_argument("file", type=Path, metavar="文件", help="写到哪里")
    given = add_command(group, add, "delegate", delegate, "让一个乡镇或村能发通知，只管自己的地方")
    given.add_argument("area", metavar="区划代码", help="乡镇 9 位，村 12 位")
    given.add_argument("--name", required=True, metavar="名称", help="叫什么，如 高市乡")
    given.add_argument("--key", required=True, metavar="公钥", help="county key 显示的 64 位公钥")
    given.add_argument(
        "--severity",
        action="append",
        type=int,
        choices=range(5),
        default=[],
        metavar="级别",
        help="能发的级别，可以写几个，不写就是 0 3 4；乡镇最多 0 3 4",
    )
    gone = add_command(group, add, "revoke", revoke, "作废一个乡镇或村的钥匙")
    gone.add_argument("area", metavar="区划代码")
    turned = add_command(group, add, "rotate", rotate, "换县里的钥匙，要两把根钥匙；也可以换根钥匙")
    add_root_files(turned, "--root-key", "现在的根钥匙，写两个文件")
    add_root_files(turned, "--new-root-key", "新的根钥匙写到哪三个文件，不写就不换")
    add_command(group, add, "show", show, "谁能发什么，钥匙串到什么时候，广播站要认的指纹")


def add_office(parser: Any, whose: str = "县级平台") -> Any:
    parser.add_argument(
        "--office", type=Path, default=OFFICE, metavar="文件夹", help=f"{whose}的文件夹，默认 county"
    )
    return parser


def add_command(group: Any, add: Adder, name: str, command: Any, description: str) -> Any:
    parser = add_office(add(group, name, command, description))
    parser.add_argument(
        "--passphrase-file",
        type=Path,
        metavar="文件",
        help=f"密码写在这个文件的第一行；也可以用环境变量 {PASSPHRASE}；都没有就在屏幕上问",
    )
    return parser


def add_root_files(parser: Any, option: str, description: str) -> None:
    parser.add_argument(option, action="append", type=Path, default=[], metavar="文件", help=description)


def init(arguments: Arguments) -> int:
    from broadcaster.county.keys.key_folder import KeyFolder

    files = arguments.root_key or [arguments.office / name for name in ROOT_FILES]
    folder = KeyFolder.create(
        *(arguments.office, arguments.area, arguments.name, files),
        *(asking(arguments, new=True), now()),
    )
    listed = "\n".join(f"  {file}" for file in files)
    sentence = (
        f"建好了。三把根钥匙：\n{listed}\n请移到三个优盘上，由三个人分开保管，这里不要留。"
        f"\n广播站要认的指纹：{folder.pin}"
    )
    report({"pin": folder.pin, "root_keys": list(map(str, files))}, sentence, arguments)
    return 0


def key(arguments: Arguments) -> int:
    from broadcaster.bulletin.keys import new_key, public
    from broadcaster.county.keys.key_folder import write_key

    made = new_key()
    write_key(arguments.file, made, asking(arguments, new=True)("这把钥匙"))
    shown = public(made).keyval["public"]
    sentence = f"钥匙写好了：{arguments.file}\n公钥：{shown}\n把公钥告诉县里，钥匙和密码自己留着。"
    report({"public": shown, "key_id": public(made).keyid}, sentence, arguments)
    return 0


def delegate(arguments: Arguments) -> int:
    from broadcaster.bulletin.keys import public_from_hex
    from broadcaster.bulletin.metadata_signing import CharterRefused

    folder = open_folder(arguments)
    wanted = _delegation(arguments, folder)
    try:
        given = public_from_hex(arguments.key)
    except ValueError:
        raise CharterRefused("公钥不对，要写 county key 显示的 64 位公钥。") from None
    old = folder.key_list.delegation(wanted.area)
    county_key = folder.unlock(asking(arguments)("县里的钥匙"))
    folder.change(folder.key_list.delegating(wanted, given, now()), county_key)
    replaced = old is not None and given.keyid not in old.key_ids
    sentence = f"{wanted.name}（{wanted.area}）可以发通知了，级别 {_severities(wanted)}。"
    sentence += "原来的钥匙作废了。" if replaced else ""
    report(described(folder), sentence, arguments)
    return 0


def revoke(arguments: Arguments) -> int:
    from broadcaster.bulletin import areas
    from broadcaster.bulletin.metadata_signing import CharterRefused

    folder = open_folder(arguments)
    area = areas.trim(arguments.area)
    old = folder.key_list.delegation(area)
    if old is None:
        raise CharterRefused(f"{area} 没有钥匙。有哪些：broadcaster county show")
    if area == folder.trust.area:
        raise CharterRefused("这是县里自己的钥匙，要用两把根钥匙换掉：broadcaster county rotate")
    county_key = folder.unlock(asking(arguments)("县里的钥匙"))
    folder.change(folder.key_list.revoking(set(old.key_ids), now()), county_key)
    report(described(folder), f"{old.name}（{area}）的钥匙作废了。", arguments)
    return 0


def rotate(arguments: Arguments) -> int:
    from broadcaster.county.keys.key_folder import open_key

    folder = open_folder(arguments)
    ask = asking(arguments)
    roots = [open_key(file, ask(f"根钥匙 {file.name}")) for file in arguments.root_key]
    folder.rotate(roots, arguments.new_root_key, asking(arguments, new=True), now())
    sentence = (
        "县里的钥匙换好了，原来的作废了。县级平台开着的话，请重新启动它，输入新钥匙的密码；"
        "旧钥匙签的、还没有播的通知不再算数，要播请重发。"
    )
    if arguments.new_root_key:
        sentence += "根钥匙也换了：把新的移到三个优盘上，旧的毁掉。"
    report(described(folder), sentence, arguments)
    return 0


def show(arguments: Arguments) -> int:
    folder = open_folder(arguments)
    lines = [
        f"{one.area:12}  {one.name}  级别 {_severities(one)}" for one in folder.trust.targets.delegations
    ]
    lines += [f"上级：{one.area}  指纹 {one.root}" for one in folder.trust.above or ()]
    root, keys = folder.trust.version
    lines += [
        f"根：第 {root} 版，到 {folder.trust.root.root.expires:%Y-%m-%d} 为止",
        f"钥匙名单：第 {keys} 版，到 {folder.trust.targets.targets.expires:%Y-%m-%d} 为止",
        f"广播站要认的指纹：{folder.pin}",
    ]
    content = described(folder) | {"site_pin": _site_pin(arguments.office)}
    lines += [f"网页证书的指纹（pin）：{content['site_pin']}"] if content["site_pin"] else []
    report(content, "\n".join([*lines, *content["warnings"]]), arguments)
    return 0


def _site_pin(folder: Path) -> str:
    from broadcaster.county.register.site_pin import site_pin
    from broadcaster.county.store.office_settings import load_office_to_run

    with suppress(ConfigError):
        return site_pin(load_office_to_run(folder)[0].web, folder)
    return ""


def open_folder(arguments: Arguments) -> KeyFolder:
    path = office_in(arguments.office)
    from broadcaster.county.keys.key_folder import KeyFolder

    folder = KeyFolder(path)
    # Told before anybody types a passphrase.
    folder.trust  # noqa: B018
    return folder


def _delegation(arguments: Arguments, folder: KeyFolder) -> Delegation:
    from broadcaster.bulletin import areas
    from broadcaster.bulletin.delegation import Delegation, may_ever_use
    from broadcaster.bulletin.metadata_signing import CharterRefused
    from broadcaster.core.notice import Severity

    area = areas.trim(arguments.area)
    severities = frozenset(map(Severity, arguments.severity or ORDINARY))
    if area == folder.trust.area or not areas.contains(folder.trust.area, area):
        raise CharterRefused(f"{area} 不是 {folder.trust.area} 下面的地方。")
    if not severities <= may_ever_use(area):
        raise CharterRefused("乡镇只能发 0 日常、3 黄、4 蓝；红色和橙色由县里发。")
    if not arguments.name.strip() or len(arguments.name) > 60:
        raise CharterRefused("名称要写，最多 60 个字。")
    return Delegation(area, arguments.name, severities, ())


def _severities(delegation: Delegation) -> str:
    return " ".join(str(int(one)) for one in sorted(delegation.severities))


def described(folder: KeyFolder) -> dict[str, Any]:
    from broadcaster.county.keys.key_renewal import expiry_warnings

    trust = folder.trust
    return {
        "area": trust.area,
        "pin": folder.pin,
        "version": list(trust.version),
        "expires": trust.expires.isoformat(),
        "root_expires": trust.root.root.expires.isoformat(),
        "warnings": expiry_warnings(trust, now()),
        "delegations": [
            {
                "area": one.area,
                "name": one.name,
                "severities": sorted(map(int, one.severities)),
                "key_ids": list(one.key_ids),
            }
            for one in trust.targets.delegations
        ],
        "revoked": sorted(trust.targets.revoked),
        "above": [{"area": one.area, "root": one.root} for one in trust.above or ()],
    }


def now() -> datetime:
    return Clock(ZoneInfo("UTC")).now()


def asking(arguments: Arguments, new: bool = False) -> Callable[[str], str]:
    """A function that asks for a passphrase; a new one is typed twice."""

    def ask(what: str) -> str:
        if arguments.passphrase_file:
            return _first_line(arguments.passphrase_file)
        if given := os.environ.get(PASSPHRASE):
            return given
        if not sys.stdin.isatty():
            raise PassphraseMissing(f"没有密码：用 --passphrase-file，或者环境变量 {PASSPHRASE}。")
        typed = getpass(f"{what}的密码：")
        if new and getpass("再输一遍：") != typed:
            raise PassphraseMissing("两遍不一样，什么也没有做，请再来一次。")
        return typed

    return ask


def nobody_is_asked(arguments: Arguments) -> bool:
    """True if a passphrase is available without a person at the keyboard."""
    return bool(arguments.passphrase_file or os.environ.get(PASSPHRASE))


def _first_line(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError):
        raise PassphraseMissing(f"密码文件 {file} 读不出来。") from None
