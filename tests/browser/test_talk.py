"""A person speaks live: the real box, a sound card that records, and a phone with a microphone."""

import json
import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from rig.pages import silence
from rig.phone import NAME
from rig.rig import FakeRig, wait_until
from rig.village import Village

RATE_HZ = 48_000


@pytest.fixture(autouse=True)
def signals(village: Village) -> None:
    """The signals of a fresh box: chime, alert, siren."""
    wait_until(lambda: len(list((village.folder / "cache").rglob("*.flac"))) >= 3, 60)


@pytest.fixture
def speaker(page: Page) -> "Speaker":
    return Speaker(page)


class Speaker:
    """Sends blocks of sound, as the page's script does."""

    def __init__(self, page: Page) -> None:
        self._page = page
        page.goto("/talk")
        self._token = page.locator("#talk input[name=csrf_token]").get_attribute("value") or ""
        self._number = -1

    def send(self, path: str, body: bytes, kind: str = "application/octet-stream") -> dict[str, str]:
        headers = {"Content-Type": kind, "X-CSRFToken": self._token}
        answer = self._page.request.post(path, data=body, headers=headers)
        told: dict[str, str] = answer.json()
        return told

    def begin(self) -> None:
        form = "application/x-www-form-urlencoded"
        self._talk = self.send("/talk/begin", b"severity=4", form)["id"]

    def say(self, pcm: bytes) -> str:
        self._number += 1
        return self.send(f"/talk/{self._talk}/{self._number}", pcm)["stage"]

    def end(self) -> dict[str, str]:
        return self.send(f"/talk/{self._talk}/end", b"")


def speech(seed: int, seconds: float = 0.4) -> bytes:
    samples = np.random.default_rng(seed).integers(1, 9_000, round(seconds * RATE_HZ), np.int16)
    return samples.tobytes()


def journal(village: Village) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(village.call("journal", "--json").stdout)
    return rows


def test_what_a_phone_sends_is_what_sounds_and_a_stop_ends_it(
    page: Page, village: Village, fake_rig: FakeRig, speaker: Speaker
) -> None:
    before = len(fake_rig.captured())
    speaker.begin()
    wait_until(lambda: speaker.say(bytes(960)) == "speak")
    first, second = speech(1), speech(2)
    assert speaker.say(first) == "speak"
    wait_until(lambda: first in fake_rig.captured())
    assert speaker.say(second) == "speak"
    told = speaker.end()
    assert (told["stage"], told["sentence"]) == ("over", "讲完了。")
    chime, _, rest = fake_rig.captured()[before:].partition(first)
    assert any(chime)
    assert second in rest
    row = journal(village)[0]
    assert (row["outcome"], row["asked_by"], row["voice"]) == ("PLAYED", NAME, "microphone")
    assert float(str(row["seconds_played"])) > 2.5 + 0.8
    assert float(str(row["seconds_played"])) == pytest.approx(float(told["seconds"]), abs=0.1)

    speaker.begin()
    wait_until(lambda: speaker.say(bytes(960)) == "speak")
    page.goto("/")
    silence(page)
    wait_until(lambda: speaker.say(speech(3)) == "over")
    assert "停播" in speaker.end()["sentence"]
    assert journal(village)[0]["outcome"] == "CUT_SHORT"
    assert speech(3) not in fake_rig.captured()


def test_a_button_is_held_and_the_village_hears_it(
    page: Page, village: Village, fake_rig: FakeRig
) -> None:
    before = len(fake_rig.captured())
    page.get_by_role("link", name="现场讲话").click()
    page.get_by_role("button", name="打开话筒").click()
    expect(page.get_by_role("button", name="按住讲话")).to_be_visible()
    hold(page)
    expect(page.get_by_text("请讲，大喇叭正在播")).to_be_visible()
    expect(page.get_by_text("还能讲 9 分")).to_be_visible()
    spoken_from = len(fake_rig.captured())
    # The browser's microphone beeps once a second: two seconds of two bytes.
    wait_until(lambda: len(fake_rig.captured()) > spoken_from + 4 * RATE_HZ)
    page.mouse.up()
    expect(page.get_by_text(re.compile("讲完了。大喇叭响了 \\d+ 秒"))).to_be_visible()
    assert any(fake_rig.captured()[before:spoken_from])
    said = np.frombuffer(fake_rig.captured()[spoken_from + RATE_HZ :], np.int16)
    assert np.abs(said).max() > 1_000
    row = journal(village)[0]
    assert (row["outcome"], row["asked_by"]) == ("PLAYED", NAME)
    assert float(str(row["seconds_played"])) > 4


def test_on_a_slow_line_the_microphone_is_shut_when_the_button_is_let_go(page: Page) -> None:
    page.goto("/talk")
    page.get_by_role("button", name="打开话筒").click()
    expect(page.get_by_role("button", name="按住讲话")).to_be_visible()
    # Each block takes longer on its way than the next one takes to be spoken.
    slow = {"offline": False, "latency": 500, "downloadThroughput": -1, "uploadThroughput": -1}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
    hold(page)
    expect(page.get_by_text("请讲，大喇叭正在播")).to_be_visible(timeout=20_000)
    page.mouse.up()
    expect(page.get_by_text(re.compile("松开了，正在收尾|讲完了"))).to_be_visible(timeout=1_000)
    expect(page.get_by_text(re.compile("讲完了。大喇叭响了 \\d+ 秒"))).to_be_visible()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("NotAllowedError", "允许用话筒"),
        ("NotFoundError", "没有找到话筒"),
        ("NotReadableError", "被别的程序占着"),
        ("SecurityError", "从 https 开头的地址进"),
        ("OverconstrainedError", "换一部手机"),
    ],
)
def test_why_no_microphone_opens_is_told_with_what_to_do(page: Page, error: str, told: str) -> None:
    page.add_init_script(
        "navigator.mediaDevices.getUserMedia ="
        f" () => Promise.reject(new DOMException('as a phone says it', '{error}'));"
    )
    page.goto("/talk")
    page.get_by_role("button", name="打开话筒").click()
    expect(page.locator("#told")).to_contain_text(told)
    expect(page.get_by_role("button", name="打开话筒")).to_be_enabled()
    page.goto("/voice")
    page.get_by_role("button", name="开始录").click()
    expect(page.locator("#told")).to_contain_text(told)
    expect(page.locator("#told")).to_contain_text("选一个录好的录音")


def hold(page: Page) -> None:
    box = page.locator("#hold").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
