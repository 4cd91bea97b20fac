"""The bar on every page says what is so, or that it cannot know; one tap silences, one takes it back."""

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product

from playwright.sync_api import Browser, Page, Route, StorageState, expect
from rig.pages import rehearse, silence
from rig.phone import phone, press
from rig.rig import Sink, wait_until
from rig.village import RunningBox

LONG = "请大家注意用电安全，不要私拉电线，出门前关好电器。" * 4
# More than live.js waits for a sign of the box, and than it ever waits to ask again.
SILENT_MS = 9_000
SCREENS = ((320, 640), (360, 740), (740, 360))
LOST = re.compile(r"和广播站断开了，\d\d:\d\d:\d\d 起不知道播没播")
HIDDEN = """hidden => {
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
}"""
# What of the page stands under the bar at the top of it, and what is wider than the screen.
COVERED = """() => {
    const bar = document.getElementById('bar').getBoundingClientRect();
    const main = document.querySelector('main').getBoundingClientRect();
    const button = document.querySelector('#bar button').getBoundingClientRect();
    const wide = document.documentElement;
    return { under: main.top < bar.bottom, wide: wide.scrollWidth > wide.clientWidth,
        out: button.right > innerWidth || button.bottom > innerHeight || bar.height > innerHeight / 2 };
}"""


def air(page: Page) -> None:
    rehearse(page, LONG)
    press(page, "确认播出")
    expect(page.locator("#bar")).to_contain_text("还有")


@contextmanager
def frozen(box: RunningBox) -> Iterator[None]:
    os.kill(box.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(box.process.pid, signal.SIGCONT)


def test_a_page_that_hears_nothing_says_since_when_and_counts_nothing_down(
    page: Page, box: RunningBox
) -> None:
    page.clock.install()
    air(page)
    with frozen(box):
        page.clock.fast_forward(SILENT_MS)
        expect(page.locator("#bar")).to_contain_text(LOST)
        expect(page.locator("#bar .lost")).to_be_visible()
        for count in page.locator(".count, progress").all():
            expect(count).not_to_be_visible()
        expect(page.locator("[data-part=on_air]")).not_to_be_visible()
    expect(page.get_by_text("又连上了")).to_be_visible()
    expect(page.locator("#bar .lost")).not_to_be_visible()
    expect(page.locator("#bar .count")).to_be_visible()


def test_without_a_network_a_stop_says_what_to_do_and_the_page_comes_back_by_itself(page: Page) -> None:
    page.clock.install()
    air(page)
    page.goto("/timetable")
    expect(page.locator("#bar .count")).to_be_visible()
    page.context.set_offline(True)
    page.get_by_role("button", name="停播").click()
    expect(page.get_by_text("没停成，连不上广播站。急着停，就关功放电源。")).to_be_visible()
    # A stream that is open goes on in this browser's offline: it is opened anew.
    for hidden in (True, False):
        page.evaluate(HIDDEN, hidden)
    page.clock.fast_forward(SILENT_MS)
    expect(page.locator("#bar .lost")).to_be_visible()
    page.context.set_offline(False)
    page.clock.fast_forward(SILENT_MS)
    expect(page.get_by_text("又连上了")).to_be_visible()


def test_without_a_network_what_is_written_stays_on_the_screen(page: Page) -> None:
    page.goto("/say")
    page.locator("#text").fill("下午停水。")
    page.context.set_offline(True)
    page.get_by_role("button", name="看一遍").click()
    expect(page.get_by_text("手机没有网，这一下没有交上去")).to_be_visible()
    expect(page.locator("#text")).to_have_value("下午停水。")
    page.context.set_offline(False)
    press(page, "看一遍")
    expect(page.get_by_role("button", name="确认播出")).to_be_visible()


def test_a_browser_on_a_box_without_a_network_sends_what_is_written(page: Page) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'onLine', { get: () => false })")
    page.goto("/say")
    page.locator("#text").fill("下午停水。")
    press(page, "看一遍")
    expect(page.get_by_role("button", name="确认播出")).to_be_visible()


def make_losable(page: Page) -> None:
    """Before a page is opened: a first route right after it intercepts nothing, one time in ten."""
    page.route("**/live/stream*", lambda route: route.continue_())


def lose(page: Page, answer: Callable[[Route], object]) -> None:
    """The page hears nothing any more, and what it asks the station is answered so."""
    page.route("**/live/stream*", lambda route: route.abort())
    page.route("**/live?*", answer)
    # The stream that is open goes on: it is opened anew.
    for hidden in (True, False):
        page.evaluate(HIDDEN, hidden)
    expect(page.locator("#bar .lost")).to_be_visible()


def test_a_press_where_the_station_was_only_busy_is_sent_once_and_by_its_own_button(page: Page) -> None:
    make_losable(page)
    rehearse(page, "下午停水。")
    is_busy = True
    lose(page, lambda route: route.abort() if is_busy else route.continue_())
    is_busy = False
    sent: list[str] = []
    page.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)
    page.get_by_role("button", name="回去修改").dblclick()
    expect(page.locator("#text")).to_have_value("下午停水。")
    assert [url.rsplit("/", 1)[1] for url in sent] == ["edit"]


def test_a_station_that_answers_late_is_back_and_the_press_is_asked_for_again(page: Page) -> None:
    make_losable(page)
    page.goto("/say")
    page.locator("#text").fill("下午停水。")
    late: list[Route] = []
    lose(page, lambda route: late.append(route))
    page.get_by_role("button", name="看一遍").click()
    expect(page.get_by_text("正在问广播站在不在")).to_be_visible()
    expect(page.get_by_text("连不上广播站，这一下没有交上去")).to_be_visible()
    expect(page.locator("#text")).to_have_value("下午停水。")
    for route in late:
        route.continue_()
    expect(page.get_by_text("又连上了。刚才那一下没有交上去，请再按一次。")).to_be_visible()
    page.unroute_all()
    press(page, "看一遍")
    expect(page.get_by_role("button", name="确认播出")).to_be_visible()


def test_with_a_network_whose_station_is_away_what_is_written_stays_on_the_screen(page: Page) -> None:
    make_losable(page)
    page.goto("/say")
    page.locator("#text").fill("下午停水。")
    page.route("**/*", lambda route: route.abort())
    lose(page, lambda route: route.abort())
    page.get_by_role("button", name="看一遍").click()
    expect(page.get_by_text("连不上广播站，这一下没有交上去")).to_be_visible()
    expect(page.locator("#text")).to_have_value("下午停水。")
    page.unroute_all()
    expect(page.get_by_text("又连上了")).to_be_visible()
    press(page, "看一遍")
    expect(page.get_by_role("button", name="确认播出")).to_be_visible()


def test_a_station_that_is_back_and_wants_a_login_is_not_away(page: Page) -> None:
    make_losable(page)
    page.goto("/say")
    page.locator("#text").fill("下午停水。")
    lose(page, lambda route: route.abort())
    page.context.clear_cookies()
    page.unroute_all()
    expect(page.locator("#bar .out")).to_be_visible()
    expect(page.locator("#bar .lost")).not_to_be_visible()
    press(page, "看一遍")
    expect(page.get_by_role("heading", name="登录")).to_be_visible()
    expect(page.get_by_text("写的字都在")).to_be_visible()


def test_a_page_that_nobody_looks_at_asks_for_nothing_and_then_at_once(page: Page) -> None:
    page.goto("/more")
    expect(page.locator("#bar")).to_contain_text(re.compile("没在播|停了"))
    with page.expect_event("requestfailed", lambda request: "/live/stream" in request.url):
        page.evaluate(HIDDEN, True)
    with page.expect_request("**/live/stream*"):
        page.evaluate(HIDDEN, False)
    expect(page.locator("#bar .lost")).not_to_be_visible()


def test_one_tap_silences_from_a_page_with_text_on_it_and_one_takes_it_back(
    page: Page, sink: Sink
) -> None:
    air(page)
    page.goto("/say")
    page.locator("#text").fill("写了一半的")
    page.evaluate("() => { window.stays = true; }")
    wait_until(sink.heard)
    silence(page)
    said = sink.heard()
    expect(page.locator("#bar")).to_contain_text("王秀英停了“")
    page.get_by_role("button", name="接着播").dblclick()
    expect(page.locator("#bar .count")).to_be_visible()
    wait_until(lambda: len(sink.heard()) > len(said) + 96_000)
    assert page.evaluate("window.stays")
    expect(page.locator("#text")).to_have_value("写了一半的")
    silence(page)


def test_the_bar_covers_nothing_and_holds_at_twice_the_size_of_text(
    browser: Browser, box: RunningBox, page: Page, logged_in: StorageState
) -> None:
    air(page)
    with phone(browser, box.page, storage_state=logged_in) as context:
        other = context.new_page()
        for face in ("停播", "接着播"):
            if face == "接着播":
                silence(page)
            for (width, height), size in product(SCREENS, ("18px", "36px")):
                other.set_viewport_size({"width": width, "height": height})
                other.goto("/timetable")
                other.evaluate("size => { document.documentElement.style.fontSize = size; }", size)
                expect(other.get_by_role("button", name=face)).to_be_visible()
                seen = other.evaluate(COVERED)
                assert seen == {"under": False, "wide": False, "out": False}, (face, width, size)
