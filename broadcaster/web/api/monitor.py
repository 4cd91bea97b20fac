"""Monitoring of many boxes: `/healthz` says if this one works, `/metrics` gives its figures."""

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue

from broadcaster.core.errors import BroadcasterError
from broadcaster.web.base.page_context import parts

pages = Blueprint("monitor", __name__)


@pages.get("/healthz")
def healthz() -> ResponseReturnValue:
    """`pass`, or `warn` when something is wrong and it speaks all the same, or 503 and `fail`. What is
    wrong is for who has logged in."""
    station = parts().station
    try:
        station.accounts.needs_account()
        state = "warn" if station.status().fault or not station.device().ready else "pass"
    except BroadcasterError:
        state = "fail"
    answer = jsonify(status=state)
    answer.content_type = "application/health+json"
    return answer, 503 if state == "fail" else 200


@pages.get("/metrics")
def metrics() -> ResponseReturnValue:
    # 1 MB, which only a box that is watched pays.
    from broadcaster.web.api.metrics import CONTENT_TYPE, exposition

    return Response(exposition(parts()), content_type=CONTENT_TYPE)
