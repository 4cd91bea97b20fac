"""The delivery board of a province: a bulletin by county, and how reliable each county's figures are."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, select

from broadcaster.core.clock import Clock
from broadcaster.county.board.county_totals import COUNTED, stages_of
from broadcaster.county.board.delivery_board import Counts, TownCounts
from broadcaster.county.notices.approval_desk import DraftRecord
from broadcaster.county.register.counties import Counties, County, concerns
from broadcaster.county.register.register import BoxState, in_cell, to_csv
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.county.store.tables import county_sum

# A relay says every minute that it is there; three missing in a row are no accident of the network.
SILENT_AFTER = timedelta(minutes=3)


class FigureQuality(StrEnum):
    """The reliability of a county's figures."""

    TRUE = "true"
    UNKNOWN = "unknown"
    RETIRED = "retired"
    NEVER = "never"
    SILENT = "silent"
    CUT_OFF = "cut_off"
    NONE_YET = "none_yet"


QUALITY_WORDING = {
    FigureQuality.TRUE: "",
    FigureQuality.UNKNOWN: "转发还没有登记，收不到它的数",
    FigureQuality.RETIRED: "已经停用，不再收它的数",
    FigureQuality.NEVER: "转发登记了，还没有消息",
    FigureQuality.SILENT: "转发没有消息了，数是旧的",
    FigureQuality.CUT_OFF: "转发连不上县里的消息服务器，数是旧的",
    FigureQuality.NONE_YET: "还没有报数",
}


@dataclass(frozen=True)
class CountyDelivery:
    """The delivery of a bulletin in one county. `at` is the time until which the figures were true, None
    without any.
    """

    county: County
    counts: Counts
    at: datetime | None
    quality: FigureQuality

    @property
    def has_figures(self) -> bool:
        return self.at is not None

    @property
    def remark(self) -> str:
        """In words; "" where the figures are true."""
        return QUALITY_WORDING[self.quality]

    @property
    def sentence(self) -> str:
        """The figures in a line, and what they are worth."""
        figures = self.counts.sentence if self.has_figures else ""
        return "；".join(part for part in (figures, self.remark) if part)

    def to_json(self) -> dict[str, object]:
        """Without figures where it has told none."""
        values = {"county": self.county.code, "name": self.county.name, "word": self.quality.value}
        figures = self.counts.to_json() if self.has_figures else {}
        return values | figures | {"at": self.at and self.at.isoformat()}

    @property
    def as_bar(self) -> TownCounts:
        """For the chart."""
        return TownCounts(self.county.code, self.county.name, self.counts)


class ProvinceBoard:
    """Any thread."""

    def __init__(self, database: OfficeDatabase, clock: Clock, counties: Counties) -> None:
        self._database = database
        self._clock = clock
        self._counties = counties

    def deliveries(self, record: DraftRecord) -> list[CountyDelivery]:
        """Each county that the bulletin is for, by code; one that is retired only where it has told."""
        if not record.issued:
            return []
        columns = [county_sum.c[name] for name in ("county", "at", *COUNTED)]
        rows = self._database.read(select(*columns).where(county_sum.c.bulletin == record.id))
        sums = {row.county: row for row in rows}
        concerned = self._counties.concerned(record.draft.areas)
        wanted = [one for one in concerned if one.code in sums or one.state is not BoxState.RETIRED]
        return [self._delivery(one, sums.get(one.code)) for one in wanted]

    def without_totals(self, records: Sequence[DraftRecord]) -> dict[str, int]:
        """Of each bulletin that was signed, how many counties have told nothing."""
        codes = [one.code for one in self._counties.in_use()]
        if not codes:
            return {}
        which = county_sum.c.bulletin.in_([record.id for record in records])
        query = select(county_sum.c.bulletin, county_sum.c.county).where(which)
        reported = {(row.bulletin, row.county) for row in self._database.read(query)}
        return {
            record.id: sum(
                concerns(record.draft.areas, code) and (record.id, code) not in reported
                for code in codes
            )
            for record in records
            if record.issued
        }

    def to_csv(self, record: DraftRecord) -> str:
        """One line a county."""
        figures = (
            "发给",
            "收到",
            "收下",
            "正在播",
            "播完",
            "没播完",
            "没播成",
            "没回音",
            "取消",
            "等着播",
        )
        heading = ("标题", "区划代码", "县", *figures, "数是什么时候的", "说明")
        lines = (_line(one, self._clock.zone) for one in self.deliveries(record))
        return to_csv(heading, ((record.draft.sent_title, *line) for line in lines))

    def quality_of(self, county: County) -> FigureQuality:
        """The reliability of this county's relay now, for any bulletin."""
        if county.state is BoxState.RETIRED:
            return FigureQuality.RETIRED
        if not county.key:
            return FigureQuality.UNKNOWN
        if county.told_at is None:
            return FigureQuality.NEVER
        if self._clock.now() - county.told_at > SILENT_AFTER:
            return FigureQuality.SILENT
        return FigureQuality.TRUE if county.below else FigureQuality.CUT_OFF

    def _delivery(self, county: County, row: Row[Any] | None) -> CountyDelivery:
        quality = self.quality_of(county)
        if row is None:
            return CountyDelivery(
                county,
                Counts(Counter()),
                None,
                FigureQuality.NONE_YET if quality is FigureQuality.TRUE else quality,
            )
        at = row.at
        if quality is FigureQuality.TRUE and county.told_at:
            # Whatever has changed since would have been told.
            at = max(at, county.told_at)
        return CountyDelivery(county, Counts(stages_of(row)), at, quality)


def _line(one: CountyDelivery, zone: tzinfo) -> tuple[object, ...]:
    counted = (*one.counts.to_json().values(), one.counts.waiting)
    figures = counted if one.has_figures else [""] * len(counted)
    at = in_cell(one.at, zone)
    return (one.county.code, one.county.name, *figures, at, one.remark)
