"""The API for programs: most of what the page can do, with a token, as JSON."""

from flask import Response, current_app, jsonify
from flask_openapi3.blueprint import APIBlueprint
from pydantic import BaseModel

from broadcaster.core.notice import OfficeLevel
from broadcaster.core.people import Scope
from broadcaster.web.api import schemas as shapes
from broadcaster.web.api.problem_details import described, problem
from broadcaster.web.base import access
from broadcaster.web.base.idempotency import check_same, under_key
from broadcaster.web.base.page_context import parts

pages = APIBlueprint(
    "api",
    __name__,
    url_prefix="/api/v1",
    abp_security=[{"token": []}],
    abp_responses=described(401, 403, 422, 500, 503),
)


@pages.get("/openapi.json", doc_ui=False)
def openapi() -> Response:
    return jsonify(getattr(current_app, "api_doc", {}))


@pages.get("/status", responses={200: shapes.StatusOut})
def status() -> Response:
    """The airing on the air, those that wait, and faults."""
    return _json(shapes.StatusOut.of(parts().station.status()))


@pages.get("/upcoming", responses={200: shapes.UpcomingOut})
def upcoming(query: shapes.CountQuery) -> Response:
    """The next airings of the timetable."""
    coming = parts().station.upcoming(query.count)
    return _json(shapes.UpcomingOut(airings=[shapes.AiringOut.of(airing) for airing in coming]))


@pages.get("/history", responses={200: shapes.HistoryOut})
def history(query: shapes.HistoryQuery) -> Response:
    """The journal, the newest line first."""
    rows = parts().station.history(query.count, query.wanted(), query.skip)
    return _json(shapes.HistoryOut(lines=[shapes.HistoryLineOut.of(row) for row in rows]))


@pages.post("/notices", responses={202: shapes.AiringOut, **described(409)})
def announce(header: shapes.IdempotencyHeader, body: shapes.ScheduledNoticeIn) -> Response:
    """Put a notice on the air as soon as its precedence allows, or at a moment to come.

    409 in quiet hours, which only severity 1 passes. Send an `Idempotency-Key` and the notice may be
    sent again until an answer comes: it is aired once.
    """
    token, station = access.token(), parts().station
    office = OfficeLevel.COUNTY if token.scope is Scope.COUNTY else OfficeLevel.VILLAGE
    notice, asked_by = body.notice(office), token.name
    if not header.key:
        return _json(shapes.AiringOut.of(station.announce(notice, asked_by=asked_by, at=body.at)), 202)
    notice = under_key(notice, f"{token.number} {token.made_at.isoformat()} {header.key}")
    airing, known = parts().idempotency.announce(station, notice, asked_by, body.at)
    answer = _json(shapes.AiringOut.of(airing), 202)
    if known:
        check_same(airing.notice, notice)
        answer.headers["Idempotency-Replayed"] = "true"
    return answer


@pages.delete("/airings/<airing_id>", responses={204: None, **described(404)})
def cancel(path: shapes.AiringPath) -> Response:
    """End one airing, waiting or sounding."""
    if not parts().station.cancel(path.airing_id, asked_by=access.token().name):
        return problem(404, "这一条已经播过、取消了，或者没有这一条。")
    return Response(status=204)


@pages.post("/stop", responses={200: shapes.StopOut})
def stop() -> Response:
    """Silence the air and empty the queue; loops stay silent until their next window."""
    return _json(shapes.StopOut(ended=parts().station.stop_all(access.token().name)))


@pages.post("/skip", responses={204: None, **described(409)})
def skip() -> Response:
    """Go on with the next piece of the column on the air; 409 if no piece sounds."""
    if not parts().station.skip(access.token().name):
        return problem(409, "现在放的不是一段一段的节目，没有可跳的。")
    return Response(status=204)


@pages.post("/resume", responses={204: None})
def resume_loops() -> Response:
    """Let loops sound again that a stop silenced."""
    parts().station.resume_loops()
    return Response(status=204)


@pages.get("/volume", responses={200: shapes.VolumeIn})
def volume() -> Response:
    return _json(shapes.VolumeIn(volume=parts().station.volume))


@pages.put("/volume", responses={200: shapes.VolumeIn})
def set_volume(body: shapes.VolumeIn) -> Response:
    parts().station.set_volume(body.volume)
    return _json(body)


@pages.post("/script", responses={200: shapes.ScriptOut})
def script(body: shapes.NoticeIn) -> Response:
    """The script of a notice, line by line, numbers in words; nothing is aired."""
    lines = parts().station.script(body.notice(OfficeLevel.VILLAGE)).lines
    return _json(shapes.ScriptOut(lines=[shapes.LineOut.of(line) for line in lines]))


@pages.get("/voices", responses={200: shapes.VoicesOut})
def voices() -> Response:
    entries = parts().station.voices()
    return _json(shapes.VoicesOut(voices=[shapes.VoiceOut.of(entry) for entry in entries]))


@pages.get("/words", responses={200: shapes.LexiconOut})
def words(query: shapes.RowsQuery) -> Response:
    """The village's lexicon."""
    entries = parts().station.words.entries()
    shown = [shapes.LexiconEntryOut.of(entry) for entry in query.of(entries)]
    return _json(shapes.LexiconOut(words=shown, in_all=len(entries)))


@pages.put("/words/<section>/<word>", responses={200: shapes.LexiconEntryOut})
def set_word(path: shapes.LexiconEntryPath, body: shapes.PronunciationIn) -> Response:
    return _json(
        shapes.LexiconEntryOut.of(parts().station.words.set_near(path.word, body.said, path.section))
    )


@pages.delete("/words/<section>/<word>", responses={204: None})
def remove_word(path: shapes.LexiconEntryPath) -> Response:
    parts().station.words.remove(path.word, path.section)
    return Response(status=204)


def _json(shape: BaseModel, code: int = 200) -> Response:
    answer = jsonify(shape.model_dump(mode="json"))
    answer.status_code = code
    return answer
