"""A proposed bulletin from another system's message: an officer and a county key decide about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

from broadcaster.bulletin.bulletin import LONGEST_LIFE, LONGEST_TEXT, BulletinKind
from broadcaster.core.errors import BroadcasterError
from broadcaster.core.notice import Severity

BEIJING = timezone(timedelta(hours=8))
# Stands where a time is missing, which ends in `NotImported`.
NO_TIME = datetime(2000, 1, 1, tzinfo=BEIJING)
# CAP writes zh-CN, the national message zho.
CHINESE = re.compile(r"(zh|zho|chi|cmn)(-.*)?", re.IGNORECASE)
LONGEST_TITLE = 100
MOST_AREAS = 500
# One sentence for each of a hundred thousand wrong codes would be no sentence at all.
MOST_SENTENCES = 20


ADVICE = "什么也没有收。请让发来的单位改好重发；等不及的，请照着原文自己写一则。"


class NotImported(BroadcasterError):
    """A message that no draft can be made of; `problems` lists everything that is wrong with it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join([*problems, ADVICE]))
        self.problems = problems

    def __reduce__(self) -> tuple[type[NotImported], tuple[list[str]]]:
        return type(self), (self.problems,)


@dataclass(frozen=True)
class Reference:
    """Another message of the same system, as this one names it."""

    sender: str
    id: str
    sent: datetime | None = None


@dataclass(frozen=True)
class ForeignDraft:
    """Never authority: no signature on it was checked, and nothing of it airs before the office signs.

    `areas` are trimmed codes, none where the clerk must choose. `not_before` None is at once, `expires`
    None is for the clerk to say. A cancel names in `cancels` what it cancels, an update in `replaces`
    what it stands in for. `remarks` are sentences for the clerk: what to settle, what was not taken.
    """

    standard: str
    source_id: str
    sender: str
    sender_name: str
    sent: datetime
    kind: BulletinKind
    severity: Severity
    title: str
    text: str
    areas: tuple[str, ...]
    not_before: datetime | None = None
    expires: datetime | None = None
    cancels: tuple[Reference, ...] = ()
    replaces: tuple[Reference, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class MessageFormat:
    """The format of one system's messages: `read` gets the name of the file too, `original` returns the
    text that a person may look at. All raise `NotImported`.
    """

    takes: Callable[[bytes], bool]
    read: Callable[[bytes, datetime, str], tuple[ForeignDraft, ...]]
    original: Callable[[bytes], str]


def limited(sentences: Iterable[str]) -> list[str]:
    """Each once, and no more than a person reads."""
    found = list(dict.fromkeys(sentences))
    more = len(found) - MOST_SENTENCES
    return [*found[:MOST_SENTENCES], f"另外还有 {more} 处。"] if more > 0 else found


def unindented(text: str) -> str:
    """Its lines without the indentation of the XML around them."""
    return "\n".join(line.strip() for line in text.splitlines()).strip()


def remarked(draft: ForeignDraft, now: datetime) -> ForeignDraft:
    """With what the clerk must settle before our own rules let it pass."""
    cancel = draft.kind is BulletinKind.CANCEL
    ours = _for_any(draft) if cancel else (*_for_any(draft), *_for_spoken(draft, now))
    return replace(draft, title=draft.title[:LONGEST_TITLE], remarks=(*limited(draft.remarks), *ours))


def _for_any(draft: ForeignDraft) -> tuple[str, ...]:
    found = []
    if len(draft.title) > LONGEST_TITLE:
        found.append(f"标题太长，只留了前 {LONGEST_TITLE} 个字。")
    if not draft.areas:
        found.append("没有能用的区划代码，请选发给哪里。")
    if len(draft.areas) > MOST_AREAS:
        found.append(f"地方有 {len(draft.areas)} 个，最多 {MOST_AREAS} 个，请改成上一级。")
    return tuple(found)


def _for_spoken(draft: ForeignDraft, now: datetime) -> tuple[str, ...]:
    found = []
    if len(draft.text) > LONGEST_TEXT:
        found.append(f"文字有 {len(draft.text)} 个字，最多 {LONGEST_TEXT} 个，请删短。")
    if not re.search("[\u4e00-\u9fff]", draft.text):
        found.append("内容不是中文，请译成中文再发。")
    if draft.severity is Severity.DAILY:
        found.append("对方没有说级别，请定一个。")
    return (*found, *_for_life(draft, now))


def _for_life(draft: ForeignDraft, now: datetime) -> tuple[str, ...]:
    longest = LONGEST_LIFE[draft.severity]
    if draft.expires is None:
        return ("没有写到什么时候为止，请定一个。",)
    if draft.expires <= now:
        return (f"已经在 {in_beijing(draft.expires)} 过期，不要再播。",)
    if draft.expires - now > longest:
        hours = int(longest.total_seconds() // 3600)
        return (f"有效到 {in_beijing(draft.expires)}，这个级别最长 {hours} 小时，请改短。",)
    return ()


def in_beijing(moment: datetime) -> str:
    return f"{moment.astimezone(BEIJING):%Y-%m-%d %H:%M}"
