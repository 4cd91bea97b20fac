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


SAID = {
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
    word: FigureQuality

    @property
    def told(self) -> bool:
        return self.at is not None

    @property
    def said(self) -> str:
        """In words; "" where the figures are true."""
        return SAID[self.word]

    @property
    def sentence(self) -> str:
        """The figures in a line, and what they are worth."""
        figures = self.counts.sentence if self.told else ""
        return "；".join(part for part in (figures, self.said) if part)

    def to_json(self) -> dict[str, object]:
        """Without figures where it has told none."""
        told = {"county": self.county.code, "name": self.county.name, "word": self.word.value}
        figures = self.counts.to_json() if self.told else {}
        return told | figures | {"at": self.at and self.at.isoformat()}

    @property
    def place(self) -> TownCounts:
        """For the picture."""
        return TownCounts(self.county.code, self.county.name, self.counts)


class ProvinceBoard:
    """Any thread."""

    def __init__(self, database: OfficeDatabase, clock: Clock, counties: Counties) -> None:
        self._database = database
        self._clock = clock
        self._counties = counties

    def deliveries(self, paper: DraftRecord) -> list[CountyDelivery]:
        """Each county that the bulletin is for, by code; one that is retired only where it has told."""
        if not paper.issued:
            return []
        columns = [county_sum.c[name] for name in ("county", "at", *COUNTED)]
        rows = self._database.read(select(*columns).where(county_sum.c.bulletin == paper.id))
        sums = {row.county: row for row in rows}
        concerned = self._counties.concerned(paper.draft.areas)
        wanted = [one for one in concerned if one.code in sums or one.state is not BoxState.RETIRED]
        return [self._delivery(one, sums.get(one.code)) for one in wanted]

    def without(self, papers: Sequence[DraftRecord]) -> dict[str, int]:
        """Of each bulletin that was signed, how many counties have told nothing."""
        codes = [one.code for one in self._counties.in_use()]
        if not codes:
            return {}
        which = county_sum.c.bulletin.in_([paper.id for paper in papers])
        query = select(county_sum.c.bulletin, county_sum.c.county).where(which)
        told = {(row.bulletin, row.county) for row in self._database.read(query)}
        return {
            paper.id: sum(
                concerns(paper.draft.areas, code) and (paper.id, code) not in told for code in codes
            )
            for paper in papers
            if paper.issued
        }

    def to_csv(self, paper: DraftRecord) -> str:
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
        lines = (_line(one, self._clock.zone) for one in self.deliveries(paper))
        return to_csv(heading, ((paper.draft.called, *line) for line in lines))

    def word_of(self, county: County) -> FigureQuality:
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
        word = self.word_of(county)
        if row is None:
            return CountyDelivery(
                county,
                Counts(Counter()),
                None,
                FigureQuality.NONE_YET if word is FigureQuality.TRUE else word,
            )
        at = row.at
        if word is FigureQuality.TRUE and county.told_at:
            # Whatever has changed since would have been told.
            at = max(at, county.told_at)
        return CountyDelivery(county, Counts(stages_of(row)), at, word)


def _line(one: CountyDelivery, zone: tzinfo) -> tuple[object, ...]:
    counted = (*one.counts.to_json().values(), one.counts.waiting)
    figures = counted if one.told else [""] * len(counted)
    at = in_cell(one.at, zone)
    return (one.county.code, one.county.name, *figures, at, one.said)
