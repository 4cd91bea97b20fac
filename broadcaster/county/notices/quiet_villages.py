"""Quiet hours of villages as their boxes report them, shown before somebody sends a bulletin that would
wait for their end.
"""

from collections.abc import Sequence
from datetime import datetime, tzinfo

from sqlalchemy import select

from broadcaster.bulletin import areas as area_codes
from broadcaster.bulletin.bulletin import BulletinKind
from broadcaster.core.clock import Clock
from broadcaster.county.broker.box_status import quiet_of
from broadcaster.county.notices.draft import Draft
from broadcaster.county.register.register import BoxState
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.county.store.tables import box
from broadcaster.rules import quiet_hours
from broadcaster.rules.quiet_hours import Verdict
from broadcaster.settings.schema import Settings, StationSettings

MOST_NAMED = 5
TOO_LATE = "等到能响，这一则已经过了有效期，不会播。请换个时间，或者让它多有效几个小时。"


class QuietVillages:
    """Any thread."""

    def __init__(self, database: OfficeDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def warning(self, draft: Draft) -> str:
        """A sentence where villages would not sound it when it is due; "" where all would."""
        if draft.kind is BulletinKind.CANCEL:
            return ""
        due = max(draft.not_before or self._clock.now(), self._clock.now())
        rules = self._rules(draft.areas)
        found = [(verdict(rule, draft, due, self._clock.zone), names) for rule, names in rules.items()]
        resting = [(one.until, names) for one, names in found if not one.passes]
        if not resting:
            return ""
        names, ends = [name for _, those in resting for name in those], due + draft.life
        who = "各村" if len(names) == sum(map(len, rules.values())) else _called(sorted(names))
        untils = [until for until, _ in resting if until and until < ends]
        if len(untils) < len(resting):
            return f"{who}那时是静音时段，{TOO_LATE}"
        return f"{who} {self._at(max(untils))} 以前不响，这一则要等到那时。"

    def _rules(self, areas: Sequence[str]) -> dict[str, list[str]]:
        """The names of the boxes in use there that go by each."""
        query = select(box.c.area, box.c.quiet, box.c.name).where(box.c.state == BoxState.ENROLLED)
        found: dict[str, list[str]] = {}
        for row in self._database.read(query):
            if any(area_codes.contains(area, area_codes.trim(row.area)) for area in areas):
                found.setdefault(row.quiet, []).append(row.name)
        return found

    def _at(self, moment: datetime) -> str:
        local, today = moment.astimezone(self._clock.zone), self._clock.now().date()
        return f"{local:%H:%M}" if local.date() == today else f"{local:%m月%d日 %H:%M}"


def verdict(rule: str, draft: Draft, due: datetime, zone: tzinfo) -> Verdict:
    """The verdict of a box with these quiet hours, as it reports them, on a bulletin that is due
    then.
    """
    settings = Settings(quiet=quiet_of(rule), station=StationSettings(timezone=str(zone)))
    return quiet_hours.quiet(settings, due, draft.as_sent, draft.night_ok)


def _called(names: Sequence[str]) -> str:
    some = "、".join(names[:MOST_NAMED])
    return f"{some} 等 {len(names)} 个村" if len(names) > MOST_NAMED else some
