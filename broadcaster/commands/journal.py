"""The command `broadcaster journal`: prints the journal from the database itself, whether or not the box
runs.
"""

from __future__ import annotations

import argparse
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from broadcaster.commands.console import print_json, settings_to_look_by
from broadcaster.core.errors import BroadcasterError, FileUnwritable, reason_of
from broadcaster.core.labels import OUTCOMES, called
from broadcaster.core.model import Outcome
from broadcaster.daemon import control_socket

if TYPE_CHECKING:
    from broadcaster.settings.schema import Settings
    from broadcaster.store.journal import JournalFilter, JournalRow

SHOWN = 20
OUTCOME_NAMES = {words: outcome for outcome, words in OUTCOMES.items()} | {
    outcome.value: outcome for outcome in Outcome
}
HEADINGS = ("时间", "原定", "结果", "播了/全长（秒）", "标题", "谁要播的", "原因")


def journal_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--since", metavar="日期", help="从这一天起，例如 2026-11-20 或 '2026-11-20 07:30'"
    )
    parser.add_argument("--until", metavar="日期", help="到这一天为止（包括这一天）")
    parser.add_argument(
        "--outcome", choices=OUTCOME_NAMES, metavar="结果", help="、".join(OUTCOME_NAMES)
    )
    parser.add_argument("--asked-by", default="", metavar="名字", help="谁要播的，或者时间表里的名字")
    parser.add_argument("--text", default="", metavar="文字", help="标题或内容里有这几个字")
    parser.add_argument("--limit", type=int, metavar="条数", help=f"最多几条；默认 {SHOWN}，表格是全部")
    parser.add_argument("--csv", metavar="文件", help="写成表格（Excel 能打开），- 表示标准输出")


def journal(arguments: argparse.Namespace) -> int:
    settings = settings_to_look_by(arguments.config)
    if arguments.limit is not None and arguments.limit < 1:
        raise BroadcasterError("--limit 要写 1 或更大的数。")
    wanted = _filter(arguments, settings.station.zone)
    with _lines(settings, wanted) as lines:
        if arguments.csv:
            _write_csv(arguments, islice(lines, arguments.limit))
            return 0
        rows = list(islice(lines, arguments.limit or SHOWN))
        if not arguments.limit and next(lines, None):
            print(f"只列了最新的 {SHOWN} 条，还有更早的：--limit 条数", file=sys.stderr)
    if arguments.json:
        print_json([control_socket.row_as_json(row) for row in rows])
    else:
        print("\n".join(_table(rows)) if rows else "没有这样的播出记录。")
    return 0


@contextmanager
def _lines(settings: Settings, wanted: JournalFilter) -> Iterator[Iterator[JournalRow]]:
    from broadcaster.core.clock import Clock
    from broadcaster.store.offline_journal import open_past

    with open_past(settings.paths.state, Clock(settings.station.zone)) as past:
        yield past.each(wanted) if past else iter(())


def _filter(arguments: argparse.Namespace, zone: ZoneInfo) -> JournalFilter:
    from broadcaster.store.journal import JournalFilter

    return JournalFilter(
        since=_moment("--since", arguments.since, zone),
        until=_moment("--until", arguments.until, zone, whole_day=True),
        outcome=OUTCOME_NAMES.get(arguments.outcome),
        asked_by=arguments.asked_by,
        text=arguments.text,
    )


def _moment(option: str, text: str | None, zone: ZoneInfo, whole_day: bool = False) -> datetime | None:
    """A day or a moment; the end of the day, where all of it is meant."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BroadcasterError(f"{option} 要写日期，例如 2026-11-20，现在写的是 {text}") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    if whole_day and moment.time() == time() and len(text) <= len("2026-11-20"):
        moment += timedelta(days=1)
    return moment


def _table(rows: Iterable[JournalRow]) -> list[str]:
    cells = [HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in cells
    ]


def _cells(row: JournalRow) -> tuple[str, ...]:
    # Of what played to its end the length is known, also where a line of it was said again.
    whole = row.seconds_due if row.outcome is Outcome.PLAYED else row.full_seconds
    seconds = f"{row.seconds_played:.1f}" + (f"/{whole:.1f}" if whole else "")
    seconds += f"（重说{row.seconds_again:.1f}）" if row.seconds_again else ""
    name, outcome = called(row), OUTCOMES[row.outcome]
    at, planned = f"{row.happened_at:%Y-%m-%d %H:%M}", row.planned_for
    same_day = planned and planned.date() == row.happened_at.date()
    due = planned.strftime("%H:%M" if same_day else "%m-%d %H:%M") if planned else ""
    return at, due, outcome, seconds, name, row.asked_by, row.reason


def _width(text: str) -> int:
    """Columns on a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def _write_csv(arguments: argparse.Namespace, rows: Iterable[JournalRow]) -> None:
    from broadcaster.web.pages.journal_csv import csv_lines

    # Excel takes a file for UTF-8 only when it begins with a byte order mark.
    if arguments.csv == "-":
        sys.stdout.reconfigure(encoding="utf-8-sig", newline="")  # type: ignore[union-attr]
        sys.stdout.writelines(csv_lines(rows))
        return
    try:
        with Path(arguments.csv).open("w", encoding="utf-8-sig", newline="") as file:
            count = sum(1 for line in csv_lines(rows) if file.write(line)) - 1
    except OSError as error:
        raise FileUnwritable(f"写不了 {arguments.csv}：{reason_of(error)}。") from error
    if arguments.json:
        print_json({"file": arguments.csv, "lines": count})
    else:
        print(f"已写入 {arguments.csv}，{count} 条。")
