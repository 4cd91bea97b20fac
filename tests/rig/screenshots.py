"""Pictures of every page of a box that has something to show, for scripts/screenshots."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page
from rig.pages import PAGES
from rig.phone import HEIGHT, WIDTH, chromium, log_in, make_account, phone
from rig.village import RunningBox, Village

QUALITY = 50
TIMETABLE = """slots:
  - {name: 早安, at: '07:30', text: 乡亲们早上好。}
  - {name: 防火宣传, at: '17:30', text: 森林防火，人人有责。, severity: 4}
"""


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
    for old in folder.glob("*.jpg"):
        # Those of the office are taken by themselves.
        if not old.name.startswith("office-"):
            old.unlink()
    with running() as box, chromium() as browser:
        with phone(browser, box.page) as context:
            page = context.new_page()
            page.goto("/")
            picture(page, folder, "start")
            make_account(page, box.code)
        with phone(browser, box.page) as context:
            page = context.new_page()
            page.goto("/login")
            picture(page, folder, "login")
            log_in(page)
            for name, show in PAGES.items():
                show(page)
                picture(page, folder, name)


def picture(page: Page, folder: Path, name: str) -> None:
    """Light and dark, on a screen that is as high as the page."""
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": WIDTH, "height": max(HEIGHT, height)})
    for scheme, ending in (("light", ""), ("dark", "-dark")):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.screenshot(path=folder / f"{name}{ending}.jpg", type="jpeg", quality=QUALITY)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})


if __name__ == "__main__":
    take(Path(sys.argv[1]))
