"""The timetable for programs: its slots as they are written, and their next occurrences."""

from datetime import date

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint

from broadcaster.web.api import slot_schemas as shapes
from broadcaster.web.api.problem_details import described, problem
from broadcaster.web.api.schemas import RowsQuery
from broadcaster.web.base import access
from broadcaster.web.base.page_context import parts

pages = APIBlueprint(
    "slots_api",
    __name__,
    url_prefix="/api/v1/slots",
    abp_security=[{"token": []}],
    abp_responses=described(401, 403, 422, 500, 503),
)


@pages.get("", responses={200: shapes.SlotsOut})
def slots(query: RowsQuery) -> Response:
    """Those of the file in its order, then those that were made on the page or here."""
    entries = parts().station.slots.entries()
    part = [shapes.SlotOut.of(entry) for entry in query.of(entries)]
    return jsonify(shapes.SlotsOut(slots=part, in_all=len(entries)).model_dump(mode="json"))


@pages.post("/preview", responses={200: shapes.OccurrencesOut})
def preview(body: shapes.NamedSlotIn) -> Response:
    """The next occurrences of a slot, if it was saved; nothing is changed."""
    coming = parts().station.slots.preview(body.written, body.replaces)
    shown = [shapes.OccurrenceOut(due_at=one.due_at, why_not=one.why_not) for one in coming]
    return jsonify(shapes.OccurrencesOut(occurrences=shown).model_dump(mode="json"))


@pages.put("/<name>", responses={200: shapes.SlotOut})
def keep(path: shapes.SlotPath, body: shapes.SlotIn) -> Response:
    """Keep a slot under this name, in the place of one that was made here before; it runs at once."""
    there = parts().station.slots.find(path.name)
    replaces = path.name if there and there.written is not None else ""
    written = {**body.written, "name": path.name}
    parts().station.slots.save(written, access.token().name, replaces)
    return _slot_json(path.name)


@pages.delete("/<name>", responses={204: None, **described(404)})
def remove(path: shapes.SlotPath) -> Response:
    """Take out one that was made on the page or here; the page takes that back for 30 days."""
    there = parts().station.slots.find(path.name)
    if there is None or there.written is None:
        return problem(404, "没有这个名字的，或者它写在 timetable.yaml 里，只能在文件里改。")
    parts().station.slots.remove(path.name, access.token().name)
    return Response(status=204)


@pages.put("/<name>/pause", responses={200: shapes.SlotOut, **described(404)})
def pause(path: shapes.SlotPath, body: shapes.PauseIn) -> Response:
    """Silent before that day, or until somebody lets it go on."""
    return _paused(path.name, body.until_day)


@pages.delete("/<name>/pause", responses={200: shapes.SlotOut, **described(404)})
def go_on(path: shapes.SlotPath) -> Response:
    return _paused(path.name, None)


def _paused(name: str, until: date | None) -> Response:
    if parts().station.slots.find(name) is None:
        return problem(404, "没有这个名字的，请看看时间表。")
    parts().station.slots.pause(name, until, access.token().name)
    return _slot_json(name)


def _slot_json(name: str) -> Response:
    entry = parts().station.slots.find(name)
    if entry is None:
        return problem(404, "刚才有人把它删掉了，请看看时间表。")
    return jsonify(shapes.SlotOut.of(entry).model_dump(mode="json"))
