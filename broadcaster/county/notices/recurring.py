"""Recurring notices: the same words or the same sound again and again, on days of the week at a time of
day.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Row, delete, select, update

from broadcaster.core.clock import Clock
from broadcaster.county.notices import approval_rules, recordings
from broadcaster.county.notices.approval_desk import ApprovalDesk
from broadcaster.county.notices.draft import Draft, DraftRefused, check_filled
from broadcaster.county.notices.notice_columns import columns, notice_of
from broadcaster.county.notices.revisions import STANDING, Revisions
from broadcaster.county.store.office_database import OfficeDatabase, put
from broadcaster.county.store.officers import Officer, Officers
from broadcaster.county.store.tables import standing
from broadcaster.settings.values import WEEKDAYS

SCHEDULE = re.compile(r"([1-7]{1,7}) ([01]\d|2[0-3]):([0-5]\d)( \d{4}-\d\d-\d\d)?")
# Said so late at most; the next one comes soon enough.
LIFE = timedelta(hours=2)
# A sound goes out so long before it is due: 30 MB to 200 boxes are 80 minutes of 10 Mbit/s, and each box
# may have a bad line besides.
AHEAD = timedelta(hours=6)
NOT_SENT = "没有发"


@dataclass(frozen=True)
class Schedule:
    """Days of the week, 1 is Monday, a time of day and perhaps the last day; written as "12345 08:00" or
    "12345 08:00 2026-12-31".
    """

    days: frozenset[int]
    at: time
    last: date | None = None

    @classmethod
    def read(cls, text: str) -> Schedule:
        """Raises `DraftRefused`."""
        found = SCHEDULE.fullmatch(text.strip())
        if not found:
            raise DraftRefused("时间要写成 12345 08:00：前面是周几，后面是几点几分。")
        try:
            last = date.fromisoformat(found[4].strip()) if found[4] else None
        except ValueError:
            raise DraftRefused("播到哪一天要写成 2026-12-31 这样。") from None
        return cls(frozenset(map(int, found[1])), time(int(found[2]), int(found[3])), last)

    def next_after(self, moment: datetime) -> datetime:
        for days in range(8):
            due = datetime.combine(moment.date() + timedelta(days), self.at, moment.tzinfo)
            if due > moment and due.isoweekday() in self.days:
                return due
        raise AssertionError("no day of the week")

    def times_until(self, first: datetime, now: datetime) -> list[datetime]:
        """When it fell due, from one time on until now."""
        times = [first]
        while (due := self.next_after(times[-1])) <= now:
            times.append(due)
        return times

    def __str__(self) -> str:
        last = f" {self.last}" if self.last else ""
        return f"{''.join(map(str, sorted(self.days)))} {self.at:%H:%M}{last}"

    @property
    def wording(self) -> str:
        """In words."""
        days = "、".join(WEEKDAYS[day - 1] for day in sorted(self.days))
        until = f"，到 {self.last:%m月%d日} 为止" if self.last else ""
        return f"{'每天' if len(self.days) == 7 else days} {self.at:%H:%M}{until}"

    def is_over(self, due: datetime) -> bool:
        """True of a moment after the last day."""
        return self.last is not None and due.date() > self.last


@dataclass(frozen=True)
class RecurringNotice:
    """One of them."""

    name: str
    draft: Draft
    schedule: Schedule
    made_by: str
    next_due: datetime
    paused: bool
    sent_due: datetime | None = None
    """When the last one falls due that went out; of a sound that may be still to come."""

    @property
    def ahead(self) -> timedelta:
        return AHEAD if self.draft.sound else timedelta(0)


class RecurringNotices:
    """Any thread; `issue` is for the office's own."""

    def __init__(
        self, database: OfficeDatabase, clock: Clock, desk: ApprovalDesk, officers: Officers
    ) -> None:
        self._database = database
        self._clock = clock
        self._desk = desk
        self._officers = officers
        self._revisions = Revisions(database, clock)

    def keep(
        self, who: Officer, name: str, draft: Draft, schedule: Schedule, seen: int | None = None
    ) -> None:
        """New, or in the place of one of that name, of which the revision `seen` is the last; one that
        is held up stays so. Raises `DraftRefused`.
        """
        name = " ".join(name.split())
        if not 1 <= len(name) <= 60:
            raise DraftRefused("请给它起个名字，不超过 60 个字。")
        known = self.find(name)
        due = schedule.next_after(self._after(known))
        draft, _ = self._desk.preview(who, draft)
        check_filled(draft)
        if schedule.is_over(due):
            raise DraftRefused("播到的那一天以前一次也轮不到，请看看周几、几点和播到哪一天。")
        # Nobody stands by when it is sent, so nobody could agree.
        if why := approval_rules.approval_reason(draft, due):
            raise DraftRefused(f"定时的通知不行：{why}。请改时间或者级别。")
        values = {
            "name": name,
            **columns(draft.notice),
            "areas": " ".join(draft.areas),
            "schedule": str(schedule),
            "made_by": who.name,
            "next_due": due,
            "sound": recordings.to_text(draft.sound),
        }
        words = f"声音，{draft.sound.seconds} 秒" if draft.sound else draft.text
        what, content = ("改" if known else "新排"), f"{schedule.wording}\n{words}"
        with self._database.transaction() as connection:
            self._revisions.check_last(connection, STANDING, name, seen)
            put(connection, standing, values, over=tuple(set(values) - {"name"}))
            self._revisions.note(connection, STANDING, name, who.name, what, content)

    def all(self) -> list[RecurringNotice]:
        return [
            _recurring(row) for row in self._database.read(select(standing).order_by(standing.c.name))
        ]

    def find(self, name: str) -> RecurringNotice | None:
        return next((one for one in self.all() if one.name == name), None)

    def dates(self, one: RecurringNotice, count: int = 5) -> list[datetime]:
        """The next times at which it falls due and has not gone out yet."""
        found, moment = [], self._after(one)
        for _ in range(count):
            moment = one.schedule.next_after(moment)
            found.append(moment)
        return [moment for moment in found if not one.schedule.is_over(moment)]

    def sent_ahead(self, one: RecurringNotice) -> datetime | None:
        """When the one falls due that has gone out already; None if none has."""
        due = one.sent_due
        return due.astimezone(self._clock.zone) if due and due > self._clock.now() else None

    def _after(self, one: RecurringNotice | None) -> datetime:
        """The moment after which the next one is due: what has gone out does not go out again."""
        now = self._clock.now()
        return max(now, self.sent_ahead(one) or now) if one else now

    def hindrance(self, one: RecurringNotice) -> str:
        """The reason for which it would not go out when it is due next; "" if it would."""
        if one.paused:
            return "停着，恢复以后才发"
        who = self._officers.find(one.made_by)
        if who is None:
            return f"排它的{one.made_by}已经不在平台里了，请另一个人改一下存好"
        due = one.schedule.next_after(self._after(one))
        if one.schedule.is_over(due):
            return "到最后一天了，都发完了"
        try:
            draft, _ = self._desk.preview(who, one.draft)
        except DraftRefused as error:
            return f"{one.made_by}现在发不了它：{str(error).rstrip('。')}"
        return approval_rules.approval_reason(draft, due)

    def missed(self, one: RecurringNotice) -> str:
        """That it did not go out last, when and why, until it falls due again; or ""."""
        last = next(iter(self._revisions.of(STANDING, one.name)), None)
        if last is None or last.what != NOT_SENT:
            return ""
        due_again = one.schedule.next_after(last.at.astimezone(self._clock.zone))
        return f"上一次没有发：{last.content}" if due_again == one.next_due else ""

    def pause(self, name: str, paused: bool, who: str = "") -> None:
        """Pauses or resumes it; dates that fell due meanwhile are skipped."""
        due = {
            one.name: one.schedule.next_after(self._after(one)) for one in self.all() if one.name == name
        }
        if name not in due:
            raise DraftRefused(f"没有叫“{name}”的定时通知。")
        with self._database.transaction() as connection:
            change = update(standing).where(standing.c.name == name)
            connection.execute(change.values(paused=int(paused), next_due=due[name]))
            self._revisions.note(connection, STANDING, name, who, "停" if paused else "恢复")

    def remove(self, name: str, who: str = "") -> None:
        with self._database.transaction() as connection:
            if connection.execute(delete(standing).where(standing.c.name == name)).rowcount:
                self._revisions.note(connection, STANDING, name, who, "删")

    def issue(self) -> int:
        """Send what is due, in the name of who made it and by what he may send now; how many."""
        now, sent = self._clock.now(), 0
        for one in self.all():
            next_due = one.next_due.astimezone(self._clock.zone)
            if one.paused or next_due > now + one.ahead or one.schedule.is_over(next_due):
                continue
            due = [
                moment
                for moment in one.schedule.times_until(next_due, now + one.ahead)
                if not one.schedule.is_over(moment)
            ]
            with self._database.transaction() as connection:
                change = update(standing).where(standing.c.name == one.name)
                next_due = one.schedule.next_after(due[-1])
                connection.execute(change.values(next_due=next_due, sent_due=due[-1]))
            sent += self._send(one, due, now)
        return sent

    def _send(self, one: RecurringNotice, due: list[datetime], now: datetime) -> bool:
        """Sends it, if the last time that it fell due is not long ago; what was not sent is noted in its
        history.
        """
        missed = [moment for moment in due if now - moment >= LIFE]
        if missed:
            self._note_unsent(one, missed, "到时候平台没有在运行，过了两个小时就不补了")
        if missed == due:
            return False
        who = self._officers.find(one.made_by)
        problem = "" if who else f"排它的{one.made_by}已经不在平台里了"
        if who:
            try:
                later = due[-1] if due[-1] > now else None
                self._desk.send(who, replace(one.draft, not_before=later))
            except DraftRefused as error:
                problem = str(error)
        if problem:
            self._note_unsent(one, due[-1:], problem)
        return not problem

    def _note_unsent(self, one: RecurringNotice, due: list[datetime], problem: str) -> None:
        text = f"应该 {due[0]:%m月%d日 %H:%M} 发：{problem}"
        if len(due) > 1:
            text = f"{due[0]:%m月%d日 %H:%M} 到 {due[-1]:%m月%d日 %H:%M}，{len(due)} 次没有发：{problem}"
        with self._database.transaction() as connection:
            self._revisions.note(connection, STANDING, one.name, "平台", NOT_SENT, text)


def _recurring(row: Row[Any]) -> RecurringNotice:
    sound = recordings.from_text(row.sound)
    draft = Draft(notice_of(row), tuple(row.areas.split()), life=LIFE, sound=sound)
    return RecurringNotice(
        *(row.name, draft, Schedule.read(row.schedule), row.made_by, row.next_due, bool(row.paused)),
        row.sent_due,
    )
