"""The command `broadcaster people`: accounts of the page; a new password for whoever forgot his."""

from typing import Any

from broadcaster.commands.console import Arguments, ask_box, report, settings_to_look_by
from broadcaster.core.errors import AccountRefused
from broadcaster.daemon.control_socket import Message, people_answer

ROLES = {"secretary": "书记", "editor": "编辑", "viewer": "只看"}


def add_to(group: Any, add: Any) -> None:
    add(group, "list", show, "有哪些账号，能做什么")
    forgot = add(group, "reset", reset, "给忘了密码的人一个新密码")
    forgot.add_argument("name", metavar="名字")


def show(arguments: Arguments) -> int:
    people = _ask({"do": "people"}, arguments)["people"]
    lines = [f"{person['name']}  {ROLES[person['role']]}" for person in people]
    report(people, "\n".join(lines) or "还没有账号。请打开手机页面，用一次性代码建第一个。", arguments)
    return 0


def reset(arguments: Arguments) -> int:
    answer = _ask({"do": "reset_password", "name": arguments.name}, arguments)
    sentence = (
        f"{arguments.name} 的新密码：{answer['password']}\n登录以后，请在“更多”的“我的账号”里改掉它。"
    )
    report(answer, sentence, arguments)
    return 0


def _ask(request: Message, arguments: Arguments) -> Message:
    """By the running box, or by its database where none runs."""
    answers = ask_box(request, arguments.config)
    return next(answers, {}) if answers is not None else _answer_alone(request, arguments)


def _answer_alone(request: Message, arguments: Arguments) -> Message:
    from broadcaster.core.clock import Clock
    from broadcaster.store.database.tables import DATABASE
    from broadcaster.store.store import open_store

    settings = settings_to_look_by(arguments.config)
    path = settings.paths.state / DATABASE
    if not path.exists():
        raise AccountRefused("广播站还没有启动过，没有账号。启动它：scripts/run")
    with open_store(path, Clock(settings.station.zone)) as store:
        return people_answer(store.accounts, store.deeds, request)
