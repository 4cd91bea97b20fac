"""The office's board with 2,000 boxes and 1,000 bulletins: how soon its pages answer, and its memory."""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from broadcaster.core.clock import Clock
from broadcaster.county.board.coverage import coverage
from broadcaster.county.board.delivery_board import DeliveryBoard
from broadcaster.county.notices.approval_desk import ApprovalDesk
from broadcaster.county.store.delivery_state import DeliveryState
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.county.store.tables import area, box, bulletin, reach

COUNTY = "331121"
ROUNDS = 60


def fill(database: OfficeDatabase, villages: list[str], bulletins: int) -> list[str]:
    """A box in each, and bulletins of the past with what became of them there."""
    now = Clock(ZoneInfo("Asia/Shanghai")).now()
    ids = [f"{n:035}" for n in range(bulletins)]
    dice = random.Random(1)
    with database.transaction() as connection:
        towns = sorted({village[:9] for village in villages})
        names = [{"code": code, "name": f"乡{code[-3:]}"} for code in (*towns, *villages)]
        connection.execute(insert(area), names)
        connection.execute(
            insert(box),
            [
                {"id": f"{v}-1", "area": v, "name": f"村{v[-6:]}", "state": "enrolled", "added_at": now}
                for v in villages
            ],
        )
        for number, id in enumerate(ids):
            at = now - timedelta(hours=number)
            values = {"id": id, "state": "expired", "kind": "notice", "severity": 4, "title": "停水"}
            values |= {"text": "今天下午停水。", "areas": COUNTY, "night_ok": 0, "life_minutes": 360}
            values |= {"written_by": "小王", "written_at": at, "issued": at, "expires": at}
            connection.execute(insert(bulletin).values(values))
            stages = dice.choices(list(DeliveryState), k=len(villages))
            rows = [
                {"bulletin": id, "box": f"{v}-1", "stage": stage}
                for v, stage in zip(villages, stages, strict=True)
            ]
            connection.execute(insert(reach), rows)
    return ids


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--boxes", type=int, default=2000)
    parser.add_argument("--bulletins", type=int, default=1000)
    parser.add_argument("--database", default="", help="a URL; none: SQLite in a folder of its own")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = OfficeDatabase(given.database or f"sqlite:///{Path(folder) / 'office.db'}")
        database.migrate()
        villages = [f"{COUNTY}{100 + n // 50}{200 + n % 50}" for n in range(given.boxes)]
        ids = fill(database, villages, given.bulletins)
        clock = Clock(ZoneInfo("Asia/Shanghai"))
        board, desk = DeliveryBoard(database, clock), ApprovalDesk(database, clock, COUNTY)

        def home() -> None:
            board.counts([record.id for record in desk.recent(20)])

        def one() -> None:
            coverage(board.towns(random.choice(ids)))

        for name, look in (("the list of 20", home), ("one bulletin", one)):
            times = sorted(timed(look) for _ in range(ROUNDS))
            p95 = times[int(len(times) * 0.95)]
            print(f"{name:16} median {statistics.median(times):6.1f} ms   p95 {p95:6.1f} ms")
        print(f"memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most")
        database.close()


def timed(look: Callable[[], None]) -> float:
    began = time.perf_counter()
    look()
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
