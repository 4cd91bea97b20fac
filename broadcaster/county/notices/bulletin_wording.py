"""Words about a bulletin for the office's pages: its state, and warnings for whoever approves it."""

import re
from collections.abc import Callable
from datetime import datetime

from broadcaster.county.notices import approval_rules
from broadcaster.county.notices.approval_desk import DraftRecord
from broadcaster.county.notices.draft import DraftState
from broadcaster.web.base import wording

STATES = {
    DraftState.DRAFT: "草稿",
    DraftState.AWAITING: "等人审批",
    DraftState.CLEARED: "正在签发",
    DraftState.PUBLISHED: "已发出",
    DraftState.CANCELLED: "已取消",
    DraftState.EXPIRED: "已过期",
}
# What stands on the office's own disk and was never on the broker.
UNSENT = {
    DraftState.PUBLISHED: "已签发，还没有送出去",
    DraftState.EXPIRED: "已过期，一直没有送出去",
}
# Words that mean another day, or another hour, on the day after.
FLEETING = re.compile(
    "今[天日早晚]|明[天日早晚]|昨[天日晚]|[后前]天|上午|中午|下午|傍晚|晚上|早上|夜里|现在|马上|刚才"
    "|本周|这周|下周|(?:星期|周|礼拜)[一二三四五六日天]"
)


def state_wording(record: DraftRecord, cancel_waits: bool = False) -> str:
    """`cancel_waits`: that it is called off has not left the house yet."""
    if cancel_waits and record.sent_at:
        return "取消了，取消的命令还没有送出去"
    never_sent = record.issued is not None and record.sent_at is None
    return UNSENT.get(record.state, STATES[record.state]) if never_sent else STATES[record.state]


def why_waits(record: DraftRecord, now: datetime) -> str:
    """The reason for which a second person must agree, at this hour."""
    if why := approval_rules.approval_reason(record.draft, now):
        return why
    return f"交上来的时候{record.approval_reason}；这个原因现在没有了，看过没有问题就可以批准"


def age_warnings(record: DraftRecord, now: datetime) -> list[str]:
    """Warnings about words that were written on another day and may no longer be true."""
    told, draft = [], record.draft
    days = (now.date() - record.written_at.astimezone(now.tzinfo).date()).days
    if days > 0:
        when = "昨天" if days == 1 else f"{days} 天以前"
        words = list(dict.fromkeys(FLEETING.findall(f"{draft.title} {draft.text}")))[:3]
        doubt = f"里面的{''.join(f'“{word}”' for word in words)}现在可能不对了" if words else ""
        told.append(f"这是{when}写的，{doubt or '现在可能过时了'}。请看清楚再批，不对就退回去改。")
    if draft.not_before and draft.not_before < now:
        told.append("原来定的时间已经过了，批准以后马上就播。")
    return told


def cut_note(since: datetime | None, now: datetime, unsent: Callable[[], int]) -> str:
    """That there is no line to the broker, since when, and what waits for it; "" where there is one."""
    if since is None:
        return ""
    count = unsent()
    waits = f"{count} 则签发了还没有送出去" if count else "现在发的送不出去"
    begun = wording.say_moment(since, now)
    return (
        f"和消息服务器断开了，从{begun}起，{waits}；接上以后会自己送。还接不上，请找管消息服务器的人。"
    )
