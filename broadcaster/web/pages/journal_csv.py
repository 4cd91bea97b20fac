"""Writes the journal as CSV for a spreadsheet, for the page and for the command."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from broadcaster.core.labels import OUTCOMES
from broadcaster.core.model import AiringKind

if TYPE_CHECKING:
    from broadcaster.station.station import JournalRow

KINDS = {AiringKind.LIVE: "临时", AiringKind.SCHEDULED: "定时", AiringKind.LOOP: "循环"}
CSV_HEADINGS = (
    *("编号", "标题", "内容", "级别", "类型", "谁要播的", "该播时间", "开始", "结束"),
    *("播了（秒）", "全长（秒）", "结果", "原因", "声音", "演练"),
)
# What a spreadsheet would take for a formula: a text comes from whoever may announce.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_lines(rows: Iterable[JournalRow]) -> Iterator[str]:
    """The headings, then a line for each."""
    yield _line(CSV_HEADINGS)
    for row in rows:
        yield _line(_harmless(cell) for cell in _csv_cells(row))


def _line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


def _csv_cells(row: JournalRow) -> tuple[str, ...]:
    return (
        row.airing_id,
        row.title,
        row.text,
        str(int(row.severity)),
        KINDS[row.kind],
        row.asked_by,
        f"{row.due_at:%Y-%m-%d %H:%M:%S}",
        f"{row.started_at:%Y-%m-%d %H:%M:%S}" if row.started_at else "",
        f"{row.ended_at:%Y-%m-%d %H:%M:%S}",
        f"{row.seconds_played:.1f}",
        f"{row.seconds_due:.1f}",
        OUTCOMES[row.outcome],
        row.reason,
        row.voice,
        "是" if row.drill else "",
    )


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell
