"""The home page: current, next and past airings; stop, resume, cancel, volume, loops again."""

from collections.abc import Callable
from typing import TypeVar

from flask import (
    Blueprint,
    Response,
    abort,
    copy_current_request_context,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue

from broadcaster.core.errors import BroadcasterError
from broadcaster.core.people import WrongLogins
from broadcaster.station.station import Status, TakenUp
from broadcaster.web.base import access, drafts
from broadcaster.web.base import air_bar as top
from broadcaster.web.base.language import _, chosen, own
from broadcaster.web.base.page_context import parts
from broadcaster.web.base.paging import MOST_WAITING
from broadcaster.web.pages import asked_here

T = TypeVar("T")

SHOWN_HISTORY = 4
VOLUMES = (20, 40, 60, 80, 100)
# Most stops are silence after 0.2 s; a page that is shown before says 正在停.
FADE_SECONDS = 1.5
# A message that the next change on the air ends.
PASSING = "passing"
# Which page a stream is for; any other has the bar alone.
HOME = "home"

pages = Blueprint("air", __name__)


@pages.get("/")
def home() -> ResponseReturnValue:
    volume = parts().station.volume
    nearest = min(VOLUMES, key=lambda one: abs(one - volume))
    afar, status = parts().station.remote_access(), parts().station.status()
    mine = asked_here.followed_here(status)
    return render_template(
        "home.html",
        volumes=VOLUMES,
        volume=nearest,
        afar=afar,
        asked=mine,
        unfinished=drafts.unfinished(),
        wrong_logins=_wrong_logins(),
        **_view(status),
    )


def _wrong_logins() -> list[WrongLogins]:
    """All for who manages the people, one's own for everybody else."""
    names = [one.name for one in parts().station.accounts.people()]
    found = parts().station.deeds.wrong_logins(names)
    return [one for one in found if access.may("people.home") or one.name == access.me().name]


@pages.post("/seen")
def seen() -> ResponseReturnValue:
    """He knows how what he asked for ended, one of it or all."""
    if airing_id := request.form.get("airing", ""):
        asked_here.forget(airing_id)
    else:
        asked_here.forget_finished()
    return redirect(url_for("air.home"), 303)


@pages.get("/live")
def live() -> dict[str, object]:
    """The parts of a page that change by themselves, as it shows them, and the box's time."""
    return {"parts": _moving(), "now": f"{parts().clock.now():%H:%M:%S}"}


@pages.get("/live/stream")
def stream() -> ResponseReturnValue:
    """The same as it changes; 503 when too many look, and then a page asks `/live` itself."""
    if not parts().live.join():
        return Response(status=503)
    # Whatever else an address says of its page is no page of ours, and would be kept for ever.
    of = HOME if request.args.get("of") == HOME else ""
    audience = (access.me().role.value, chosen(), of)
    look, now = copy_current_request_context(_moving), parts().clock.now
    messages = parts().live.messages(look, lambda: f"{now():%H:%M:%S}", audience)
    answer = Response(messages, mimetype="text/event-stream")
    answer.call_on_close(parts().live.part)
    return answer


@pages.get("/bar")
def bar() -> ResponseReturnValue:
    """The bar as a page of its own, for the frame of a phone that runs no script."""
    return render_template("frame.html", bar=top.on_page())


@pages.post("/stop")
def stop() -> ResponseReturnValue:
    """Answered when there is silence."""
    station = parts().station
    ended = station.stop_all(asked_by=session["name"])
    if ended and (on_air := station.status().on_air):
        station.wait_for_end(on_air.airing.id, FADE_SECONDS)
    return _answer("" if ended else _("现在没有在播的，也没有排队的。"))


@pages.post("/skip")
def skip() -> ResponseReturnValue:
    """Of the piece that was shown: a second tap skips no other one."""
    airing_id, _space, number = request.form.get("piece", "").partition(" ")
    piece = int(number) if number.isdecimal() else 0
    station = parts().station
    on_air = station.status().on_air
    follows = on_air is not None and piece < on_air.pieces
    if not station.skip(session["name"], airing_id, piece):
        flash(_("那一段已经放过去了。"), PASSING)
    elif follows:
        flash(_("跳过了，接着放下一段。"), PASSING)
    elif station.wait_for_end(airing_id, FADE_SECONDS):
        flash(_("跳过了，后面没有别的段了，播完了。"), PASSING)
    else:
        flash(_("跳过了，这是最后一段。"), PASSING)
    return redirect(url_for("air.home"), 303)


@pages.post("/go-on")
def go_on() -> ResponseReturnValue:
    """Take a stop back; what does not come back is named."""
    from_start = "from_start" in request.args
    taken = parts().station.go_on(request.form.get("stop", ""), from_start)
    if taken is None:
        return _answer(_("已经接着播过了，或者过了十分钟。要再播，请到播出记录里点“再播一次”。"))
    asked_here.go_on(taken)
    return _answer(" ".join(_why_not(one) for one in taken if one.why_not))


@pages.post("/loops")
def resume_loops() -> ResponseReturnValue:
    parts().station.resume_loops()
    flash(_("循环播放恢复了，到点就接着播。"))
    return redirect(url_for("air.home"), 303)


@pages.post("/clock")
def confirm_clock() -> ResponseReturnValue:
    """A person has held it against his own."""
    parts().station.confirm_clock()
    flash(_("记下了：盒子的钟是对的，定时的按它播。"))
    return redirect(url_for("air.home"), 303)


@pages.post("/volume")
def set_volume() -> ResponseReturnValue:
    try:
        percent = int(request.form.get("percent", ""))
    except ValueError:
        abort(400)
    if percent not in VOLUMES:
        abort(400)
    parts().station.set_volume(percent)
    flash(_("音量定在 %(percent)s 了，从下一条开始。", percent=percent))
    return redirect(url_for("air.home"), 303)


@pages.get("/cancel/<airing_id>")
def ask_cancel(airing_id: str) -> ResponseReturnValue:
    for airing in parts().station.status().waiting:
        if airing.id == airing_id:
            return render_template("cancel.html", airing=airing)
    return _not_found()


@pages.post("/cancel/<airing_id>")
def cancel(airing_id: str) -> ResponseReturnValue:
    if not parts().station.cancel(airing_id, asked_by=session["name"]):
        return _not_found()
    asked_here.forget(airing_id)
    flash(_("这一条不播了。"))
    return redirect(url_for("air.home"), 303)


def _not_found() -> ResponseReturnValue:
    flash(_("这一条已经播过或者取消了。"))
    return redirect(url_for("air.home"), 303)


def _answer(said: str) -> ResponseReturnValue:
    """To a tap on the bar: a script changes no page, a frame shows the bar again."""
    if request.accept_mimetypes.best == "application/json":
        return {"parts": top.moving(parts().station.status()), "said": said}
    if said:
        flash(said)
    return redirect(url_for("air.bar" if "frame" in request.args else "air.home"), 303)


def _why_not(one: TakenUp) -> str:
    return _("“%(name)s”没有接着播：%(reason)s。", name=own(one.name), reason=own(one.why_not))


def _moving() -> dict[str, object]:
    """The parts that change on every page, and on the home page its own."""
    status = parts().station.status()
    shown: dict[str, object] = {**top.moving(status)}
    if request.args.get("of") != HOME:
        return shown
    view = _view(status)
    for name in ("fault", "on_air", "loops", "coming", "clock", "recent"):
        shown[name] = render_template(f"live_{name}.html", **view)
    for one in asked_here.followed_anywhere(status):
        shown[f"asked-{one.id}"] = render_template("live_asked.html", one=one)
    return shown


def _view(status: Status) -> dict[str, object]:
    station = parts().station
    faults = list(status.faults)
    now = parts().clock.now()
    due, later = status.due(now), status.later(now)
    upcoming = _or_fault(lambda: station.upcoming(top.SHOWN_UPCOMING), faults)
    shown = later[: max(0, MOST_WAITING - len(due))]
    waits = {airing.id for airing in upcoming if airing.due_at <= now}
    return {
        "status": status,
        "loops_again": top.loops_again(status),
        "held": status.held | waits,
        "due": due,
        "later": later,
        "most_waiting": MOST_WAITING,
        "coming": sorted(shown + upcoming, key=lambda airing: airing.due_at.timestamp()),
        "can_be_cancelled": {airing.id for airing in status.waiting},
        "history": _or_fault(lambda: station.history(SHOWN_HISTORY), faults),
        "faults": faults,
    }


def _or_fault(fetch: Callable[[], list[T]], faults: list[str]) -> list[T]:
    """A list for the page; what cannot be had is told, and leaves the air's own buttons usable."""
    try:
        return fetch()
    except BroadcasterError as error:
        faults.append(str(error))
        return []
