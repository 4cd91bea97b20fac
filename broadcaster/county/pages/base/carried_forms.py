"""Carries a form through the login if it was sent without a session; it is never executed by itself."""

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import current_app, request
from werkzeug.exceptions import HTTPException

from broadcaster.bulletin import strict_json
from broadcaster.web.server.security_headers import sent_from_elsewhere

# In a form each Chinese character takes nine bytes, and a form may have a megabyte.
LONGEST = 100_000
SECRET = ("csrf_token", "password", "again", "old", "carried")
# Fields that somebody types; the others he ticks, or never sees.
TYPED = ("text", "title", "name", "note", "pasted", "code")
KEPT = "隔得久了，再登一次，写的字都在。什么也没有做，也没有发。"
TOO_LONG = "写的字太长，没有带过来，请按“后退”拷贝出来再登录。"
NO_FILES = "选的文件带不过来，登录以后请再选一次。"


@dataclass(frozen=True)
class CarriedForm:
    """`path` is where it was posted, `back` the page that the form stood on."""

    path: str
    fields: tuple[tuple[str, str], ...] = ()
    back: str = ""
    with_files: bool = False
    too_long: bool = False

    @property
    def typed(self) -> list[str]:
        """The words that the officer who typed them must see again."""
        return [value for name, value in self.fields if name in TYPED and value.strip()]

    @property
    def remarks(self) -> list[str]:
        """The sentences for its sender."""
        remarks = [TOO_LONG if self.too_long else KEPT]
        return [*remarks, NO_FILES] if self.with_files else remarks

    def to_text(self) -> str:
        return json.dumps(vars(self), ensure_ascii=False)


def of_request() -> CarriedForm | None:
    """The form of this request; None if no page of ours sent it."""
    if sent_from_elsewhere(request):
        return None
    fields = tuple((name, value) for name, value in request.form.items(True) if name not in SECRET)
    files = any(file.filename for file in request.files.values())
    came = urlsplit(request.headers.get("Referer", ""))
    back = came.path + (f"?{came.query}" if came.query else "")
    whole = CarriedForm(request.path, fields, back, files)
    if len(whole.to_text()) <= LONGEST:
        return whole
    return CarriedForm(request.path, (), back, files, too_long=True)


def from_text(text: str) -> CarriedForm | None:
    """As a form brings it back; None for what is none."""
    try:
        form = strict_json.parse(text.encode("utf-8"))
        fields = tuple((str(name), str(value)) for name, value in form["fields"])
        kept = CarriedForm(str(form["path"]), fields, str(form["back"]), form["with_files"] is True)
    except (ValueError, TypeError, KeyError):
        return None
    return kept


def endpoint_of(path: str, method: str) -> str:
    """Of a path on this site; "" for any other."""
    if not path.startswith("/") or path.startswith("//"):
        return ""
    try:
        found, _ = current_app.url_map.bind("").match(urlsplit(path).path, method)
    except (HTTPException, ValueError):
        return ""
    return str(found)
