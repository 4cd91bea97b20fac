"""The office's pages in a real Chromium: used, and fit to be reached and read by everybody."""

import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from county.county_office import PASSWORD, TOWN, OfficeDesk, make_desk
from county.foreign_messages import ALERT, EBM
from county.office_site import app_of
from county.test_counties import let_in, take
from playwright.sync_api import Browser, Page, expect
from rig.looks import faults
from rig.old_phone import old_phone
from rig.phone import chromium, log_in, phone, press
from werkzeug.serving import make_server

from broadcaster.bulletin.bulletin import BulletinKind
from broadcaster.core.model import Outcome
from broadcaster.core.notice import Notice, Severity, Style
from broadcaster.county.keys.key_folder import KeyFolder
from broadcaster.county.notices.library import LibraryText
from broadcaster.county.notices.recurring import Schedule
from broadcaster.county.store.office_database import OfficeDatabase

PATHS = (
    *("/", "/compose", "/register", "/me", "/drills", "/more/receipts", "/more/upkeep", "/foreign"),
    *("/more", "/more/library", "/more/standing", "/more/audit", "/more/people"),
    *("/more/library/edit?name=停水", "/more/standing/edit?name=防火"),
)
LOOKED_AGAIN_MS = 6_000
TEXT = "明天上午八点到下午五点停水。"


@contextmanager
def serving(desk: OfficeDesk, folder: Path) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app_of(desk, folder), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def address(plain_desk: OfficeDesk, tmp_path: Path) -> Iterator[str]:
    with serving(plain_desk, tmp_path) as address:
        yield address


def fill(desk: OfficeDesk) -> None:
    """A drill that was heard, and something to change."""
    drill = desk.send(kind=BulletinKind.DRILL)
    [box] = desk.boxes.values()
    desk.take(box, box.heard(drill.id, desk.clock, Outcome.PLAYED, 30.0))
    desk.parts.library.keep(LibraryText("停水", Notice(TEXT, severity=Severity.BLUE), "小王"))
    every_day = Schedule.read("1234567 08:00")
    desk.parts.recurring.keep(desk.officer("小王"), "防火", desk.draft(style=Style.VERSE), every_day)


def publish(page: Page) -> None:
    """Write a notice for a town, look at it."""
    page.goto("/compose")
    page.get_by_label("内容").fill(TEXT)
    page.locator(".tree summary").first.click()
    page.locator(f"input[name=areas][value='{TOWN}']").check(force=True)
    press(page, "看一遍、听一听")
    expect(page.locator("audio")).to_be_visible()


def test_a_notice_is_sent_from_the_page_and_every_page_is_fit_to_be_read(
    browser: Browser, address: str, plain_desk: OfficeDesk
) -> None:
    box = plain_desk.enrol()
    with phone(browser, address) as context:
        page = context.new_page()
        page.goto("/login")
        wrong = list(faults(page, "login"))
        page.clock.install()
        log_in(page, "管家", PASSWORD)
        fill(plain_desk)
        publish(page)
        wrong += faults(page, "check")
        press(page, "发出")
        expect(page.get_by_text(TEXT).first).to_be_visible()
        [record] = plain_desk.parts.desk.recent(10, kinds=(BulletinKind.NOTICE,))
        assert record.draft.text == TEXT
        wrong += faults(page, "bulletin")
        plain_desk.publisher.sign_cleared()
        told = plain_desk.boxes[box.id].heard(record.id, plain_desk.clock, Outcome.PLAYED, 30.0)
        plain_desk.take(box, told)
        page.clock.fast_forward(LOOKED_AGAIN_MS)
        expect(page.locator(".figures .good dd")).to_have_text("1", timeout=15_000)
        [drill] = plain_desk.parts.desk.recent(10, kinds=(BulletinKind.DRILL,))
        of_bulletins = (
            f"/listen/{record.id}",
            f"/bulletin/{record.id}/town/{TOWN}",
            f"/drills/{drill.id}",
        )
        for path in (*PATHS, *of_bulletins):
            answer = page.goto(path)
            assert answer and answer.status == 200, path
            wrong += faults(page, path)
        for message in (ALERT, ALERT.replace("Severe", "Unknown"), EBM):
            page.goto("/foreign")
            page.get_by_text("没有文件，粘贴内容").click()
            page.get_by_label("XML 的全部内容").fill(message)
            press(page, "看看里面说什么")
            expect(page.get_by_text("没有核对签名")).to_be_visible()
            wrong += faults(page, "foreign draft")
        page.goto("/foreign")
        press(page, "看看里面说什么")
        wrong += faults(page, "nothing to import")
    assert not wrong, "\n".join(wrong)


def test_an_interrupted_text_is_kept_and_back_and_reload_end_on_pages_of_ours(
    browser: Browser, address: str, plain_desk: OfficeDesk
) -> None:
    plain_desk.enrol()
    with phone(browser, address) as context:
        page = context.new_page()
        log_in(page, "管家", PASSWORD)
        page.goto("/compose")
        page.get_by_label("内容").fill(TEXT)
        context.clear_cookies()
        press(page, "看一遍、听一听")
        expect(page.get_by_text("再登一次，写的字都在")).to_be_visible()
        page.get_by_label("名字").fill("管家")
        page.get_by_label("密码").fill(PASSWORD)
        press(page, "登录")
        expect(page.get_by_label("内容")).to_have_value(TEXT)
        press(page, "看一遍、听一听")
        expect(page.get_by_text("还没有选发给哪里")).to_be_visible()
        page.locator(f"input[name=areas][value='{plain_desk.parts.county}']").check()
        press(page, "看一遍、听一听")
        expect(page.locator("audio")).to_be_visible()
        press(page, "发出去")
        [record] = plain_desk.parts.desk.recent(10)
        assert page.url.endswith(f"/bulletin/{record.id}")
        wander(page)
        assert [one.id for one in plain_desk.parts.desk.recent(10)] == [record.id]


def test_a_board_whose_session_is_over_says_so_and_leads_to_the_login(
    browser: Browser, address: str, plain_desk: OfficeDesk
) -> None:
    with phone(browser, address) as context:
        page, other = context.new_page(), context.new_page()
        page.clock.install()
        log_in(page, "管家", PASSWORD)
        page.goto("/")
        ended = page.get_by_text("登录已经结束，这一页不再更新")
        expect(ended).to_be_hidden()
        plain_desk.clock.step(timedelta(hours=13))
        other.goto("/login")
        given = context.cookies()
        page.clock.fast_forward(LOOKED_AGAIN_MS)
        expect(ended).to_be_visible(timeout=15_000)
        assert context.cookies() == given
        other.get_by_label("名字").fill("管家")
        other.get_by_label("密码").fill(PASSWORD)
        press(other, "登录")
        page.get_by_role("link", name="请重新登录").click()
        expect(page.get_by_role("link", name="写通知").first).to_be_visible()


def wander(page: Page) -> None:
    """Back to the first page and forward again, each loaded anew: none of them is the browser's own."""
    for step in (*[page.go_back] * 6, *[page.go_forward] * 6):
        step()
        expect(page.locator("header.top")).to_be_visible()
        page.reload()
        expect(page.locator("header.top")).to_be_visible()


def test_a_provinces_counties_are_fit_to_be_read(
    browser: Browser, sqlite: OfficeDatabase, province_folder: KeyFolder, tmp_path: Path
) -> None:
    desk = make_desk(sqlite, province_folder)
    relay = let_in(desk)
    let_in(desk, "331122", "缙云县")
    record = desk.send(areas=("33",))
    take(desk, relay.presence(desk.clock, below=False), relay.sum(desk, record))
    paths = f"/bulletin/{record.id}", f"/counties/331121/bulletin/{record.id}", "/counties"
    with serving(desk, tmp_path) as address, phone(browser, address) as context:
        page = context.new_page()
        page.goto("/login")
        log_in(page, "管家", PASSWORD)
        wrong: list[str] = []
        for path in (*paths, "/counties/331121"):
            page.goto(path)
            wrong += faults(page, path)
        press(page, "发一个新的登记码")
        wrong += faults(page, "code")
    assert not wrong, "\n".join(wrong)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="old Chromiums are for 64-bit PCs only")
def test_every_page_is_fit_for_a_browser_of_2018(
    address: str, plain_desk: OfficeDesk, tmp_path: Path
) -> None:
    plain_desk.enrol()
    fill(plain_desk)
    with old_phone(65, address, tmp_path) as phone:
        phone.open("/login")
        phone.write("#name", "管家")
        phone.write("#password", PASSWORD)
        phone.follow("登录")
        wrong = []
        for path in PATHS:
            phone.open(path)
            wrong += [f"{path}: {fault}" for fault in phone.faults()]
        assert (wrong, phone.errors) == ([], [])
