"""A county that lives on: an office, its broker, three boxes and the people who use them.

All of it is made once, by the commands and pages that docs/county.md names, and never begun anew.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, time
from pathlib import Path
from random import Random

from life.books import Asked, Books, Figures, Way
from life.county_books import CountyBooks, OnBoard, fits
from life.ear import Ear, open_ear
from life.people import SECRET, Officer, Villager
from life.world import MATTERS, PASSWORD, SECRETARY, ZONE, Life, furnish
from playwright.sync_api import Browser
from rig.broker import free_port
from rig.living import Refused
from rig.living_box import first_of
from rig.living_office import TOWNS, LivingOffice
from rig.phone import chromium
from rig.rig import compile_plugin, wait_until
from rig.village_lines import VillageLines
from rig.wall_clock import WallClock

from broadcaster.core.model import Outcome
from broadcaster.core.notice import Notice, Severity
from broadcaster.county.notices.draft import DRILL_BEGINS, DRILL_ENDS
from broadcaster.settings.schema import load_settings

VILLAGES = {"331121104200": "洞背村", "331121104201": "西山村", "331121105200": "河口村"}
HOME = "331121104200"
KEEPER, APPROVER, ACCOUNTANT = "周干事", "钱主任", "李会计"
BEGUN, MORNING, EVENING = time(7, 15), time(7, 29, 50), time(18, 29, 50)
UP_SECONDS = 30.0
# A box looks for its county after 30 s at most, and a machine under load is slow.
SETTLED_SECONDS = 90.0
TRUE_SECONDS, LOOK_SECONDS = 60.0, 0.2
# A box that has been cut off after one brief session upon another calls again after a minute at most.
CONNECTED_SECONDS = 75.0
# From the morning to the evening.
HOURS_OFF = 6
MOST_BOARDS = 15
# Of a box that belongs to a county: its link takes 7.
MOST_MEGABYTES = 105.0
# Nothing sounds but what is asked for, and that without ornament: a day is to go by quickly.
BARE_STATION = {"chime": "无", "opening": ""}


@dataclass
class Sent:
    """A bulletin of an officer, who types `words`: `asked` is what is to come of it in each village, by
    its code."""

    mark: str
    words: str
    by: Officer
    notice: Notice
    day: int
    id: str = ""
    forgotten: bool = False
    asked: dict[str, Asked] = field(default_factory=dict)
    words_of: dict[str, str] = field(default_factory=dict)
    """What its board says of each village."""

    def is_taken(self, taken: bool) -> None:
        for one in self.asked.values():
            one.taken = taken

    def happened(self, what: str, *outcomes: Outcome, silent: bool = False) -> None:
        for one in self.asked.values():
            one.what_happened += f", {what}"
            one.allow(*outcomes, silent=silent)


class County(LivingOffice):
    """The programs and the people, by the clock of all."""

    officers: tuple[Officer, Officer]
    villagers: tuple[Villager, Villager]

    def __init__(
        self, folder: Path, random: Random, browser: Browser, ear: Ear, lives: dict[str, Life]
    ) -> None:
        self.clock = lives[HOME].clock
        super().__init__(folder, lives[HOME].village.folder, self.clock.environment)
        self.random = random
        self.lives = lives
        self.today, self.is_evening = 0, False
        self.books = CountyBooks()
        self.sent: list[Sent] = []
        self.copies: list[Path] = []
        """Of the office's database, as somebody made them."""
        self._heard: list[Asked] = []
        self._left: list[Callable[[], None]] = []
        self._logged_from = 0
        self._browser, self._ear = browser, ear
        self._number = 0
        self.lines = VillageLines(self.broker_port, self._owner_of)

    @property
    def home(self) -> Life:
        """The box on whose page two people are."""
        return self.lives[HOME]

    def now(self) -> datetime:
        return self.clock.now().astimezone(ZONE)

    # How it is made

    def make(self) -> None:
        """As docs/county.md says: keys, broker, office, its first account, the register, the boxes."""
        self.found(self.lines.port)
        self._let_in_officers()
        self.officers[0].import_areas(TOWNS | VILLAGES)
        for village, name in VILLAGES.items():
            self.enrol(village, self.officers[0].add_box(village, name))
        self.start_boxes()
        self._let_in_villagers()

    def enrol(self, village: str, line: str) -> None:
        """Its box, by the line that the office's page shows. Raises `Refused`."""
        done = self.lives[village].village.call("link", "enrol", line)
        if done.returncode:
            raise Refused(done.stdout + done.stderr)

    def _let_in_officers(self) -> None:
        wait_until(lambda: "一次性代码" in self.office.printed, UP_SECONDS)
        keeper = Officer(self._browser, self.address, KEEPER, PASSWORD)
        keeper.make_first_account(self.office.told(r"一次性代码：(\d+)"))
        password = keeper.let_in(APPROVER, "approver", Severity.RED)
        self.officers = keeper, Officer(self._browser, self.address, APPROVER, password)

    def _let_in_villagers(self) -> None:
        """The secretary, who made the first account, and a second one, whose phone has no script."""
        form = {"name": ACCOUNTANT, "role": "secretary"}
        password = first_of(SECRET, self.home.phone.post("/more/people", form, seen_on="/more/people"))
        page = self.home.box.page
        secretary = Villager(self._browser, page, SECRETARY, PASSWORD)
        accountant = Villager(self._browser, page, ACCOUNTANT, password.strip(), javascript=False)
        self.villagers = secretary, accountant
        self.home.readers |= {one.name: one for one in self.villagers}

    # Time and power

    def start_boxes(self) -> None:
        """Those that are off, all at once, until the county hears them."""
        off = [life for life in self.lives.values() if not life.box.runs]
        for life in off:
            life.box.begin()
        for life in off:
            life.box.wait_until_up()
            life.greet()

    def stop_boxes(self) -> None:
        for life in self.lives.values():
            if life.box.runs:
                life.box.stop()

    def until(self, moment: time) -> None:
        self.home.until(moment)

    def today_at(self, moment: time) -> datetime:
        return datetime.combine(self.now().date(), moment, ZONE)

    def dawn(self) -> None:
        """Another day. What runs goes on."""
        self.today, self.is_evening = self.today + 1, False
        self.books.open(self.today)
        for one in self.villagers:
            one.begun_anew = False
        for life in self.lives.values():
            life.today = self.today
        self.until(MORNING)
        self.start_boxes()

    def noon(self) -> None:
        """The boxes are off until the evening, and who left something undone goes on with it then."""
        self.settle()
        self._wait(self._are_connected, CONNECTED_SECONDS)
        # What was sent while the broker was away comes some seconds after it, and would be over by then.
        self._wait(self._all_have_ended, SETTLED_SECONDS)
        self.stop_boxes()
        self._copy_database()
        self.until(EVENING)
        self.is_evening = True
        self.start_boxes()
        left, self._left = self._left, []
        for go_on in left:
            go_on()

    def in_the_evening(self, go_on: Callable[[], None]) -> None:
        if self.is_evening:
            go_on()
        else:
            self._left.append(go_on)

    def settle(self) -> None:
        """Until nothing sounds and nothing that is due waits. What has not ended may be cut later."""
        running = [life for life in self.lives.values() if life.box.runs]
        wait_until(lambda: all(life.is_silent() for life in running), SETTLED_SECONDS, LOOK_SECONDS)
        for life in running:
            said = [line.text for line in life.record()]
            life.open = [one for one in life.asked if not any(one.mark in text for text in said)]

    def _are_connected(self) -> bool:
        """An hour of a village is a second here: who waited through it would miss what came and went."""
        running = [life.box for life in self.lives.values() if life.box.runs]
        links = [box.tell({"do": "link"})[0]["link"] for box in running]
        return all(link and link["connected_since"] for link in links)

    # The end of a day

    def close_day(self) -> None:
        """Each of what was asked for has its end, where its asker can see it: balance the books."""
        self._wait(self._are_connected, CONNECTED_SECONDS)
        self._wait(self._all_have_ended, SETTLED_SECONDS)
        self._listen_elsewhere()
        asked = [one for one in self.home.asked if one.way is Way.PAGE]
        for life in self.lives.values():
            life.close_day()
        for one in asked:
            self._look_at_home(one)
        self._heard += [one for one in asked if one.ends]
        due = [one for one in self.sent if one.id and one.day <= self.today and not one.forgotten]
        lately = due[-MOST_BOARDS:]
        self._wait(lambda: all(map(self._fits, lately)), TRUE_SECONDS)
        for sent in lately:
            self._fits(sent)
        listed = {
            (one.name, drill): one.listed(drill) for one in self.officers for drill in (False, True)
        }
        self.books.close([self._on_board(one, listed) for one in lately], self._figures())
        self._logged_from = self.office.log.stat().st_size

    def blame(self, column: str, about: str) -> None:
        self.books.today.blame(column, about)

    def heard_before(self) -> Asked | None:
        """Something of the home box that was heard on an earlier day."""
        ended = [one for one in self._heard if one.ends and one.ends[-1].outcome is Outcome.PLAYED]
        return self.random.choice(ended) if ended else None

    def forget_unknown(self) -> None:
        """Of what is in the office's database no more, nothing is promised that is not over."""
        with closing(sqlite3.connect(self.database)) as database:
            known = {id for (id,) in database.execute("SELECT id FROM bulletin")}
        for sent in self.sent:
            sent.forgotten |= sent.id not in known
            if sent.forgotten:
                sent.happened("forgotten", Outcome.CANCELLED, Outcome.EXPIRED, silent=True)
                for one in sent.asked.values():
                    one.may_be_gone = True

    # What people ask for

    def write(self, by: Villager, severity: Severity = Severity.DAILY) -> Asked:
        """Something that one of the two is going to ask for on his page."""
        one = self.home.write(severity, framed=True)
        one.by = by.name
        return one

    def bulletin(
        self,
        by: Officer,
        severity: Severity = Severity.DAILY,
        villages: tuple[str, ...] = tuple(VILLAGES),
        drill: bool = False,
        day: int = 0,
        hours: int = 6,
    ) -> Sent:
        """Something that an officer is going to send."""
        self._number += 1
        mark = f"第{self._number}号"
        words = f"{mark}，{self.random.choice(MATTERS)}"
        said = f"{DRILL_BEGINS}\n{words}\n{DRILL_ENDS}" if drill else words
        notice = Notice(said, severity=severity, drill=drill)
        sent = Sent(mark, words, by, notice, day or self.today)
        for village in villages:
            asked = Asked(Way.COUNTY, mark, notice, sent.day, taken=True, by=by.name)
            if hours <= HOURS_OFF and not self.lives[village].box.runs:
                asked.allow(Outcome.EXPIRED)
                asked.may_be_gone = True
            sent.asked[village] = self.lives[village].expect(asked)
        for village in self.lives.keys() - set(villages):
            self.lives[village].listen_for(notice, mark)
        self.sent.append(sent)
        return sent

    def _wait(self, is_so: Callable[[], bool], seconds: float) -> None:
        """For some time: what is not so then, the books say."""
        with suppress(AssertionError):
            wait_until(is_so, seconds, LOOK_SECONDS)

    def _all_have_ended(self) -> bool:
        return all(
            any(one.mark in line.text for line in record)
            for life in self.lives.values()
            if life.box.runs
            for record in [life.record()]
            for one in life.asked
            if one.day <= self.today and one.taken and not one.may_be_gone and self._is_due(one)
        )

    def _is_due(self, one: Asked) -> bool:
        return one.at is None or one.at <= self.now()

    def _listen_elsewhere(self) -> None:
        for sent in self.sent:
            for village in self.lives.keys() - sent.asked.keys():
                if self.lives[village].unexpected(sent.mark):
                    self.blame("wrong village", f"{sent.mark} is heard in {VILLAGES[village]}")

    def _look_at_home(self, one: Asked) -> None:
        """What was not heard is told on the first page of who asked for it."""
        by = next(each for each in self.villagers if each.name == one.by)
        unheard = one.ends and one.ends[-1].outcome not in (Outcome.PLAYED, Outcome.CANCELLED)
        if unheard and not by.begun_anew and not by.told(one.mark):
            self.blame("untold", f"{one.mark} is {one.ends[-1].outcome}, and {by.name}'s page is silent")

    def _fits(self, sent: Sent) -> bool:
        """Also read what its officer's page says of each village."""
        towns = {box_of(village): village[:9] for village in VILLAGES}
        board = sent.by.board(sent.id, towns)
        sent.words_of = {box[:12]: words for box, words in board.items()}
        return all(fits(one, sent.words_of.get(village, "")) for village, one in sent.asked.items())

    def _on_board(self, sent: Sent, listed: Mapping[tuple[str, bool], Sequence[str]]) -> OnBoard:
        times = sum(sent.mark in one for one in listed[sent.by.name, sent.notice.drill])
        return OnBoard(sent.mark, sent.by.name, sent.asked, sent.words_of, times)

    def _figures(self) -> Figures:
        with self.office.log.open("rb") as log:
            log.seek(self._logged_from)
            lines = log.read().count(b"\n")
        return Figures(self.office.vitals(), lines, 0, 0.0)

    def _copy_database(self) -> None:
        copy = self.folder / f"office-{self.today}.db"
        with closing(sqlite3.connect(self.database)) as office, closing(sqlite3.connect(copy)) as into:
            office.backup(into)
        self.copies.append(copy)

    def _owner_of(self, port: int) -> str:
        """The village whose box calls from that port."""
        for village, life in self.lives.items():
            if life.box.runs:
                for call in life.box.process.net_connections("tcp"):
                    if call.laddr and call.laddr.port == port:
                        return village
        return ""


def box_of(village: str) -> str:
    """By its number in the register."""
    return f"{village}-1"


@contextmanager
def new_county(folder: Path, seed: int) -> Iterator[County]:
    """Made in `folder`, with the office and the broker running."""
    random, plugin, clock = Random(seed), compile_plugin(folder), WallClock(folder)
    furnished = {}
    for village in VILLAGES:
        own = folder / village
        own.mkdir()
        web = {"port": free_port()}
        furnished[village] = furnish(own, plugin, station=dict(BARE_STATION), web=web)
        (own / "timetable.yaml").write_text("slots: []\n", encoding="utf-8")
    with ExitStack() as stack:
        ear_folder = folder / "ear"
        ear_folder.mkdir()
        ear = stack.enter_context(open_ear(load_settings(folder / HOME), ear_folder))
        lives = {}
        for village, (place, rig) in furnished.items():
            lives[village] = Life(folder / village, random, ear, place, rig, clock, {})
            lives[village].books = Books(MOST_MEGABYTES)
            stack.callback(lives[village].box.cut_power)
        browser = stack.enter_context(chromium())
        county = County(folder, random, browser, ear, lives)
        stack.callback(county.lines.close)
        stack.callback(county.broker.cut_power)
        stack.callback(county.office.cut_power)
        county.until(BEGUN)
        county.make()
        yield county
