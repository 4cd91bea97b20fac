"""`broadcaster county run | publish | approve | cancel | board | boxes`: the office and its desk.

What a command clears the running office signs and sends; the key is in that process alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from broadcaster.console import Arguments, report
from broadcaster.county_commands import OFFICE, PassphraseMissing, asking
from broadcaster.errors import AccountRefused

if TYPE_CHECKING:
    from broadcaster.county.desk import Paper
    from broadcaster.county.officers import Officer
    from broadcaster.county.running import Desk

PASSWORD = "BROADCASTER_OFFICE_PASSWORD"
Adder = Callable[..., Any]


def add_to(group: Any, add: Adder) -> None:
    started = _add(group, add, "run", run, "启动县级平台：网页、登记、签发、收回执")
    started.add_argument(
        "--passphrase-file",
        type=Path,
        metavar="文件",
        help="县里钥匙的密码，写在第一行；不写就在屏幕上问",
    )
    _add(group, add, "relay", relay, "转发上级（省）的通知到县里，把各村的回执合计报上去")
    let_in = _add(group, add, "admit", admit, "省里用：让一个县的转发连上本级的消息服务器")
    let_in.add_argument("area", metavar="区划代码", help="县的代码，如 331121")
    let_in.add_argument("file", type=Path, metavar="文件", help="它的密码写到哪里，交给县里")
    sent = _add_signed_in(group, add, "publish", publish, "发一则通知，要审批的交上去等人批")
    sent.add_argument("text", metavar="文字")
    sent.add_argument(
        "--area", action="append", required=True, metavar="代码", help="发给哪里，可以写几个"
    )
    sent.add_argument("--title", default="", metavar="标题")
    sent.add_argument("--severity", type=int, choices=range(5), default=0, metavar="级别")
    sent.add_argument("--repeats", type=int, metavar="遍数")
    sent.add_argument("--hours", type=int, default=6, metavar="小时", help="有效多久，默认 6")
    sent.add_argument("--at", metavar="时间", help="什么时候播，如 2026-05-01T18:00；不写就是马上")
    sent.add_argument("--drill", action="store_true", help="演练")
    sent.add_argument("--night-ok", action="store_true", help="静音时段也播，要另一个人审批")
    agreed = _add_signed_in(group, add, "approve", approve, "批准别人交上来的通知")
    agreed.add_argument("id", metavar="编号")
    off = _add_signed_in(group, add, "cancel", cancel, "取消一则通知")
    off.add_argument("id", metavar="编号")
    shown = _add(group, add, "board", board, "发出的通知和各村的情况")
    shown.add_argument("id", nargs="?", metavar="编号", help="只看这一则，一村一行")
    listed = _add(group, add, "boxes", boxes, "登记簿；加一个广播站")
    listed.add_argument("--add", dest="code", metavar="代码", help="村的 12 位区划代码，给它一个登记码")
    listed.add_argument("--name", default="", metavar="村名", help="和 --add 一起用")


def _add(group: Any, add: Adder, name: str, command: Any, description: str) -> Any:
    parser = add(group, name, command, description)
    parser.add_argument(
        "--office", type=Path, default=OFFICE, metavar="文件夹", help="县级平台的文件夹，默认 county"
    )
    return parser


def _add_signed_in(group: Any, add: Adder, name: str, command: Any, description: str) -> Any:
    parser = _add(group, add, name, command, description)
    parser.add_argument("--by", required=True, metavar="名字", help="用谁的账号")
    parser.add_argument(
        "--password-file",
        type=Path,
        metavar="文件",
        help=f"他的密码，写在第一行；也可以用环境变量 {PASSWORD}；都没有就在屏幕上问",
    )
    return parser


def run(arguments: Arguments) -> int:
    from broadcaster.county import running

    return running.run(
        arguments.office,
        arguments.config,
        asking(arguments),
        lambda line: print(line, flush=True),
    )


def relay(arguments: Arguments) -> int:
    from broadcaster.county import relay as relaying

    return relaying.run(
        arguments.office, lambda status: report(status.to_json(), status.sentence, arguments)
    )


def admit(arguments: Arguments) -> int:
    from broadcaster.county import relay as relaying

    told = relaying.admit(arguments.office, arguments.area, arguments.file)
    sentence = (
        f"{told['user']} 可以连了，密码在 {arguments.file}。"
        f"请连同消息服务器的 CA 证书和指纹 {told['root']} 一起交给县里。"
    )
    report(told, sentence, arguments)
    return 0


def publish(arguments: Arguments) -> int:
    from broadcaster.county.running import open_desk

    with open_desk(arguments.office) as desk:
        who = _who(desk, arguments)
        paper = desk.parts.desk.send(who, _draft(arguments, desk))
        desk.parts.audit.note(who.name, "发通知", paper.draft.title)
        waits = f"交上去了，等人审批：{paper.why_two}。" if paper.why_two else "交给平台发了。"
        report(_described(paper), f"{waits}编号：{paper.id}", arguments)
    return 0


def approve(arguments: Arguments) -> int:
    from broadcaster.county.running import open_desk

    with open_desk(arguments.office) as desk:
        who = _who(desk, arguments)
        paper = desk.parts.desk.approve(who, arguments.id)
        desk.parts.audit.note(who.name, "批准通知", paper.draft.title)
        report(_described(paper), f"批准了，交给平台发：{paper.draft.title}", arguments)
    return 0


def cancel(arguments: Arguments) -> int:
    from broadcaster.county.running import open_desk

    with open_desk(arguments.office) as desk:
        who = _who(desk, arguments)
        paper = desk.parts.desk.cancel(who, arguments.id)
        desk.parts.audit.note(who.name, "取消通知", paper.draft.title)
        report(_described(paper), f"取消了：{paper.draft.title}", arguments)
    return 0


def board(arguments: Arguments) -> int:
    from broadcaster.county.running import open_desk

    with open_desk(arguments.office) as desk:
        if arguments.id:
            return _one(desk, arguments)
        papers = desk.parts.desk.recent(20)
        counts = desk.parts.board.counts([paper.id for paper in papers])
    content = [_described(paper) | counts[paper.id].to_json() for paper in papers]
    lines = [
        f"{one['id']}  {one['state']:9} 发给 {one['sent']} 播完 {one['heard']} "
        f"没播成 {one['failed']} 没回音 {one['silent']}  {one['title']}"
        for one in content
    ]
    report(content, "\n".join(lines) or "还没有发过通知。", arguments)
    return 0


def _one(desk: Desk, arguments: Arguments) -> int:
    paper = desk.parts.desk.get(arguments.id)
    places = desk.parts.board.places(paper.id)
    counts = desk.parts.board.counts([paper.id])[paper.id].to_json()
    found = [{"box": one.box, "name": one.name, "stage": one.stage, "said": one.said} for one in places]
    text = "\n".join([paper.draft.title, *(f"  {one.name}（{one.box}）{one.said}" for one in places)])
    report(_described(paper) | counts | {"boxes": found}, text, arguments)
    return 0


def boxes(arguments: Arguments) -> int:
    from broadcaster.county.running import open_desk

    with open_desk(arguments.office) as desk:
        if arguments.code:
            box, code = desk.parts.register.add(arguments.code, arguments.name)
            desk.parts.audit.note(os.environ.get("USER", ""), "加广播站", box.id)
            content = {"box": box.id, "code": code, "root": desk.folder.pin}
            report(content, f"{box.id} 的登记码：{code}（7 天以内用一次）", arguments)
            return 0
        found = desk.parts.register.boxes()
    content_of = [
        {"box": one.id, "name": one.name, "state": one.state, "online": one.online} for one in found
    ]
    lines = [
        f"{one.id}  {one.state:8}  {'在线' if one.online else '不在线'}  {one.name}" for one in found
    ]
    report(content_of, "\n".join(lines) or "登记簿是空的。", arguments)
    return 0


def _draft(arguments: Arguments, desk: Desk) -> Any:
    from broadcaster.bulletin.bulletin import BulletinKind
    from broadcaster.county.draft import Draft, DraftRefused
    from broadcaster.model import Severity

    try:
        begins = datetime.fromisoformat(arguments.at) if arguments.at else None
    except ValueError:
        raise DraftRefused("--at 要写成 2026-05-01T18:00。") from None
    if begins and begins.tzinfo is None:
        begins = begins.replace(tzinfo=desk.parts.clock.zone)
    return Draft(
        title=arguments.title,
        text=arguments.text,
        areas=tuple(arguments.area),
        severity=Severity(arguments.severity),
        kind=BulletinKind.DRILL if arguments.drill else BulletinKind.NOTICE,
        repeat=arguments.repeats,
        night_ok=arguments.night_ok,
        not_before=begins,
        life=timedelta(hours=min(max(arguments.hours, 0), 10_000)),
    )


def _who(desk: Desk, arguments: Arguments) -> Officer:
    """By name and password, as on the page."""
    found = desk.parts.officers.check(arguments.by, _password(arguments))
    if found is None:
        raise AccountRefused("名字或密码不对，什么也没有做。")
    return found


def _password(arguments: Arguments) -> str:
    if arguments.password_file:
        try:
            text = arguments.password_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise PassphraseMissing(f"密码文件 {arguments.password_file} 读不出来。") from None
        return str(text.partition("\n")[0].rstrip("\r"))
    if given := os.environ.get(PASSWORD):
        return given
    if not sys.stdin.isatty():
        raise PassphraseMissing(f"没有密码：用 --password-file，或者环境变量 {PASSWORD}。")
    return getpass(f"{arguments.by}的密码：")


def _described(paper: Paper) -> dict[str, Any]:
    return {
        "id": paper.id,
        "title": paper.draft.title,
        "severity": int(paper.draft.severity),
        "areas": list(paper.draft.areas),
        "state": paper.state.value,
        "why_two": paper.why_two,
        "written_by": paper.written_by,
        "approved_by": paper.approved_by,
    }
