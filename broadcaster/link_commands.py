"""`broadcaster link`: belong to a county, see how it stands, take what came on a stick."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from broadcaster.console import Arguments, ask_running_box, report
from broadcaster.errors import reason_of

if TYPE_CHECKING:
    from broadcaster.bulletin.enrolment import Enrolment


def add_to(link: Any, add: Any) -> None:
    enrolled = add(link, "enrol", enrol, "向县里登记：用县里给的文件，或者一次性代码")
    enrolled.add_argument("file", nargs="?", type=Path, metavar="文件", help="县里给的登记文件")
    enrolled.add_argument("--office", metavar="网址", help="县里的网址，以 https:// 开头")
    enrolled.add_argument("--code", metavar="代码", help="县里给的一次性代码")
    enrolled.add_argument("--root", metavar="指纹", help="县里的根的指纹，64 个字符")
    enrolled.add_argument("--pin", default="", metavar="指纹", help="县里网站的证书的指纹，自签的要写")
    add(link, "show", show, "和县里连上没有，还有多少回执没交")
    read = add(link, "usb", usb, "读 U 盘上县里的通知（cb 文件夹）")
    read.add_argument("path", type=Path, metavar="文件夹", help="U 盘的位置")


def enrol(arguments: Arguments) -> int:
    from broadcaster.link.membership import enrol as enrol_box
    from broadcaster.settings import load_settings

    state = load_settings(arguments.config).paths.state
    enrolment = _enrolment(arguments, state)
    membership = enrol_box(state, enrolment, datetime.now(UTC))
    content = {"box": membership.box, "area": membership.area, "public_key": membership.public_key}
    sentence = (
        f"登记好了：{enrolment.name}（{membership.box}）。重新启动广播站以后就和县里连上。\n"
        f"本站的公钥，县里登记要用：{membership.public_key}"
    )
    report(content, sentence, arguments)
    return 0


def _enrolment(arguments: Arguments, state: Path) -> Enrolment:
    from broadcaster.bulletin.enrolment import Enrolment, EnrolmentRefused
    from broadcaster.bulletin.keys import public
    from broadcaster.link.membership import own_key
    from broadcaster.link.office import ask_to_enrol

    if arguments.file:
        try:
            return Enrolment.from_bytes(arguments.file.read_bytes())
        except OSError as error:
            raise EnrolmentRefused(f"{arguments.file} 读不了：{reason_of(error)}") from error
    if not (arguments.office and arguments.code and arguments.root):
        raise EnrolmentRefused("请写登记文件；用代码登记，--office、--code、--root 三样都要写。")
    key = str(public(own_key(state)).keyval["public"])
    return ask_to_enrol(arguments.office, arguments.code, arguments.root, key, arguments.pin)


def show(arguments: Arguments) -> int:
    told = ask_running_box({"do": "link"}, arguments.config)["link"]
    if told is None:
        report(None, "这个广播站没有向县里登记。", arguments)
        return 0
    since = told["connected_since"]
    lines = [
        f"{told['box']}（{told['area']}）",
        f"和县里连着，从 {_moment(since)} 起" if since else _not_connected(told["trouble"]),
        f"县里最后一份清单：{_moment(told['heads_at']) if told['heads_at'] else '还没有'}",
        f"正在生效的通知：{len(told['in_force'])} 则",
        f"还没交给县里的回执：{told['receipts_waiting']} 份",
    ]
    lines += [f"最后一次拒收：{told['last_refusal']}"] if told["last_refusal"] else []
    lines += [f"故障：{told['fault']}"] if told["fault"] else []
    report(told, "\n".join(lines), arguments)
    return 0


def _not_connected(trouble: str) -> str:
    if not trouble:
        return "正在连县里。"
    return f"没有连上县里：{trouble}。广播站自己会再连；一直连不上，请检查网络，或者问县里。"


def usb(arguments: Arguments) -> int:
    request = {"do": "link_usb", "path": str(arguments.path.absolute())}
    taken = ask_running_box(request, arguments.config)["taken"]
    sentence = (
        f"读了 {taken['bulletins']} 则通知，接受 {taken['accepted']} 则；"
        f"回执 {taken['receipts']} 份已写到盘上，请带回县里。"
    )
    report(taken, "\n".join([sentence, *taken["problems"]]), arguments)
    return 0


def _moment(text: str) -> str:
    return f"{datetime.fromisoformat(text):%m月%d日 %H:%M}"
