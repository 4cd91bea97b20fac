"""The page in a real browser at a phone's size, over the real box and a sound card that records."""

import io
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from rig.phone import chromium, log_in, make_account, phone
from rig.rig import FakeRig, wait_until
from village import RunningBox, Village

FLOOD = "上游水库开闸泄洪，请马上转移。"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def box(village: Village) -> Iterator[RunningBox]:
    running = RunningBox(village)
    yield running
    running.end()


@pytest.fixture
def page(browser: Browser, box: RunningBox) -> Iterator[Page]:
    """A phone whose owner has made the first account."""
    context = phone(browser, box.page)
    page = context.new_page()
    code = next(line for line in box.lines if "一次性代码" in line)[-8:]
    make_account(page, code)
    yield page
    context.close()


def write_urgent(page: Page, text: str) -> None:
    page.get_by_role("link", name="紧急广播").click()
    page.get_by_label("紧急广播").fill(text)
    page.get_by_role("button", name="看一遍、听一听").click()


def test_an_urgent_notice_takes_three_taps_is_heard_and_stopped(page: Page, fake_rig: FakeRig) -> None:
    expect(page.get_by_text("账号建好了")).to_be_visible()
    write_urgent(page, FLOOD)
    expect(page.get_by_text(re.compile("马上用离线女声播 3 遍.*开头响警报"))).to_be_visible()
    assert fake_rig.captured() == b""
    page.get_by_role("button", name="确认播出").click()
    expect(page.get_by_text("正在播出")).to_be_visible()
    wait_until(fake_rig.captured)
    page.get_by_role("link", name="停播").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("真的要停播吗")
    dialog.get_by_role("button", name="停播").click()
    expect(page.get_by_text("停播了，共停下 1 条")).to_be_visible()
    expect(page.get_by_text("现在没有播出")).to_be_visible()
    expect(page.get_by_text("没播完")).to_be_visible()


def test_what_is_tried_on_the_phone_is_what_the_loudspeaker_says(
    village: Village, page: Page, fake_rig: FakeRig
) -> None:
    page.get_by_role("link", name="说一段话").click()
    page.get_by_role("link", name="停水").click()
    page.get_by_label("为什么").fill("水管坏了")
    page.get_by_label("什么时候").fill("下午3点")
    page.get_by_label("哪里").fill("石盆村")
    page.get_by_role("button", name="填好了").click()
    page.get_by_role("button", name="看一遍、听一听").click()
    expect(page.get_by_text("下午三点", exact=False).first).to_be_visible()
    page.get_by_text("有字念错了").click()
    page.get_by_label("哪个词").fill("石盆")
    page.get_by_label("该怎么念").fill("shi2 peng4")
    page.get_by_role("button", name="改好").click()
    expect(page.get_by_text("记下了：石盆 念 shi2 peng4")).to_be_visible()
    assert "石盆" in (village.folder / "lexicon.yaml").read_text(encoding="utf-8")
    seconds = page.locator("audio").evaluate(
        "async audio => { await audio.play(); audio.pause(); return audio.duration }"
    )
    sound = page.locator("audio").get_attribute("src")
    assert sound
    samples = soundfile.read(io.BytesIO(page.request.get(sound).body()), dtype="int16")[0]
    assert seconds == pytest.approx(len(samples) / 48_000, abs=0.05)
    assert fake_rig.captured() == b""
    page.get_by_role("button", name="确认播出").click()
    expect(page.get_by_text("播完了")).to_be_visible(timeout=40_000)
    assert samples.tobytes().strip(b"\0") in fake_rig.captured()


def test_two_phones_at_once_see_the_same_and_either_stops(
    browser: Browser, box: RunningBox, page: Page
) -> None:
    other_phone = phone(browser, box.page)
    other = other_phone.new_page()
    log_in(other)
    write_urgent(page, FLOOD)
    page.get_by_role("button", name="确认播出").click()
    expect(other.get_by_text("正在播出")).to_be_visible()
    other.get_by_role("link", name="停播").click()
    other.get_by_role("dialog").get_by_role("button", name="停播").click()
    expect(page.get_by_text("现在没有播出")).to_be_visible()
    other_phone.close()


@pytest.mark.slow
def test_the_forms_work_without_javascript(browser: Browser, box: RunningBox, page: Page) -> None:
    plain_phone = phone(browser, box.page, javascript=False)
    plain = plain_phone.new_page()
    log_in(plain)
    write_urgent(plain, FLOOD)
    plain.get_by_role("button", name="确认播出").click()
    plain.get_by_role("link", name="停播").click()
    plain.get_by_role("button", name="停播").click()
    expect(plain.get_by_text("停播了")).to_be_visible()
    plain_phone.close()


def test_a_recording_from_the_phone_is_heard_first_and_then_aired(
    page: Page, fake_rig: FakeRig, tmp_path: Path
) -> None:
    sent = tmp_path / "speech.m4a"
    beep = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=duration=2", str(sent)]
    subprocess.run(beep, check=True)
    page.get_by_role("link", name="录我的话").click()
    page.get_by_label("选一个录音").set_input_files(sent)
    page.get_by_label("叫什么").fill("村长讲话")
    page.get_by_role("button", name="交上去").click()
    expect(page.get_by_text("录音收到了")).to_be_visible()
    page.get_by_role("button", name="听一听，再播").click()
    expect(page.get_by_text("马上用录音播 1 遍，共 5 秒")).to_be_visible()
    sound = page.locator("audio").get_attribute("src")
    assert sound
    samples = soundfile.read(io.BytesIO(page.request.get(sound).body()), dtype="int16")[0]
    assert fake_rig.captured() == b""
    page.get_by_role("button", name="确认播出").click()
    expect(page.get_by_text("播完了")).to_be_visible(timeout=40_000)
    assert samples.tobytes().strip(b"\0") in fake_rig.captured()


def test_what_is_recorded_in_the_page_is_taken(page: Page) -> None:
    """The browser's microphone beeps."""
    page.get_by_role("link", name="录我的话").click()
    page.get_by_role("button", name="开始录").click()
    expect(page.get_by_text("正在录：2 秒")).to_be_visible()
    page.get_by_role("button", name="录好了，停").click()
    expect(page.get_by_text("点下面的“交上去”")).to_be_visible()
    page.get_by_role("button", name="交上去").click()
    expect(page.get_by_text("已经存好了")).to_be_visible()


PLACES = [
    "/",
    "/say",
    "/say?severity=1",
    "/say/pattern/water",
    "/stop",
    "/voice",
    "/words",
    "/words/edit",
]


@pytest.mark.parametrize("dark", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_nothing_is_hard_to_see_reach_or_read_aloud(
    browser: Browser, box: RunningBox, page: Page, dark: bool
) -> None:
    context = phone(browser, box.page, dark=dark)
    shown = context.new_page()
    log_in(shown)
    for place in PLACES:
        shown.goto(place)
        results = Axe().run(shown)
        assert results.violations_count == 0, f"{place}: {results.generate_report()}"
    write_urgent_at(shown)
    results = Axe().run(shown)
    assert results.violations_count == 0, results.generate_report()
    context.close()


def write_urgent_at(page: Page) -> None:
    page.goto("/")
    write_urgent(page, FLOOD)


@pytest.mark.slow
def test_every_page_fits_the_narrowest_phone(browser: Browser, box: RunningBox, page: Page) -> None:
    context = phone(browser, box.page, width=320)
    narrow = context.new_page()
    log_in(narrow)
    for place in PLACES:
        narrow.goto(place)
        assert narrow.evaluate("document.documentElement.scrollWidth") == 320, place
        small = narrow.evaluate(
            "[...document.querySelectorAll('body *')].filter(e => e.childNodes.length &&"
            " parseFloat(getComputedStyle(e).fontSize) < 17).map(e => e.outerHTML)"
        )
        assert small == [], place
    context.close()
