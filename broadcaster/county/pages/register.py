"""The pages 登记簿: boxes by village, their one-time codes, areas as CSV."""

import codecs
from urllib.parse import urlsplit

import segno
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from broadcaster.bulletin.invitation import COMMANDS, FOR_BOX
from broadcaster.core.errors import BroadcasterError
from broadcaster.county.pages.base import access
from broadcaster.county.pages.base.download import CSV, JSON, download
from broadcaster.county.register.area_tree import area_tree
from broadcaster.county.register.register import BOX_STATES, Box, BoxState, Register
from broadcaster.web.server.tls import is_loopback

pages = Blueprint("register", __name__, template_folder="templates", url_prefix="/register")


@pages.get("")
def home() -> ResponseReturnValue:
    return _list()


@pages.post("")
def add() -> ResponseReturnValue:
    form = request.form
    try:
        box, code = _register().add(form.get("code", ""), form.get("name", ""))
    except BroadcasterError as error:
        return _list(str(error)), 400
    access.about(f"{box.id} {box.name}")
    return _card(box, code)


@pages.get("/<id>")
def box(id: str) -> ResponseReturnValue:
    return _box(_register().get(id))


@pages.post("/<id>/replace")
def replace(id: str) -> ResponseReturnValue:
    code = _register().replace(id)
    access.about(id)
    return _card(_register().get(id), code)


@pages.post("/<id>/retire")
def retire(id: str) -> ResponseReturnValue:
    _register().retire(id)
    access.about(id)
    flash("停用了，不再给它发通知。要再用，重新发一个登记码。")
    return redirect(url_for("register.box", id=id), 303)


@pages.post("/<id>/rename")
def rename(id: str) -> ResponseReturnValue:
    try:
        _register().rename(id, request.form.get("name", ""))
    except BroadcasterError as error:
        return _box(_register().get(id), str(error)), 400
    access.about(id)
    return redirect(url_for("register.box", id=id), 303)


@pages.post("/<id>/file")
def file(id: str) -> ResponseReturnValue:
    given = access.pages().trusted
    made = _register().enrolment_file(id, given.pin, given.keyring(), given.broker)
    access.about(id)
    return download(made.to_bytes(), JSON, f"{id}.enrolment")


@pages.post("/<id>/key")
def set_key(id: str) -> ResponseReturnValue:
    try:
        _register().set_key(id, request.form.get("key", ""))
    except BroadcasterError as error:
        return _box(_register().get(id), str(error)), 400
    access.about(id)
    flash("公钥登记好了，它的回执从现在起算数。")
    return redirect(url_for("register.box", id=id), 303)


@pages.get("/areas.csv")
def export_areas() -> ResponseReturnValue:
    return download(_register().export_areas(), CSV, "areas.csv")


@pages.post("/areas")
def import_areas() -> ResponseReturnValue:
    sent = request.files.get("file")
    try:
        text = read_table(sent.read()) if sent else request.form.get("text", "")
        number = _register().import_areas(text)
    except UnicodeError:
        return _list("这个文件不是表格的 CSV。请在表格程序里另存为 CSV 再试。"), 400
    except BroadcasterError as error:
        return _list(f"一个也没有导入：{error}"), 400
    access.about(f"{number} 个")
    flash(f"导入了 {number} 个地方。")
    return redirect(url_for("register.home"), 303)


def read_table(data: bytes) -> str:
    """As spreadsheets in China save a CSV: UTF-8, else GB 18030; "Unicode text" has a mark of its own.

    Raises `UnicodeError`.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030")


# 120 kB; with more the villages of one town are shown at a time.
MOST_VILLAGES = 500


def _list(problem: str = "") -> str:
    boxes = _register().boxes()
    tree = area_tree(_register().names(), boxes)
    few = sum(len(town.villages) for town in tree) <= MOST_VILLAGES
    return render_template(
        "office/register.html",
        tree=tree,
        opened={town.code for town in tree if few or town.code == request.args.get("town")},
        boxes=_by_village(boxes),
        states=BOX_STATES,
        total=len(boxes),
        enrolled=sum(one.state is BoxState.ENROLLED for one in boxes),
        online=sum(one.online for one in boxes),
        problem=problem,
    )


def _by_village(boxes: list[Box]) -> dict[str, list[Box]]:
    found: dict[str, list[Box]] = {}
    for one in boxes:
        found.setdefault(one.area, []).append(one)
    return found


def _box(box: Box, problem: str = "") -> str:
    doubts = access.pages().parts.doubts.of(box.id, box.enrolled_at)
    return render_template(
        "office/box.html", box=box, state=BOX_STATES[box.state], doubts=doubts, problem=problem
    )


def _card(box: Box, code: str) -> str:
    """Shown once: the code is kept as a hash only."""
    return invitation_card(box.name, code, FOR_BOX, url_for("register.box", id=box.id))


def invitation_card(name: str, code: str, path: str, back: str) -> str:
    """The invitation for whoever is let in at this path, as a line to copy and as a QR code."""
    given = access.pages().invitation(code, request.url_root)
    line, host = given.line(path), urlsplit(given.office).hostname or ""
    drawing = segno.make(line, error="m").svg_inline(scale=6, border=2, dark="#000", light="#fff")
    return render_template(
        "office/card.html",
        **{"name": name, "code": code, "line": line, "drawing": drawing, "back": back},
        **{"root": given.root, "pin": given.pin, "command": COMMANDS[path]},
        only_here=host == "localhost" or is_loopback(host),
        without_tls=not given.office.startswith("https://"),
    )


def _register() -> Register:
    return access.pages().parts.register
