"""The register of boxes: the village, the state and the public key of each."""

import base64
import csv
import io
import secrets
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Connection, Row, func, insert, select

from broadcaster.bulletin import areas as area_codes
from broadcaster.bulletin.enrolment import Enrolment
from broadcaster.bulletin.upstream_office import UpstreamOffice
from broadcaster.core.clock import Clock
from broadcaster.core.errors import BroadcasterError
from broadcaster.county.register.enrollees import BrokerAccess, Enrollees, read_key
from broadcaster.county.register.one_time_code import RegisterRefused, code_columns, find_code, new_code
from broadcaster.county.store.office_database import OfficeDatabase, put
from broadcaster.county.store.tables import area, box

LONGEST_NAME = 60
# Lines of a list that are wrong.
MOST_TOLD = 5
NO_AREAS = "里面一个地方也没有。每行写一个地方：12 位区划代码，逗号，名称。"
NO_BOX = "登记簿里没有这个广播站。"


class BoxState(StrEnum):
    """等它登记, 已登记, 停用."""

    INVITED = "invited"
    ENROLLED = "enrolled"
    RETIRED = "retired"


BOX_STATES = {
    BoxState.INVITED: "等它登记",
    BoxState.ENROLLED: "已登记",
    BoxState.RETIRED: "停用",
}


@dataclass(frozen=True)
class Box:
    """One village's broadcaster; `key` is its public key as hex, "" before it is enrolled; `trouble` is
    what its loudspeaker ails, as it says.
    """

    id: str
    area: str
    name: str
    state: BoxState
    key: str
    enrolled_at: datetime | None
    heard_at: datetime | None
    online: bool
    trouble: str = ""


@dataclass(frozen=True)
class BrokerAddress:
    """The broker's address and authority for a box, and the upstream offices that it hears there."""

    host: str
    port: int
    authority: str
    upstream_offices: tuple[UpstreamOffice, ...] = ()


class Register(Enrollees):
    """Any thread. `county` is the trimmed code of the office's own area."""

    def __init__(
        self, database: OfficeDatabase, clock: Clock, county: str, door: BrokerAccess | None = None
    ) -> None:
        super().__init__(database, clock, door, box.c.id, NO_BOX)
        self._county = county

    def add(self, code: str, name: str) -> tuple[Box, str]:
        """A new box of a village, and its one-time code. Raises `RegisterRefused`."""
        code, name = self._village(code), read_name(name)
        one_time = new_code()
        with self._database.transaction() as connection:
            put(connection, area, {"code": code, "name": name})
            ours = select(func.count()).select_from(box).where(box.c.area == code)
            number = connection.execute(ours).scalar_one() + 1
            values: dict[str, Any] = {"id": f"{code}-{number}", "area": code, "name": name}
            values |= {"state": BoxState.INVITED, "added_at": self._clock.now()}
            values |= code_columns(one_time, self._clock.now())
            connection.execute(insert(box).values(values))
        return self.get(f"{code}-{number}"), one_time

    def retire(self, id: str) -> None:
        with self._database.transaction() as connection:
            self._locked(connection, id)
            self._change(connection, id, state=BoxState.RETIRED, code_hash=None, online=0)
            # Before it can be let in again: who comes meanwhile would be shut out.
            self._door.dismiss(id)

    def rename(self, id: str, name: str) -> None:
        with self._database.transaction() as connection:
            self._locked(connection, id)
            self._change(connection, id, name=read_name(name))

    def enrol(
        self,
        code: str,
        key: str,
        root: str,
        keyring: bytes,
        broker: BrokerAddress,
        is_proved: bool = False,
    ) -> Enrolment:
        """By a code that was given for one box, whatever key it had; with the same code once more if it
        proved that it has the key. Raises `RegisterRefused`, and then the code is as good as before.
        """
        key = read_key(key)
        with self._database.transaction() as connection:
            row = find_code(connection, box, code, key, is_proved, self._clock.now())
            self._set_key(connection, row, key, code_used_by=key)
            # Before anybody is told that it is done: a box that is not let in would be lost.
            made = self._enrolment(row, root, keyring, broker)
            self._door.admit(row.id, row.area, made.password)
        return made

    def enrolment_file(self, id: str, root: str, keyring: bytes, broker: BrokerAddress) -> Enrolment:
        """For a USB stick; the box's key is told by `set_key`. Its one-time code counts no more."""
        with self._database.transaction() as connection:
            row = self._locked(connection, id)
            made = self._enrolment(row, root, keyring, broker)
            self._change(connection, id, code_hash=None)
            self._door.admit(row.id, row.area, made.password)
        return made

    def get(self, id: str) -> Box:
        """Raises `RegisterRefused`."""
        return _box(self._row(id))

    def area_of(self, id: str) -> str:
        """The trimmed code of a box in use. Raises `RegisterRefused`."""
        found = self.areas_of([id])
        if not found:
            raise RegisterRefused("这个广播站没有登记，或者停用了。")
        return found[id]

    def areas_of(self, ids: Collection[str] | None = None) -> dict[str, str]:
        """The trimmed codes of the boxes in use, or of those of them."""
        found = in_use(self._database, box.c.area, ids=ids)
        return {id: area_codes.trim(row.area) for id, row in found.items()}

    def boxes(self, within: str = "") -> list[Box]:
        query = select(box).where(box.c.area.startswith(within)).order_by(box.c.area, box.c.id)
        return [_box(row) for row in self._database.read(query)]

    def enrolled(self, areas: Sequence[str]) -> list[str]:
        """The boxes in use that a bulletin to these areas is for."""
        return [
            id
            for id, area in self.areas_of().items()
            if any(area_codes.contains(wide, area) for wide in areas)
        ]

    def names(self) -> dict[str, str]:
        """Of all areas, by trimmed code."""
        return {row.code: row.name for row in self._database.read(select(area).order_by(area.c.code))}

    def import_areas(self, text: str) -> int:
        """Codes and names, one a line; how many there were. Raises `RegisterRefused`, nothing done."""
        rows = [
            row for row in csv.reader(io.StringIO(text.lstrip("\ufeff")), _dialect(text)) if any(row)
        ]
        if rows and not rows[0][0].strip().isdigit():
            rows = rows[1:]
        if not rows:
            raise RegisterRefused(NO_AREAS)
        found = dict(self._read_areas(rows))
        with self._database.transaction() as connection:
            for code, name in found.items():
                put(connection, area, {"code": code, "name": name}, over=("name",))
        return len(found)

    def _read_areas(self, rows: Sequence[Sequence[str]]) -> Iterator[tuple[str, str]]:
        """Raises `RegisterRefused` with the first lines that are wrong."""
        problems = []
        for row in rows:
            try:
                yield self._inside(row[0].strip()), read_name(row[1] if len(row) > 1 else "")
            except BroadcasterError as error:
                problems.append(f"“{','.join(row)[:40]}”：{error}")
        if problems:
            more = f"还有 {len(problems) - MOST_TOLD} 行。" if len(problems) > MOST_TOLD else ""
            raise RegisterRefused(" ".join([*problems[:MOST_TOLD], *filter(None, [more])]))

    def export_areas(self) -> str:
        return to_csv(("区划代码", "名称"), ((area_codes.full(c), n) for c, n in self.names().items()))

    def _village(self, code: str) -> str:
        trimmed = self._inside(code.strip())
        if len(trimmed) != area_codes.FULL:
            raise RegisterRefused("广播站要写村的 12 位区划代码。")
        return trimmed

    def _inside(self, code: str) -> str:
        trimmed = area_codes.trim(code)
        if not area_codes.contains(self._county, trimmed):
            raise RegisterRefused(f"{code} 不在 {area_codes.full(self._county)} 里面。")
        return trimmed

    def _set_key(self, connection: Connection, row: Row[Any], key: str, **code: Any) -> None:
        """The same key is the same box, and comes back to its place as often as it likes."""
        elsewhere = (box.c.key == key) & (box.c.id != row.id) & (box.c.state == BoxState.ENROLLED)
        if other := connection.execute(select(box).where(elsewhere)).first():
            raise RegisterRefused(
                f"这台广播站已经登记为{other.name}（{other.id}）。要改登记为{row.name}，先在县里的登记簿"
                f"停用{other.name}的那一个；卡是从那里拷来的，先删掉本站的 state/county/box.pem。"
                "然后再登记一次，登记码还能用。"
            )
        values = {"key": key, "state": BoxState.ENROLLED, "enrolled_at": self._clock.now(), **code}
        self._change(connection, row.id, **values)

    def _enrolment(self, row: Row[Any], root: str, keyring: bytes, broker: BrokerAddress) -> Enrolment:
        try:
            return Enrolment(
                box=row.id,
                name=row.name,
                area=row.area,
                host=broker.host,
                port=broker.port,
                password=secrets.token_urlsafe(24),
                authority=broker.authority,
                root=root,
                keyring=base64.b64encode(keyring).decode(),
                above=broker.upstream_offices,
            )
        except ValueError as error:
            raise RegisterRefused(
                "office.yaml 里消息服务器的地址或证书不对，广播站连不上，没有登记。"
            ) from error


def to_csv(heading: Sequence[str], rows: Any) -> str:
    """For a spreadsheet: with the mark by which Excel knows UTF-8, and no cell that it would reckon."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(heading)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return "\ufeff" + written.getvalue()


def in_cell(moment: datetime | None, zone: tzinfo) -> str:
    """As people of the office read it; a spreadsheet knows it for a time."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}" if moment else ""


def _cell(value: object) -> str:
    text = str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text


def _dialect(text: str) -> type[csv.Dialect]:
    return csv.excel_tab if "\t" in text else csv.excel


def read_name(name: str) -> str:
    """Raises `RegisterRefused`."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise RegisterRefused(f"请写名称，不超过 {LONGEST_NAME} 个字。")
    return name


def _box(row: Row[Any]) -> Box:
    return Box(
        *(row.id, row.area, row.name, BoxState(row.state)),
        *(row.key, row.enrolled_at, row.heard_at, bool(row.online)),
        trouble=row.trouble,
    )


def in_use(
    database: OfficeDatabase, *columns: Column[Any], ids: Collection[str] | None = None
) -> dict[str, Row[Any]]:
    """These columns of each box in use, or of those of them, by area."""
    query = select(box.c.id, *columns).where(box.c.state == BoxState.ENROLLED)
    if ids is not None:
        query = query.where(box.c.id.in_(sorted(ids)))
    rows = database.read(query.order_by(box.c.area, box.c.id))
    return {row.id: row for row in rows}
