"""A box that a test starts, kills and lives with, and the people who use it: no browser, no sleeps.

What is promised here, for any long test:

- `LivingBox` is `broadcaster run`, a `LivingProgram`. Start it as often as wanted.
- `Phone` is a person with the page: HTML forms over HTTP, with cookies that outlast the box.
  `rehearse` gives the form of the confirm page, `confirm` sends it; the same form may be sent again
  when no answer came.
- `Program` is the API with a token; `announce` takes an Idempotency-Key.
- `Refused` is an answer of the box, with its sentence; `OSError` is no answer: what was asked may be
  taken or not, and may be asked again.
- Nothing here asserts: whoever drives decides what is right.
"""

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from html import unescape
from http.client import HTTPException
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import psutil
from rig.living import LivingProgram, Refused
from rig.village import Village

from broadcaster.daemon.control_socket import ask

ANSWER_SECONDS = 30.0
UP = "下一次定时播出"
FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
KEY = re.compile(r"(laba_[\w-]{43})")
PROBLEM = re.compile(r'<p class="problem"[^>]*>([^<]+)</p>')
MESSAGE = re.compile(r'<p class="message"[^>]*>([^<]+)</p>')
LINE = re.compile(
    r'<a class="name" href="[^"]*airing=([^"&]+)">(.*?)</a>.*?<small>(.*?)</small>', re.DOTALL
)
Form = dict[str, str]


class LivingBox(LivingProgram):
    """One box of a village over all its lives."""

    def __init__(self, village: Village, log: Path) -> None:
        super().__init__(village.command("run"), village.environment, log, UP)
        self.village = village

    @property
    def page(self) -> str:
        """The page's address without a slash at its end."""
        return self.told(r"手机页面：(\S+?)/?$")

    @property
    def code(self) -> str:
        """What makes the first account."""
        return self.told(r"一次性代码：(\w+)$")

    def kill(self, process: psutil.Process) -> None:
        """One of its children, or main itself."""
        with suppress(psutil.NoSuchProcess):
            process.kill()

    def child(self, what: str) -> psutil.Process | None:
        """The `voice` child or the `sound` child, if there is one now."""
        for process in self._children():
            with suppress(psutil.Error):
                if any(word.endswith(f"{what}_child") for word in process.cmdline()):
                    return process
        return None

    def tell(self, request: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The answers of its local door. Raises `OSError` where no box answers, or `Refused`."""
        try:
            answers = ask(self.village.state, dict(request))
            told = None if answers is None else list(answers)
        except ValueError as error:
            raise ConnectionError(str(error)) from error
        if not told:
            raise ConnectionError("no box answers")
        for answer in told:
            if "error" in answer:
                raise Refused(answer["error"])
        return told

    def status(self) -> dict[str, Any]:
        status: dict[str, Any] = self.tell({"do": "status"})[0]["status"]
        return status


class Phone:
    """A person's phone on the page of a box, which may have another address after each start."""

    def __init__(self, box: LivingBox, name: str, password: str) -> None:
        self.name = name
        self.password = password
        self.patience_seconds = ANSWER_SECONDS
        self._box = box
        self._opener = _opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def make_account(self) -> None:
        """The first one of the box."""
        twice = {"password": self.password, "again": self.password}
        self.post("/start", {"code": self._box.code, "name": self.name, **twice}, seen_on="/start")

    def make_token(self, name: str, scope: str = "air") -> str:
        """A key for a `Program`."""
        made = self.post("/more/tokens", {"name": name, "scope": scope}, seen_on="/more/tokens")
        return first_of(KEY, made)

    def log_in(self, password: str | None = None) -> None:
        """Raises `Refused` where the password is wrong, or somebody has tried too often."""
        form = {"name": self.name, "password": password or self.password}
        self.post("/login", form, seen_on="/login")

    def rehearse(self, text: str, **fields: str) -> Form:
        """Write something and have it shown; the form by which it is confirmed."""
        return _form_of(self.post("/say", {"text": text, "when": "now", **fields}, seen_on="/say"))

    def confirm(self, form: Form) -> str:
        """Put it on the air; what the page says then."""
        return first_of(MESSAGE, self.post("/say/air", form, seen_on="/"))

    def record(self, text: str = "") -> list[tuple[str, str, str]]:
        """What the page's record has, all of its pages: airing, title, and how it ended in words."""
        lines: list[tuple[str, str, str]] = []
        for number in range(1, 1000):
            page = LINE.findall(self.get("/record", text=text, page=number))
            if not page:
                break
            lines += [(airing, plain(title), plain(ending)) for airing, title, ending in page]
        return lines

    def get(self, path: str, **query: object) -> str:
        """A page; he logs in first where he has to."""
        asked = f"?{urllib.parse.urlencode(query, doseq=True)}" if query else ""
        address = self._box.page + path + asked
        page = self._open(urllib.request.Request(address))
        if 'action="/login"' in page and path != "/login":
            self.log_in()
            page = self._open(urllib.request.Request(address))
        return page

    def post(self, path: str, form: Form, seen_on: str) -> str:
        """As a form of the page `seen_on` would."""
        token = first_of(TOKEN, self.get(seen_on))
        body = urllib.parse.urlencode({**form, "csrf_token": token}).encode()
        return self._open(urllib.request.Request(self._box.page + path, body))

    def _open(self, request: urllib.request.Request) -> str:
        return _answer(self._opener, request, self.patience_seconds).decode()


class Program:
    """Another program, with a token of the page."""

    def __init__(self, box: LivingBox, token: str) -> None:
        self._box = box
        self._token = token
        self._opener = _opener()

    def announce(self, key: str, **notice: Any) -> dict[str, Any]:
        """Put a notice on the air; the same key airs it once."""
        return self.call("POST", "/notices", notice, {"Idempotency-Key": key})

    def history(self, **query: Any) -> list[dict[str, Any]]:
        """All lines of the record, newest first."""
        lines: list[dict[str, Any]] = []
        while True:
            asked = urllib.parse.urlencode({"count": 200, "skip": len(lines), **query})
            page = self.call("GET", f"/history?{asked}")["lines"]
            lines += page
            if not page:
                return lines

    def take(self, title: str, sound: bytes) -> str:
        """A recording, by its key."""
        query = urllib.parse.urlencode({"title": title})
        headers = {"Content-Type": "application/octet-stream"}
        key: str = self.call("POST", f"/recordings?{query}", sound, headers)["key"]
        return key

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        sent = {"Authorization": f"Bearer {self._token}", **(headers or {})}
        if isinstance(body, Mapping):
            body, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        request = urllib.request.Request(f"{self._box.page}/api/v1{path}", body, sent, method=method)
        answer: dict[str, Any] = json.loads(_answer(self._opener, request) or b"{}")
        return answer


def _opener(*handlers: urllib.request.BaseHandler) -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), *handlers)


def _answer(
    opener: urllib.request.OpenerDirector,
    request: urllib.request.Request,
    patience_seconds: float = ANSWER_SECONDS,
) -> bytes:
    try:
        with opener.open(request, timeout=patience_seconds) as answer:
            body: bytes = answer.read()
            return body
    except urllib.error.HTTPError as error:
        with error:
            raise Refused(_why(error.code, error.read().decode(errors="replace"))) from error
    except HTTPException as error:
        raise ConnectionError(str(error)) from error


def _why(code: int, body: str) -> str:
    try:
        detail = str(json.loads(body)["detail"])
    except (ValueError, KeyError, TypeError):
        found = PROBLEM.search(body)
        detail = unescape(found[1]) if found else ""
    return f"{code} {detail}".strip()


def _form_of(page: str) -> Form:
    form = {name: unescape(value) for name, value in FIELD.findall(page)}
    if "notice_id" not in form:
        raise Refused(first_of(PROBLEM, page))
    form.pop("csrf_token", None)
    return form


def first_of(pattern: re.Pattern[str], page: str) -> str:
    found = pattern.search(page)
    return unescape(found[1]) if found else ""


def plain(html: str) -> str:
    """Its words."""
    return " ".join(unescape(re.sub(r"<[^>]+>", "", html)).split())
