"""The description of the station's tables for salvaging."""

from collections.abc import Mapping
from typing import Any

from broadcaster.store.database import tables
from broadcaster.store.database.airing_json import read_airing
from broadcaster.store.database.salvage import SalvagedTables

NAMES = {
    "journal": "播出记录",
    "journal_day": "播出记录",
    "queue": "排队的通知",
    "slot": "页面上的时间表",
    "person": "账号",
    "phone": "手机登录",
    "token": "令牌",
    "deed": "谁做了什么",
    "bulletin": "县里的通知",
    "bulletin_key": "县里的通知",
    "receipt": "给县里的回执",
    "draft": "没写完的",
    "station_state": "广播站的设置",
}
# What has its line in the journal has ended.
ENDED = "DELETE FROM queue WHERE airing_id IN (SELECT airing_id FROM journal)"


def _is_sound(table: str, row: Mapping[str, Any]) -> bool:
    if table != "queue":
        return True
    try:
        return read_airing(str(row["airing"])).id == str(row["airing_id"])
    except ValueError:
        return False


STATION = SalvagedTables(tables.metadata, NAMES, frozenset({"journal"}), _is_sound, ENDED)
