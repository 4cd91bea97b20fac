"""The counties below an office: the key of each one's relay, and its access to the broker."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from broadcaster.bulletin import areas
from broadcaster.bulletin.admission import Admission
from broadcaster.bulletin.upstream_office import is_upstream
from broadcaster.core.clock import Clock
from broadcaster.county.broker.mosquitto import county_user, new_password
from broadcaster.county.register.enrollees import BrokerAccess, Enrollees, read_key
from broadcaster.county.register.one_time_code import RegisterRefused, code_columns, find_code, new_code
from broadcaster.county.register.register import BoxState, BrokerAddress, read_name
from broadcaster.county.store.office_database import OfficeDatabase, put
from broadcaster.county.store.tables import area, county

# A town has no office of its own.
LONGEST_COUNTY = 6
NO_COUNTY = "登记簿里没有这个县。"


@dataclass(frozen=True)
class County:
    """A county below; `key` is its relay's public key as hex, "" before it is let in.

    `told_at` is until when its relay has told all there was, `below` whether it heard boxes then.
    """

    code: str
    name: str
    state: BoxState
    key: str
    admitted_at: datetime | None
    told_at: datetime | None
    below: bool


class Counties(Enrollees):
    """Any thread. `office` is the trimmed code of the office's own area."""

    def __init__(
        self, database: OfficeDatabase, clock: Clock, office: str, door: BrokerAccess | None = None
    ) -> None:
        super().__init__(database, clock, door, county.c.code, NO_COUNTY)
        self._office = office

    def add(self, code: str, name: str) -> tuple[County, str]:
        """One that is new here, and its one-time code. Raises `RegisterRefused`."""
        code, name, one_time = self._inside(code), read_name(name), new_code()
        values: dict[str, Any] = {"code": code, "name": name, "state": BoxState.INVITED}
        values |= {"added_at": self._clock.now(), **code_columns(one_time, self._clock.now())}
        with self._database.transaction() as connection:
            put(connection, area, {"code": code, "name": name}, over=("name",))
            if not put(connection, county, values):
                raise RegisterRefused("这个县已经在登记簿里了，可以给它发一个新的登记码。")
        return self.get(code), one_time

    def retire(self, code: str) -> None:
        """Its sums count no more, and its relay is let in no more; what it told stays."""
        with self._database.transaction() as connection:
            found = self._locked(connection, code)
            self._change(connection, found.code, state=BoxState.RETIRED, code_hash=None)
            # Before it can be let in again: who comes meanwhile would be shut out.
            self._door.dismiss(county_user(found.code))

    def admit(
        self, one_time: str, key: str, root: str, broker: BrokerAddress, is_proved: bool = False
    ) -> Admission:
        """By a code that was given for one relay, as for a box. Raises `RegisterRefused`, and then the
        code is as good as before.
        """
        key = read_key(key)
        with self._database.transaction() as connection:
            row = find_code(connection, county, one_time, key, is_proved, self._clock.now())
            self._set_key(connection, row, key, code_used_by=key)
            made = self._admission(row.code, root, broker)
            # Before anybody is told that it is done: one that is not let in would be lost.
            self._door.admit_county(row.code, made.password)
        return made

    def admission_file(self, code: str, root: str, broker: BrokerAddress) -> Admission:
        """For a USB stick; the relay's key is told by `set_key`. Its one-time code counts no more."""
        with self._database.transaction() as connection:
            found = self._locked(connection, code)
            made = self._admission(found.code, root, broker)
            self._change(connection, found.code, code_hash=None)
            self._door.admit_county(found.code, made.password)
        return made

    def get(self, code: str) -> County:
        """Raises `RegisterRefused`."""
        return _county(self._row(code))

    def all(self) -> list[County]:
        return [_county(row) for row in self._database.read(select(county).order_by(county.c.code))]

    def in_use(self) -> list[County]:
        return [one for one in self.all() if one.state is not BoxState.RETIRED]

    def concerned(self, wanted: Sequence[str]) -> list[County]:
        """Those that lie in one of these areas, or that one of these lies in."""
        return [one for one in self.all() if concerns(wanted, one.code)]

    def _inside(self, code: str) -> str:
        trimmed = areas.trim(code.strip())
        if not is_upstream(self._office, trimmed) or len(trimmed) > LONGEST_COUNTY:
            raise RegisterRefused(f"{code} 不是 {self._office} 下面的市或县。")
        return trimmed

    def _set_key(self, connection: Connection, row: Row[Any], key: str, **code: Any) -> None:
        others = select(county).where(county.c.key == key, county.c.code != row.code)
        if other := connection.execute(others).first():
            raise RegisterRefused(
                f"这把公钥是{other.name}（{other.code}）的转发的，请检查是不是在那里运行的，或者贴错了。"
            )
        now = self._clock.now()
        values: dict[str, Any] = {"key": key, "state": BoxState.ENROLLED, "admitted_at": now, **code}
        if key != row.key:
            # Another relay counts anew, and has said nothing yet.
            values |= {"told_number": 0, "told_at": None, "below": 0, "reads": 1}
        self._change(connection, row.code, **values)

    def _admission(self, code: str, root: str, broker: BrokerAddress) -> Admission:
        try:
            return Admission(
                county=code,
                area=self._office,
                root=root,
                host=broker.host,
                port=broker.port,
                user=county_user(code),
                password=new_password(),
                authority=broker.authority,
            )
        except ValueError as error:
            raise RegisterRefused(
                "office.yaml 里消息服务器的地址或证书不对，县里连不上，没有登记。"
            ) from error


def concerns(wanted: Sequence[str], code: str) -> bool:
    return any(areas.contains(one, code) or areas.contains(code, one) for one in wanted)


def _county(row: Row[Any]) -> County:
    return County(
        *(row.code, row.name, BoxState(row.state), row.key, row.admitted_at),
        *(row.told_at, bool(row.below)),
    )
