"""The command `broadcaster link`: joins a county, shows the link's state, reads a USB stick."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from broadcaster.commands.console import Arguments, ask_box, ask_running_box, report, settings_to_look_by
from broadcaster.core.errors import BroadcasterError, reason_of
from broadcaster.link.membership_folder import is_enrolled

if TYPE_CHECKING:
    from broadcaster.bulletin.enrolment import Enrolment
    from broadcaster.bulletin.invitation import Invitation

NOT_ENROLLED = "这个广播站没有向县里登记。"
NOT_TAKEN_UP = "登记是有的，这个广播站还没有用上：请看 broadcaster status 里的故障，或者重新启动它。"


def add_to(link: Any, add: Any) -> None:
    enrolled = add(link, "enrol", enrol, "向县里登记：用县里给的文件，或者一次性代码")
    enrolled.add_argument(
        "given", nargs="?", metavar="一行|文件", help="县里给的那一行，放在单引号里；或者登记文件"
    )
    enrolled.add_argument("--office", metavar="网址", help="县里的网址，以 https:// 开头")
    enrolled.add_argument("--code", metavar="代码", help="县里给的一次性代码")
    enrolled.add_argument("--root", metavar="指纹", help="县里的根的指纹，64 个字符")
    enrolled.add_argument("--pin", default="", metavar="指纹", help="县里网站的证书的指纹，自签的要写")
    add(link, "show", show, "和县里连上没有，还有多少回执没交")
    read = add(link, "usb", usb, "读 U 盘上县里的通知（cb 文件夹）")
    read.add_argument("path", type=Path, metavar="文件夹", help="U 盘的位置")


def enrol(arguments: Arguments) -> int:
    from broadcaster.link.membership import enrol as enrol_box

    state = settings_to_look_by(arguments.config).paths.state
    enrolment = _enrolment(arguments, state)
    membership = enrol_box(state, enrolment, datetime.now(UTC))
    content = {"box": membership.box, "area": membership.area, "public_key": membership.public_key}
    lines = [f"登记好了：{enrolment.name}（{membership.box}）。{_applied(arguments)}"]
    if not _invitation(arguments):
        lines += [f"本站的公钥，县里登记要用：{membership.public_key}"]
    report(content, "\n".join(lines), arguments)
    return 0


def _applied(arguments: Arguments) -> str:
    """By the running box, at once."""
    try:
        answers = ask_box({"do": "belong"}, arguments.config)
        if answers is None:
            return "启动广播站以后就和县里连上。"
        next(answers, None)
    except BroadcasterError as error:
        return f"请重新启动广播站，然后才和县里连上（{error}）"
    return "广播站正在和县里连，看连上没有：broadcaster link show"


def _enrolment(arguments: Arguments, state: Path) -> Enrolment:
    from broadcaster.bulletin.enrolment import Enrolment, EnrolmentRefused
    from broadcaster.link.enrol_client import ask_to_enrol
    from broadcaster.link.membership import own_key

    if invitation := _invitation(arguments):
        return ask_to_enrol(invitation, own_key(state))
    if not arguments.given:
        raise EnrolmentRefused("请写县里给的那一行（放在单引号里），或者登记文件。")
    try:
        return Enrolment.from_bytes(Path(arguments.given).read_bytes())
    except OSError as error:
        raise EnrolmentRefused(f"{arguments.given} 读不了：{reason_of(error)}") from error


def _invitation(arguments: Arguments) -> Invitation | None:
    """None where a file is given, or nothing."""
    from broadcaster.bulletin.invitation import FOR_BOX, Invitation

    parts = arguments.office, arguments.code, arguments.root, arguments.pin
    return Invitation.given(arguments.given, FOR_BOX, *parts)


def show(arguments: Arguments) -> int:
    status = ask_running_box({"do": "link"}, arguments.config)["link"]
    if status is None:
        enrolled = is_enrolled(settings_to_look_by(arguments.config).paths.state)
        report(None, NOT_TAKEN_UP if enrolled else NOT_ENROLLED, arguments)
        return 0
    since = status["connected_since"]
    lines = [
        f"{status['box']}（{status['area']}）",
        f"和县里连着，从 {_moment(since)} 起" if since else _not_connected(status["trouble"]),
        f"县里最后一份清单：{_moment(status['heads_at']) if status['heads_at'] else '还没有'}",
        f"正在生效的通知：{len(status['in_force'])} 则",
        f"还没交给县里的回执：{status['receipts_waiting']} 份",
    ]
    lines += [f"最后一次拒收：{status['last_refusal']}"] if status["last_refusal"] else []
    lines += [f"故障：{status['fault']}"] if status["fault"] else []
    report(status, "\n".join(lines), arguments)
    return 0


def _not_connected(trouble: str) -> str:
    if not trouble:
        return "正在连县里。"
    return f"没有连上县里：{trouble}。广播站自己会再连；一直连不上，请检查网络，或者问县里。"


def usb(arguments: Arguments) -> int:
    request = {"do": "link_usb", "path": str(arguments.path.absolute())}
    taken = ask_running_box(request, arguments.config)["taken"]
    rest = taken["bulletins"] - taken["accepted"] - taken["had"]
    look = "（原因：broadcaster link show）" if rest else ""
    sentence = (
        f"读了 {taken['bulletins']} 则通知和取消，接受 {taken['accepted']} 则，"
        f"{taken['had']} 则以前就有了，{rest} 则不收{look}；"
        f"回执 {taken['receipts']} 份已写到盘上，请带回县里。"
    )
    report(taken, "\n".join([sentence, *taken["problems"]]), arguments)
    return 0


def _moment(text: str) -> str:
    return f"{datetime.fromisoformat(text):%m月%d日 %H:%M}"
