"""`POST /enrol`: a box tells its one-time code and its public key, and learns all that it must know."""

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from broadcaster.county import access
from broadcaster.county.register import RegisterRefused

pages = Blueprint("enrol", __name__)

MEDIA_TYPE = "application/json; charset=utf-8"


@pages.post("/enrol")
def enrol() -> ResponseReturnValue:
    """JSON `{"code": …, "key": …}` or a form of the same; the answer is given once."""
    found, address = access.pages(), access.address()
    asked = request.get_json(silent=True) if request.is_json else request.form
    code, key = (str((asked or {}).get(name, "")) for name in ("code", "key"))
    now = found.parts.clock.monotonic()
    if not found.tries.allow(now, address):
        return _refused("登记码错的次数太多，请 15 分钟后再试。", 429)
    given = found.trusted
    try:
        made = found.parts.register.enrol(code, key, given.pin, given.keyring(), given.broker)
    except RegisterRefused as error:
        found.tries.failed(now, address)
        return _refused(str(error), 403)
    found.parts.audit.note(made.box, "登记", made.name, address)
    return Response(made.to_bytes(), content_type=MEDIA_TYPE)


def _refused(sentence: str, code: int) -> Response:
    return Response(sentence, code, content_type="text/plain; charset=utf-8")
