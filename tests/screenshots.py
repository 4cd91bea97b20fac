"""Pictures of every page of a box that has something to show, for scripts/screenshots."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page
from rig.phone import chromium, log_in, make_account, phone
from village import RunningBox, Village

QUALITY = 50
TIMETABLE = """slots:
  - {name: 早安, at: '07:30', text: 乡亲们早上好。}
  - {name: 防火宣传, at: '17:30', text: 森林防火，人人有责。, severity: 4}
"""
FLOOD = "上游水库今晚10点开闸泄洪，河边一组的村民请马上转移到村小学。"
VERSE = "秸秆焚烧害处大，\n污染空气人人骂，\n还田养地是个宝，\n来年多打几麻袋。"


def home(page: Page) -> None:
    page.goto("/")


def on_air(page: Page) -> None:
    rehearsal(page)
    page.get_by_role("button", name="确认播出").click()
    page.get_by_text("正在播出").wait_for()
    page.get_by_text("马上转移").first.wait_for()


def say(page: Page) -> None:
    page.goto("/say")


def pattern(page: Page) -> None:
    page.goto("/say/pattern/water")


def rehearsal(page: Page) -> None:
    page.goto("/say?severity=1")
    page.get_by_label("紧急广播").fill(FLOOD)
    page.get_by_role("button", name="看一遍、听一听").click()


def verse(page: Page) -> None:
    page.goto("/say")
    page.get_by_label("说一段话").fill(VERSE)
    page.locator("summary").click()
    page.locator("input[name=style][value=verse]").check()
    page.get_by_role("button", name="看一遍、听一听").click()


def stop(page: Page) -> None:
    page.goto("/stop")


def open_page(path: str) -> Callable[[Page], None]:
    def show(page: Page) -> None:
        page.goto(path)

    return show


SHOWN: dict[str, Callable[[Page], None]] = {
    "say": say,
    "pattern": pattern,
    "rehearsal": rehearsal,
    "verse": verse,
    "voice": open_page("/voice"),
    "talk": open_page("/talk"),
    "words": open_page("/words"),
    "word": open_page("/words/edit"),
    "on-air": on_air,
    "stop": stop,
    "home": home,
}


@contextmanager
def running() -> Iterator[RunningBox]:
    with tempfile.TemporaryDirectory() as folder:
        village = Village(Path(folder), {})
        village.configure(sound={"device": "silent"}, station={"first_notice": "", "name": "石盆村"})
        (village.folder / "timetable.yaml").write_text(TIMETABLE, encoding="utf-8")
        box = RunningBox(village)
        try:
            yield box
        finally:
            box.end()


def take(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    with running() as box, chromium() as browser:
        first = phone(browser, box.page)
        start = first.new_page()
        start.goto("/")
        start.screenshot(path=folder / "start.jpg", type="jpeg", quality=QUALITY)
        code = next(line for line in box.lines if "一次性代码" in line)[-8:]
        make_account(start, code)
        for dark in (False, True):
            page = phone(browser, box.page, dark).new_page()
            page.goto("/login")
            picture(page, folder, "login", dark)
            log_in(page)
            for name, show in SHOWN.items():
                show(page)
                picture(page, folder, name, dark)


def picture(page: Page, folder: Path, name: str, dark: bool) -> None:
    path = folder / f"{name}{'-dark' if dark else ''}.jpg"
    page.screenshot(path=path, type="jpeg", quality=QUALITY, full_page=name not in ("on-air",))


if __name__ == "__main__":
    take(Path(sys.argv[1]))
