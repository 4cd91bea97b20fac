"""The commands `broadcaster county run | publish | approve | cancel | board | boxes`: the office and its
desk.

A bulletin that a command clears is signed and sent by the running office; the key is in that process
alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from broadcaster.commands.console import Arguments, report
from broadcaster.commands.county_keys import PassphraseMissing, add_office, asking, nobody_is_asked
from broadcaster.commands.notice_options import add_fields
from broadcaster.commands.office_output import described, draft_of, receipts, show_first
from broadcaster.core.errors import AccountRefused
from broadcaster.county.keys.office_probe import office_in
from broadcaster.county.notices.notice_columns import WRITTEN

if TYPE_CHECKING:
    from broadcaster.bulletin.invitation import Invitation
    from broadcaster.county.office.office_process import OpenOffice
    from broadcaster.county.store.officers import Officer

PASSWORD = "BROADCASTER_OFFICE_PASSWORD"
Adder = Callable[..., Any]

NOBODY_THERE = "\n这些地方还没有登记好的广播站，没有人会听到。请核对区划代码。"


def add_to(group: Any, add: Adder) -> None:
    started = add_office(add(group, "run", run, "启动县级平台：网页、登记、签发、收回执"))
    started.set_defaults(lasts=True)
    started.add_argument(
        "--passphrase-file",
        type=Path,
        metavar="文件",
        help="县里钥匙的密码，写在第一行；不写就在屏幕上问",
    )
    carried = add_office(
        add(group, "relay", relay, "转发上级（省）的通知到县里，把各村的回执合计报上去")
    )
    carried.set_defaults(lasts=True)
    sent = _add_signed_in(group, add, "publish", publish, "发一则通知，要审批的交上去等人批")
    sent.add_argument("text", nargs="?", default="", metavar="文字", help="要说的话；用 --audio 就不写")
    sent.add_argument("--verse", action="store_true", help="是顺口溜，一句一句念")
    sent.add_argument("--audio", type=Path, metavar="文件", help="发录音，最多 10 分钟、30 兆")
    sent.add_argument(
        "--programme", type=Path, metavar="文件", help="发节目（歌、戏、讲座），原样播，最多 30 兆"
    )
    sent.add_argument("--voice", default="", metavar="声音", help="想用的声音，村里没有就用村里的")
    sent.add_argument(
        "--area", action="append", required=True, metavar="代码", help="发给哪里，可以写几个"
    )
    sent.add_argument("--title", default="", metavar="标题")
    sent.add_argument("--severity", type=int, choices=range(5), default=0, metavar="级别")
    sent.add_argument("--repeats", type=int, metavar="遍数")
    add_fields(sent, WRITTEN)
    sent.add_argument("--hours", type=int, default=6, metavar="小时", help="有效多久，默认 6")
    sent.add_argument("--at", metavar="时间", help="什么时候播，如 2026-05-01T18:00；不写就是马上")
    sent.add_argument("--drill", action="store_true", help="演练")
    sent.add_argument("--night-ok", action="store_true", help="静音时段也播，要另一个人审批")
    agreed = _add_signed_in(group, add, "approve", approve, "批准别人交上来的通知")
    agreed.add_argument("id", metavar="编号")
    agreed.add_argument(
        "--version", default="", metavar="版本", help="看过的是哪一版；不写就把内容和版本显示出来"
    )
    off = _add_signed_in(group, add, "cancel", cancel, "取消一则通知")
    off.add_argument("id", metavar="编号")
    home = add_office(add(group, "receipts", receipts, "导入 U 盘带回来的回执"))
    home.add_argument("folder", type=Path, metavar="文件夹", help="U 盘，或者上面的 cb/outbox")
    made = add_office(
        add(group, "stick", stick, "做 U 盘：还有效的通知、录音和钥匙串，带给没有网络的村")
    )
    made.add_argument("folder", type=Path, metavar="文件夹", help="U 盘的位置")
    made.add_argument("--village", default="", metavar="代码", help="只要发给这个村的，12 位区划代码")
    shown = add_office(add(group, "board", board, "发出的通知和各村的情况"))
    shown.add_argument("id", nargs="?", metavar="编号", help="只看这一则，一村一行")
    listed = add_office(add(group, "boxes", boxes, "登记簿；加一个广播站"))
    listed.add_argument("--add", dest="code", metavar="代码", help="村的 12 位区划代码，给它一个登记码")
    listed.add_argument("--name", default="", metavar="村名", help="和 --add 一起用")
    listed.add_argument("--replace", metavar="编号", help="给一个广播站一个新的登记码")


def _add_signed_in(group: Any, add: Adder, name: str, command: Any, description: str) -> Any:
    parser = add_office(add(group, name, command, description))
    parser.add_argument("--by", required=True, metavar="名字", help="用谁的账号")
    parser.add_argument(
        "--password-file",
        type=Path,
        metavar="文件",
        help=f"他的密码，写在第一行；也可以用环境变量 {PASSWORD}；都没有就在屏幕上问",
    )
    return parser


def run(arguments: Arguments) -> int:
    office_in(arguments.office)
    from broadcaster.county.office import office_process

    return office_process.run(
        arguments.office,
        arguments.config,
        asking(arguments),
        lambda line: print(line, flush=True),
        nobody_is_asked(arguments),
    )


def relay(arguments: Arguments) -> int:
    office_in(arguments.office)
    from broadcaster.county.relay import relay_process as relaying

    return relaying.run(
        arguments.office, lambda status: report(status.to_json(), status.sentence, arguments)
    )


def publish(arguments: Arguments) -> int:
    folder = office_in(arguments.office)
    from broadcaster.county.notices.approval_desk import HANDED_IN
    from broadcaster.county.office.office_process import open_desk

    with open_desk(folder) as desk:
        who = _signed_in(desk, arguments)
        record = desk.parts.desk.send(who, draft_of(arguments, desk))
        why = record.approval_reason
        desk.parts.audit.note(who.name, "发通知", record.draft.title + (HANDED_IN if why else ""))
        waits = f"交上去了，等人审批：{why}。" if why else "交给平台发了。"
        nobody = "" if desk.parts.listeners(record.draft.areas) else NOBODY_THERE
        report(described(record), f"{waits}编号：{record.id}{nobody}", arguments)
    return 0


def approve(arguments: Arguments) -> int:
    folder = office_in(arguments.office)
    from broadcaster.county.office.office_process import open_desk

    with open_desk(folder) as desk:
        who = _signed_in(desk, arguments)
        if not arguments.version:
            return show_first(desk, desk.parts.desk.get(arguments.id), arguments)
        record = desk.parts.desk.approve(who, arguments.id, arguments.version)
        desk.parts.audit.note(who.name, "批准通知", record.draft.title)
        report(described(record), f"批准了，交给平台发：{record.draft.title}", arguments)
    return 0


def cancel(arguments: Arguments) -> int:
    folder = office_in(arguments.office)
    from broadcaster.county.office.office_process import open_desk

    with open_desk(folder) as desk:
        who = _signed_in(desk, arguments)
        record = desk.parts.desk.cancel(who, arguments.id)
        desk.parts.audit.note(who.name, "取消通知", record.draft.title)
        report(described(record), f"取消了：{record.draft.title}", arguments)
    return 0


def stick(arguments: Arguments) -> int:
    folder = office_in(arguments.office)
    from broadcaster.county.office.office_process import open_desk
    from broadcaster.county.villages.usb_folder import gather, write_to

    with open_desk(folder) as desk:
        parts = desk.parts
        given = parts.database, parts.county, parts.clock.now(), arguments.village
        gathered = gather(folder, *given)
        waiting = write_to(arguments.folder, gathered)
    content = {"bulletins": gathered.bulletins, "sounds": gathered.sounds, "receipts": waiting}
    lines = [
        f"写好了：还有效的通知和取消 {gathered.bulletins} 则，录音 {gathered.sounds} 个。",
        "安全取下 U 盘，到村里在广播站上运行：broadcaster link usb U盘的位置",
    ]
    if waiting:
        home = f"broadcaster county receipts {arguments.folder}"
        lines += [f"盘上还有村里带回来的回执 {waiting} 份，导入：{home}"]
    report(content, "\n".join(lines), arguments)
    return 0


def board(arguments: Arguments) -> int:
    folder = office_in(arguments.office)
    from broadcaster.county.office.office_process import open_desk

    with open_desk(folder) as desk:
        if arguments.id:
            return _show_bulletin(desk, arguments)
        records = desk.parts.desk.recent(20)
        counts = desk.parts.board.counts([record.id for record in records])
        without = desk.parts.province_board.without_totals(records)
        cancels = desk.parts.desk.unsent_cancels()
    content = [
        described(record, record.id in cancels)
        | counts[record.id].to_json()
        | {"waiting": counts[record.id].waiting}
        | {"counties_without_sum": without.get(record.id, 0)}
        for record in records
    ]
    lines = [
        f"{one['id']}  {one['said']}  {counts[one['id']].sentence}  "
        + (f"{one['counties_without_sum']} 个县没有报数  " if one["counties_without_sum"] else "")
        + "演练：" * one["drill"]
        + one["title"]
        for one in content
    ]
    report(content, "\n".join(lines) or "还没有发过通知。", arguments)
    return 0


def _show_bulletin(desk: OpenOffice, arguments: Arguments) -> int:
    record = desk.parts.desk.get(arguments.id)
    places = desk.parts.board.places(record.id)
    counts = desk.parts.board.counts([record.id])[record.id]
    boxes = [
        {"box": one.box, "name": one.name, "stage": one.stage, "said": one.wording} for one in places
    ]
    below = desk.parts.province_board.deliveries(record)
    waits = record.id in desk.parts.desk.unsent_cancels()
    content = described(record, waits) | counts.to_json() | {"waiting": counts.waiting, "boxes": boxes}
    lines = [
        f"{record.draft.sent_title}  {content['said']}  {counts.sentence}",
        *(f"  {one.name}（{one.box}）{one.wording}" for one in places),
    ]
    lines += [f"  {one.county.name}（{one.county.code}）{one.sentence}" for one in below]
    report(content | {"counties": [one.to_json() for one in below]}, "\n".join(lines), arguments)
    return 0


def boxes(arguments: Arguments) -> int:
    folder = office_in(arguments.office)
    from broadcaster.county.office.office_process import open_desk
    from broadcaster.county.register.register import BOX_STATES

    with open_desk(folder) as desk:
        register, note = desk.parts.register, desk.parts.audit.note
        if arguments.code:
            box, code = register.add(arguments.code, arguments.name)
            note(os.environ.get("USER", ""), "加广播站", box.id)
            return _invite(desk, box.id, code, arguments)
        if arguments.replace:
            code = register.replace(arguments.replace)
            note(os.environ.get("USER", ""), "发登记码", arguments.replace)
            return _invite(desk, arguments.replace, code, arguments)
        found = register.boxes()
    content_of = [
        {"box": one.id, "name": one.name, "state": one.state, "online": one.online} for one in found
    ]
    lines = [
        f"{one.id}  {BOX_STATES[one.state]}  {'在线' if one.online else '不在线'}  {one.name}"
        for one in found
    ]
    report(content_of, "\n".join(lines) or "登记簿是空的。", arguments)
    return 0


def _invite(desk: OpenOffice, box: str, code: str, arguments: Arguments) -> int:
    from broadcaster.bulletin.invitation import FOR_BOX

    given = invitation(desk, code)
    content = {"box": box, "code": code, "root": given.root, "line": given.line(FOR_BOX)}
    sentence = (
        f"{box} 的登记码：{code}（7 天以内，只给一台机器用）\n"
        f"在广播站那台机器上输入：broadcaster link enrol '{given.line(FOR_BOX)}'"
    )
    report(content, sentence, arguments)
    return 0


def invitation(desk: OpenOffice, code: str) -> Invitation:
    """As the page gives it, by this machine's address where the settings name none."""
    from broadcaster.bulletin.invitation import Invitation
    from broadcaster.county.register.site_pin import site_pin
    from broadcaster.system.mdns import own_address

    settings, web = desk.settings, desk.settings.web
    host = own_address() if web.host in ("0.0.0.0", "::") else web.host
    secure, port = ("https", web.https_port) if web.https_port else ("http", web.port)
    office = settings.address or f"{secure}://{host}:{port}"
    return Invitation(office, code, desk.folder.pin, site_pin(web, desk.folder.path))


def _signed_in(desk: OpenOffice, arguments: Arguments) -> Officer:
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
