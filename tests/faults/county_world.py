"""A county under faults: real broker, real office, light boxes with the real link, officers by HTTP."""

import csv
import io
import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from threading import Event

from faults.county_books import CountyTally
from rig.clerk import Clerk, Fields, Page
from rig.light_box import LightBox
from rig.living_office import COUNTY, TOWNS, LivingOffice
from rig.rig import wait_until
from rig.village import Village

from broadcaster.bulletin.invitation import FOR_BOX, Invitation
from broadcaster.link.enrol_client import ask_to_enrol
from broadcaster.link.membership import own_key
from broadcaster.link.reconnect_policy import ReconnectPolicy
from broadcaster.system.thread_loop import ThreadLoop

VILLAGES = {
    "331121104200": "洞背村",
    "331121104201": "西山村",
    "331121104202": "东山村",
    "331121105200": "河口村",
    "331121105201": "上河村",
}
PASSWORD = "shuiku-2026"
KEEPER, APPROVERS = "周干事", ("钱主任", "孙主任")
LINE = re.compile(r"broadcaster link enrol '([^']+)'")
SECRET = re.compile(r'<p class="(?:code|secret)">([^<]+)</p>')
UP_SECONDS = 120.0
# A box that asks again after seconds instead of minutes: what is lost shows sooner.
HASTY = ReconnectPolicy(first=0.3, longest=2.0, settle=1.0, ask_again=5.0, nobody=2.0)
# paho waits up to 40 s for the broker, and the broker saves nothing of the last minute.
SETTLED_SECONDS = 300.0
LOOK_SECONDS = 0.25
HEARD = "播完了"
# The voice of hearing a text first, which is not what is struck here.
STATION = {"voice": "espeak:cmn"}


@dataclass
class Sent:
    """What an officer wants said once in each village of `areas`: told apart by `mark`, known to the
    office by the `id` of his form. `gave_up` says that he looked no further after an error, `forgotten`
    that it went with the database, unsigned, and `receipts_gone` that some of its receipts may have."""

    mark: str
    words: str
    by: Clerk
    areas: tuple[str, ...]
    id: str
    believed: bool = False
    gave_up: bool = False
    forgotten: bool = False
    cancelled: bool = False
    receipts_gone: bool = False
    counted: bool = False

    def is_for(self, village: str) -> bool:
        return any(village.startswith(area) for area in self.areas)


@dataclass
class LivingVillage:
    """A light box on a thread of its own, as in the daemon."""

    box: LightBox
    loop: ThreadLoop = field(init=False)

    def __post_init__(self) -> None:
        self.box.on()
        self.loop = ThreadLoop(self.box.membership.box, self._turn, self.box.link.wake)
        self.loop.start()

    def _turn(self) -> None:
        self.box.link.step()
        self.box.station.play()

    def times(self, mark: str) -> int:
        return sum(mark in notice.text for notice in tuple(self.box.station.heard))

    def close(self) -> None:
        self.loop.stop()
        self.box.off()
        self.box.database.close()


class CountyWorld(LivingOffice):
    """Made once, by the commands and pages that docs/county.md names."""

    def __init__(self, folder: Path, seed: str, villages: Mapping[str, str] = VILLAGES) -> None:
        (folder / "voices").mkdir(parents=True)
        config = Village(folder / "voices", {})
        config.configure(station=STATION)
        super().__init__(folder, config.folder, {})
        self.random = Random(seed)
        self.books = CountyTally()
        self.sent: list[Sent] = []
        self.villages: dict[str, LivingVillage] = {}
        self._named = villages
        self._number = 0
        self.keeper = Clerk(self.address, KEEPER, PASSWORD)
        self.officers = [self.keeper]

    def make(self) -> None:
        self.found(zone=daytime(datetime.now(UTC)))
        self._let_in_officers()
        names = (TOWNS | dict(self._named)).items()
        table = "\n".join(f"{code},{name}" for code, name in names)
        self._done(self.keeper.fill("/register", "/register/areas", ("text", table)))
        for code, name in self._named.items():
            self.villages[code] = LivingVillage(self._enrolled(code, name))

    def invite(self, code: str, name: str) -> Invitation:
        """A place in the register, as the keeper's page gives it."""
        page = self._done(self.keeper.fill("/register", "/register", ("code", code), ("name", name)))
        found = LINE.search(page.text.replace("&#39;", "'").replace("&amp;", "&"))
        assert found, page.told
        return Invitation.read(found[1], FOR_BOX)

    def _enrolled(self, code: str, name: str) -> LightBox:
        state = self.folder / code
        return LightBox(state, ask_to_enrol(self.invite(code, name), own_key(state)), HASTY)

    def _let_in_officers(self) -> None:
        wait_until(lambda: "一次性代码" in self.office.printed, UP_SECONDS)
        code = self.office.told(r"一次性代码：(\d+)")
        twice = ("password", PASSWORD), ("again", PASSWORD)
        self._done(self.keeper.fill("/start", "/start", ("code", code), ("name", KEEPER), *twice))
        for name in APPROVERS:
            role = ("name", name), ("role", "approver"), ("cap", "1")
            page = self._done(self.keeper.fill("/more/people", "/more/people", *role))
            found = SECRET.search(page.text)
            assert found, page.told
            self.officers.append(Clerk(self.address, name, found[1].strip()))

    def _done(self, page: Page) -> Page:
        assert page.status == 200, (page.status, page.told)
        return page

    def start(self) -> None:
        """What does not run; both are up at the return."""
        off = [one for one in (self.broker, self.office) if not one.runs]
        for one in off:
            one.begin()
        for one in off:
            one.wait_until_up()

    def close(self) -> None:
        for one in self.villages.values():
            one.close()
        for program in (self.office, self.broker):
            program.cut_power()

    def pause(self, most_seconds: float) -> None:
        Event().wait(self.random.uniform(0, most_seconds))

    # What is sent

    def write(self, by: Clerk, severity: int = 0) -> tuple[Sent, Fields]:
        """Something new for a village, a town or all, up to the button."""
        self._number += 1
        mark = f"第{self._number}号。"
        choice = self.random.choice(((COUNTY,), (COUNTY,), tuple(TOWNS)[:1], tuple(self._named)[-2:]))
        words = f"今天下午停水，{mark}"
        fields = by.write(words, choice, severity)
        sent = Sent(mark, words, by, choice, dict(fields)["id"])
        self.sent.append(sent)
        return sent, fields

    def meant(self, sent: Sent) -> list[str]:
        return [village for village in self.villages if sent.is_for(village)]

    def on_board(self, sent: Sent) -> list[str]:
        """What the table of its page says of each village; none where there is no page."""
        page = self.keeper.see(f"/bulletin/{sent.id}.csv")
        rows = csv.DictReader(io.StringIO(page.text.lstrip("\ufeff")))
        return [row["情况"] for row in rows] if page.status == 200 else []

    def state(self, sent: Sent) -> str:
        """As the office's database has it, "" where it has it not."""
        found = self.rows("SELECT state FROM bulletin WHERE id = ?", sent.id)
        return str(found[0][0]) if found else ""

    def rows(self, query: str, *given: object) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.database, timeout=30)) as database:
            return database.execute(query, given).fetchall()

    # What became of it

    def settle(self, is_so: Callable[[Sent], bool], lately: Iterable[Sent]) -> None:
        """Until it is so of each, or the books will say that it is not."""
        left = list(lately)

        def done() -> bool:
            left[:] = [one for one in left if not is_so(one)]
            return not left

        with suppress(AssertionError):
            wait_until(done, SETTLED_SECONDS, LOOK_SECONDS)

    def balance(self, lately: list[Sent]) -> None:
        """Wait until each bulletin has ended everywhere and the board knows it; then judge."""
        self.settle(self._is_over, lately)
        for sent in lately:
            self._judge(sent)
        self.judge_doubles()

    def _is_over(self, sent: Sent) -> bool:
        if self.state(sent) in ("", "draft"):
            return True
        meant = self.meant(sent)
        heard = all(self.villages[one].times(sent.mark) for one in meant)
        return heard and self._heard_by_board(sent) >= len(meant)

    def is_true_of(self, sent: Sent) -> bool:
        """Whether the board counts what was heard, and nothing waits."""
        heard = sum(one.times(sent.mark) > 0 for one in self.villages.values())
        return self._heard_by_board(sent) == heard

    def _heard_by_board(self, sent: Sent) -> int:
        return sum(words == HEARD for words in self.on_board(sent))

    def _judge(self, sent: Sent) -> None:
        counts, state = self.books.counts, self.state(sent)
        is_sent = sent.believed or state not in ("", "draft")
        counts["sent"] += is_sent
        board = self._heard_by_board(sent)
        heard = [village for village in self.meant(sent) if self.villages[village].times(sent.mark)]
        counts["heard"] += len(heard)
        about = f"{sent.mark} ({sent.id}, {state or 'unknown'}) of {sent.by.name} to {sent.areas}"
        if is_sent and len(heard) < len(self.meant(sent)):
            self.books.note("lost", f"{about} is heard in {heard}")
        if not is_sent and heard:
            self.books.note("unsent", f"{about} is heard in {heard}")
        if board > len(heard) or (board < len(heard) and not sent.receipts_gone):
            self.books.note("wrong", f"{about} is heard in {len(heard)}, the board says {board}")

    def judge_doubles(self) -> None:
        """Of all that was ever sent: what sounds twice may do so later."""
        for sent in self.sent:
            for village, one in self.villages.items():
                times = one.times(sent.mark)
                most = 1 if sent.is_for(village) else 0
                if times > most:
                    self.books.note("doubled", f"{sent.mark} ({sent.id}) {times} times in {village}")
            known = self.rows("SELECT id FROM bulletin WHERE text = ?", sent.words)
            if len(known) > 1:
                self.books.note("doubled", f"{sent.mark} stands as {known}")


def daytime(now: datetime) -> str:
    """A time zone in which it is ten in the morning: by night each bulletin wants two officers."""
    ahead = (10 - now.hour + 11) % 24 - 11
    return f"Etc/GMT{-ahead:+d}"
