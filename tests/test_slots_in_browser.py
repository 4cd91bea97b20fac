"""A slot that is made on the page is on the air without a restart: the real box, asked over HTTP."""

import html
import io
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import soundfile
from rig.rig import FakeRig, wait_until
from test_words_in_browser import Browser
from village import RunningBox, Village

WATER = "今天下午停水，请提前储水。"
# The page offers whole minutes: one that begins in less than this might be over before it is saved.
LEAST = timedelta(seconds=20)


@pytest.fixture
def box(village: Village) -> Iterator[RunningBox]:
    running = RunningBox(village)
    yield running
    running.end()


@pytest.fixture
def browser(box: RunningBox) -> Browser:
    browser = Browser(box.page)
    code = next(line for line in box.lines if "一次性代码" in line)[-8:]
    account = {"code": code, "name": "王秀英", "password": "shuiku-2026", "again": "shuiku-2026"}
    browser.post("/start", "/start", **account)
    return browser


@pytest.mark.slow
def test_a_slot_made_on_the_page_a_minute_ahead_is_heard_and_recorded(
    village: Village, fake_rig: FakeRig, browser: Browser
) -> None:
    due = (datetime.now(ZoneInfo("Asia/Shanghai")) + LEAST).replace(second=0) + timedelta(minutes=1)
    when = {"kind": "once", "once_day": f"{due:%Y-%m-%d}", "once_time": f"{due:%H:%M}"}
    page = browser.post("/timetable/check", "/timetable/new", name="停水", text=WATER, **when)
    found = re.search(r'name="written" value="([^"]+)"', page)
    assert found
    browser.post("/timetable/save", "/timetable/new", written=html.unescape(found[1]), replaces="")
    coming = json.loads(village.call("next", "--hours", "1", "--json").stdout)["airings"]
    assert [airing["slot"] for airing in coming] == ["停水"]
    assert "停水" in village.call("status").stdout

    sound = village.render(WATER)
    wait_until(lambda: sound in fake_rig.captured(), 120)
    wait_until(lambda: json.loads(village.call("journal", "--json").stdout) != [])
    (row,) = json.loads(village.call("journal", "--json").stdout)
    assert (row["asked_by"], row["outcome"]) == ("停水", "PLAYED")

    heard = mp3_of(browser, row["id"])
    assert heard == pytest.approx(len(sound) / 2 / 48_000 + 5, abs=0.2)


def mp3_of(browser: Browser, airing_id: str) -> float:
    """Order it again, which makes nothing anew, until it is there; its seconds."""
    found: list[str] = []

    def there() -> bool:
        page = browser.post("/record/copy", "/record/usb", airing=airing_id, minutes="0")
        found[:] = re.findall(r'<audio controls src="([^"]+)"', page)
        return bool(found)

    wait_until(there, 60)
    return float(soundfile.info(io.BytesIO(browser.get(found[0]))).duration)
