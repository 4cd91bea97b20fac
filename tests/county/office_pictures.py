"""Pictures of the office's main pages, with an office that has something to show."""

import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path

from county.county_office import PASSWORD, SENTENCE, OfficeDesk, make_desk
from county.office_site import app_of
from playwright.sync_api import Page
from rig.fakes import ManualClock
from rig.phone import HEIGHT, WIDTH, chromium, log_in, phone, press
from rig.village import Village
from werkzeug.serving import make_server

from broadcaster.bulletin.bulletin import BulletinKind
from broadcaster.bulletin.receipts import PlayedResult, ReceiptState
from broadcaster.core.model import Outcome
from broadcaster.core.notice import Notice, Severity, Style
from broadcaster.county.keys.key_folder import KeyFolder
from broadcaster.county.notices.library import LibraryText
from broadcaster.county.notices.recurring import Schedule
from broadcaster.county.office.office_process import open_previews, settings_of_preview
from broadcaster.county.store.office_database import OfficeDatabase

QUALITY = 50
WIDE, HIGH = 1280, 800
# What people sit before, at a desk.
AT_A_DESK = ("home", "compose", "check", "bulletin", "drill")
COUNTY = "331121"
TOWNS = {
    "331121104": ("高市乡", ("洞背村", "上村", "水口村", "石盆村")),
    "331121105": ("海口镇", ("南岸村", "北岸村", "泗洲埠村", "东江村", "高岗村")),
    "331121106": ("船寮镇", ("芝溪村", "大路村", "赤岩村")),
    "331121107": ("东源镇", ("红光村", "平桥村", "东平村", "五星村")),
}
STOP = "因检修水管，明天上午八点到下午五点，高市乡各村停水，请提前备水。"
VERSE = "秸秆焚烧害处大，\n污染空气人人骂，\n还田养地是个宝，\n来年多打几麻袋。"
DRILL = "现在进行防汛转移演练，请一组的村民到村小学集合。"


def fill(desk: OfficeDesk) -> dict[str, str]:
    """Notices in every state, a drill that was heard, texts; the ids of what is shown."""
    for code, (town, villages) in TOWNS.items():
        desk.parts.register.import_areas(f"{code},{town}\n")
        for number, name in enumerate(villages):
            desk.enrol(f"{code}{200 + number}", name)
    staff = desk.officer("老张"), desk.officer("小王")
    daily = Schedule.read("1234567 08:00"), Schedule.read("135 17:30")
    desk.parts.recurring.keep(staff[0], "森林防火", desk.draft(VERSE, style=Style.VERSE), daily[0])
    desk.parts.recurring.keep(staff[1], "防溺水", desk.draft("家长请看好孩子。"), daily[1])
    desk.parts.recurring.pause("防溺水", True, "老张")
    desk.parts.library.keep(
        LibraryText("停水", Notice("明天停水，请备水。", severity=Severity.BLUE), "小王")
    )
    desk.clock.advance(600)
    desk.parts.library.keep(
        LibraryText("停水", Notice("明天上午八点停水，请提前备水。", severity=Severity.BLUE), "老张")
    )
    drill = desk.send(kind=BulletinKind.DRILL, title="防汛转移", text=DRILL, areas=(COUNTY,))
    answer(desk, drill.id, silent=2)
    old = desk.send(title="防火通告", text="清明期间禁止上坟烧纸。", areas=(COUNTY,))
    answer(desk, old.id, silent=1)
    shown = desk.send(title="停水通知", text=STOP, areas=(COUNTY,), severity=Severity.BLUE)
    answer(desk, shown.id, silent=2, live=True)
    desk.send(title="水库泄洪", text="上游水库今晚开闸泄洪。", severity=Severity.ORANGE)
    return {"shown": shown.id, "drill": drill.id}


def answer(desk: OfficeDesk, id: str, silent: int, live: bool = False) -> None:
    """Most have heard it within a minute; the last say nothing."""
    sent = desk.clock.now()
    boxes = list(desk.boxes.values())
    desk.clock.advance(120)
    for number, box in enumerate(boxes[: len(boxes) - silent]):
        if live and number % 5 == 3:
            desk.take(box, box.receipt(id, ReceiptState.ON_THE_AIR, desk.clock))
            continue
        cut = number % 7 == 4
        begun = sent + timedelta(seconds=1 + number * number / 4)
        played, outcome = (12.0, Outcome.CUT_SHORT) if cut else (48.0, Outcome.PLAYED)
        heard = PlayedResult(outcome, begun, begun, played, 48.0, 1, "baker:female")
        desk.take(box, box.receipt(id, ReceiptState.ENDED, desk.clock, heard=heard))


@contextmanager
def office(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """A filled one that is served, with the real voice; its address."""
    village = Village(folder / "config", {})
    roots = [folder / f"root-{number}.key" for number in (1, 2, 3)]
    begun = KeyFolder.create(
        folder / "office", COUNTY, "青田县", roots, lambda _: SENTENCE, ManualClock().now()
    )
    with ExitStack() as stack:
        database = stack.enter_context(closing(OfficeDatabase(f"sqlite:///{folder / 'office.db'}")))
        database.migrate()
        desk = make_desk(database, begun)
        ids = fill(desk)
        previews = stack.enter_context(
            open_previews(*settings_of_preview(village.folder)[:2], folder / "office")
        )
        server = make_server("127.0.0.1", 0, app_of(desk, folder / "office", previews), threaded=True)
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", ids
        finally:
            server.shutdown()
            serving.join()
            server.server_close()


def take(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for old in folder.glob("office-*.jpg"):
        old.unlink()
    with tempfile.TemporaryDirectory() as made, chromium() as browser:
        (Path(made) / "config").mkdir()
        with office(Path(made)) as (address, ids), phone(browser, address) as context:
            page = context.new_page()
            log_in(page, "老张", PASSWORD)
            for name in show(page, ids):
                picture(page, folder, name)


def show(page: Page, ids: dict[str, str]) -> Iterator[str]:
    """Each page, and its name."""
    paths = {
        "home": "/",
        "bulletin": f"/bulletin/{ids['shown']}",
        "town": f"/bulletin/{ids['shown']}/town/331121105",
        "drill": f"/drills/{ids['drill']}",
        "drills": "/drills",
        "standing": "/more/standing",
        "library_edit": "/more/library/edit?name=停水",
        "receipts": "/more/receipts",
        "upkeep": "/more/upkeep",
        "register": "/register",
        "compose": "/compose",
    }
    for name, path in paths.items():
        page.goto(path)
        yield name
    page.locator("input[name=form][value=sound]").check(force=True)
    yield "compose-recording"
    for name, drill in (("check", False), ("check-drill", True)):
        page.goto("/compose")
        page.locator(f"input[name=form][value={'text' if drill else 'verse'}]").check(force=True)
        page.get_by_label("内容").fill(DRILL if drill else VERSE)
        page.get_by_text("全县", exact=True).click()
        if drill:
            page.locator("input[name=drill]").check(force=True)
            page.locator("input[name=severity][value='2']").check(force=True)
        press(page, "看一遍、听一听")
        yield name


def picture(page: Page, folder: Path, name: str) -> None:
    """On a phone and some at a desk, light and dark, on a screen that is as high as the page."""
    screens = [(WIDTH, HEIGHT, ""), (WIDE, HIGH, "-wide")]
    for width, least, size in screens if name in AT_A_DESK else screens[:1]:
        page.set_viewport_size({"width": width, "height": least})
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": width, "height": max(least, height)})
        for scheme, ending in (("light", ""), ("dark", "-dark")):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            path = folder / f"office-{name}{size}{ending}.jpg"
            page.screenshot(path=path, type="jpeg", quality=QUALITY)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})


if __name__ == "__main__":
    take(Path(sys.argv[1]))
