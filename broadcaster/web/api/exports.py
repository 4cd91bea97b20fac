"""Sound files for programs: an MP3 of an airing or of a slot is ordered, polled and fetched."""

from typing import Literal, Optional

from flask import Response, jsonify, send_file
from flask_openapi3.blueprint import APIBlueprint
from pydantic import BaseModel, Field

from broadcaster.core.labels import called
from broadcaster.station.station import Copy, Track
from broadcaster.web.api.problem_details import described, problem
from broadcaster.web.base.page_context import parts

MP3 = {"audio/mpeg": {"schema": {"type": "string", "format": "binary"}}}
NOT_THERE = "没有这一份，或者已经清掉了：只留最近的几份，请再要一次。"

pages = APIBlueprint(
    "copies_api",
    __name__,
    url_prefix="/api/v1/copies",
    abp_security=[{"token": []}],
    abp_responses=described(401, 403, 422, 500, 503),
)


class ExportIn(BaseModel, extra="forbid"):
    """An id of the history, or the name of a slot; for `minutes` again and again, 0 is one time."""

    airing: str = Field("", max_length=200)
    slot: str = Field("", max_length=200)
    minutes: Literal[0, 5, 10] = 0


class ExportPath(BaseModel):
    id: str = Field(pattern="^[0-9a-f]{1,64}$")


class ExportOut(BaseModel):
    """`ready` when the file can be fetched; `problem` is why it cannot be made, in Chinese."""

    id: str
    file_name: str
    ready: bool
    problem: str


@pages.post("", responses={202: ExportOut, **described(404)})
def order(body: ExportIn) -> Response:
    """Have one made, off the air and one at a time; the same order is made once."""
    track = _track(body)
    if track is None:
        return problem(404, "要写 history 里的一个 id，或者一个节目的名字，这里没有找到。")
    answer = _json(parts().station.copies.order([track]))
    answer.status_code = 202
    return answer


@pages.get("/<id>", responses={200: ExportOut, **described(404)})
def copy(path: ExportPath) -> Response:
    """The progress of an export."""
    found = parts().station.copies.find(path.id)
    return _json(found) if found else problem(404, NOT_THERE)


@pages.get("/<id>/file", responses={200: {"content": MP3}, **described(404)})
def file(path: ExportPath) -> Response:
    found = parts().station.copies.find(path.id)
    if not found or not found.path or not found.path.exists():
        return problem(404, NOT_THERE)
    return send_file(found.path, mimetype="audio/mpeg", download_name=found.file_name)


def _track(wanted: ExportIn) -> Optional["Track"]:
    from broadcaster.station.station import Track

    station = parts().station
    row = station.past(wanted.airing) if wanted.airing else None
    if row:
        return Track(called(row), (row.notice,), wanted.minutes)
    notices = station.slots.notices(wanted.slot) if wanted.slot else ()
    return Track(wanted.slot, notices, wanted.minutes) if notices else None


def _json(one: "Copy") -> Response:
    ready = one.path is not None and one.path.exists()
    shape = ExportOut(id=one.id, file_name=one.file_name, ready=ready, problem=one.problem)
    return jsonify(shape.model_dump())
