"""The commands `broadcaster county admit | counties` in a province, `join | above` in a county
below it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from broadcaster.commands.console import Arguments, report
from broadcaster.commands.county_keys import PASSPHRASE, add_office, asking
from broadcaster.commands.office import invitation
from broadcaster.core.clock import Clock
from broadcaster.core.errors import BroadcasterError, FileUnwritable, reason_of
from broadcaster.county.keys.office_probe import office_in

if TYPE_CHECKING:
    from broadcaster.bulletin.admission import Admission
    from broadcaster.bulletin.invitation import Invitation
    from broadcaster.bulletin.upstream_office import UpstreamOffice

Adder = Callable[..., Any]
DIGEST = "[0-9a-fA-F]{64}"


class CommandIncomplete(BroadcasterError):
    """A command line that does not say what is wanted."""


def add_to(group: Any, add: Adder) -> None:
    let_in = _add(group, add, "admit", admit, "省里用：让一个县的转发接上来，用文件；有了公钥才收它的数")
    let_in.add_argument("area", metavar="区划代码", help="县的代码，如 331121")
    let_in.add_argument(
        "file", type=Path, nargs="?", metavar="文件", help="接入文件写到哪里，里面有密码，只交给这个县"
    )
    let_in.add_argument("--name", default="", metavar="县名", help="登记簿里还没有这个县时要写")
    let_in.add_argument("--key", metavar="公钥", help="县里 county join 显示的 64 位公钥")
    listed = _add(group, add, "counties", counties, "省里用：下面的县，转发有没有消息；发登记码，停用")
    listed.add_argument("--add", dest="code", metavar="代码", help="加一个县，给它一个登记码")
    listed.add_argument("--name", default="", metavar="县名", help="和 --add 一起用")
    listed.add_argument("--replace", metavar="代码", help="给换了转发的县一个新的登记码")
    listed.add_argument("--retire", metavar="代码", help="停用：不让它连，不再收它的数")
    joined = _add(group, add, "join", join, "县里用：把本县的转发接到上级，用上级给的文件或登记码")
    joined.add_argument(
        "given", nargs="?", metavar="一行|文件", help="上级给的那一行，放在单引号里；或者接入文件"
    )
    joined.add_argument("--above", metavar="网址", help="上级的网页，https://…")
    joined.add_argument("--code", metavar="登记码")
    joined.add_argument("--root", metavar="指纹", help="上级的指纹，另外打电话核对")
    joined.add_argument("--pin", default="", metavar="指纹", help="上级网页证书的指纹，没有正式证书才写")
    named = _add(group, add, "above", above, "县里用：由根钥匙说明上级是谁，登记过的广播站自己会跟着认")
    named.add_argument(
        "above",
        nargs="?",
        metavar="文件|指纹",
        help="上级给的接入文件，或者上级的指纹；不写就是接上的那个",
    )
    named.add_argument("--area", default="", metavar="代码", help="写指纹时要写：上级的区划代码，如 33")
    named.add_argument("--none", action="store_true", help="收回：上面不再有谁")
    named.add_argument(
        *("--root-key",), action="append", type=Path, default=[], metavar="文件", help="根钥匙，写两个"
    )
    named.add_argument(
        "--passphrase-file",
        type=Path,
        metavar="文件",
        help=f"密码写在这个文件的第一行；也可以用环境变量 {PASSPHRASE}；都没有就在屏幕上问",
    )


def _add(group: Any, add: Adder, name: str, command: Any, description: str) -> Any:
    return add_office(add(group, name, command, description), "本级平台")


def admit(arguments: Arguments) -> int:
    folder = office_in(arguments.office)
    from broadcaster.bulletin import areas
    from broadcaster.county.office.office_process import broker_address, open_desk
    from broadcaster.county.relay.relay_process import write_secret

    if not (arguments.file or arguments.key):
        raise CommandIncomplete("请写接入文件写到哪里；县里报来公钥以后，用 --key 登记公钥。")
    if arguments.file and not arguments.file.parent.is_dir():
        raise FileUnwritable(f"{arguments.file} 写不进去：没有这个文件夹。")
    with open_desk(folder) as desk:
        known, code = desk.parts.counties, areas.trim(arguments.area)
        if code not in {one.code for one in known.all()}:
            known.add(code, arguments.name)
        if arguments.file:
            made = known.admission_file(code, desk.folder.pin, broker_address(desk))
            write_secret(arguments.file, made.to_bytes())
        if arguments.key:
            known.set_key(code, arguments.key)
        found = known.get(code)
        desk.parts.audit.note(os.environ.get("USER", ""), "让县接入", found.code)
        root = desk.folder.pin
    content = {"county": found.code, "name": found.name, "key": found.key, "root": root}
    rows = [f"接入文件在 {arguments.file}，请交给{found.name}，别人拿到就能冒充它连上来。"]
    rows = rows if arguments.file else []
    rows += ["公钥登记好了，它的数从现在起算。"] if arguments.key else []
    rows += [] if found.key else ["县里报来公钥以后：county admit 代码 --key 公钥；登记以前不收它的数。"]
    rows += [f"请县里另外核对本级的指纹：{root}"]
    report(content, "\n".join(rows), arguments)
    return 0


def counties(arguments: Arguments) -> int:
    folder = office_in(arguments.office)
    from broadcaster.bulletin.invitation import FOR_COUNTY
    from broadcaster.county.office.office_process import open_desk

    with open_desk(folder) as desk:
        known, note = desk.parts.counties, desk.parts.audit.note
        who = os.environ.get("USER", "")
        if arguments.code or arguments.replace:
            if arguments.code:
                found, code = known.add(arguments.code, arguments.name)
            else:
                found, code = known.get(arguments.replace), known.replace(arguments.replace)
            note(who, "给县发登记码", found.code)
            given = invitation(desk, code)
            line = given.line(FOR_COUNTY)
            content = {"county": found.code, "code": code, "root": given.root, "line": line}
            sentence = (
                f"{found.name}的登记码：{code}（7 天以内，只给一台机器用）\n本级的指纹：{given.root}\n"
                f"县里在平台的机器上输入：broadcaster county join '{line}'"
            )
            report(content, sentence, arguments)
            return 0
        if arguments.retire:
            known.retire(arguments.retire)
            note(who, "停用县", arguments.retire)
        board = desk.parts.province_board
        rows = [
            {
                "county": one.code,
                "name": one.name,
                "state": one.state.value,
                "word": board.quality_of(one).value,
                "told_at": one.told_at and one.told_at.isoformat(),
                "key": one.key,
            }
            for one in known.all()
        ]
    lines = [f"{one['county']:6}  {one['state']:8}  {one['word']:8}  {one['name']}" for one in rows]
    report(rows, "\n".join(lines) or "登记簿里还没有县。", arguments)
    return 0


def join(arguments: Arguments) -> int:
    from broadcaster.county.relay import joining

    folder = arguments.office
    given = _admission(arguments)
    key = joining.public_key(folder)
    written = joining.join(folder, given)
    content = {"above": given.area, "root": given.root, "public_key": key, "written": written}
    lines = [f"接上了 {given.area}，指纹 {given.root}。"]
    lines += ["office.yaml 里加了 relay 一行。"] if written else []
    if not _invitation(arguments):
        lines += [f"本县转发的公钥，请报给上级登记：{key}"]
    lines += [
        "再做两件事：broadcaster county relay 让转发一直运行；",
        "broadcaster county above 用两把根钥匙说明上级是谁，登记过的广播站才会听上级的。",
    ]
    report(content, "\n".join(lines), arguments)
    return 0


def _admission(arguments: Arguments) -> Admission:
    if invitation := _invitation(arguments):
        from broadcaster.county.relay.joining import ask_to_join

        return ask_to_join(arguments.office, invitation)
    if not arguments.given:
        raise CommandIncomplete("请写上级给的那一行（放在单引号里），或者接入文件。")
    return _read(Path(arguments.given))


def _invitation(arguments: Arguments) -> Invitation | None:
    """None where a file is given, or nothing."""
    from broadcaster.bulletin.invitation import FOR_COUNTY, Invitation

    parts = arguments.above, arguments.code, arguments.root, arguments.pin
    return Invitation.given(arguments.given, FOR_COUNTY, *parts)


def above(arguments: Arguments) -> int:
    from broadcaster.county.keys.key_folder import KeyFolder, open_key

    folder = KeyFolder(arguments.office)
    before, wanted = folder.trust.above, _wanted(arguments, folder.trust.area)
    if before == wanted:
        raise CommandIncomplete("根钥匙已经这样说了，什么也没有改。")
    ask = asking(arguments)
    roots = [open_key(file, ask(f"根钥匙 {file.name}")) for file in arguments.root_key]
    folder.renew_root(roots, Clock(ZoneInfo("UTC")).now(), wanted)
    content = {
        "above": [{"area": one.area, "root": one.root} for one in wanted],
        "version": list(folder.trust.version),
    }
    report(content, _consequence(wanted), arguments)
    return 0


def _consequence(wanted: tuple[UpstreamOffice, ...]) -> str:
    if not wanted:
        return (
            "收回了。平台把新的钥匙串发出去以后，广播站不再听上级的：上级等着播的也撤下，正在播的停下。\n"
            "关着的广播站，开机收到新的钥匙串以后才不听。"
        )
    named = "、".join(f"{one.area}（指纹 {one.root}）" for one in wanted)
    return (
        f"说明了上级是 {named}。\n"
        "平台把新的钥匙串发出去以后，本县登记过的广播站自己会认它，不用重新登记：\n"
        "它的钥匙签的通知，本县每个广播站都会播，红色的夜里也播。请打电话核对指纹。\n"
        "要收回：broadcaster county above --none，同样要两把根钥匙。"
    )


def _wanted(arguments: Arguments, county: str) -> tuple[UpstreamOffice, ...]:
    from broadcaster.bulletin.metadata_signing import CharterRefused
    from broadcaster.bulletin.upstream_office import is_upstream

    if arguments.none:
        if arguments.above or arguments.area:
            raise CommandIncomplete("--none 是收回，不要再写上级。")
        return ()
    found = _upstream_office(arguments, county)
    if not is_upstream(found.area, county):
        raise CharterRefused(f"{found.area} 不是 {county} 的上级，只有上面的省、市能这样写。")
    return (found,)


def _upstream_office(arguments: Arguments, county: str) -> UpstreamOffice:
    from broadcaster.bulletin import areas
    from broadcaster.bulletin.upstream_office import UpstreamOffice
    from broadcaster.county.store.office_settings import load_office_settings

    if not arguments.above:
        for one in load_office_settings(arguments.office).relay.upstream_offices(county):
            return one
        raise CommandIncomplete("请写上级给的接入文件，或者 --area 和上级的指纹。")
    if re.fullmatch(DIGEST, arguments.above):
        if not arguments.area:
            raise CommandIncomplete("写指纹的时候还要写 --area，如 --area 33。")
        return UpstreamOffice(areas.trim(arguments.area), arguments.above.lower())
    given = _read(Path(arguments.above))
    return UpstreamOffice(given.area, given.root)


def _read(file: Path) -> Admission:
    from broadcaster.bulletin.admission import Admission, AdmissionRefused

    try:
        return Admission.from_bytes(file.read_bytes())
    except OSError as error:
        raise AdmissionRefused(f"{file} 读不了：{reason_of(error)}。") from error
