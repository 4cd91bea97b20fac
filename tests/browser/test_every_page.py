"""Every page, light and dark: seen, reached and read aloud by everybody, on the narrowest phone too."""

from pathlib import Path

from playwright.sync_api import Browser, Page, expect
from rig.looks import faults
from rig.pages import PAGES
from rig.phone import NAME, PASSWORD, log_in, make_account, phone
from rig.village import RunningBox, Village, running

import broadcaster

TEMPLATES = Path(broadcaster.__file__).parent / "web" / "templates"
FIRST_LOAD_BYTES = 150_000

PARTS = """[...document.querySelectorAll('link[href], script[src], img[src]')]
    .map(e => e.href || e.src)"""


def test_each_template_is_among_the_pages() -> None:
    shown = {name.partition("-")[0] for name in PAGES} | {"start", "login"}
    whole = {path.stem for path in TEMPLATES.glob("*.html") if "base.html" in path.read_text("utf-8")}
    assert whole == shown


def test_nothing_is_hard_to_see_reach_or_read_aloud(browser: Browser, box: RunningBox) -> None:
    with phone(browser, box.page) as context:
        page = context.new_page()
        page.goto("/login")
        wrong = list(faults(page, "login"))
        log_in(page)
        for name, show in PAGES.items():
            show(page)
            wrong += faults(page, name)
    assert not wrong, "\n".join(wrong)


def test_the_first_start_wants_the_code_that_the_box_printed(browser: Browser, tmp_path: Path) -> None:
    village = Village(tmp_path, {})
    village.configure(sound={"device": "silent"}, station={"first_notice": ""})
    with running(village) as box, phone(browser, box.page) as context:
        page = context.new_page()
        make_account(page, "00000000" if box.code != "00000000" else "00000001")
        expect(page.get_by_role("alert")).to_be_visible()
        assert list(faults(page, "start")) == []
        make_account(page, box.code)
        expect(page.get_by_text("账号建好了")).to_be_visible()
        page.get_by_role("button", name="退出").click()
        log_in(page, NAME, PASSWORD + "?")
        expect(page.get_by_role("alert")).to_be_visible()
        log_in(page)
        expect(page.get_by_role("link", name="紧急广播")).to_be_visible()


def test_the_home_page_is_light_and_all_its_own(page: Page, box: RunningBox) -> None:
    parts = {page.url, *page.evaluate(PARTS)}
    assert len(parts) > 2 and all(address.startswith(box.page) for address in parts)
    assert sum(len(page.request.get(address).body()) for address in parts) <= FIRST_LOAD_BYTES
