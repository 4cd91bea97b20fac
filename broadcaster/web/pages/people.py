"""The page 人员: the accounts and their roles; adds people, resets passwords, removes people."""

from collections.abc import Sequence

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from broadcaster.core.errors import AccountRefused
from broadcaster.core.people import Person, Role
from broadcaster.web.base import access
from broadcaster.web.base.form_errors import Mistake, form_page
from broadcaster.web.base.language import N_, _, own
from broadcaster.web.base.page_context import parts
from broadcaster.web.base.paging import paged

ROLES = {
    Role.SECRETARY: (N_("书记"), N_("什么都能做")),
    Role.EDITOR: (N_("编辑"), N_("能写、能存，不能播出")),
    Role.VIEWER: (N_("只看"), N_("只能看，不能改")),
}

pages = Blueprint("people", __name__, url_prefix="/more/people")


@pages.get("")
def home() -> ResponseReturnValue:
    return _page(name=request.args.get("name", ""))


@pages.post("")
def add() -> ResponseReturnValue:
    name = request.form.get("name", "")
    try:
        password = parts().station.accounts.add(name, _role_of_form())
    except AccountRefused as error:
        return _page([Mistake("name", str(error))], name)
    return render_template("given.html", name=name.strip(), password=password)


@pages.get("/<int:number>")
def person(number: int) -> ResponseReturnValue:
    return render_template("person.html", person=_find(number), me=access.me())


@pages.post("/<int:number>/role")
def set_role(number: int) -> ResponseReturnValue:
    person, role = _other_person(number), _role_of_form()
    try:
        parts().station.accounts.set_role(person.name, role)
    except AccountRefused as error:
        return _person_page(person, str(error))
    g.about = f"{person.name} → {ROLES[role][0]}"
    flash(_("%(name)s 现在是：%(role)s。", name=own(person.name), role=_(ROLES[role][0])))
    return redirect(url_for("people.home"), 303)


@pages.post("/<int:number>/reset")
def reset(number: int) -> ResponseReturnValue:
    person = _other_person(number)
    password = parts().station.accounts.reset(person.name)
    return render_template("given.html", name=person.name, password=password)


@pages.post("/<int:number>/remove")
def remove(number: int) -> ResponseReturnValue:
    person = _other_person(number)
    try:
        parts().station.accounts.remove(person.name)
    except AccountRefused as error:
        return _person_page(person, str(error))
    flash(_("%(name)s 的账号删掉了，已经登录的手机也退出了。", name=own(person.name)))
    return redirect(url_for("people.home"), 303)


def _page(mistakes: Sequence[Mistake] = (), name: str = "") -> ResponseReturnValue:
    people = paged(parts().station.accounts.people())
    return form_page("people.html", mistakes, people=people, me=access.me(), roles=ROLES, name=name)


def _person_page(person: Person, problem: str) -> ResponseReturnValue:
    return form_page("person.html", [Mistake("role", problem)], person=person, me=access.me())


def _find(number: int) -> Person:
    people = parts().station.accounts.people()
    found = next((one for one in people if one.number == number), None)
    if found is None:
        abort(404)
    g.about = found.name
    return found


def _other_person(number: int) -> Person:
    """Somebody else: one's own account is changed on its own page, by who knows its password."""
    found = _find(number)
    if found.number == access.me().number:
        abort(403)
    return found


def _role_of_form() -> Role:
    try:
        return Role(request.form.get("role", ""))
    except ValueError:
        abort(400)
