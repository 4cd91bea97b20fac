"""The control socket: in the state folder, by which this machine's commands reach the running box.

One request is one line of JSON, `{"do": …}`; each answer is one line of JSON. An answer with `error` is
a sentence in Chinese. Only the owner of the box may open the socket.
"""

from __future__ import annotations

import json
import logging
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from broadcaster.core.clock import Clock
from broadcaster.core.errors import BroadcasterError
from broadcaster.core.labels import COMMAND
from broadcaster.core.model import Airing, AiringKind, JournalEntry, Prepared, Pruned
from broadcaster.core.notice import read
from broadcaster.system.runtime_folder import in_runtime_folder, runtime_folders

if TYPE_CHECKING:
    from broadcaster.station.station import Station
    from broadcaster.store.accounts import Accounts
    from broadcaster.store.audit_log import AuditLog
    from broadcaster.store.journal import JournalRow

logger = logging.getLogger(__name__)

Message = dict[str, Any]

LONGEST_REQUEST_BYTES = 1_000_000
LOOK_SECONDS = 0.5
UPCOMING = 20


def answers(station: Station, request: Message) -> Iterator[Message]:
    """Do one request and tell of it as it goes; the same for the running box and for a command alone."""
    try:
        match request:
            case {"do": "say", "notice": dict(fields), "asked_by": str(asked_by), "wait": bool(wait)}:
                at = datetime.fromisoformat(str(request["at"])) if "at" in request else None
                airing = station.announce(read(fields), asked_by=asked_by, at=at)
                yield {"accepted": airing_as_json(airing)}
                if wait:
                    yield from _until_its_end(station, airing.id)
            case {"do": "stop", "asked_by": str(asked_by)}:
                yield {"stopped": station.stop_all(asked_by), **_loops_as_json(station)}
            case {"do": "skip", "asked_by": str(asked_by)}:
                on_air = station.status().on_air
                left = on_air.pieces - on_air.piece.number if on_air and on_air.piece else 0
                yield {"skipped": station.skip(asked_by), "left": left}
            case {"do": "resume"}:
                station.resume_loops()
                yield {"loops_stopped": False}
            case {"do": "status"}:
                yield {"status": _status_as_json(station)}
            case {"do": "device"}:
                yield {"device": asdict(station.device())}
            case {"do": "use_card", "name": str(name)}:
                yield {"used": station.use_card(name)}
            case {"do": "power", "names": list(names), "seconds": float(seconds)}:
                yield {"device": asdict(station.power(tuple(names), seconds))}
            case {"do": "voices"}:
                yield {"voices": [asdict(entry) for entry in station.voices()]}
            case {"do": "refresh_words"}:
                station.words.refresh()
                yield {"fault": station.words.fault}
            case {"do": "prune", "to_megabytes": None | int() | float() as megabytes}:
                yield pruned_as_json(station.prune(bytes_of(megabytes)))
            case {"do": "people" | "reset_password"}:
                yield people_answer(station.accounts, station.deeds, request)
            case {"do": "belong"}:
                station.belong()
                yield {"belongs": station.county is not None}
            case {"do": "link"}:
                yield {"link": station.county and station.county.status()}
            case {"do": "link_usb", "path": str(path)}:
                yield {"taken": _read_stick(station, path)}
            case {"do": "prepare"}:
                yield from map(prepared_as_json, station.prepare())
            case _:
                yield {"error": "广播站不认识这个请求，可能是程序版本不同，请重启广播站。"}
    except BroadcasterError as error:
        yield {"error": str(error)}


def _loops_as_json(station: Station) -> Message:
    """The time at which stopped loops sound again, None where that is not near."""
    stopped = station.status().loops_stopped
    coming = station.upcoming(UPCOMING) if stopped else []
    again = next((one.due_at for one in coming if one.kind is AiringKind.LOOP), None)
    return {"loops_stopped": stopped, "loops_again": again and again.isoformat()}


def _until_its_end(station: Station, airing_id: str) -> Iterator[Message]:
    """Tells on the way, once, that it waits for the card."""
    reported = ""
    while not (entry := station.wait_for_end(airing_id, LOOK_SECONDS)):
        waits = station.waits_for_card(airing_id)
        if waits and waits != reported:
            yield {"waits_for_card": waits}
        reported = waits
    yield {"ended": entry_as_json(entry)}


def _read_stick(station: Station, path: str) -> Message:
    if station.county is None:
        raise BroadcasterError("这个广播站没有向县里登记。请运行：broadcaster link enrol")
    return station.county.read_stick(Path(path))


def people_answer(accounts: Accounts, deeds: AuditLog, request: Message) -> Message:
    """For who has a shell on this machine. Raises `AccountRefused`."""
    if request["do"] == "people":
        return {"people": [{"name": who.name, "role": who.role.value} for who in accounts.people()]}
    name = str(request.get("name", ""))
    password = accounts.reset(name)
    deeds.note(COMMAND, "重设密码", name)
    return {"password": password}


def ask(state_folder: Path, request: Message) -> Iterator[Message] | None:
    """The running box's answers as they come; None where no box runs."""
    for folder in runtime_folders(state_folder):
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(socket_path(folder)))
            return _ask(connection, request)
        except PermissionError as error:
            connection.close()
            raise BroadcasterError("广播站由另一个用户运行，请用同一个用户，或者加 sudo。") from error
        except OSError:
            connection.close()
    return None


def _ask(connection: socket.socket, request: Message) -> Iterator[Message]:
    with connection, connection.makefile("rwb") as line:
        line.write(json.dumps(request, ensure_ascii=False).encode() + b"\n")
        line.flush()
        for answer in line:
            yield json.loads(answer)


def socket_path(folder: Path) -> Path:
    return folder / "control.sock"


class ControlServer:
    """Serves the local door on a thread of its own, each caller on another.

    The door is in the state folder or, where that takes no file, in memory.
    """

    def __init__(self, station: Station, state_folder: Path) -> None:
        class RequestHandler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                request = _parsed(self.rfile.readline(LONGEST_REQUEST_BYTES))
                # Who asked may end before the answer: that is no error of the box.
                with suppress(BrokenPipeError, ConnectionResetError):
                    for answer in answers(station, request):
                        self.wfile.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")

        def listen(folder: Path) -> socketserver.ThreadingUnixStreamServer:
            path = socket_path(folder)
            path.unlink(missing_ok=True)
            return socketserver.ThreadingUnixStreamServer(str(path), RequestHandler)

        self._server = in_runtime_folder(state_folder, listen)
        self._server.daemon_threads = True
        self._path = Path(str(self._server.server_address))
        self._path.chmod(0o600)
        self._thread = threading.Thread(target=self._server.serve_forever, name="control", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        # A card that went read-only keeps it; the next start's door goes to memory then.
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


def _parsed(line: bytes) -> Message:
    try:
        request = json.loads(line)
    except ValueError:
        return {}
    return request if isinstance(request, dict) else {}


def airing_as_json(airing: Airing) -> Message:
    notice = airing.notice
    return {
        "id": airing.id,
        "title": notice.title,
        "text": notice.text,
        "severity": int(notice.severity),
        "drill": notice.drill,
        "kind": airing.kind.value,
        "asked_by": airing.asked_by,
        "due_at": airing.due_at.isoformat(),
        "expires_at": airing.expires_at.isoformat(),
        "kept": airing.kept,
    }


def entry_as_json(entry: JournalEntry) -> Message:
    return {
        "id": entry.airing.id,
        "outcome": entry.outcome.value,
        "reason": entry.reason,
        "voice": entry.voice,
        "started_at": entry.started_at and entry.started_at.isoformat(),
        "ended_at": entry.ended_at.isoformat(),
        "seconds_played": round(entry.seconds_played, 3),
        "seconds_due": round(entry.seconds_due, 3),
    }


def bytes_of(megabytes: float | None) -> int | None:
    """The bytes that pruning is to leave in the cache; None is the cache's own limit."""
    return None if megabytes is None else int(megabytes * 1_000_000)


def pruned_as_json(pruned: Pruned) -> Message:
    return {
        "pruned": {
            "clips": pruned.clips,
            "programmes": pruned.programmes,
            "megabytes_freed": round(pruned.bytes_freed / 1e6, 1),
            "megabytes_left": round(pruned.bytes_left / 1e6, 1),
        }
    }


def prepared_as_json(prepared: Prepared) -> Message:
    return {
        "prepared": {
            "number": prepared.number,
            "of": prepared.of,
            "title": prepared.notice.title,
            "seconds": round(prepared.seconds, 3),
            "made": prepared.made,
            "problem": prepared.problem,
        }
    }


def row_as_json(row: JournalRow) -> Message:
    return {
        "id": row.airing_id,
        "title": row.title,
        "text": row.text,
        "severity": int(row.severity),
        "drill": row.drill,
        "kind": row.kind.value,
        "asked_by": row.asked_by,
        "due_at": row.due_at.isoformat(),
        "started_at": row.started_at and row.started_at.isoformat(),
        "ended_at": row.ended_at.isoformat(),
        "seconds_played": round(row.seconds_played, 3),
        "seconds_due": round(row.seconds_due, 3),
        "outcome": row.outcome.value,
        "reason": row.reason,
        "voice": row.voice,
    }


def _status_as_json(station: Station) -> Message:
    status, now = station.status(), Clock(station.settings.station.zone).now()
    on_air = status.on_air
    later = [
        {**airing_as_json(airing), "held": airing.id in status.held} for airing in status.later(now)
    ]
    return {
        "on_air": on_air
        and {
            **airing_as_json(on_air.airing),
            "seconds_played": round(on_air.seconds_played, 1),
            "seconds_due": round(on_air.seconds_due, 1),
            "made": on_air.made,
            "piece": on_air.piece and {**asdict(on_air.piece), "of": on_air.pieces},
        },
        "waiting": [airing_as_json(airing) for airing in status.due(now)],
        "later": later,
        "next": [
            {**airing_as_json(airing), "held": airing.due_at <= now} for airing in station.upcoming(5)
        ],
        "loops_stopped": status.loops_stopped,
        "loops_stopped_at": status.loops_stopped_at and status.loops_stopped_at.isoformat(),
        "loops_stopped_by": status.loops_stopped_by,
        "waits_for_card": status.waits_for_card,
        "clock_remark": status.clock_remark,
        "fault": status.fault,
        "faults": status.faults,
    }
