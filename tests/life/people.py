"""The people of a county: each has a browser of his own, in which his session and his texts are."""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Browser, Error, Frame, Locator, Page, TimeoutError
from rig.living import Refused
from rig.living_box import LINE, first_of, plain
from rig.phone import phone, press

from broadcaster.core.notice import Severity

LOOK = "看一遍、听一听"
# Told by a login page that another tab of the same phone has overtaken.
ONCE_MORE = "请再登一次"
TOLD = re.compile(r'<p class="(?:problem|message)[^>]*>(.*?)</p>', re.DOTALL)
ITEM = re.compile(r"<li\b.*?</li>", re.DOTALL)
SECRET = re.compile(r'<p class="(?:code|secret)">([^<]+)</p>')
LINE_TO_TYPE = re.compile(r"broadcaster link enrol '([^']+)'")
BULLETIN = re.compile(r"/bulletin/([0-9a-f-]{36})$")
SHOWN_MILLISECONDS = 10_000
LOOK_MILLISECONDS, PATIENCE_LOOKS = 200, 300
OPEN_ALL = "document.querySelectorAll('.tree details').forEach(one => { one.open = true })"


def insist(what: Locator) -> None:
    """Press as people do: again where the page told that the station is away, and sent nothing."""
    page, held_back = what.page, what.page.locator("#bar .told[data-away]")
    arrived: list[Frame] = []

    def arrive(frame: Frame) -> None:
        arrived.append(frame)

    page.on("framenavigated", arrive)
    try:
        what.first.click()
        for _ in range(PATIENCE_LOOKS):
            if arrived:
                break
            page.wait_for_timeout(LOOK_MILLISECONDS)
            if held_back.count() and held_back.inner_text() in _held_back(held_back):
                what.first.click()
        else:
            raise TimeoutError(f"nothing came of {what}")
    finally:
        page.remove_listener("framenavigated", arrive)
    page.wait_for_load_state()


def _held_back(told: Locator) -> list[str | None]:
    """The sentences for a form that was not sent."""
    return [told.get_attribute(f"data-{why}") for why in ("away", "unsent", "again")]


class Person:
    """Somebody at one page, in one tab, for all of the life. What he does raises `Refused` where the
    page says that it was not done."""

    def __init__(
        self, browser: Browser, address: str, name: str, password: str, javascript: bool = True
    ) -> None:
        self.name = name
        self._has_script = javascript
        self.begun_anew = False
        """Whether his session ended since the day began: what it followed is forgotten."""
        self._password = password
        self._context = phone(browser, address, javascript, ignore_https_errors=True)
        self.page: Page = self._context.new_page()

    def open(self, path: str) -> None:
        """He logs in first where he has to."""
        self._go(path)
        if self._is_at_login:
            self.log_in()
            self._go(path)

    def _go(self, path: str) -> None:
        """Once more where the page was about to lead him elsewhere by itself."""
        try:
            self.page.goto(path)
        except Error as error:
            if "interrupted by another navigation" not in error.message:
                raise
            self.page.wait_for_load_state()
            self.page.goto(path)

    def log_in(self) -> None:
        """On the page that asks for it: what it leads to afterwards is kept there."""
        if not self._is_at_login:
            self.page.goto("/login")
        self._fill_login()
        if self._is_at_login and ONCE_MORE in self.problem:
            self._fill_login()
        if self._is_at_login:
            raise Refused(self.problem)

    def _fill_login(self) -> None:
        self.page.get_by_label("名字").fill(self.name)
        self.page.get_by_label("密码").fill(self._password)
        press(self.page, "登录")

    def session_ends(self) -> None:
        """Over night, or by a restart of the phone."""
        for page in self._context.pages:
            # What is on its way would bring the session back.
            page.evaluate("window.stop()")
        self._context.clear_cookies()
        self.begun_anew = True

    def leave_tab(self) -> Page:
        """As it is; he goes on in another one."""
        left, self.page = self.page, self._context.new_page()
        return left

    def come_back(self, left: Page) -> None:
        self.page.close()
        self.page = left

    def see(self, path: str) -> str:
        """A page beside his tab, which stays as it is."""
        answer = self._context.request.get(path)
        if "/login" in answer.url:
            left = self.leave_tab()
            try:
                self.log_in()
            finally:
                self.come_back(left)
            answer = self._context.request.get(path)
        return answer.text()

    def has_typed(self, mark: str) -> bool:
        """Whether his text stands in the form before him."""
        field = self.page.locator("#text")
        return bool(field.count()) and mark in field.first.input_value()

    def look_logging_in(self, mark: str) -> bool:
        """Press on in a form whose session is over; whether the text outlasted the login."""
        insist(self.page.get_by_role("button", name=LOOK))
        if self._is_at_login:
            self.log_in()
            if not self.has_typed(mark) and not self._is_shown(mark):
                self.take_up(mark)
        if self._is_shown(mark):
            return True
        # What was on its way has brought the session back, and the form is one of before.
        written_on = self.page.get_by_role("button", name="写的字都在")
        if written_on.count():
            insist(written_on)
        kept = self.has_typed(mark)
        if kept:
            insist(self.page.get_by_role("button", name=LOOK))
        return kept

    FORM = "/"

    def take_up(self, mark: str) -> None:
        """Where what is unfinished stands."""
        self.page.goto(self.FORM)

    @property
    def problem(self) -> str:
        told = "；".join(plain(one) for one in TOLD.findall(self.page.content()))
        return told or f"{self.page.url}: {self.page.locator('body').inner_text()[:300]}"

    @property
    def _is_at_login(self) -> bool:
        return "/login" in self.page.url or bool(self.page.locator("form[action$='/login']").count())

    def _is_shown(self, mark: str) -> bool:
        """On the page on which it is confirmed."""
        return bool(self.page.locator("form.decide").count()) and mark in self.page.content()

    def _decide(self) -> None:
        button = self.page.locator("form.decide button.main").first
        with suppress(TimeoutError):
            # Its page may still be on its way.
            button.wait_for(timeout=SHOWN_MILLISECONDS)
        if not button.count():
            raise Refused(self.problem)
        self._click("form.decide button.main")

    def _click(self, button: str) -> None:
        insist(self.page.locator(button))


class Villager(Person):
    """On the page of a box."""

    def write(self, text: str, severity: Severity = Severity.DAILY, at: datetime | None = None) -> None:
        """Up to the button; nothing is sent."""
        self.open(f"/say?severity={severity.value}")
        self.page.locator("#text").fill(text)
        if at:
            self.page.locator("label:has(input[name=when][value=at])").click()
            self.page.locator("#at").fill(f"{at:%Y-%m-%dT%H:%M}")

    def take_up(self, mark: str) -> None:
        self.page.goto("/unfinished")
        row = self.page.locator("#unfinished li", has_text=mark).first
        with suppress(TimeoutError):
            # Its rows come by a script.
            row.wait_for(timeout=SHOWN_MILLISECONDS)
        if row.count():
            row.get_by_role("link", name="接着写").click()

    def look(self) -> None:
        insist(self.page.get_by_role("button", name=LOOK))

    def confirm(self) -> None:
        self._decide()

    def say(self, text: str, severity: Severity = Severity.DAILY, at: datetime | None = None) -> None:
        self.write(text, severity, at)
        self.look()
        self.confirm()

    def say_again(self, airing: str) -> None:
        """From the record."""
        self.open(f"/record/again?airing={quote(airing)}")
        self._decide()

    def stop(self) -> None:
        """All that sounds and waits, by the bar; nothing where the bar says that nothing does."""
        self.open("/")
        if not self._has_script:
            # What is in the frame, as a page of its own.
            self.page.goto("/bar")
        button = self.page.locator(".bar button.stop")
        if button.count():
            button.first.click()
            button.first.wait_for(state="hidden")

    def record(self, text: str) -> list[tuple[str, str, str]]:
        """Airing, title, and how it ended in words."""
        found = LINE.findall(self.see(f"/record?text={quote(text)}"))
        return [(airing, plain(title), plain(ending)) for airing, title, ending in found]

    def told(self, mark: str) -> list[str]:
        """What his home page says of it."""
        return [one for one in map(plain, TOLD.findall(self.see("/"))) if mark in one]


class Officer(Person):
    """On the office's page."""

    FORM = "/compose"

    def write(
        self,
        text: str,
        areas: tuple[str, ...],
        severity: Severity = Severity.DAILY,
        drill: bool = False,
        at: datetime | None = None,
        hours: int = 6,
    ) -> None:
        """Up to the button; nothing is sent."""
        self.open("/compose")
        page = self.page
        page.get_by_label("内容").fill(text)
        page.locator(f"input[name=severity][value='{severity.value}']").check(force=True)
        page.evaluate(OPEN_ALL)
        for area in areas:
            page.locator(f"input[name=areas][value='{area}']").check(force=True)
        if drill:
            page.locator("input[name=drill]").check(force=True)
        if at:
            page.locator("input[name=when][value=at]").check(force=True)
            page.get_by_label("开始的时间").fill(f"{at:%Y-%m-%dT%H:%M}")
        page.locator("#hours").select_option(str(hours))

    def look(self) -> None:
        insist(self.page.get_by_role("button", name=LOOK))

    def send(self) -> str:
        """The id of what came of it."""
        self._decide()
        found = BULLETIN.search(self.page.url.split("?")[0])
        if not found:
            raise Refused(self.problem)
        return found[1]

    def approve(self, id: str) -> None:
        self.open(f"/bulletin/{id}")
        self._click("form[action$='/approve'] button.main")

    def cancel(self, id: str) -> None:
        self.open(f"/bulletin/{id}/cancel")
        self._click("form[action$='/cancel'] button.stop")

    def board(self, id: str, towns: Mapping[str, str]) -> dict[str, str]:
        """What his page of it says of each box, in words; `towns` are the boxes' by their ids."""
        found: dict[str, str] = {}
        for town in set(towns.values()):
            items = ITEM.findall(self.see(f"/bulletin/{id}/town/{town}"))
            found |= {box: plain(one) for box in towns for one in items if box in one}
        if not found and "在发出以前取消了" in self.see(f"/bulletin/{id}"):
            # It went nowhere, so its page has no villages.
            return dict.fromkeys(towns, "取消了")
        return found

    def listed(self, drills: bool) -> list[str]:
        """The items of his first page, or of the page of drills."""
        return [plain(one) for one in ITEM.findall(self.see("/drills" if drills else "/"))]

    def make_first_account(self, code: str) -> None:
        """By the one-time code that the office prints."""
        page = self.page
        page.goto("/")
        page.get_by_label("一次性代码").fill(code)
        page.get_by_label("名字").fill(self.name)
        page.get_by_label("密码 至少").fill(self._password)
        page.get_by_label("密码再写一遍").fill(self._password)
        press(page, "建账号")

    def import_areas(self, names: Mapping[str, str]) -> None:
        """A table with a code and a name in each line."""
        table = "".join(f"{code},{name}\n" for code, name in names.items()).encode()
        self.open("/register")
        sent: Any = {"name": "areas.csv", "mimeType": "text/csv", "buffer": table}
        self.page.locator("#file").set_input_files(sent)
        self._click("form[action$='/areas'] button")

    def invite_again(self, box: str) -> str:
        """The line to be typed at a box for it to be enrolled once more."""
        self.open(f"/register/{box}")
        press(self.page, "发一个新的登记码")
        return self._read(LINE_TO_TYPE)

    def add_box(self, code: str, name: str) -> str:
        """The line to be typed at it."""
        self.open("/register")
        self.page.get_by_label("村的区划代码").fill(code)
        self.page.get_by_label("村名").fill(name)
        press(self.page, "加上，给它一个登记码")
        return self._read(LINE_TO_TYPE)

    def let_in(self, name: str, role: str, cap: Severity) -> str:
        """Another officer; his password."""
        self.open("/more/people")
        self.page.locator("#name").fill(name)
        self.page.locator("#role-new").select_option(role)
        self.page.locator("#cap-new").select_option(str(cap.value))
        press(self.page, "加上，给他一个密码")
        return self._read(SECRET)

    def _read(self, pattern: re.Pattern[str]) -> str:
        """What this page shows once."""
        found = first_of(pattern, self.page.content())
        if not found:
            raise Refused(self.problem)
        return found.strip()
