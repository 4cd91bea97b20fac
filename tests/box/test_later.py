"""What is wanted at a later time waits for it, outlasts a power cut and is not stopped with the air."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect
from rig.phone import chromium, make_account, phone
from rig.rig import FakeRig
from rig.village import RunningBox, Village


@pytest.fixture
def tomorrow() -> str:
    now = datetime.now(ZoneInfo("Asia/Shanghai"))
    return (now + timedelta(days=1)).strftime("%Y-%m-%dT10:00")


def test_it_waits_outlasts_a_power_cut_and_is_not_stopped_with_the_air(
    village: Village, fake_rig: FakeRig, tomorrow: str
) -> None:
    box = RunningBox(village)
    with chromium() as browser:
        page = phone(browser, box.page).new_page()
        make_account(page, next(line for line in box.lines if "一次性代码" in line)[-8:])
        page.get_by_role("link", name="说一段话").click()
        page.get_by_label("说一段话").fill("明天开会。")
        page.locator("input[name=when][value=at]").check()
        page.get_by_label("几号几点").fill(tomorrow)
        page.get_by_role("button", name="看一遍、听一听").click()
        page.get_by_role("button", name="到时候播").click()
        expect(page.get_by_text("记下了，到时候播")).to_be_visible()
        box.process.kill()
        box.end()
        again = RunningBox(village)
        stopped = village.call("stop")
        waits = village.call("status").stdout
        comes = village.call("next", "--hours", "48").stdout
        again.end()
    assert stopped.returncode == 0
    assert f"接下来：{tomorrow[5:].replace('T', ' ')} 明天开会" in waits and "等候" not in waits
    assert f"另外定了：{tomorrow[5:].replace('T', ' ')} 明天开会" in comes
    assert not any(fake_rig.captured()), "a card that is opened ahead plays silence"
