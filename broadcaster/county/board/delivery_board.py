"""The delivery board: counts how far a bulletin has come, by town and by village."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from sqlalchemy import ColumnElement, func, select

from broadcaster.core.clock import Clock
from broadcaster.core.labels import WAITS_FOR_CARD, WAITS_FOR_SOUND
from broadcaster.county.board.county_totals import COUNTED, stages_of_totals
from broadcaster.county.register.register import in_cell, to_csv
from broadcaster.county.store.delivery_state import REACHES, DeliveryState
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.county.store.tables import area, box, bulletin, reach

MOST_SPEECHLESS = 5
# What begins and has no end yet; a box tells the end at once, or as soon as it has a line again.
OPEN_ENDED = (DeliveryState.ACCEPTED, DeliveryState.DEFERRED, DeliveryState.ON_THE_AIR)
LAST_WORDS = timedelta(minutes=10)
NOT_HEARD = (DeliveryState.FAILED, DeliveryState.REFUSED)
# Only a box that has the sound comes so far.
FETCHED = (*OPEN_ENDED, DeliveryState.HEARD, DeliveryState.PARTLY)


@dataclass(frozen=True)
class Counts:
    """Boxes by how far the bulletin has come; each is in exactly one of `stages`."""

    stages: Counter[DeliveryState]
    # Its time has been over for a while: who has told no end of it will hardly tell one.
    over: bool = False

    @property
    def sent(self) -> int:
        return self.stages.total()

    @property
    def silent(self) -> int:
        open_ended = sum(self.stages[stage] for stage in OPEN_ENDED) if self.over else 0
        return self.stages[DeliveryState.SENT] + open_ended

    @property
    def reached(self) -> int:
        return self.sent - self.stages[DeliveryState.SENT]

    @property
    def accepted(self) -> int:
        return self.reached - self.stages[DeliveryState.REFUSED]

    @property
    def on_the_air(self) -> int:
        return 0 if self.over else self.stages[DeliveryState.ON_THE_AIR]

    @property
    def heard(self) -> int:
        return self.stages[DeliveryState.HEARD]

    @property
    def partly(self) -> int:
        return self.stages[DeliveryState.PARTLY]

    @property
    def failed(self) -> int:
        return sum(self.stages[stage] for stage in NOT_HEARD)

    @property
    def cancelled(self) -> int:
        """Before it sounded there."""
        return self.stages[DeliveryState.CANCELLED]

    @property
    def waiting(self) -> int:
        return (
            0 if self.over else self.stages[DeliveryState.ACCEPTED] + self.stages[DeliveryState.DEFERRED]
        )

    @property
    def sentence(self) -> str:
        """Figures that add up to how many it was sent to; what there is none of is named where people
        look for it."""
        parts = (
            *(("播完", self.heard, True), ("正在播", self.on_the_air, False)),
            *(("等着播", self.waiting, False), ("没播完", self.partly, True)),
            *(("没播成", self.failed, True), ("取消", self.cancelled, False)),
            ("没回音", self.silent, True),
        )
        shown = (f"{name} {count}" for name, count, always in parts if count or always)
        return "，".join((f"发给 {self.sent}", *shown))

    def to_json(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in COUNTED}


@dataclass(frozen=True)
class FetchedCounts:
    """The numbers of boxes that have the sound of a column, and that have accepted it without."""

    there: int
    to_come: int


@dataclass(frozen=True)
class Place:
    """A box of one bulletin, by name."""

    box: str
    area: str
    name: str
    stage: DeliveryState
    at: datetime | None
    seconds_played: int
    seconds_due: int
    reason: str
    online: bool
    started_at: datetime | None = None
    over: bool = False

    @property
    def is_lost(self) -> bool:
        """It began, and no end of it was ever told."""
        return self.over and self.stage in OPEN_ENDED

    @property
    def wording(self) -> str:
        """In words; what a box waits for it says whole."""
        return f"没有回音，过期以前最后说的是：{self._wording}" if self.is_lost else self._wording

    @property
    def _wording(self) -> str:
        if self.stage is DeliveryState.DEFERRED and self.reason:
            return self.reason
        whole = f"/{self.seconds_due}" if self.seconds_due else ""
        played = f" {self.seconds_played}{whole} 秒" if self.seconds_played or self.seconds_due else ""
        return f"{REACHES[self.stage]}{played}" + (f"：{self.reason}" if self.reason else "")


@dataclass(frozen=True)
class TownCounts:
    """The delivery counts of one town's boxes."""

    code: str
    name: str
    counts: Counts


class DeliveryBoard:
    """Any thread. Counting reads one index, and nothing else."""

    def __init__(self, database: OfficeDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def counts(self, ids: Sequence[str]) -> dict[str, Counts]:
        """Of own boxes, and of those of counties below as far as these have told."""
        query = select(reach.c.bulletin, reach.c.stage, func.count().label("boxes"))
        query = query.where(reach.c.bulletin.in_(ids)).group_by(reach.c.bulletin, reach.c.stage)
        found: dict[str, Counter[DeliveryState]] = {id: Counter() for id in ids}
        for row in self._database.read(query):
            found[row.bulletin][DeliveryState(row.stage)] = row.boxes
        for id, stages in stages_of_totals(self._database, ids).items():
            found[id].update(stages)
        over = self._over(ids)
        return {id: Counts(stages, id in over) for id, stages in found.items()}

    def _over(self, ids: Sequence[str]) -> set[str]:
        columns = bulletin.c.id.in_(ids) & (bulletin.c.expires < self._clock.now() - LAST_WORDS)
        return {row.id for row in self._database.read(select(bulletin.c.id).where(columns))}

    def speechless(self, id: str) -> list[Place]:
        """Some of those that wait for their loudspeakers, which nobody mends who does not know of it."""
        found = self._places(id, reach.c.reason.startswith(WAITS_FOR_CARD), MOST_SPEECHLESS)
        return [one for one in found if not one.over]

    def fetched(self, id: str) -> FetchedCounts:
        """By the receipts of own boxes: who waits for its sound says so, and says when it has come."""
        ours = reach.c.bulletin == id
        waits = (reach.c.stage == DeliveryState.DEFERRED) & (reach.c.reason == WAITS_FOR_SOUND)
        query = select(func.count()).select_from(reach)
        begun = int(self._database.read(query.where(ours, reach.c.stage.in_(FETCHED)))[0][0])
        to_come = int(self._database.read(query.where(ours, waits))[0][0])
        return FetchedCounts(begun - to_come, to_come)

    def places(self, id: str, within: str = "") -> list[Place]:
        """By code; `within` is the area that they lie in, all if it is empty."""
        return self._places(id, box.c.area.startswith(within))

    def _places(self, id: str, which: ColumnElement[bool], most: int | None = None) -> list[Place]:
        columns = (reach.c.box, box.c.area, box.c.name, reach.c.stage, reach.c.at, box.c.online)
        more = (reach.c.seconds_played, reach.c.seconds_due, reach.c.reason, reach.c.started_at)
        query = select(*columns, *more).join(box, box.c.id == reach.c.box)
        query = query.where(reach.c.bulletin == id, which)
        rows = self._database.read(query.order_by(box.c.area, reach.c.box).limit(most))
        over = bool(self._over([id]))
        return [
            Place(
                *(row.box, row.area, row.name, DeliveryState(row.stage), row.at),
                *(row.seconds_played, row.seconds_due, row.reason, bool(row.online)),
                started_at=row.started_at,
                over=over,
            )
            for row in rows
        ]

    def towns(self, id: str) -> list[TownCounts]:
        """By code, in figures: the rows of 2,000 villages stay in the database."""
        names = {row.code: row.name for row in self._database.read(select(area))}
        code = func.substr(box.c.area, 1, 9).label("code")
        query = select(code, reach.c.stage, func.count().label("boxes"))
        query = query.join(box, box.c.id == reach.c.box).where(reach.c.bulletin == id)
        found: dict[str, Counter[DeliveryState]] = {}
        for row in self._database.read(query.group_by(code, reach.c.stage)):
            found.setdefault(row.code, Counter())[DeliveryState(row.stage)] = row.boxes
        over = bool(self._over([id]))
        return [
            TownCounts(code, names.get(code, code), Counts(found[code], over)) for code in sorted(found)
        ]

    def to_csv(self, id: str, title: str, zone: tzinfo) -> str:
        """One line a box, by the clocks of the office."""
        heading = (
            "标题",
            "区划代码",
            "村",
            "广播站",
            "情况",
            "说明",
            "播了几秒",
            "共几秒",
            "开始响",
            "时间",
        )
        return to_csv(heading, ((title, *_line(one, zone)) for one in self.places(id)))


def _line(one: Place, zone: tzinfo) -> tuple[object, ...]:
    stage, why = (DeliveryState.SENT, one.wording) if one.is_lost else (one.stage, one.reason)
    said = REACHES[stage], why, one.seconds_played, one.seconds_due
    times = in_cell(one.started_at, zone), in_cell(one.at, zone)
    return (one.area, one.name, one.box, *said, *times)
