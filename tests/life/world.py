"""One box that lives on, day after day, and the village that uses it."""

import io
import json
import wave
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from html import unescape
from pathlib import Path
from random import Random
from threading import Event
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import numpy as np
from life.books import Asked, Books, Day, Figures, Line, Seen, Way
from life.ear import Ear, Sound, open_ear, sounded
from rig.living import Refused
from rig.living_box import Form, LivingBox, Phone, Program
from rig.rig import FakeRig, compile_plugin, wait_until
from rig.village import Village
from rig.wall_clock import WallClock

from broadcaster.core.model import Outcome
from broadcaster.core.notice import Notice, Severity, Signal
from broadcaster.core.project_folders import RECORDINGS
from broadcaster.settings.schema import load_settings

ZONE = ZoneInfo("Asia/Shanghai")
SECRETARY, PASSWORD = "王秀英", "shuiku-2026"
BARE: dict[str, Any] = {"chime": Signal.NONE, "opening": "", "closing": ""}
# A slot of each noon, when the machine is off.
MISSED = "午间"
# The slots of the timetable, each with what it says; the clock is set some seconds before they are due.
SLOTS = {
    "早安": "早安，乡亲们。",
    MISSED: "吃饭了，乡亲们。",
    "晚安": "晚安，乡亲们。",
    "防火": "注意防火。",
}
TIMETABLE = """\
slots:
  - {name: 早安, at: "07:30", chime: 无, opening: "", text: "早安，乡亲们。"}
  - {name: 午间, at: "12:00", chime: 无, opening: "", text: "吃饭了，乡亲们。"}
  - {name: 晚安, at: "18:30", chime: 无, opening: "", text: "晚安，乡亲们。"}
  - {name: 防火, every_minutes: 10, windows: ["07:00-21:00"], late_minutes: 5, chime: 无, opening: "",
     text: "注意防火。"}
"""
MORNING, EVENING = time(7, 29, 56), time(18, 29, 56)
LATER_IN_THE_MORNING, LATER_IN_THE_EVENING = time(7, 30), time(18, 30)
CARD_MEGABYTES = 160
SETTLED_SECONDS = 90.0
MATTERS = ("停水了。", "开会了。", "领化肥了。", "量血压了。", "收粮食了。")
RECORDING_HZ = 16_000
# Of ten who ask, how many by page, program and command.
WAYS = {Way.PAGE: 5, Way.PROGRAM: 4, Way.COMMAND: 1}
FRAMED = 0.3


class Reader(Protocol):
    """Somebody who finds in the page's record what he asked for."""

    def record(self, text: str) -> list[tuple[str, str, str]]:
        """Airing, title, and how it ended in words."""


class Life:
    """The world of one box: its place, its clock, its card, the people, and what they asked for."""

    def __init__(
        self,
        folder: Path,
        random: Random,
        ear: Ear,
        village: Village,
        rig: FakeRig,
        clock: WallClock,
        slots: Mapping[str, str] = SLOTS,
    ) -> None:
        self.random = random
        self.village = village
        self.rig = rig
        self.clock = clock
        village.environment |= clock.environment
        self.box = LivingBox(village, folder / "log")
        self.phone = Phone(self.box, SECRETARY, PASSWORD)
        self.readers: dict[str, Reader] = {"": self.phone}
        """Who looks what became of what he asked for on the page, by name."""
        self.books = Books()
        self.today = 0
        self.asked: list[Asked] = []
        self.open: list[Asked] = []
        """Of them those that may not have ended yet."""
        self._ear = ear
        self._number = 0
        self._sounds: dict[str, Sound] = {}
        self._forms: dict[str, Form] = {}
        self._slots = {
            name: ear.sound_of(Notice(text, **BARE), text[:2]) for name, text in slots.items()
        }
        self._program: Program | None = None
        self._heard_from = 0
        self._logged_from = 0
        self._again_from: datetime | None = None

    # Time and power

    def until(self, moment: time) -> None:
        """The box is off; the clock goes on to that time of the day."""
        now = self.clock.now().astimezone(ZONE)
        then = datetime.combine(now.date(), moment, ZONE)
        self.clock.set(then if then > now else then + timedelta(days=1))

    def step_clock(self, by: timedelta) -> None:
        """In the running box; one that goes back comes by some of the day once more."""
        self.clock.step(by)
        now = self.clock.now()
        if by < timedelta():
            self._again_from = min(self._again_from or now, now)

    def start(self) -> None:
        self.box.start()
        self.greet()

    def greet(self) -> None:
        """The first time that it is up, it is given an account and a token."""
        if "一次性代码" in self.box.printed:
            self.phone.make_account()
            self._program = Program(self.box, self.phone.make_token("县里"))

    @property
    def program(self) -> Program:
        assert self._program
        return self._program

    def pause(self, seconds: float) -> None:
        """Real time goes by, for the sound path has no other."""
        Event().wait(seconds)

    def settle(self) -> None:
        """Until nothing sounds and nothing waits that is due."""
        wait_until(self.is_silent, SETTLED_SECONDS)
        now = self.clock.now()
        self.open = [one for one in self.open if one.at and one.at > now]

    def power_fails(self, *may_be: Outcome) -> None:
        """Of what may be on the air: red goes on afterwards, of others a part may have been all."""
        for one in self.open:
            one.what_happened += ", power cut"
            one.allow(*may_be)
            if one.notice.severity is not Severity.RED or may_be:
                one.allow(Outcome.CUT_SHORT, silent=bool(may_be))
        self.box.cut_power()

    # People

    def ask(
        self,
        severity: Severity = Severity.DAILY,
        way: Way | None = None,
        framed: bool | None = None,
    ) -> Asked:
        """Somebody asks for something now; the answer is written down, and also that none came."""
        one = self.write(
            severity, way or self.random.choices(list(WAYS), list(WAYS.values()))[0], framed
        )
        self.send(one)
        return one

    def write(
        self, severity: Severity = Severity.DAILY, way: Way = Way.PAGE, framed: bool | None = None
    ) -> Asked:
        """Something that is going to be asked for."""
        bare = not (self.random.random() < FRAMED if framed is None else framed)
        mark = self._new_mark()
        text = f"{mark}，{self.random.choice(MATTERS)}"
        notice = Notice(text, severity=severity, **(BARE if bare else {}))
        return self.expect(Asked(way, mark, notice, self.today))

    def send(self, one: Asked) -> str:
        """Ask for it, for the first time or again; what the box answers, "" when no answer comes.

        By the page with the same form, by a program with the same key, so that it is taken once.
        """
        ask = {Way.PAGE: self._by_page, Way.PROGRAM: self._by_program, Way.COMMAND: self._by_command}
        try:
            answer = ask[one.way](one)
            one.taken = True
        except Refused as error:
            answer = str(error)
            one.taken = False
        except OSError:
            answer = ""
        return answer

    def fill_in(self, one: Asked, **fields: str) -> None:
        """Write it on the page up to the form by which it is confirmed."""
        notice = one.notice
        bare = {"chime": "none", "frame": "none"} if notice.opening == "" else {}
        severity = str(notice.severity.value)
        self._forms[one.mark] = self.phone.rehearse(
            notice.text, severity=severity, **{"when": "now", **bare, **fields}
        )

    def ask_for_later(self) -> Asked:
        """By the page, for when the box is up next: this evening, or tomorrow morning."""
        one = self.write(framed=False)
        now = self.clock.now().astimezone(ZONE)
        this_evening = datetime.combine(now.date(), LATER_IN_THE_EVENING, ZONE)
        tomorrow = datetime.combine(now.date() + timedelta(days=1), LATER_IN_THE_MORNING, ZONE)
        if now > this_evening - timedelta(hours=1):
            one.day += 1
        one.at = at = this_evening if one.day == self.today else tomorrow
        self.fill_in(one, when="at", at=f"{at:%Y-%m-%dT%H:%M}")
        self.send(one)
        return one

    def ask_by_pattern(self) -> Asked:
        """A template (模板) of the page, filled in."""
        mark = self._new_mark()
        page = self.phone.get("/say", pattern="water", blank=[mark, "今天", "一组"])
        text = unescape(page.split("<textarea", 1)[1].split(">", 1)[1].split("<", 1)[0]).strip()
        one = self.expect(Asked(Way.PAGE, mark, Notice(text, **BARE), self.today))
        self.send(one)
        return one

    def ask_by_recording(self) -> Asked:
        """A person's own voice; here a tone with a noise of its own, for the ear to know it."""
        mark = self._new_mark()
        key = self.program.take(f"{mark}录音", self._own_voice())
        notice = Notice(f"{mark}录音", recording=key, **BARE)
        one = self.expect(Asked(Way.PROGRAM, mark, notice, self.today))
        self.send(one)
        return one

    # The end of a day

    def close_day(self) -> Day:
        """Nothing waits any more: balance the books."""
        self.settle()
        captured = np.frombuffer(self.rig.captured()[self._heard_from :], np.int16)
        figures = self._figures()
        day = self.books.close(
            self.today,
            self.asked,
            self._sounds,
            self._slots,
            [(MISSED, f"{self.clock.now().astimezone(ZONE):%Y-%m-%d}T12:00")] * (MISSED in self._slots),
            self._seen(),
            sounded(captured),
            figures,
            self._again_from,
        )
        self._again_from = None
        self._heard_from += 2 * len(captured)
        self._logged_from = self.box.log.stat().st_size
        self.asked = [one for one in self.asked if not one.judged]
        return day

    def record(self) -> list[Line]:
        return [Line.of(row) for row in self.program.history()]

    def _seen(self) -> Seen:
        answer = self.village.call("journal", "--json", "--limit", "100000")
        assert answer.returncode == 0, answer.stderr
        by_command = [Line.of(row) for row in json.loads(answer.stdout)]
        on_page = {
            one.mark: [(airing, ending) for airing, _, ending in self.readers[one.by].record(one.mark)]
            for one in self.asked
            if one.way is Way.PAGE
        }
        return Seen(self.record(), by_command, on_page)

    def _figures(self) -> Figures:
        with self.box.log.open("rb") as log:
            log.seek(self._logged_from)
            lines = log.read().count(b"\n")
        cache = self.village.state.parent / "cache"
        state = [path for path in self.village.state.rglob("*") if "recordings" not in path.parts]
        kept = sum(path.stat().st_size for path in cache.rglob("*") if path.is_file())
        return Figures(self.box.vitals(), lines, len(state), kept / 1e6)

    def is_silent(self) -> bool:
        status = self.box.status()
        now = self.clock.now()

        def may_sound(one: dict[str, str]) -> bool:
            """What a jumping clock leapt over waits ten minutes for it to be put back, and is late."""
            due_at, expires_at = (datetime.fromisoformat(one[key]) for key in ("due_at", "expires_at"))
            return due_at <= now <= expires_at

        return not status["on_air"] and not any(map(may_sound, status["waiting"]))

    def _new_mark(self) -> str:
        self._number += 1
        return f"第{self._number}件"

    def listen_for(self, notice: Notice, mark: str) -> None:
        """Its sound is known; whether it is to be heard is another matter."""
        self._sounds[mark] = self._ear.sound_of(notice, mark)

    def unexpected(self, mark: str) -> bool:
        """Whether it was heard since the last day was closed."""
        return self._sounds[mark].begun(self.heard())

    def heard(self) -> bytes:
        """Since the last day was closed, without silences."""
        return sounded(np.frombuffer(self.rig.captured()[self._heard_from :], np.int16))

    def expect(self, one: Asked) -> Asked:
        """It may cut what is less severe, which then is not taken up again."""
        self.listen_for(one.notice, one.mark)
        for other in self.open:
            if one.notice.severity.rank < other.notice.severity.rank:
                other.allow(Outcome.CUT_SHORT, Outcome.CANCELLED, silent=True)
        self.asked.append(one)
        self.open.append(one)
        return one

    def _by_page(self, one: Asked) -> str:
        if one.mark not in self._forms:
            self.fill_in(one)
        return self.phone.confirm(self._forms[one.mark])

    def _by_program(self, one: Asked) -> str:
        notice = one.notice
        bare = {"chime": "none", "opening": "", "closing": ""} if notice.opening == "" else {}
        wanted = {"text": notice.text, "severity": notice.severity.value, "recording": notice.recording}
        answer = self.program.announce(one.mark.strip("第件"), **wanted, **bare)
        return json.dumps(answer, ensure_ascii=False)

    def _by_command(self, one: Asked) -> str:
        bare = ("--no-chime", "--no-opening", "--no-closing") if one.notice.opening == "" else ()
        severity = str(one.notice.severity.value)
        done = self.village.call("say", one.notice.text, "--severity", severity, "--no-wait", *bare)
        if done.returncode:
            raise Refused(done.stderr)
        return done.stdout + done.stderr

    def _own_voice(self) -> bytes:
        grains = np.random.default_rng(self._number).normal(0, 3000, RECORDING_HZ)
        tone = 6000 * np.sin(np.arange(RECORDING_HZ) * 0.2)
        file = io.BytesIO()
        with wave.open(file, "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(RECORDING_HZ)
            sound.writeframes((grains + tone).astype(np.int16).tobytes())
        return file.getvalue()


@contextmanager
def new_life(folder: Path, seed: int) -> Iterator[Life]:
    """A box that was never started, in `folder`; its disk is what `folder/card` is on."""
    village, rig = furnish(folder, compile_plugin(folder))
    (folder / "timetable.yaml").write_text(TIMETABLE, encoding="utf-8")
    ear_folder = folder / "ear"
    ear_folder.mkdir()
    (ear_folder / RECORDINGS).symlink_to(village.state / RECORDINGS)
    with open_ear(load_settings(folder), ear_folder) as ear:
        life = Life(folder, Random(seed), ear, village, rig, WallClock(folder))
        try:
            yield life
        finally:
            life.box.cut_power()


def furnish(folder: Path, plugin: Path, **more: dict[str, Any]) -> tuple[Village, FakeRig]:
    """A box with a card of its own, and settings that let a day go by quickly, with `more` of them."""
    rig_folder, card = folder / "rig", folder / "card"
    rig_folder.mkdir()
    card.mkdir(exist_ok=True)
    rig = FakeRig(rig_folder, plugin)
    village = Village(folder, rig.environment)
    village.state = card / "state"
    station = {"opening": "注意", "opening_repeats": 1, "closing": "", "pace": 1.4, "first_notice": ""}
    settings: dict[str, dict[str, Any]] = {
        "station": station | more.pop("station", {}),
        "severity": {"red": {"repeats": 2}, "orange": {"repeats": 1}},
        "loops": {"lowest_gap_minutes": 0},
        "cache": {"limit_megabytes": 20},
        "paths": {"audio_cache": str(card / "cache"), "state": str(village.state)},
    }
    village.configure(**settings | more)
    return village, rig
