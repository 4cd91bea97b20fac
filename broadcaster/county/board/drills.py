"""Results of drills: who heard one, how soon after it was sent, which villages stayed silent."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from statistics import median
from typing import Any

from sqlalchemy import select

from broadcaster.bulletin.receipts import ReceiptState
from broadcaster.county.notices import quiet_villages
from broadcaster.county.notices.approval_desk import DraftRecord
from broadcaster.county.notices.draft import Draft
from broadcaster.county.register.register import in_cell, to_csv
from broadcaster.county.store.delivery_state import REACHES, DeliveryState
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.county.store.tables import box, reach, receipt


@dataclass(frozen=True)
class DrillResult:
    """One box in one drill; seconds count from when it was to sound, by the box's own clock.

    `rested_until` is the end of the quiet hours that it told to wait for: the seconds count from then.
    """

    box: str
    area: str
    name: str
    stage: DeliveryState
    begun_after: float | None
    ended_after: float | None
    rested_until: datetime | None = None

    @property
    def heard(self) -> bool:
        return self.stage is DeliveryState.HEARD


@dataclass(frozen=True)
class DrillReport:
    """Of one drill."""

    villages: tuple[DrillResult, ...]

    @property
    def heard(self) -> list[DrillResult]:
        """In full; the soonest first."""
        return sorted((one for one in self.villages if one.heard), key=_soonest)

    @property
    def partly(self) -> list[DrillResult]:
        return [one for one in self.villages if one.stage is DeliveryState.PARTLY]

    @property
    def silent(self) -> list[DrillResult]:
        return [one for one in self.villages if one.stage is DeliveryState.SENT]

    @property
    def others(self) -> list[DrillResult]:
        """They answered, and it was not heard there (yet)."""
        listed = (DeliveryState.HEARD, DeliveryState.PARTLY, DeliveryState.SENT)
        return [one for one in self.villages if one.stage not in listed]

    @property
    def begun_median(self) -> float | None:
        """From when it was to sound to the first sound, where it was heard."""
        known = [one.begun_after for one in self.heard if one.begun_after is not None]
        return median(known) if known else None

    @property
    def ended_median(self) -> float | None:
        """The same to the end."""
        known = [one.ended_after for one in self.heard if one.ended_after is not None]
        return median(known) if known else None

    @property
    def slowest(self) -> DrillResult | None:
        timed = [one for one in self.heard if one.begun_after is not None]
        return timed[-1] if timed else None

    @property
    def rested(self) -> list[DrillResult]:
        """They had to keep quiet first."""
        return [one for one in self.villages if one.rested_until]

    def to_csv(self, zone: tzinfo) -> str:
        """One line a box."""
        heading = ("区划代码", "村", "广播站", "情况", "几秒后开始响", "几秒后播完", "静音时段到")
        return to_csv(heading, [_line(one, zone) for one in self.villages])


class Drills:
    """Any thread."""

    def __init__(self, database: OfficeDatabase, zone: tzinfo) -> None:
        self._database = database
        self._zone = zone

    def reports(self, records: Collection[DraftRecord]) -> dict[str, DrillReport]:
        """By the ids of these drills."""
        drills = {one.id: one for one in records}
        columns = (reach.c.bulletin, reach.c.box, reach.c.stage, reach.c.at, reach.c.started_at)
        of_box = (box.c.area, box.c.name, box.c.quiet)
        query = select(*columns, *of_box).join(box, box.c.id == reach.c.box)
        query = query.where(reach.c.bulletin.in_(list(drills))).order_by(box.c.area, reach.c.box)
        found: dict[str, list[DrillResult]] = {id: [] for id in drills}
        waited = self._waited(list(drills))
        for row in self._database.read(query):
            told_to_wait = (row.bulletin, row.box) in waited
            village = self._village(row, drills[row.bulletin], told_to_wait)
            found[row.bulletin].append(village)
        return {id: DrillReport(tuple(villages)) for id, villages in found.items()}

    def _village(self, row: Any, drill: DraftRecord, told_to_wait: bool) -> DrillResult:
        stage, since = DeliveryState(row.stage), drill.draft.not_before or drill.issued
        rested = self._rest(row.quiet, drill.draft, since) if told_to_wait and since else None
        ended = row.at if stage is DeliveryState.HEARD else None
        times = _after(rested or since, row.started_at), _after(rested or since, ended)
        return DrillResult(row.box, row.area, row.name, stage, *times, rested)

    def _waited(self, ids: Sequence[str]) -> set[tuple[str, str]]:
        """Bulletin and box, where the box has told that something keeps it off."""
        query = select(receipt.c.bulletin, receipt.c.box).where(receipt.c.bulletin.in_(ids))
        rows = self._database.read(query.where(receipt.c.state == ReceiptState.DEFERRED).distinct())
        return {(row.bulletin, row.box) for row in rows}

    def _rest(self, rule: str, draft: Draft, due: datetime) -> datetime | None:
        return quiet_villages.verdict(rule, draft, due, self._zone).until


def all_to_csv(records: Sequence[DraftRecord], reports: dict[str, DrillReport], zone: tzinfo) -> str:
    """One line a drill, as they stand in a year's report."""
    heading = ("时间", "演练", "发给", "听到", "没播完", "没回音", "中位几秒后响", "最慢几秒", "编号")
    return to_csv(heading, [_drill_line(record, reports[record.id], zone) for record in records])


def _drill_line(record: DraftRecord, report: DrillReport, zone: tzinfo) -> tuple[object, ...]:
    at = in_cell(record.issued or record.written_at, zone)
    counts = len(report.villages), len(report.heard), len(report.partly), len(report.silent)
    slowest = report.slowest.begun_after if report.slowest else None
    times = _seconds(report.begun_median), _seconds(slowest)
    return (at, record.draft.title, *counts, *times, record.id)


def _line(one: DrillResult, zone: tzinfo) -> tuple[object, ...]:
    times = _seconds(one.begun_after), _seconds(one.ended_after)
    rested = in_cell(one.rested_until, zone)
    return (one.area, one.name, one.box, REACHES[one.stage], *times, rested)


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def _after(since: datetime | None, moment: datetime | None) -> float | None:
    """A box whose clock is behind ours heard nothing before it was sent."""
    if since is None or moment is None:
        return None
    return max((moment - since).total_seconds(), 0.0)


def _soonest(one: DrillResult) -> float:
    return float("inf") if one.begun_after is None else one.begun_after
