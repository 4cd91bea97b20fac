"""Somebody at the office's page with a browser that has no script: plain requests and cookies."""

import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape
from http.client import HTTPException
from http.cookiejar import CookieJar

from rig.living_box import plain

FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
ACTION = re.compile(r'action="([^"]*)"')
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
TOLD = re.compile(r'<p class="(?:problem|message)[^>]*>(.*?)</p>', re.DOTALL)
NOT_DONE = re.compile(r'<h1>(?:没有做成|找不到)</h1>\s*<p class="sentence">(.*?)</p>', re.DOTALL)
BULLETIN = re.compile(r"/bulletin/([0-9a-f-]{36})(?:\?|$)")
ANSWER_SECONDS = 60.0
LOGIN = "/login"
# The shared `csrf_token` of a session goes with every form.
Fields = list[tuple[str, str]]


@dataclass(frozen=True)
class Page:
    """What a browser shows in the end."""

    status: int
    address: str
    text: str

    def form(self, action: str) -> Fields | None:
        """The hidden fields of its form that goes there."""
        for head, body in FORM.findall(self.text):
            found = ACTION.search(head)
            if found and unescape(found[1]) == action:
                return [(name, unescape(value)) for name, value in HIDDEN.findall(body)]
        return None

    @property
    def told(self) -> str:
        found = NOT_DONE.findall(self.text) or TOLD.findall(self.text)
        return "；".join(plain(one) for one in found)

    @property
    def bulletin(self) -> str:
        """The one whose page this is, "" for none."""
        found = BULLETIN.search(self.address)
        return found[1] if found else ""


class Clerk:
    """Raises `OSError` where no answer came: what was posted may be done or not."""

    def __init__(self, address: str, name: str, password: str = "") -> None:
        self.address, self.name, self.password = address, name, password
        trusting = urllib.request.HTTPSHandler(context=ssl._create_unverified_context())
        cookies = urllib.request.HTTPCookieProcessor(CookieJar())
        no_proxy = urllib.request.ProxyHandler({})
        self._opener = urllib.request.build_opener(no_proxy, trusting, cookies)

    def see(self, path: str) -> Page:
        """A page; he logs in first where he has to."""
        return self._let_in(self._ask(path))

    def send(self, path: str, fields: Iterable[tuple[str, str]]) -> Page:
        """A form; what it carries goes through the login where the session is over."""
        return self._let_in(self._ask(path, urllib.parse.urlencode(list(fields)).encode()))

    def fill(self, seen_on: str, path: str, *fields: tuple[str, str]) -> Page:
        """The form of that page, with these fields beside its hidden ones."""
        page = self.see(seen_on)
        form = page.form(path)
        assert form is not None, (path, page.status, page.told)
        return self.send(path, [*form, *fields])

    def _let_in(self, page: Page) -> Page:
        form = page.form(LOGIN)
        if form is None:
            return page
        named = [("name", self.name), ("password", self.password)]
        return self._ask(LOGIN, urllib.parse.urlencode([*form, *named]).encode())

    def _ask(self, path: str, body: bytes | None = None) -> Page:
        address = self.address + path
        request = urllib.request.Request(address, body, {"Referer": address})
        try:
            with self._opener.open(request, timeout=ANSWER_SECONDS) as answer:
                return Page(answer.status, answer.url, answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Page(error.code, error.url, error.read().decode(errors="replace"))
        except HTTPException as error:
            raise ConnectionError(str(error)) from error

    # Writing

    def write(self, text: str, areas: Iterable[str], severity: int = 0) -> Fields:
        """All of the form of a new bulletin, as he would send it off."""
        form = self.see("/compose").form("/compose/check")
        assert form is not None
        return self.filled(form, text, areas, severity)

    def filled(self, form: Fields, text: str, areas: Iterable[str], severity: int = 0) -> Fields:
        """The hidden fields of a form, and what he writes in it."""
        chosen = [("areas", area) for area in areas]
        rest = [("form", "text"), ("severity", str(severity)), ("when", "now"), ("hours", "6")]
        return [*form, ("text", text), ("title", ""), *chosen, *rest]

    def look(self, fields: Fields) -> Page:
        """The page on which it is confirmed."""
        return self.send("/compose/check", fields)
