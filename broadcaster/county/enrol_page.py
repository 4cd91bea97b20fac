"""`POST /enrol`: a box tells its one-time code and its public key, and learns all that it must know.

`/enrol/county` is the same for the relay of a county below.
"""

from collections.abc import Callable

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from broadcaster.county import access
from broadcaster.county.one_time import code_hash_of
from broadcaster.county.register import RegisterRefused

pages = Blueprint("enrol", __name__)

MEDIA_TYPE = "application/json; charset=utf-8"


@pages.post("/enrol")
def enrol() -> ResponseReturnValue:
    """JSON `{"code": …, "key": …}` or a form of the same; the answer is given once."""
    return _once(_enrol)


@pages.post("/enrol/county")
def admit() -> ResponseReturnValue:
    return _once(_admit)


def _enrol(code: str, key: str) -> bytes:
    found, given = access.pages(), access.pages().trusted
    made = found.parts.register.enrol(code, key, given.pin, given.keyring(), given.broker)
    found.parts.audit.note(made.box, "登记", made.name, access.address())
    return made.to_bytes()


def _admit(code: str, key: str) -> bytes:
    found, given = access.pages(), access.pages().trusted
    made = found.parts.counties.admit(code, key, given.pin, given.broker)
    found.parts.audit.note(made.user, "登记", made.county, access.address())
    return made.to_bytes()


def _once(enrol: Callable[[str, str], bytes]) -> ResponseReturnValue:
    found, address = access.pages(), access.address()
    asked = request.get_json(silent=True) if request.is_json else request.form
    code, key = (str((asked or {}).get(name, "")) for name in ("code", "key"))
    now = found.parts.clock.monotonic()
    if not found.tries.allow(now, code_hash_of(code), address):
        return _refused("登记码错的次数太多，请 15 分钟后再试。", 429)
    try:
        made = enrol(code, key)
    except RegisterRefused as error:
        found.tries.failed(now, code_hash_of(code), address)
        return _refused(str(error), 403)
    return Response(made, content_type=MEDIA_TYPE)


def _refused(sentence: str, code: int) -> Response:
    return Response(sentence, code, content_type="text/plain; charset=utf-8")
