"""The pages of sent bulletins: the list, delivery by town and by village, cancel and approval."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from broadcaster.bulletin.bulletin import BulletinKind
from broadcaster.core.people import WrongLogins
from broadcaster.county.board.coverage import coverage
from broadcaster.county.board.province_board import FigureQuality
from broadcaster.county.notices.approval_desk import DraftRecord
from broadcaster.county.notices.approval_rules import WRONG_STATE
from broadcaster.county.notices.bulletin_wording import age_warnings
from broadcaster.county.notices.draft import DraftRefused, DraftState
from broadcaster.county.pages.base import access
from broadcaster.county.pages.base.download import CSV, download

PAGE = 20
# Drills are counted apart; those that are not over stand among what happens now.
SHOWN = (BulletinKind.NOTICE, BulletinKind.TEST)
SETTLED = (DraftState.CANCELLED, DraftState.EXPIRED, DraftState.DRAFT)
pages = Blueprint(
    "board", __name__, template_folder="templates", static_folder="static", static_url_path="/office"
)


@pages.get("/")
def home() -> ResponseReturnValue:
    parts = access.pages().parts
    skip = max(request.args.get("skip", 0, int), 0)
    records = parts.desk.recent(PAGE + 1, skip, SHOWN)
    drills = _drills_now()
    newest = reversed(parts.desk.in_state(DraftState.AWAITING))
    awaiting = sorted(newest, key=lambda record: record.draft.severity.rank)
    counts = parts.board.counts([record.id for record in (*records[:PAGE], *drills)])
    return render_template(
        "office/home.html",
        records=records[:PAGE],
        counts=counts,
        without=parts.province_board.without_totals(records[:PAGE]),
        drills=drills,
        wrong_logins=_wrong_logins(),
        awaiting=awaiting[:PAGE],
        more_awaiting=len(awaiting[PAGE:]),
        older=skip + PAGE if len(records) > PAGE else None,
    )


@pages.get("/bulletin/<id>")
def one(id: str) -> ResponseReturnValue:
    return _page(id)


@pages.get("/bulletin/<id>/town/<code>")
def town(id: str, code: str) -> ResponseReturnValue:
    record, board = find_record(id), access.pages().parts.board
    found = next((one for one in board.towns(id) if one.code == code), None)
    if found is None:
        abort(404)
    return render_template("office/town.html", record=record, town=found, places=board.places(id, code))


@pages.get("/bulletin/<id>.csv")
def as_csv(id: str) -> ResponseReturnValue:
    record = find_record(id)
    parts = access.pages().parts
    written = parts.board.to_csv(record.id, record.draft.sent_title, parts.clock.zone)
    kind = "drill" if record.draft.is_drill else "bulletin"
    return download(written, CSV, f"{kind}-{record.id}.csv")


@pages.get("/bulletin/<id>/cancel")
def ask_cancel(id: str) -> ResponseReturnValue:
    record, off = find_record(id), access.pages().parts.desk.cancel_of(id)
    if off or record.state in SETTLED:
        flash("这一则已经取消了。" if off else WRONG_STATE[record.state])
        return redirect(url_for("board.one", id=id), 303)
    return render_template("office/cancel.html", record=record)


@pages.post("/bulletin/<id>/cancel")
def cancel(id: str) -> ResponseReturnValue:
    record = access.pages().parts.desk.cancel(access.me(), id)
    access.about(record.draft.title)
    flash("取消的命令已经发出，正在播的会马上停。" if record.issued else "取消了，没有发出去。")
    return redirect(url_for("board.one", id=id), 303)


@pages.post("/bulletin/<id>/approve")
def approve(id: str) -> ResponseReturnValue:
    now = access.pages().parts.clock.now()
    # A page that was left open over night has not told him.
    if age_warnings(find_record(id), now) and request.form.get("day") != f"{now:%Y-%m-%d}":
        return _page(id, "这一页是以前打开的，还没有批。请看过下面的提醒再批。"), 409
    try:
        record = access.pages().parts.desk.approve(access.me(), id, request.form.get("seen", ""))
    except DraftRefused as error:
        return _page(id, str(error)), 409
    access.about(record.draft.title)
    flash("批准了，正在发。")
    return redirect(url_for("board.one", id=id), 303)


@pages.post("/bulletin/<id>/back")
def send_back(id: str) -> ResponseReturnValue:
    form, desk = request.form, access.pages().parts.desk
    try:
        record = desk.send_back(access.me(), id, form.get("note", ""), form.get("seen", ""))
    except DraftRefused as error:
        return _page(id, str(error)), 409
    access.about(record.draft.title)
    flash("退回去了，改好可以再提交。")
    return redirect(url_for("board.one", id=id), 303)


@pages.post("/bulletin/<id>/discard")
def discard(id: str) -> ResponseReturnValue:
    title = find_record(id).draft.title
    try:
        access.pages().parts.desk.discard(id, request.form.get("seen", ""))
    except DraftRefused as error:
        return _page(id, str(error)), 409
    access.about(title)
    flash("草稿删掉了。")
    return redirect(url_for("board.home"), 303)


def _page(id: str, problem: str = "") -> str:
    record, parts = find_record(id), access.pages().parts
    towns = parts.board.towns(id)
    counts = parts.board.counts([id])[id]
    deliveries = parts.province_board.deliveries(record)
    names = parts.register.names() | {parts.county: "全部" if deliveries else "全县"}
    return render_template(
        "office/bulletin.html",
        record=record,
        off=parts.desk.cancel_of(id),
        origin=parts.foreign.origin(id),
        areas=[names.get(code, code) for code in record.draft.areas],
        counts=counts,
        rests="" if record.issued else parts.quiet_villages.warning(record.draft),
        previews=parts.preview_log.of(record.version),
        towns=towns,
        speechless=parts.board.speechless(id),
        fetched=parts.board.fetched(id) if record.draft.is_column else None,
        bars=coverage(towns),
        deliveries=deliveries,
        county_bars=coverage([one.as_bar for one in deliveries if one.has_figures]),
        untold=sum(not one.has_figures for one in deliveries),
        doubtful=sum(one.has_figures and one.quality is not FigureQuality.TRUE for one in deliveries),
        refreshes=record.state not in SETTLED and not problem,
        problem=problem,
        reason=request.form.get("note", ""),
    )


def _wrong_logins() -> list[WrongLogins]:
    """All for who keeps the people, one's own for everybody else."""
    parts = access.pages().parts
    found = parts.audit.wrong_logins([one.name for one in parts.officers.all()])
    return [one for one in found if access.may("more.people") or one.name == access.me().name]


def _drills_now() -> list[DraftRecord]:
    """In force, or not sent yet."""
    found = access.pages().parts.desk.recent(PAGE, 0, (BulletinKind.DRILL,))
    return [record for record in found if record.state not in (DraftState.CANCELLED, DraftState.EXPIRED)]


def find_record(id: str) -> DraftRecord:
    try:
        return access.pages().parts.desk.get(id)
    except DraftRefused:
        abort(404)
