"""Rules of approval: the severities that an officer may send, and when a second person must agree."""

from collections.abc import Collection
from datetime import datetime, time, timedelta

from broadcaster.bulletin.bulletin import BulletinKind
from broadcaster.bulletin.verify import URGENT
from broadcaster.county.notices.draft import Draft, DraftRefused, DraftState
from broadcaster.county.store.officers import Officer, OfficeRole

# At midnight of 2024-11-28 a province's own platform woke its villages: no one person may do that.
NIGHT_FROM, NIGHT_TO = time(21), time(7)
SECONDS_PER_CHARACTER = 0.25
CAPS = {1: "红色", 2: "橙色", 3: "黄色", 4: "蓝色", 0: "日常"}


def approval_reason(draft: Draft, now: datetime) -> str:
    """The reason for which a second person must agree, in words; "" if none must. `now` is in the
    office's zone.
    """
    if draft.kind is BulletinKind.CANCEL:
        return ""
    if draft.severity in URGENT:
        return f"{CAPS[draft.severity]}通知要另一个人审批"
    if draft.night_ok:
        return "允许夜里播，要另一个人审批"
    start = (draft.not_before or now).astimezone(now.tzinfo)
    if in_night(start) or in_night(start + _length(draft)):
        return f"会在 {NIGHT_FROM:%H:%M} 到 {NIGHT_TO:%H:%M} 之间响，要另一个人审批"
    return ""


def in_night(moment: datetime) -> bool:
    return moment.time() >= NIGHT_FROM or moment.time() < NIGHT_TO


def check_may_send(who: Officer, draft: Draft) -> None:
    """Raise `DraftRefused`. A cancel makes things quieter, and is open to whoever may send at all."""
    if not who.role.covers(OfficeRole.CLERK):
        raise DraftRefused("你的账号只能看，不能发通知。")
    if draft.kind is not BulletinKind.CANCEL and not who.may_send(draft.severity):
        raise DraftRefused(f"你最高只能发{CAPS[who.cap]}通知，请找能发的人。")


def check_may_approve(who: Officer, draft: Draft, contributors: Collection[str]) -> None:
    """Raise `DraftRefused`. `contributors` are the names of who wrote it or handed it in."""
    if not who.role.covers(OfficeRole.APPROVER):
        raise DraftRefused("你的账号不能审批，请找审批的人。")
    if who.name in contributors:
        raise DraftRefused("自己写的要由另一个人审批。")
    if not who.may_send(draft.severity):
        raise DraftRefused(f"你最高只能批{CAPS[who.cap]}通知，请找能批的人。")


def check_cleared(draft: Draft, approved_by: str, contributors: Collection[str], now: datetime) -> None:
    """Raise `DraftRefused` for what may not be signed now; asked last, before the key is used."""
    reason = approval_reason(draft, now)
    if reason and (not approved_by or approved_by in contributors):
        raise DraftRefused(reason + "。")


def check_state(state: DraftState, *allowed: DraftState) -> None:
    """Raise `DraftRefused`."""
    if state not in allowed:
        raise DraftRefused(WRONG_STATE[state])


WRONG_STATE = {
    DraftState.DRAFT: "这一则还是草稿，没有提交。",
    DraftState.AWAITING: "这一则在等人审批。",
    DraftState.CLEARED: "这一则已经批准，正在发。",
    DraftState.PUBLISHED: "这一则已经发出去了。",
    DraftState.CANCELLED: "这一则已经取消了。",
    DraftState.EXPIRED: "这一则已经过期了。",
}


def _length(draft: Draft) -> timedelta:
    """About how long it sounds."""
    once = draft.sound.seconds if draft.sound else len(draft.spoken_text) * SECONDS_PER_CHARACTER
    times = 1 if draft.is_column else draft.notice.repeats or 3
    return timedelta(seconds=once * times + 60)
