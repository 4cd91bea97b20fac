"""The bar on top of every page: shows what is on the air, and silences it by one tap."""

from contextlib import suppress
from datetime import datetime

from flask import render_template
from markupsafe import Markup

from broadcaster.core.errors import BroadcasterError
from broadcaster.core.labels import say_place
from broadcaster.core.model import Airing, AiringKind
from broadcaster.station.station import Status
from broadcaster.web.base import access, wording
from broadcaster.web.base.language import _
from broadcaster.web.base.page_context import parts

View = dict[str, object]
SHOWN_UPCOMING = 5


def on_page() -> View | None:
    """The bar of the page that is being made; None for who has not logged in, or if nothing is known."""
    with suppress(BroadcasterError):
        if access.who():
            return view(parts().station.status())
    return None


def moving(status: Status) -> dict[str, str]:
    """The same in parts, for pages that are open; what is left changes each second and is its own."""
    shown = view(status)
    return {"bar": render_template("live_bar.html", bar=shown | {"left": ""}), "left": left(status)}


def view(status: Status) -> View:
    now = parts().clock.now()
    due = status.due(now)
    quiet = not (status.on_air or due or status.stop)
    return {
        "status": status,
        "due": due,
        "next": _next(status) if quiet else None,
        "loops_again": loops_again(status),
        "left": left(status),
        "now": f"{now:%H:%M:%S}",
    }


def left(status: Status) -> str:
    """The time that is left of the airing, in a sound of a column the place; "" if it is not known."""
    on_air = status.on_air
    if not on_air or on_air.stopping or on_air.airing.notice.talk:
        return ""
    if on_air.piece and on_air.piece.title:
        said = say_place(on_air.piece.seconds, on_air.piece.of_seconds)
    elif on_air.made:
        seconds = wording.say_seconds(max(0.0, on_air.seconds_due - on_air.seconds_played))
        said = _("还有 %(length)s", length=seconds)
    else:
        return ""
    return Markup(render_template("live_left.html", left=said))


def loops_again(status: Status) -> datetime | None:
    """The time at which a stopped loop sounds again; None if no loop is among the next airings."""
    if status.loops_stopped:
        with suppress(BroadcasterError):
            coming = parts().station.upcoming(SHOWN_UPCOMING)
            return next((one.due_at for one in coming if one.kind is AiringKind.LOOP), None)
    return None


def _next(status: Status) -> Airing | None:
    coming = status.later(parts().clock.now())[:1]
    with suppress(BroadcasterError):
        coming += parts().station.upcoming(1)
    return min(coming, key=lambda airing: airing.due_at.timestamp(), default=None)
