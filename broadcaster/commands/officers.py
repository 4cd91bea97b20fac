"""The command `broadcaster county people`: accounts of the office; a new password for whoever forgot
his.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from broadcaster.commands.console import Arguments, report
from broadcaster.commands.county_keys import add_office
from broadcaster.core.errors import AccountRefused
from broadcaster.county.keys.office_probe import office_in

if TYPE_CHECKING:
    from broadcaster.county.office.office_process import OpenOffice

# As `OfficeRole` has them, in what the page calls them.
ROLES = {"只看": "viewer", "经办": "clerk", "审批": "approver", "管理": "keeper"}
Adder = Callable[..., Any]


def add_to(group: Any, add: Adder) -> None:
    description = "县级平台的人员：有哪些，加人，重设忘了的密码，删掉"
    people = group.add_parser("people", help=description, description=description)
    inner = people.add_subparsers(title="命令", required=True, metavar="命令")
    _add(inner, add, "list", show, "有哪些账号，能做什么，最高能发哪一级")
    new = _add(inner, add, "add", let_in, "加一个人，给他一个密码", named=True)
    which = f"{'、'.join(ROLES)}，默认经办"
    new.add_argument("--role", choices=tuple(ROLES), default="经办", metavar="身份", help=which)
    most = "最高能发哪一级：1 红 2 橙 3 黄 4 蓝，0 是只能日常；默认 4"
    new.add_argument("--cap", type=int, choices=range(5), default=4, metavar="级别", help=most)
    _add(inner, add, "reset", reset, "给忘了密码的人一个新密码，他在各处的登录都退出", named=True)
    _add(inner, add, "remove", remove, "删掉一个账号，他在各处的登录都退出", named=True)


def _add(group: Any, add: Adder, name: str, command: Any, does: str, named: bool = False) -> Any:
    parser = add(group, name, command, does)
    if named:
        parser.add_argument("name", metavar="名字")
    return add_office(parser)


def show(arguments: Arguments) -> int:
    from broadcaster.county.notices.approval_rules import CAPS

    titles = {role: title for title, role in ROLES.items()}
    with _desk(arguments) as desk:
        found = desk.parts.officers.all()
    content = [{"name": one.name, "role": one.role.value, "cap": int(one.cap)} for one in found]
    lines = [f"{one.name}  {titles[one.role]}  最高能发{CAPS[one.cap]}" for one in found]
    none = "还没有账号。请打开网页，用启动时显示的一次性代码建第一个。"
    report(content, "\n".join(lines) or none, arguments)
    return 0


def let_in(arguments: Arguments) -> int:
    from broadcaster.core.notice import Severity
    from broadcaster.county.store.officers import OfficeRole

    role = OfficeRole(ROLES[arguments.role])
    with _desk(arguments) as desk:
        officers = desk.parts.officers
        if role is not OfficeRole.KEEPER and officers.one_time_code():
            raise AccountRefused("第一个账号要是管理，请写 --role 管理。")
        password = officers.let_in(arguments.name, role, Severity(arguments.cap))
        _note(desk, "加人员", arguments)
    _give(password, f"{arguments.name} 加上了", arguments)
    return 0


def reset(arguments: Arguments) -> int:
    with _desk(arguments) as desk:
        password = desk.parts.officers.set_password(arguments.name)
        _note(desk, "重设密码", arguments)
    _give(password, f"{arguments.name} 在各处的登录都退出了", arguments)
    return 0


def remove(arguments: Arguments) -> int:
    with _desk(arguments) as desk:
        desk.parts.officers.remove(arguments.name)
        _note(desk, "删人员", arguments)
    report({"name": arguments.name}, f"{arguments.name} 的账号删掉了。", arguments)
    return 0


def _give(password: str, done: str, arguments: Arguments) -> None:
    sentence = f"{done}，密码：{password}\n请抄给本人，让他登录以后在“更多”的“我的账号”里改掉。"
    report({"name": arguments.name, "password": password}, sentence, arguments)


def _note(desk: OpenOffice, what: str, arguments: Arguments) -> None:
    desk.parts.audit.note(os.environ.get("USER", ""), what, arguments.name)


@contextmanager
def _desk(arguments: Arguments) -> Iterator[OpenOffice]:
    """Also beside the running office: the database is for both."""
    folder = office_in(arguments.office)
    from broadcaster.county.office.office_process import open_desk

    with open_desk(folder) as desk:
        yield desk
