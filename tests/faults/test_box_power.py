"""The whole box when it is killed or the power goes, at moments that nobody chose.

Its notices are one short line each, made before, so that much begins and ends: asked for by the door
while it runs, and put into its queue as the timetable's while it is down.
"""

import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from random import Random
from threading import Event
from time import monotonic
from zoneinfo import ZoneInfo

import psutil
import pytest
from faults.figures import Figures
from rig.rig import FakeRig, wait_until
from test_full_disk import sounded
from village import RunningBox, Village

from broadcaster.clock import Clock
from broadcaster.control import ask
from broadcaster.model import Airing, Kind, Notice, Outcome, Signal
from broadcaster.store import tables
from broadcaster.store.database import Database
from broadcaster.store.past import open_past
from broadcaster.store.reader import Reader
from broadcaster.store.store import open_store
from broadcaster.store.tables import DATABASE

CLOCK = Clock(ZoneInfo("Asia/Shanghai"))
TEXTS = ("停水了。", "开会了。")
LATENESS = timedelta(minutes=20)
LONGEST_LIFE_SECONDS = 6.0
SPEAK_EVERY_SECONDS = 0.7


class Busy:
    """A village whose box is killed again and again, and what it has promised."""

    def __init__(self, village: Village) -> None:
        self.village = village
        self.random = Random()
        self.promised: set[str] = set()

    def sound(self, text: str) -> bytes:
        """How a text sounds; it is made by that, and kept."""
        plain = ("--no-chime", "--no-opening", "--no-closing")
        return sounded(self.village.render(text, *plain))

    def queue_while_down(self) -> None:
        """What the timetable had due as the power went."""
        now = CLOCK.now()
        with open_store(self.village.state / DATABASE, CLOCK) as store:
            airing = Airing(self.notice(), now, now + LATENESS, Kind.SCHEDULED, "钟点")
            assert store.queue.accept(airing)
        self.promised.add(airing.id)

    def speak_for(self, seconds: float) -> None:
        """Somebody asks again and again; what was answered counts, whatever comes then."""
        end = monotonic() + seconds
        while (left := end - monotonic()) > 0:
            fields = {"text": self.notice().text, "chime": "none", "opening": "", "closing": ""}
            request = {"do": "say", "notice": fields, "asked_by": "王", "wait": False}
            with suppress(OSError, ValueError):
                answers = ask(self.village.state, request) or ()
                self.promised |= {answer["accepted"]["id"] for answer in answers}
            Event().wait(min(left, SPEAK_EVERY_SECONDS))

    def notice(self) -> Notice:
        text = self.random.choice(TEXTS)
        return Notice(text, chime=Signal.NONE, opening="", closing="")

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        """A box from its first moment on; what it started has ended at the end."""
        box = subprocess.Popen(
            self.village.command("run"), env=self.village.environment, stdout=subprocess.DEVNULL
        )
        try:
            yield box
        finally:
            children = psutil.Process(box.pid).children(recursive=True)
            box.kill()
            box.wait()
            psutil.wait_procs(children)


def waiting(state: Path) -> list[str]:
    with closing(Reader(state / DATABASE)) as reader:
        return [row.airing_id for row in reader.read(tables.queue.select())]


def ends(state: Path) -> list[tuple[str, str, Outcome]]:
    """Each journal line: airing, text, outcome."""
    with open_past(state) as past:
        return [(row.airing_id, row.text, row.outcome) for row in past.each()] if past else []


def finish(village: Village, state: Path, promised: set[str]) -> list[tuple[str, str, Outcome]]:
    """Let a box come up and end all that waits; everything promised has one end then."""
    box = RunningBox(village)
    try:
        wait_until(lambda: not waiting(state), 300)
    finally:
        assert box.end() == 0
    over = ends(state)
    assert len({name for name, _, _ in over}) == len(over)
    assert promised <= {name for name, _, _ in over}
    with closing(Database(state / DATABASE, CLOCK)) as database:
        assert database.note == ""
    return over


@pytest.fixture
def busy(village: Village) -> Busy:
    return Busy(village)


def test_killed_at_any_moment_everything_ends_once_and_nothing_is_heard_twice(
    busy: Busy, fake_rig: FakeRig, box_kills: int, figures: Figures
) -> None:
    sounds = {text: busy.sound(text) for text in TEXTS}
    for _ in range(box_kills):
        busy.queue_while_down()
        with busy.running():
            life = LONGEST_LIFE_SECONDS * busy.random.random()
            busy.speak_for(life)
            figures.add("life", life)
    over = finish(busy.village, busy.village.state, busy.promised)
    heard = sounded(fake_rig.captured())
    accepted = Counter(text for _, text, _ in over)
    for text, sound in sounds.items():
        assert heard.count(sound) <= accepted[text]
    outcomes = Counter(outcome for _, _, outcome in over)
    assert set(outcomes) <= {Outcome.PLAYED, Outcome.CUT_SHORT}
    assert any(sound in heard for sound in sounds.values())


@pytest.mark.slow
def test_a_box_started_from_a_copy_taken_at_any_moment_keeps_every_promise(
    busy: Busy, tmp_path: Path, box_kills: int
) -> None:
    copies: list[tuple[Path, set[str]]] = []
    busy.queue_while_down()
    with busy.running() as box:
        wait_until(lambda: list(ask(busy.village.state, {"do": "status"}) or ()), 60)
        for number in range(max(1, box_kills // 4)):
            busy.speak_for(3 * busy.random.random())
            copy = tmp_path / f"copy{number}"
            box.send_signal(signal.SIGSTOP)
            shutil.copytree(busy.village.state, copy, ignore=shutil.ignore_patterns("control.sock"))
            box.send_signal(signal.SIGCONT)
            copies.append((copy, set(busy.promised)))
    for copy, promised in copies:
        busy.village.configure(paths={"state": str(copy)})
        finish(busy.village, copy, promised)
