"""The library of sounds for programs: listed, taken in as they come, removed and restored."""

from collections.abc import Iterator
from functools import partial

from flask import Response, g, jsonify, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models import RawModel
from pydantic import BaseModel, Field

from broadcaster.studio.sound_library import Sound
from broadcaster.web.api.problem_details import described, problem
from broadcaster.web.api.schemas import RowsQuery
from broadcaster.web.base.page_context import parts

PIECE_BYTES = 256 * 1024
GONE = "没有这段声音。"

pages = APIBlueprint(
    "sounds_api",
    __name__,
    url_prefix="/api/v1/sounds",
    abp_security=[{"token": []}],
    abp_responses=described(401, 403, 422, 500, 503),
)


class SoundIn(RawModel):
    """A file of sound of any usual kind, 30 MB at most; larger ones come by the page."""

    mimetypes: list[str] = ["application/octet-stream"]  # noqa: RUF012 - so the base has it


class SoundQuery(BaseModel):
    """`name` is the file's; without a `title` the sound is called as its tags or its name say."""

    name: str = Field(min_length=1, max_length=200)
    title: str = Field("", max_length=60)


class SoundPath(BaseModel):
    key: str = Field(pattern="^[0-9a-f]{32}$")


class SoundOut(BaseModel):
    """`lufs` is the loudness of the file as it came; `warnings` are sentences on what is odd in it."""

    key: str
    title: str
    seconds: float
    size: int
    lufs: float
    warnings: list[str]


class SoundsOut(BaseModel):
    """`room` is how many bytes more the library takes, `removed` what still comes back."""

    sounds: list[SoundOut]
    in_all: int
    removed: list[SoundOut]
    room: int


@pages.get("", responses={200: SoundsOut})
def sounds(query: RowsQuery) -> Response:
    """The newest first."""
    library = parts().station.sounds
    kept = library.all()
    answer = SoundsOut(
        sounds=[_schema(one) for one in query.of(kept)],
        in_all=len(kept),
        removed=[_schema(one) for one in library.removed()],
        room=library.room(),
    )
    return jsonify(answer.model_dump())


@pages.post("", responses={201: SoundOut, **described(413)})
def take(query: SoundQuery, raw: SoundIn) -> Response:
    """Take a sound in: measured, kept as it came; nothing is aired. The same file is kept once."""
    pieces: Iterator[bytes] = iter(partial(request.stream.read, PIECE_BYTES), b"")
    sound = parts().station.sounds.take(pieces, query.name, query.title)
    g.about = sound.title
    answer = jsonify(_schema(sound).model_dump())
    answer.status_code = 201
    return answer


@pages.delete("/<key>", responses={204: None, **described(404)})
def remove(path: SoundPath) -> Response:
    """Put a sound into the bin, from where it comes back within 30 days."""
    if not parts().station.sounds.remove(path.key):
        return problem(404, GONE)
    return Response(status=204)


@pages.post("/<key>/restore", responses={200: SoundOut, **described(404)})
def restore(path: SoundPath) -> Response:
    """Take a sound out of the bin."""
    sound = parts().station.sounds.restore(path.key)
    return jsonify(_schema(sound).model_dump()) if sound else problem(404, GONE)


def _schema(one: Sound) -> SoundOut:
    return SoundOut(
        key=one.key,
        title=one.title,
        seconds=round(one.seconds, 1),
        size=one.size,
        lufs=round(one.facts.lufs, 1),
        warnings=list(one.facts.warnings),
    )
