"""What goes on the air from a phone, over the real box and a sound card that records."""

import io
import re
import subprocess
from pathlib import Path

import pytest
import soundfile
from playwright.sync_api import Browser, Page, expect
from rig.pages import beep, silence, wait_until_played
from rig.phone import NAME, log_in, phone, press
from rig.rig import FakeRig, Sink, wait_until
from rig.village import RunningBox, Village

FLOOD = "上游水库开闸泄洪，请马上转移。"


def write_urgent(page: Page, text: str = FLOOD) -> None:
    page.get_by_role("link", name="紧急广播").click()
    page.get_by_label("紧急广播").fill(text)
    press(page, "看一遍、听一听")


def tried(page: Page) -> bytes:
    """What the phone plays before anything is on the air."""
    sound = page.locator("audio").get_attribute("src")
    assert sound
    answer = page.request.get(sound, headers={"Range": "bytes=0-"})
    samples = soundfile.read(io.BytesIO(answer.body()), dtype="int16")[0]
    assert len(samples) == (int(answer.headers["content-length"]) - 44) / 2
    assert page.locator("audio").evaluate(
        "async audio => { await audio.play(); audio.pause(); return audio.duration }"
    ) == pytest.approx(len(samples) / 48_000, abs=0.05)
    return bytes(samples.tobytes())


def test_an_urgent_notice_takes_three_taps_is_heard_and_stopped(page: Page, sink: Sink) -> None:
    write_urgent(page)
    expect(page.get_by_text(re.compile("马上用离线女声播 3 遍.*开头响警报"))).to_be_visible()
    assert sink.heard() == b""
    press(page, "确认播出")
    expect(page.get_by_text("正在播出")).to_be_visible()
    wait_until(sink.heard)
    silence(page)
    expect(page.get_by_text("现在没有播出")).to_be_visible()
    asked = page.locator("[data-part^=asked]")
    expect(asked).to_contain_text("没播完：停播")
    asked.get_by_role("link", name="再播一次").click()
    expect(page.get_by_role("button", name="确认播出")).to_be_visible()


def test_with_the_card_out_the_phone_says_so_before_and_after_it_is_confirmed(
    page: Page, sink: Sink, fake_rig: FakeRig
) -> None:
    write_urgent(page)
    press(page, "确认播出")
    wait_until(sink.heard)
    fake_rig.unplug()
    try:
        expect(page.locator("[data-part=fault]")).to_contain_text("声卡")
        expect(page.locator("[data-part^=asked]")).to_contain_text(re.compile("没播成：声卡|在等声卡"))
        write_urgent(page, "再说一遍，请马上转移。")
        expect(page.get_by_role("alert").filter(has_text="现在响不了：声卡")).to_be_visible()
        press(page, "确认播出")
        expect(page.locator("[data-part^=asked]").first).to_contain_text("在等声卡")
    finally:
        fake_rig.replug()


def test_what_is_tried_on_the_phone_is_what_the_loudspeaker_says(
    village: Village, page: Page, sink: Sink
) -> None:
    page.get_by_role("link", name="说一段话").click()
    page.get_by_role("link", name="停水").click()
    page.get_by_label("为什么").fill("水管坏了")
    page.get_by_label("什么时候").fill("下午3点")
    page.get_by_label("哪里").fill("石盆村")
    press(page, "填好了")
    press(page, "看一遍、听一听")
    expect(page.get_by_text("下午三点", exact=False).first).to_be_visible()
    page.get_by_text("有字念错了").click()
    page.get_by_label("哪个词").fill("石盆")
    page.get_by_label("该怎么念").fill("shi2 peng4")
    press(page, "改好")
    expect(page.get_by_text("记下了：石盆 念 shi2 peng4")).to_be_visible()
    assert "石盆" in (village.folder / "lexicon.yaml").read_text(encoding="utf-8")
    samples = tried(page)
    assert sink.heard() == b""
    press(page, "确认播出")
    wait_until_played(page, "水管坏了")
    assert samples.strip(b"\0") in sink.heard()


def test_two_phones_at_once_see_the_same_and_either_stops(
    browser: Browser, box: RunningBox, page: Page
) -> None:
    with phone(browser, box.page) as other_phone:
        other = other_phone.new_page()
        log_in(other)
        write_urgent(page)
        press(page, "确认播出")
        expect(other.get_by_text("正在播出")).to_be_visible()
        other.goto("/timetable")
        silence(other)
        expect(page.get_by_text("现在没有播出")).to_be_visible()
        expect(page.locator("#bar")).to_contain_text(f"{NAME}停了“{FLOOD[:15]}")


def test_the_forms_work_without_javascript(
    browser: Browser, box: RunningBox, page: Page, sink: Sink
) -> None:
    with phone(browser, box.page, javascript=False) as plain_phone:
        plain = plain_phone.new_page()
        log_in(plain)
        write_urgent(plain)
        press(plain, "确认播出")
        asked = plain.locator("[data-part^=asked]")
        expect(asked).to_contain_text(re.compile("已经交给广播了|正在播。"))
        wait_until(sink.heard)
        plain.reload()
        expect(asked).to_contain_text("正在播。")
        plain.goto("/say")
        plain.locator("#text").fill("写了一半的")
        bar = plain.frame_locator("iframe")
        bar.get_by_role("button", name="停播").click()
        expect(bar.get_by_text("停了“")).to_be_visible()
        expect(bar.get_by_role("button", name="停播")).to_have_count(0)
        expect(plain.locator("#text")).to_have_value("写了一半的")
        bar.get_by_role("button", name="接着播").click()
        expect(bar.get_by_role("button", name="停播")).to_be_visible()
        expect(plain.locator("#text")).to_have_value("写了一半的")


@pytest.mark.parametrize("ending", ["wav", "m4a"])
def test_a_recording_from_the_phone_is_heard_first_and_then_aired(
    page: Page, sink: Sink, tmp_path: Path, ending: str
) -> None:
    recorded, sent = tmp_path / "hummed.wav", tmp_path / f"speech.{ending}"
    recorded.write_bytes(beep(2.0))
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(recorded), str(sent)], check=True)
    page.get_by_role("link", name="录我的话").click()
    page.get_by_label("选一个录音").set_input_files(sent)
    page.get_by_label("叫什么").fill(f"村长讲话 {ending}")
    press(page, "交上去")
    expect(page.get_by_text("录音收到了")).to_be_visible()
    press(page, "听一听，再播")
    expect(page.get_by_text(re.compile("马上用录音播 1 遍，共 [45] 秒"))).to_be_visible()
    samples = tried(page)
    assert sink.heard() == b""
    press(page, "确认播出")
    wait_until(lambda: samples.strip(b"\0") in sink.heard())


def test_what_is_recorded_in_the_page_is_taken(page: Page) -> None:
    """The browser's microphone beeps."""
    page.get_by_role("link", name="录我的话").click()
    page.get_by_role("button", name="开始录").click()
    expect(page.get_by_text("正在录：2 秒")).to_be_visible()
    page.get_by_role("button", name="录好了，停").click()
    expect(page.get_by_text("点下面的“交上去”")).to_be_visible()
    press(page, "交上去")
    expect(page.get_by_text("已经存好了")).to_be_visible()
