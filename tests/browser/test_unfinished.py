"""What is typed is there again, whatever comes between: a tab, a reload, back, the box, the login."""

import os
import random
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, TimeoutError, expect
from rig.phone import NAME, PASSWORD, log_in, make_account, phone, press
from rig.village import RunningBox, Village

SEED, MANY = 14, 100
WORDS = "停水开会打疫苗收鸡蛋防火赶集交电费明天上午下午一组二组三组全村"


@dataclass(frozen=True)
class Form:
    """Where something is typed, and into which field."""

    address: str
    field: str


FORMS = [
    Form("/say", "#text"),
    Form("/say?severity=1", "#text"),
    Form("/timetable/new", "#text"),
    Form("/say/pattern/water", "#blank-1"),
]


class Box:
    """A box of its own, always at the same address, that is killed and begun again."""

    def __init__(self, village: Village) -> None:
        self._village = village
        self.running = RunningBox(village)

    def kill(self) -> None:
        os.kill(self.running.process.pid, signal.SIGKILL)
        self.running.process.wait(30)
        assert self.running.process.stdout
        self.running.process.stdout.close()

    def begin(self) -> None:
        self.running = RunningBox(self._village)


@pytest.fixture(scope="module")
def own_box(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Box]:
    village = Village(tmp_path_factory.mktemp("unfinished"), {})
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    village.configure(sound={"device": "silent"}, station={"first_notice": ""}, web={"port": port})
    box = Box(village)
    try:
        with phone(browser, box.running.page) as context:
            make_account(context.new_page(), box.running.code)
        yield box
    finally:
        box.running.end()


@pytest.fixture
def context(browser: Browser, own_box: Box) -> Iterator[BrowserContext]:
    with phone(browser, own_box.running.page) as context:
        log_in(context.new_page())
        yield context


def by_a_tab(page: Page, box: Box) -> None:
    page.get_by_role("link", name="记录", exact=True).click()


def by_a_reload(page: Page, box: Box) -> None:
    page.reload()


def by_going_back(page: Page, box: Box) -> None:
    page.go_back()
    # A draft that takes its address meanwhile is a navigation too, and `go_back` is content with it.
    page.wait_for_url("**/")


def by_the_box(page: Page, box: Box) -> None:
    box.kill()
    box.begin()
    page.reload()


def by_the_login(page: Page, box: Box) -> None:
    """The session is gone, and the form is sent."""
    # What the live line answers, now or on its next try, would bring the session back.
    page.route("**/live/**", lambda route: route.abort())
    page.evaluate("window.stop()")
    page.context.clear_cookies()
    press(page, "看一遍") if page.get_by_role("button", name="看一遍").count() else page.reload()
    page.get_by_label("名字").fill(NAME)
    page.get_by_label("密码").fill(PASSWORD)
    press(page, "登录")
    expect(page.get_by_label("密码")).to_have_count(0)


INTERRUPTED: list[Callable[[Page, Box], None]] = [
    *(by_a_tab, by_a_reload, by_going_back),
    *(by_the_box, by_the_login),
]


def is_there(page: Page, form: Form, text: str) -> bool:
    """In the field of the page that is shown, or one tap from the list of what is unfinished."""
    field = page.locator(form.field)
    if field.count() and field.input_value() == text:
        return True
    page.goto("/unfinished")
    row = page.locator("#unfinished li", has_text=text[:30])
    try:
        row.first.get_by_role("link", name="接着写").click(timeout=5_000)
        expect(field).to_have_value(text)
    except (AssertionError, TimeoutError):
        return False
    return True


def drop_all(page: Page) -> None:
    page.goto("/unfinished")
    wanted = page.locator("#unfinished li").get_by_role("button", name="不要了")
    while wanted.count():
        before = wanted.count()
        wanted.first.click()
        expect(wanted).to_have_count(before - 1)


def lost(context: BrowserContext, box: Box, count: int, seed: int) -> list[str]:
    """What was not found again, of so many texts."""
    chance, gone = random.Random(seed), []
    for number in range(count):
        page = context.new_page()
        form = FORMS[number % len(FORMS)]
        interrupt = INTERRUPTED[number % len(INTERRUPTED)]
        text = f"第{number}条" + "".join(chance.choices(WORDS, k=chance.randint(3, 60)))
        page.goto("/")
        page.goto(form.address)
        page.locator(form.field).fill(text)
        interrupt(page, box)
        if not is_there(page, form, text):
            gone.append(f"{interrupt.__name__} {form.address}: {text}")
        drop_all(page)
        page.close()
    return gone


def test_nothing_typed_is_lost_in_an_interruption_of_each_kind(
    context: BrowserContext, own_box: Box
) -> None:
    assert lost(context, own_box, len(INTERRUPTED), SEED) == []


@pytest.mark.slow
def test_nothing_typed_is_lost_in_a_hundred_interruptions(context: BrowserContext, own_box: Box) -> None:
    assert lost(context, own_box, MANY, int(os.environ.get("UNFINISHED_SEED", SEED))) == []


def test_what_is_aired_is_unfinished_no_more_and_its_pages_say_so(context: BrowserContext) -> None:
    page = context.new_page()
    drop_all(page)
    page.goto("/say")
    page.locator("#text").fill("下午收鸡蛋。")
    press(page, "看一遍")
    expect(page.get_by_role("button", name="确认播出")).to_be_visible()
    confirm = page.url
    page.goto("/")
    expect(page.get_by_role("link", name="没写完的 1 条")).to_be_visible()
    page.goto(confirm)
    page.get_by_role("button", name="确认播出").dblclick()
    page.wait_for_url("**/")
    expect(page.locator("#unfinished-link")).to_be_hidden()
    page.go_back()
    expect(page.get_by_role("link", name="另写一条")).to_be_visible()
    page.go_forward()
    page.goto(confirm)
    page.reload()
    expect(page.get_by_role("button", name="确认播出")).to_have_count(0)
    expect(page.get_by_role("link", name="另写一条")).to_be_visible()


def write_on(page: Page, words: str) -> None:
    """What the other phone has begun."""
    page.goto("/unfinished")
    page.get_by_role("link", name="接着写").click()
    page.wait_for_load_state()
    page.locator("#text").fill(words)


@contextmanager
def written_on_elsewhere(
    browser: Browser, own_box: Box, page: Page, words: str, other_words: str
) -> Iterator[Page]:
    """The page of a second phone, on which what this one has begun was written on and looked at."""
    drop_all(page)
    page.goto("/say")
    page.locator("#text").fill(words)
    press(page, "看一遍")
    with phone(browser, own_box.running.page) as second:
        other = second.new_page()
        log_in(other)
        write_on(other, other_words)
        press(other, "看一遍")
        yield other


def test_what_one_phone_aired_the_other_forgets_unless_it_was_written_on_there(
    browser: Browser, own_box: Box, context: BrowserContext
) -> None:
    page = context.new_page()
    with written_on_elsewhere(browser, own_box, page, "今晚放电影。", "今晚在村口放电影。") as other:
        write_on(page, "今晚七点在村口放电影。")
        press(page, "看一遍")
        press(page, "确认播出")
        other.goto("/")
        expect(other.locator("#unfinished-link")).to_be_hidden()
        assert other.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('draft'))") == []

        page.goto("/say")
        page.locator("#text").fill("明天赶集。")
        press(page, "看一遍")
        write_on(other, "明天赶集，自带板凳。")
        press(page, "确认播出")
        other.goto("/unfinished")
        row = other.locator("#unfinished li")
        expect(row).to_have_count(1)
        expect(row).to_contain_text("自带板凳。这一篇在另一部手机上已经播过了")
        row.get_by_role("link", name="接着写").click()
        expect(other.locator("#text")).to_have_value("明天赶集，自带板凳。")
        press(other, "看一遍")
        press(other, "确认播出")
        other.goto("/")
        expect(other.locator("#unfinished-link")).to_be_hidden()


def test_what_one_phone_dropped_leaves_the_list_of_the_other(
    browser: Browser, own_box: Box, context: BrowserContext
) -> None:
    page = context.new_page()
    with written_on_elsewhere(browser, own_box, page, "今晚开会。", "今晚七点开会。") as other:
        drop_all(page)
        other.goto("/")
        expect(other.locator("#unfinished-link")).to_be_hidden()
        assert other.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('draft'))") == []


def test_a_form_with_a_mistake_opens_at_its_field(context: BrowserContext) -> None:
    page = context.new_page()
    page.goto("/timetable/new")
    page.locator("#text").fill("今天停水。")
    page.locator(".choice", has_text="循环").first.click()
    page.locator("#every_minutes").fill("半小时")
    press(page, "下一步")
    expect(page.locator("#every_minutes")).to_be_focused()
    expect(page.locator("#every_minutes")).to_be_in_viewport()
    assert page.title() == "要改：隔多久要写个数，比如 30。"
    page.get_by_role("link", name="请写从几点到几点").click()
    expect(page.locator("#windows")).to_be_focused()
    page.reload()
    expect(page.locator("#every_minutes")).to_have_value("半小时")


def test_a_slot_that_was_being_changed_is_changed_after_a_reload(context: BrowserContext) -> None:
    page = context.new_page()
    page.goto("/timetable/new")
    page.locator("#text").fill("打水。")
    page.locator("input[name=at]").first.fill("06:45")
    press(page, "下一步")
    press(page, "保存")
    page.get_by_role("link", name="打水", exact=False).first.click()
    page.get_by_role("link", name="修改").click()
    # Nobody types and reloads before the page's script has begun.
    page.wait_for_load_state()
    page.locator("#text").fill("打水，别排队。")
    page.reload()
    expect(page.locator("#text")).to_have_value("打水，别排队。")
    press(page, "下一步")
    press(page, "保存")
    expect(page.get_by_role("link", name="打水", exact=False)).to_have_count(1)


def test_another_person_on_the_same_phone_sees_nothing_of_it(
    browser: Browser, own_box: Box, context: BrowserContext
) -> None:
    page = context.new_page()
    page.goto("/more/people")
    page.get_by_label("名字").fill("李会计")
    press(page, "加上")
    password = page.locator(".secret").inner_text()
    page.goto("/say")
    page.locator("#text").fill("书记自己的话。")
    page.goto("/more")
    press(page, "退出登录")
    log_in(page, "李会计", password)
    page.goto("/unfinished")
    expect(page.locator("#unfinished li")).to_have_count(0)
    page.goto("/say")
    expect(page.locator("#text")).to_have_value("")


def test_without_script_what_was_looked_at_is_there(browser: Browser, own_box: Box) -> None:
    with phone(browser, own_box.running.page, javascript=False) as plain:
        page = plain.new_page()
        log_in(page)
        page.goto("/say")
        page.locator("#text").fill("没有脚本也在。")
        press(page, "看一遍")
        page.get_by_role("button", name="回去修改").click()
        page.goto("/")
        page.get_by_role("link", name="没写完的").click()
        row = page.locator("#unfinished li", has_text="没有脚本也在")
        row.get_by_role("link", name="接着写").click()
        expect(page.locator("#text")).to_have_value("没有脚本也在。")
        page.goto("/say")
        page.locator("input[name=when][value=at]").check()
        page.locator("#text").fill("几点播没有写。")
        press(page, "看一遍")
        expect(page.locator("#at")).to_be_focused()
        page.goto("/unfinished")
        rows = page.locator("#unfinished li")
        for left in range(rows.count() - 1, -1, -1):
            rows.first.get_by_role("button", name="不要了").click()
            expect(rows).to_have_count(left)
