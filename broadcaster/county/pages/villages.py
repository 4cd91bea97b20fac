"""The pages that switch a village's page on the office's site on and off, and tell why it cannot be
reached.
"""

from typing import Any

import segno
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from broadcaster.bulletin.delegation import Delegation
from broadcaster.core.errors import BroadcasterError
from broadcaster.county.keys.village_keys import VillageKeys
from broadcaster.county.pages.base import access
from broadcaster.county.register.register import Box
from broadcaster.county.villages.village_site import PREFIX, PROBLEM

pages = Blueprint("village", __name__, template_folder="templates")


@pages.app_context_processor
def _template_values() -> dict[str, Any]:
    """For the page of a box."""
    return {"village_of": _delegation, "villages_are_carried": access.pages().villages is not None}


@pages.get("/register/<id>/village")
def card(id: str) -> ResponseReturnValue:
    """The address, for the secretary's phone."""
    box = _box(id)
    if _delegation(box) is None:
        abort(404)
    address = address_of(box)
    drawing = segno.make(address, error="m").svg_inline(scale=6, border=2, dark="#000", light="#fff")
    return render_template("office/village.html", box=box, address=address, drawing=drawing)


@pages.post("/register/<id>/village")
def carry(id: str) -> ResponseReturnValue:
    box = _box(id)
    access.about(id)
    try:
        _keys().open(box.area, box.name, urgent="urgent" in request.form)
    except BroadcasterError as error:
        flash(str(error))
        return redirect(url_for("register.box", id=id), 303)
    flash("开通了。把这个地址给村里的书记，他用村里网页的名字和密码登录。")
    return redirect(url_for("village.card", id=id), 303)


@pages.post("/register/<id>/village/close")
def close(id: str) -> ResponseReturnValue:
    access.about(id)
    try:
        _keys().close(_box(id).area)
        flash("关掉了，这个村的网页不能再经县里的网站打开。")
    except BroadcasterError as error:
        flash(str(error))
    return redirect(url_for("register.box", id=id), 303)


@pages.route(f"{PREFIX}<box>", endpoint="into")
def into(box: str) -> ResponseReturnValue:
    return redirect(f"{PREFIX}{box}/", 308)


@pages.route(f"{PREFIX}<box>/", methods=["GET", "POST"], endpoint="away")
@pages.route(f"{PREFIX}<box>/<path:rest>", methods=["GET", "POST"], endpoint="away")
def away(box: str, rest: str = "") -> ResponseReturnValue:
    """The page shown when the village's own page could not answer."""
    sentence = request.environ.get(PROBLEM) or abort(404)
    return render_template("office/village_away.html", sentence=sentence, box=box), 503


def address_of(box: Box) -> str:
    """As the office tells its own address to boxes, else as this browser came."""
    root = access.pages().settings.address or request.url_root
    return f"{root.rstrip('/')}{PREFIX}{box.id}/"


def _delegation(box: Box) -> Delegation | None:
    found = access.pages().villages
    return found.delegation(box.area) if found else None


def _box(id: str) -> Box:
    return access.pages().parts.register.get(id)


def _keys() -> VillageKeys:
    return access.pages().villages or abort(404)
