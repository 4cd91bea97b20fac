"""What is kept and looked after on the phone: timetable, record, words, people."""

import io
import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import soundfile
from playwright.sync_api import Browser, Page, expect
from rig.pages import rehearse, wait_until_played
from rig.phone import log_in, phone, press
from rig.rig import Sink, wait_until
from rig.village import RunningBox, Village

WATER = "今天下午停水，请提前储水。"
# The page offers whole minutes: one that begins in less than this might be over before it is saved.
LEAST = timedelta(seconds=20)


def coming(village: Village, hours: int = 24) -> dict[str, str]:
    """The slots that are due, with the time of each."""
    told = json.loads(village.call("next", "--hours", str(hours), "--json").stdout)["airings"]
    return {airing["slot"]: airing["due_at"][11:16] for airing in told}


def air(page: Page, text: str, sink: Sink) -> bytes:
    """Have it said to its end; what was heard."""
    rehearse(page, text)
    press(page, "确认播出")
    wait_until_played(page, text[:6])
    return sink.heard()


def test_a_slot_is_made_moved_held_up_removed_and_taken_back(village: Village, page: Page) -> None:
    page.goto("/timetable")
    page.get_by_role("link", name="加一条").click()
    page.get_by_label("说什么").fill(WATER)
    page.get_by_label("名字").fill("停水")
    page.get_by_label("几点", exact=True).first.fill("06:45")
    press(page, "下一步")
    expect(page.locator(".coming li")).to_have_count(5)
    expect(page.locator(".coming li").first).to_contain_text("06:45")
    press(page, "保存")
    assert coming(village)["停水"] == "06:45"

    page.get_by_role("link", name="停水", exact=True).click()
    page.get_by_role("link", name="修改").click()
    expect(page.get_by_label("说什么")).to_have_value(WATER)
    page.get_by_label("几点", exact=True).first.fill("18:15")
    press(page, "下一步")
    press(page, "保存")
    assert coming(village)["停水"] == "18:15"

    page.get_by_role("link", name="停水", exact=True).click()
    press(page, "一直停着")
    assert "停水" not in coming(village)
    page.get_by_role("link", name="停水", exact=True).click()
    press(page, "恢复，照常播")
    page.get_by_role("link", name="停水", exact=True).click()
    press(page, "删掉这一条")
    expect(page.get_by_role("link", name="停水", exact=True)).to_have_count(0)
    press(page, "恢复 停水")
    assert coming(village)["停水"] == "18:15"
    page.get_by_role("link", name="停水", exact=True).click()
    press(page, "删掉这一条")


@pytest.mark.slow
def test_a_slot_made_on_the_page_a_minute_ahead_is_heard_and_recorded(
    village: Village, page: Page, sink: Sink
) -> None:
    text = "明天上午赶集，请把车停到村口。"
    due = (datetime.now(ZoneInfo("Asia/Shanghai")) + LEAST).replace(second=0) + timedelta(minutes=1)
    page.goto("/timetable/new")
    page.get_by_label("说什么").fill(text)
    page.get_by_label("名字").fill("赶集")
    page.locator(".choice", has_text="只播一次").click()
    page.get_by_label("哪一天").fill(f"{due:%Y-%m-%d}")
    page.locator("input[name=once_time]").fill(f"{due:%H:%M}")
    press(page, "下一步")
    press(page, "保存")
    assert coming(village, 1)["赶集"] == f"{due:%H:%M}"
    sound = village.render(text)
    page.goto("/")
    wait_until(lambda: sound.strip(b"\0") in sink.heard(), 120)
    wait_until_played(page, "赶集")


def test_what_was_aired_is_heard_again_said_again_and_put_on_paper(page: Page, sink: Sink) -> None:
    text = "上坟不要烧纸。"
    said = air(page, text, sink)
    page.goto("/record")
    page.get_by_role("link", name="上坟不要烧纸").first.click()
    press(page, "做成 MP3")
    page.get_by_role("link", name="下载").wait_for(timeout=60_000)
    mp3 = page.request.get(page.locator("audio").get_attribute("src") or "").body()
    with_silence = len(said) / 96_000 + 5
    assert soundfile.info(io.BytesIO(mp3)).duration == pytest.approx(with_silence, abs=0.3)

    page.goto("/record")
    page.get_by_role("link", name="上坟不要烧纸").first.click()
    page.get_by_role("link", name="明白纸").click()
    expect(page.get_by_role("article")).to_contain_text(text)
    expect(page.get_by_role("article").locator("svg")).to_be_visible()
    page.get_by_role("link", name="返回").click()
    page.get_by_role("link", name="再播一次").click()
    press(page, "确认播出")
    wait_until(lambda: sink.heard().count(said) == 2)


def test_the_record_is_found_by_its_words_and_kept_as_a_table(page: Page, sink: Sink) -> None:
    air(page, "来打疫苗。", sink)
    page.goto("/record")
    page.get_by_text("找一找").click()
    page.get_by_label("标题或内容里有").fill("疫苗")
    press(page, "找")
    expect(page.locator("main li")).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("link", name="存成表格").click()
    lines = download.value.path().read_text("utf-8-sig").splitlines()
    assert len(lines) == 2 and "来打疫苗。" in lines[1]


def test_a_word_is_heard_changed_and_then_said_so_by_the_loudspeaker(
    village: Village, page: Page
) -> None:
    page.goto("/words/edit")
    page.get_by_label("词", exact=False).first.fill("老亭")
    page.get_by_label("读音").fill("lao4 ting2")
    press(page, "试听")
    expect(page.get_by_text("这样念：lao4 ting2")).to_be_visible()
    sound = page.request.get(page.locator("audio").get_attribute("src") or "").body()
    heard = soundfile.read(io.BytesIO(sound), dtype="int16")[0].tobytes()
    words = village.folder / "lexicon.yaml"
    assert not words.exists() or "老亭" not in words.read_text(encoding="utf-8")
    press(page, "保存")
    expect(page.get_by_text("记下了：老亭")).to_be_visible()
    assert village.render("老亭").endswith(heard)


@pytest.mark.parametrize(("role", "writes"), [("编辑", True), ("只看", False)])
def test_who_is_no_secretary_airs_nothing(
    browser: Browser, box: RunningBox, page: Page, sink: Sink, role: str, writes: bool
) -> None:
    name = f"小{role}"
    page.goto("/more/people")
    page.get_by_label("名字").fill(name)
    page.locator(".choice", has_text=role).click()
    press(page, "加上")
    password = page.locator(".secret").inner_text()
    with phone(browser, box.page) as context:
        broken: list[str] = []
        context.on("weberror", lambda event: broken.append(str(event.error)))
        other = context.new_page()
        log_in(other, name, password)
        expect(other.get_by_text("现在没有播出")).to_be_visible()
        assert other.goto("/say").status == (200 if writes else 403)  # type: ignore[union-attr]
        if writes:
            rehearse(other, "明天开会。")
            expect(other.get_by_text("会这样念")).to_be_visible()
        for place in ("/say/air", "/stop", "/volume", "/timetable/save", "/more/people"):
            assert other.request.post(place, form={"text": "明天开会。"}).status == 403
        assert other.goto("/more/people").status == 403  # type: ignore[union-attr]
        assert broken == []
    assert sink.heard() == b""
