"""What each list costs with ten thousand rows behind it: milliseconds and kilobytes of one look.

scripts/bench lists [--rows 10000] [--rounds 3]
The app stands over a real station and its database, and is asked in this process: the first look and
the median of the next ones.
"""

import argparse
import json
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import yaml
from flask.testing import FlaskClient
from sqlalchemy import insert

from broadcaster.commands.console import load_config
from broadcaster.core.clock import Clock
from broadcaster.core.model import Airing, AiringKind
from broadcaster.core.notice import Notice
from broadcaster.core.people import Role, Scope
from broadcaster.daemon.assembly import open_box
from broadcaster.settings.schema import Settings
from broadcaster.store.database import tables
from broadcaster.store.store import open_store
from broadcaster.store.tokens import MOST_TOKENS
from broadcaster.web.app import create_app

NAME, PASSWORD = "王秀英", "shuiku-2026"
PAGES = (
    *(
        "/",
        "/live?of=home",
        "/live?of=bar",
        "/say",
        "/voice",
        "/timetable",
        "/timetable?page=3",
        "/record",
        "/record?text=停水",
    ),
    *("/record/usb", "/words", "/more", "/more/people", "/more/tokens", "/more/deeds", "/stop"),
)
API = (
    *("status", "upcoming?count=100", "history?count=200", "voices", "words", "slots", "recordings"),
    "openapi.json",
)
DENSE = [
    {"name": f"循环{n}", "text": "防火，人人有责。", "every_minutes": 1, "windows": ["06:30-21:30"]}
    for n in range(3)
] + [{"name": f"定时{n}", "text": "开会。", "cron": "* * * * *"} for n in range(2)]


class Seeds:
    """Rows as a box gathers them; words and slots of the file beside them."""

    def __init__(self, folder: Path, rows: int) -> None:
        self.folder, self.rows = folder, rows
        settings = {"paths": {"audio_cache": str(folder / "cache"), "state": str(folder / "state")}}
        (folder / "broadcaster.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
        words = {f"词{_han(n)}": "zhang1 " * (len(_han(n)) + 1) for n in range(rows)}
        lexicon = {"words": {word: said.strip() for word, said in words.items()}}
        (folder / "lexicon.yaml").write_text(yaml.safe_dump(lexicon, allow_unicode=True), "utf-8")
        plain = [{"name": f"第{n}条", "text": "早。", "at": "07:30"} for n in range(rows // 20)]
        slots = yaml.safe_dump({"slots": DENSE + plain}, allow_unicode=True)
        (folder / "timetable.yaml").write_text(slots, encoding="utf-8")
        recordings = folder / "state" / "recordings"
        recordings.mkdir(parents=True)
        for number in range(rows // 20):
            key = f"{number:032x}"
            about = {"key": key, "title": "村长讲话", "seconds": 3.0, "taken_at": float(number)}
            (recordings / f"{key}.json").write_text(json.dumps(about))
            (recordings / f"{key}.flac").touch()

    def fill(self) -> None:
        clock = Clock(Settings().station.zone)
        now = clock.now()
        with open_store(self.folder / "state" / tables.DATABASE, clock) as store:
            for table, row in ROWS.items():
                # One more is made to ask with.
                most = MOST_TOKENS - 1 if table is tables.token else self.rows
                rows = [row(number, now - timedelta(minutes=number)) for number in range(most)]
                with store.database.transaction() as connection:
                    connection.execute(insert(table), rows)
            for number in range(self.rows // 10):
                due = now + timedelta(hours=1, minutes=number)
                notice = Notice("今天停水。", title=f"停水{number}")
                store.queue.accept(
                    Airing(notice, due, due + timedelta(hours=1), AiringKind.SCHEDULED, "王")
                )


def _han(number: int) -> str:
    return "".join("零一二三四五六七八九"[int(digit)] for digit in f"{number:05}")


def _journal(number: int, at: datetime) -> dict[str, object]:
    moment = at.isoformat()
    return {
        "airing_id": uuid4().hex,
        "notice_id": uuid4().hex,
        "title": f"停水{number}",
        "text": "今天下午两点到五点停水，请大家提前储水。" * 3,
        "severity": number % 5,
        "kind": "live",
        "asked_by": NAME,
        "due_at": moment,
        "started_at": moment,
        "ended_at": moment,
        "seconds_played": 10.0,
        "seconds_due": 10.0,
        "outcome": "PLAYED",
        "reason": "",
        "voice": "baker:female",
        "due_epoch": int(at.timestamp()),
        "manner": "",
    }


def _deed(number: int, at: datetime) -> dict[str, object]:
    values: dict[str, object] = {
        "deed_id": uuid4().hex,
        "at": at.isoformat(),
        "who": NAME,
        "what": "登录",
    }
    return values | {"about": f"第{number}次", "address": "10.0.0.1"}


def _person(number: int, at: datetime) -> dict[str, object]:
    values: dict[str, object] = {
        "name": f"村民{number}",
        "role": "viewer",
        "password_hash": "",
        "stamp": "s",
    }
    return values | {"made_at": at.isoformat()}


def _token(number: int, at: datetime) -> dict[str, object]:
    values: dict[str, object] = {"key_hash": uuid4().hex, "name": f"程序{number}", "scope": "read"}
    return values | {"made_by": NAME, "made_at": at.isoformat(), "used_at": None}


ROWS = {
    tables.journal: _journal,
    tables.deed: _deed,
    tables.person: _person,
    tables.token: _token,
}


def measure(client: FlaskClient, path: str, rounds: int, headers: dict[str, str]) -> None:
    times, size, status = [], 0, 0
    for _ in range(rounds + 1):
        began = time.perf_counter()
        answer = client.get(path, headers=headers)
        size, status = len(answer.data), answer.status_code
        times.append((time.perf_counter() - began) * 1000)
    later = statistics.median(times[1:])
    print(f"| {path} | {status} | {times[0]:.0f} | {later:.0f} | {size / 1000:.0f} |", flush=True)


@contextmanager
def box_client(folder: Path) -> Iterator[tuple[FlaskClient, dict[str, str]]]:
    config = load_config(folder)
    with open_box(config, folder / "heard.wav", makes_ahead=False) as box:
        box.intake.take_up()
        key = box.station.tokens.make("bench", Scope.READ, NAME)
        password = box.station.accounts.reset("村民0")
        box.station.accounts.set_role("村民0", Role.SECRETARY)
        client = create_app(box.station, config.settings).test_client()
        found = re.search(r'csrf_token" value="([^"]+)"', client.get("/login").text)
        assert found
        form = {"csrf_token": found[1], "name": "村民0", "password": password}
        assert client.post("/login", data=form).status_code == 303
        yield client, {"Authorization": f"Bearer {key}"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    print("| page | status | first look, ms | later | kB |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        seeds = Seeds(Path(name), arguments.rows)
        seeds.fill()
        with box_client(Path(name)) as (client, token):
            for path in PAGES:
                measure(client, path, arguments.rounds, {})
            for path in API:
                measure(client, f"/api/v1/{path}", arguments.rounds, token)


if __name__ == "__main__":
    main()
