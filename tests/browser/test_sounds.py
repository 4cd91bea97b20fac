"""A sound goes on over a line that is cut and over a reload, is heard on the phone alone, and becomes
part of a column by tapping.
"""

from playwright.sync_api import Page, Route, expect
from rig.pages import beep, column, send_sound
from rig.phone import press
from rig.rig import Sink

CHUNK = 256 * 1024


def test_a_file_comes_whole_over_a_line_that_is_cut_twice_and_a_reload(page: Page, sink: Sink) -> None:
    content = beep(120.0)
    asked: list[int] = []

    def cut(route: Route) -> None:
        """The second chunk never comes; of the third the answer is lost; the fourth is held up."""
        asked.append(len(asked))
        if len(asked) == 1:
            route.abort("connectionreset")
        elif len(asked) == 3:
            route.fetch()
            route.abort("connectionreset")
        elif len(asked) <= 4:
            route.continue_()

    page.route("**/sounds/uploads/*/*", cut)
    send_sound(page, "花鼓.wav", content)
    expect(page.locator("#sending .sentence")).to_contain_text("正在传 花鼓.wav")
    expect(page.locator("#sending").get_by_text("线断了")).to_be_visible()
    expect(page.locator("#sending progress")).to_have_js_property("value", 3 * CHUNK / len(content))
    page.unroute("**/sounds/uploads/*/*")

    page.goto("/sounds")
    expect(page.get_by_text("没传完：花鼓.wav")).to_be_visible()
    offsets: list[int] = []
    page.on(
        "request",
        lambda request: (
            offsets.append(int(request.url.rpartition("/")[2]))
            if "/uploads/" in request.url and request.url.rpartition("/")[2].isdigit()
            else None
        ),
    )
    send_sound(page, "花鼓.wav", content)
    expect(page.get_by_text("收好了：“花鼓”，2 分钟。")).to_be_visible()
    # It began where the first time ended.
    assert min(offsets) >= 3 * CHUNK
    row = page.get_by_role("link", name="听：花鼓")
    row.click()
    expect(row).to_contain_text("■")
    row.click()
    expect(row).to_contain_text("▶")
    assert sink.heard() == b""


def test_a_file_that_is_not_wanted_any_more_is_gone(page: Page) -> None:
    page.route("**/sounds/uploads/*/*", lambda route: route.abort())
    send_sound(page, "长.wav", beep(60.0))
    expect(page.get_by_text("线断了")).to_be_visible()
    page.unroute("**/sounds/uploads/*/*")
    page.get_by_role("button", name="不传了").click()
    expect(page.get_by_role("button", name="传上去")).to_be_enabled()
    page.goto("/sounds")
    expect(page.get_by_text("没传完：长.wav")).to_have_count(0)


def test_a_column_is_made_by_tapping(page: Page) -> None:
    """As wide as a phone; what was typed is still there after each tap, and after a reload."""
    send_sound(page, "坠子.wav", beep(3.0))
    expect(page.get_by_text("收好了：“坠子”")).to_be_visible()
    column(page, "坠子　3 秒")
    expect(page.get_by_role("listitem").filter(has=page.get_by_label("话"))).to_be_in_viewport()
    words = page.get_by_label("话", exact=True)
    words.fill("下面请听坠子。")
    page.locator("#name").fill("听戏")
    page.reload()
    expect(words).to_have_value("下面请听坠子。")
    press(page, "↑")
    rows = page.locator(".pieces.rows > li")
    expect(rows.nth(0).get_by_label("话", exact=True)).to_have_value("下面请听坠子。")
    expect(rows.nth(1)).to_contain_text("坠子")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.locator("input[name=at]").first.fill("06:55")
    # Enter goes on, it presses no button of a row.
    with page.expect_navigation():
        page.locator("#name").press("Enter")
    expect(page.get_by_text("一档节目，2 段")).to_be_visible()
    press(page, "保存")
    expect(page.get_by_text("存好了：“听戏”")).to_be_visible()
    page.goto("/sounds")
    expect(page.get_by_role("link", name="听戏")).to_be_visible()


def test_a_page_that_is_opened_while_a_file_is_measured_shows_it_by_itself(page: Page) -> None:
    with page.expect_request("**/finish"):
        send_sound(page, "评书.wav", beep(300.0))
    page.goto("/sounds")
    expect(page.get_by_role("link", name="听：评书")).to_be_visible()
