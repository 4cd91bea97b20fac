"""The endpoint `POST /enrol`: a box sends its one-time code and its public key, with the proof that the
key is its own, and gets its enrolment.

`/enrol/county` is the same for the relay of a county below. Whoever opens the address with a phone reads
what it is for.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from broadcaster.bulletin import strict_json
from broadcaster.bulletin.enrolment import is_proved
from broadcaster.bulletin.invitation import (
    COMMANDS,
    FOR_BOX,
    FOR_COUNTY,
    Invitation,
    InvitationRefused,
)
from broadcaster.core.errors import BroadcasterError
from broadcaster.county.pages.base import access
from broadcaster.county.register.one_time_code import CodeUnknown, code_hash_of, normalised

pages = Blueprint("enrol", __name__, template_folder="templates")

MEDIA_TYPE = "application/json; charset=utf-8"
NO_INVITATION = "这个登记链接不全，或者不是这里给的。请把县里给的那一行从头到尾再复制一遍。"
OTHER_ROOT = (
    "写下来的根的指纹和本平台的不一样，没有登记，登记码还能用。请把给的那一行整行再复制一遍；"
    "还是这样，就打电话核对指纹。"
)


@pages.get(FOR_BOX)
def explain() -> ResponseReturnValue:
    return _explanation_page(FOR_BOX)


@pages.get(FOR_COUNTY)
def explain_to_county() -> ResponseReturnValue:
    return _explanation_page(FOR_COUNTY)


@pages.post(FOR_BOX)
def enrol() -> ResponseReturnValue:
    """JSON `{"code": …, "key": …, "root": …, "proof": …}` or a form of the same; who does not name the
    root looks at what the answer says of it. Boxes of 0.3 and before send no proof.
    """
    return _answer(_enrol)


@pages.post(FOR_COUNTY)
def admit() -> ResponseReturnValue:
    return _answer(_admit)


def _explanation_page(path: str) -> ResponseReturnValue:
    """The line is the office's own: people copy it into a shell, and any link may lead here."""
    try:
        asked = Invitation.read(f"{path}?{urlsplit(request.url).query}", path)
    except InvitationRefused:
        return render_template("error.html", code=404, sentence=NO_INVITATION), 404
    code, found = normalised(asked.code), access.pages()
    if not code or asked.root != found.trusted.pin:
        return render_template("error.html", code=404, sentence=NO_INVITATION), 404
    line = found.invitation(code, request.url_root).line(path)
    is_county, command = path == FOR_COUNTY, COMMANDS[path]
    return render_template("office/enrol.html", line=line, command=command, is_county=is_county)


def _enrol(code: str, key: str, is_proved: bool) -> bytes:
    found, given = access.pages(), access.pages().trusted
    of_office = given.pin, given.keyring(), given.broker
    made = found.parts.register.enrol(code, key, *of_office, is_proved)
    found.parts.audit.note(made.box, "登记", made.name, access.address())
    return made.to_bytes()


def _admit(code: str, key: str, is_proved: bool) -> bytes:
    found, given = access.pages(), access.pages().trusted
    made = found.parts.counties.admit(code, key, given.pin, given.broker, is_proved)
    found.parts.audit.note(made.user, "登记", made.county, access.address())
    return made.to_bytes()


def _answer(let_in: Callable[[str, str, bool], bytes]) -> ResponseReturnValue:
    found, address = access.pages(), access.address()
    given = _request_fields()
    code, key, root, proof = (str(given.get(name, "")) for name in ("code", "key", "root", "proof"))
    if root and root.lower() != found.trusted.pin:
        return _refused(OTHER_ROOT, 409)
    now = found.parts.clock.monotonic()
    if not found.tries.allow(now, code_hash_of(code), address):
        return _refused("登记码错的次数太多，请 15 分钟后再试。", 429)
    try:
        made = let_in(code, key, is_proved(code, key, root, proof))
    except CodeUnknown as error:
        found.tries.failed(now, code_hash_of(code), address)
        return _refused(str(error), 403)
    except BroadcasterError as error:
        return _refused(str(error), 403)
    return Response(made, content_type=MEDIA_TYPE)


def _request_fields() -> Mapping[str, Any]:
    try:
        asked = strict_json.parse(request.get_data()) if request.is_json else request.form
    except ValueError:
        return {}
    return asked if isinstance(asked, Mapping) else {}


def _refused(sentence: str, code: int) -> Response:
    return Response(sentence, code, content_type="text/plain; charset=utf-8")
