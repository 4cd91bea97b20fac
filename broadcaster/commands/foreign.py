"""The commands `broadcaster county import | export`: reads a message of another system; writes a
bulletin as CAP.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from broadcaster.commands.console import Arguments, report
from broadcaster.commands.county_keys import add_office
from broadcaster.core.clock import Clock
from broadcaster.core.errors import BroadcasterError, FileUnwritable, reason_of
from broadcaster.county.keys.office_probe import office_in

if TYPE_CHECKING:
    from broadcaster.county.foreign.base.proposal import ForeignDraft

KINDS = {"notice": "通知", "cancel": "取消", "drill": "演练", "test": "测试"}
SEVERITIES = ("日常", "红色", "橙色", "黄色", "蓝色")
NOT_SENT = "这只是草稿，什么也没有发：要在县级平台由人审批，用县里的钥匙签名。"


class FileUnreadable(BroadcasterError):
    """A file that a person named cannot be read."""


def add_to(group: Any, add: Callable[..., Any]) -> None:
    read = add(group, "import", show, "看一条外来的消息：CAP 1.2，或国家应急广播消息 EBM（XML 或 TAR）")
    read.add_argument("file", type=Path, metavar="文件")
    written = add(group, "export", export, "把发出的一则通知写成 CAP 1.2，给别的系统")
    written.add_argument("id", metavar="编号", help="county board 显示的编号")
    written.add_argument("-o", "--output", type=Path, metavar="文件", help="写到哪里，不写就显示出来")
    add_office(written)


def show(arguments: Arguments) -> int:
    from broadcaster.bulletin import strict_json
    from broadcaster.county.foreign.message_reader import read_foreign

    now = Clock(ZoneInfo("UTC")).now()
    drafts = read_foreign(_read(arguments.file), now, arguments.file.name)
    content = json.loads(strict_json.write([asdict(draft) for draft in drafts]))
    report(content, "\n\n".join([*map(_described, drafts), NOT_SENT]), arguments)
    return 0


def export(arguments: Arguments) -> int:
    folder = office_in(arguments.office)
    from broadcaster.county.office.office_process import open_desk
    from broadcaster.county.pages.cap_download import export_cap

    with open_desk(folder) as desk:
        data = export_cap(desk.parts, desk.settings, arguments.id)
    if arguments.output is None:
        report({"cap": data.decode("utf-8")}, data.decode("utf-8"), arguments)
        return 0
    try:
        arguments.output.write_bytes(data)
    except OSError as error:
        raise FileUnwritable(f"{arguments.output} 写不进去：{reason_of(error)}。") from None
    report({"file": str(arguments.output)}, f"写好了：{arguments.output}", arguments)
    return 0


def _read(file: Path) -> bytes:
    """One byte more than is taken, so that a file of any size is refused as too large."""
    from broadcaster.county.foreign.message_reader import LARGEST_MESSAGE

    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST_MESSAGE + 1)
    except OSError:
        raise FileUnreadable(f"文件 {file} 读不出来。") from None


def _described(draft: ForeignDraft) -> str:
    from broadcaster.county.foreign.base.proposal import in_beijing

    start = in_beijing(draft.not_before) if draft.not_before else "马上"
    end = in_beijing(draft.expires) if draft.expires else "没有写"
    lines = [
        f"{KINDS[draft.kind]}，{SEVERITIES[draft.severity]}：{draft.title}",
        f"{draft.sender_name}（{draft.sender}）在 {in_beijing(draft.sent)} 发出",
        f"{draft.standard}，编号 {draft.source_id}",
        f"从 {start} 到 {end}，发给：{' '.join(draft.areas) or '没有写'}",
        *(f"取消 {one.id}" for one in draft.cancels),
        *([draft.text] if draft.text else []),
        *(f"- {remark}" for remark in draft.remarks),
    ]
    return "\n".join(lines)
