"""Recordings for programs: uploaded as their devices record them, aired by their key."""

from collections.abc import Iterator
from functools import partial

from flask import Response, jsonify, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models import RawModel
from pydantic import BaseModel, Field

from broadcaster.studio.recordings import Recording
from broadcaster.web.api.problem_details import described, problem
from broadcaster.web.api.schemas import RowsQuery
from broadcaster.web.base.page_context import parts

PIECE_BYTES = 256 * 1024

pages = APIBlueprint(
    "recordings_api",
    __name__,
    url_prefix="/api/v1/recordings",
    abp_security=[{"token": []}],
    abp_responses=described(401, 403, 422, 500, 503),
)


class RecordingIn(RawModel):
    """A file of sound: m4a, amr, mp3, ogg, webm or wav, 10 minutes and 30 MB at most."""

    mimetypes: list[str] = ["application/octet-stream"]  # noqa: RUF012 - so the base has it


class TitleQuery(BaseModel):
    title: str = Field(min_length=1, max_length=40)


class RecordingPath(BaseModel):
    key: str = Field(pattern="^[0-9a-f]{32}$")


class RecordingOut(BaseModel):
    """`key` is what a notice names as its `recording`."""

    key: str
    title: str
    seconds: float


class RecordingsOut(BaseModel):
    recordings: list[RecordingOut]
    in_all: int


@pages.get("", responses={200: RecordingsOut})
def recordings(query: RowsQuery) -> Response:
    """The newest first."""
    kept = parts().station.recordings.all()
    shown = [_schema(one) for one in query.of(kept)]
    return jsonify(RecordingsOut(recordings=shown, in_all=len(kept)).model_dump())


@pages.post("", responses={201: RecordingOut, **described(413)})
def take(query: TitleQuery, raw: RecordingIn) -> Response:
    """Take a recording in: decoded, trimmed of silence, levelled, kept; nothing is aired."""
    pieces: Iterator[bytes] = iter(partial(request.stream.read, PIECE_BYTES), b"")
    recording = parts().station.recordings.take(pieces, query.title)
    answer = jsonify(_schema(recording).model_dump())
    answer.status_code = 201
    return answer


@pages.delete("/<key>", responses={204: None, **described(404)})
def remove(path: RecordingPath) -> Response:
    if not parts().station.recordings.remove(path.key):
        return problem(404, "没有这个录音。")
    return Response(status=204)


def _schema(one: Recording) -> RecordingOut:
    return RecordingOut(key=one.key, title=one.title, seconds=round(one.seconds, 1))
