"""The way to every page, by the name of its template, on the phone of a secretary who has logged in.

Some are the same page in another state. Each may be shown again; `pin` logs out, so it is the last.
"""

import io
import wave
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from playwright.sync_api import Page
from rig.phone import PASSWORD, press

FLOOD = "上游水库今晚10点开闸泄洪，河边一组的村民请马上转移到村小学。"
MEETING = "明天上午10点，各组组长到村委会开会。"
VERSE = "秸秆焚烧害处大，\n污染空气人人骂，\n还田养地是个宝，\n来年多打几麻袋。"

Show = Callable[[Page], object]
_numbers = count(1)


def follow(page: Page, link: str) -> None:
    with page.expect_navigation():
        page.get_by_role("link", name=link).first.click()


def silence(page: Page) -> None:
    """One tap on the bar; the page stays."""
    page.get_by_role("button", name="停播").click()
    page.locator("#bar").get_by_text("停了“").wait_for()


def open_first(page: Page, listing: str) -> None:
    """The first one of a list."""
    page.goto(listing)
    with page.expect_navigation():
        page.locator("a.name").first.click()


def write(page: Page, text: str, severity: int = 0) -> None:
    page.goto(f"/say?severity={severity}")
    page.locator("#text").fill(text)


def rehearse(page: Page, text: str, severity: int = 0) -> None:
    write(page, text, severity)
    press(page, "看一遍、听一听")


def wait_until_played(page: Page, words: str) -> None:
    """On the home page, what has these words."""
    row = page.locator("[data-part=recent] li", has_text=words).filter(has_text="播完了")
    row.first.wait_for(timeout=40_000)


def beep(seconds: float) -> bytes:
    """A WAV as a telephone's recorder would make it, if somebody hummed."""
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes((b"\x00\x20" * 10 + b"\x00\xe0" * 10) * round(400 * seconds))
    return content.getvalue()


def send_recording(page: Page, title: str, seconds: float = 2.0) -> None:
    page.goto("/voice")
    sent = {"name": "speech.wav", "mimeType": "audio/wav", "buffer": beep(seconds)}
    page.get_by_label("选一个录音").set_input_files(sent)  # type: ignore[arg-type]
    page.get_by_label("叫什么").fill(title)
    press(page, "交上去")


def _open(path: str) -> Show:
    return lambda page: page.goto(path)


def send_sound(page: Page, name: str, content: bytes) -> None:
    """Choose a file on the page of sounds, and send it."""
    page.goto("/sounds")
    chosen = {"name": name, "mimeType": "audio/mpeg", "buffer": content}
    page.get_by_label("从手机传").set_input_files(chosen)  # type: ignore[arg-type]
    page.get_by_role("button", name="传上去").click()


def _sounds(page: Page) -> None:
    send_sound(page, "天气.mp3", b"<html><body>" * 500)
    page.locator("#sending [role=alert], #sending .sentence[role=alert]").first.wait_for()
    send_sound(page, "梆子.wav", beep(2.0))
    # 收好了, or 已经有了 where another test of this box sent it.
    page.get_by_role("status").filter(has_text="“梆子”").wait_for()


def _on_air(page: Page) -> None:
    rehearse(page, FLOOD, severity=1)
    press(page, "确认播出")
    page.get_by_text("正在播出").wait_for()


def _sent(page: Page) -> None:
    """The page of a notice that was confirmed, come back to."""
    rehearse(page, MEETING)
    confirmed = page.url
    press(page, "确认播出")
    page.goto(confirmed)


def _home(page: Page) -> None:
    page.goto("/")
    silence(page)
    page.get_by_text("现在没有播出").wait_for()


def _cancel(page: Page) -> None:
    tomorrow = datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(days=1)
    write(page, MEETING)
    page.locator("input[name=when][value=at]").check()
    page.get_by_label("几号几点").fill(f"{tomorrow:%Y-%m-%dT10:00}")
    press(page, "看一遍、听一听")
    press(page, "到时候播")
    follow(page, "不播")


def _verse(page: Page) -> None:
    write(page, VERSE)
    page.get_by_text("怎么播").click()
    page.locator("input[name=style][value=verse]").check()
    press(page, "看一遍、听一听")


def _slot_check(page: Page) -> None:
    page.goto("/timetable/new")
    page.get_by_label("说什么").fill("今天下午停水，请提前储水。")
    page.locator("input[name=at]").first.fill("06:45")
    press(page, "下一步")


def column(page: Page, sound: str = "梆子　2 秒") -> None:
    """The form of a slot with a sound and words after it, by taps alone."""
    page.goto("/timetable/new?content=sound")
    page.get_by_label("放哪个声音").select_option(label=sound)
    press(page, "加上这个声音")
    press(page, "＋话")


def _removal(page: Page) -> None:
    open_first(page, "/sounds")
    page.goto(f"{page.url}/removal")


def _record_again(page: Page) -> None:
    open_first(page, "/record")
    follow(page, "再播一次")


def _paper(page: Page) -> None:
    open_first(page, "/record")
    follow(page, "明白纸")


def _copy(page: Page) -> None:
    """When it is made, for until then the page asks again and again."""
    open_first(page, "/timetable")
    follow(page, "MP3")
    press(page, "做成 MP3")
    page.get_by_role("link", name="下载").wait_for(timeout=60_000)


def _given(page: Page) -> None:
    page.goto("/more/people")
    page.get_by_label("名字").fill(f"李会计{next(_numbers)}")
    press(page, "加上")


def _person(page: Page) -> None:
    page.goto("/more/people")
    follow(page, "改")


def _token(page: Page) -> None:
    page.goto("/more/tokens")
    page.get_by_label("给谁用").fill(f"县应急平台{next(_numbers)}")
    press(page, "建令牌")


def _pin(page: Page) -> None:
    page.goto("/more/me")
    page.get_by_label("6 位数字").fill("250613")
    page.locator("#pin-password").fill(PASSWORD)
    press(page, "设 PIN")
    page.goto("/more")
    press(page, "退出登录")


PAGES: dict[str, Show] = {
    "say": _open("/say"),
    "say-urgent": _open("/say?severity=1"),
    "pattern": _open("/say/pattern/water"),
    "confirm": lambda page: rehearse(page, FLOOD, severity=1),
    "confirm-verse": _verse,
    "unfinished": _open("/unfinished"),
    "say-unfinished": _open("/say"),
    "voice": _open("/voice"),
    "sounds": _sounds,
    "sound": lambda page: open_first(page, "/sounds"),
    "sound_removal": _removal,
    "talk": _open("/talk"),
    "recording": lambda page: send_recording(page, "村长讲话"),
    "words": _open("/words"),
    "word": _open("/words/edit"),
    "home-on-air": _on_air,
    "sent": _sent,
    "home": _home,
    "cancel": _cancel,
    "timetable": _open("/timetable"),
    "slot_form": _open("/timetable/new"),
    "slot_form-sounds": column,
    "slot_check": _slot_check,
    "slot": lambda page: open_first(page, "/timetable"),
    "record": _open("/record"),
    "record_notice": lambda page: open_first(page, "/record"),
    "record_again": _record_again,
    "paper": _paper,
    "copy": _copy,
    "usb": _open("/record/usb"),
    "more": _open("/more"),
    "me": _open("/more/me"),
    "people": _open("/more/people"),
    "given": _given,
    "person": _person,
    "tokens": _open("/more/tokens"),
    "token": _token,
    "cards": _open("/more/cards"),
    "deeds": _open("/more/deeds"),
    "error": _open("/nowhere"),
    "pin": _pin,
}
