"""The pages 下面的县: the counties below and their relays, their admission; a bulletin's delivery in one
of them.
"""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from broadcaster.bulletin.invitation import FOR_COUNTY
from broadcaster.core.errors import BroadcasterError
from broadcaster.county.board.province_board import QUALITY_WORDING
from broadcaster.county.pages.base import access
from broadcaster.county.pages.base.download import CSV, JSON, download
from broadcaster.county.pages.board import find_record
from broadcaster.county.pages.register import invitation_card
from broadcaster.county.register.counties import Counties, County
from broadcaster.county.register.register import BOX_STATES

pages = Blueprint("counties", __name__, template_folder="templates", url_prefix="/counties")


@pages.get("")
def home() -> ResponseReturnValue:
    return _list_page()


@pages.post("")
def add() -> ResponseReturnValue:
    form = request.form
    try:
        county, code = _counties().add(form.get("code", ""), form.get("name", ""))
    except BroadcasterError as error:
        return _list_page(str(error)), 400
    access.about(f"{county.code} {county.name}")
    return _invitation_page(county, code)


@pages.get("/<code>")
def one(code: str) -> ResponseReturnValue:
    return _county_page(_counties().get(code))


@pages.post("/<code>/replace")
def replace(code: str) -> ResponseReturnValue:
    given = _counties().replace(code)
    access.about(code)
    return _invitation_page(_counties().get(code), given)


@pages.post("/<code>/retire")
def retire(code: str) -> ResponseReturnValue:
    _counties().retire(code)
    access.about(code)
    flash("停用了，它的转发连不上来，也不再收它的数。要再用，重新发一个登记码。")
    return redirect(url_for("counties.one", code=code), 303)


@pages.post("/<code>/file")
def file(code: str) -> ResponseReturnValue:
    given = access.pages().trusted
    made = _counties().admission_file(code, given.pin, given.broker)
    access.about(code)
    return download(made.to_bytes(), JSON, f"{made.user}.admission")


@pages.post("/<code>/key")
def set_key(code: str) -> ResponseReturnValue:
    try:
        _counties().set_key(code, request.form.get("key", ""))
    except BroadcasterError as error:
        return _county_page(_counties().get(code), str(error)), 400
    access.about(code)
    flash("公钥登记好了，它的数从现在起算。")
    return redirect(url_for("counties.one", code=code), 303)


@pages.get("/<code>/bulletin/<id>")
def delivery(code: str, id: str) -> ResponseReturnValue:
    record = find_record(id)
    deliveries = access.pages().parts.province_board.deliveries(record)
    found = next((one for one in deliveries if one.county.code == code), None)
    if found is None:
        abort(404)
    return render_template("office/county_delivery.html", record=record, delivery=found)


@pages.get("/bulletin/<id>.csv")
def as_csv(id: str) -> ResponseReturnValue:
    record = find_record(id)
    written = access.pages().parts.province_board.to_csv(record)
    return download(written, CSV, f"counties-{record.id}.csv")


def _list_page(problem: str = "") -> str:
    counties, board = _counties().all(), access.pages().parts.province_board
    remarks = {one.code: QUALITY_WORDING[board.quality_of(one)] for one in counties}
    return render_template("office/counties.html", counties=counties, remarks=remarks, problem=problem)


def _county_page(county: County, problem: str = "") -> str:
    relay = QUALITY_WORDING[access.pages().parts.province_board.quality_of(county)]
    state = BOX_STATES[county.state]
    return render_template(
        "office/county.html", county=county, relay=relay, state=state, problem=problem
    )


def _invitation_page(county: County, code: str) -> str:
    back = url_for("counties.one", code=county.code)
    return invitation_card(county.name, code, FOR_COUNTY, back)


def _counties() -> Counties:
    return access.pages().parts.counties
