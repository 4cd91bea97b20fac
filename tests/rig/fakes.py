"""Stand-ins for the parts of the box, for tests: they remember what was asked, and can fail."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import soundfile
from argon2 import PasswordHasher
from numpy.typing import NDArray

from broadcaster.audio.clip_store import ClipStore
from broadcaster.audio.sound_file_writer import write_clip
from broadcaster.core.clock import Clock
from broadcaster.core.errors import (
    BroadcasterError,
    DeviceLost,
    FileUnwritable,
    LineRefused,
    TextRefused,
)
from broadcaster.core.model import (
    Airing,
    Clip,
    Item,
    JournalEntry,
    Line,
    Programme,
    Script,
    Syllable,
    Waveform,
)
from broadcaster.core.notice import Notice, Severity
from broadcaster.core.people import Person
from broadcaster.playout.device.device_contract import Back, Damaged, Device, Ended, Started
from broadcaster.rules.air_rules import AirRules
from broadcaster.rules.length_estimate import estimated_lengths
from broadcaster.schedule.slot_settings import TimetableSettings
from broadcaster.settings.schema import LexiconSettings, Settings
from broadcaster.station.lexicon_file import LexiconFile
from broadcaster.station.station import (
    CardEntry,
    DeviceState,
    OnAirStatus,
    RemoteAccess,
    Status,
    Stop,
    TakenUp,
    TalkStage,
    TalkState,
    VoiceEntry,
)
from broadcaster.station.village_lexicon import Wordbook
from broadcaster.station.village_slots import Slotbook
from broadcaster.store.accounts import Accounts
from broadcaster.store.audit_log import AuditLog
from broadcaster.store.database.reserved_space import SPARE, ReservedSpace
from broadcaster.store.database.station_database import Database
from broadcaster.store.database.tables import DATABASE
from broadcaster.store.database.write_queue import WriteQueue
from broadcaster.store.drafts import Drafts
from broadcaster.store.journal import EVERYTHING, JournalFilter, JournalRow
from broadcaster.store.page_slots import StoredSlots
from broadcaster.store.passwords import Passwords
from broadcaster.store.phones import Phones
from broadcaster.store.tokens import Tokens
from broadcaster.studio.export_jobs import Copy, Track
from broadcaster.studio.preview import PreviewSound
from broadcaster.studio.recordings import Recordings
from broadcaster.studio.sound_lengths import SoundLengths
from broadcaster.studio.sound_library import SoundLibrary
from broadcaster.studio.sound_uploads import SoundUploads
from broadcaster.system.thread_loop import ThreadLoop
from broadcaster.tts.base.voice import Voice

# As weak as argon2 allows: a test's passwords guard nothing.
CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


HAN, SENTENCE = re.compile("[一-龥]"), re.compile("[^。\n]+。?")


class FakeStudio:
    """Beeps what a page wants to hear, remembers the lexicons it learned, and can fail."""

    def __init__(self, folder: Path) -> None:
        self.store = ClipStore(folder)
        self.learned: list[LexiconSettings] = []
        self.warmed = 0
        self.fail_next: BroadcasterError | None = None

    def learn(self, lexicon: LexiconSettings) -> None:
        self.learned.append(lexicon)

    def sample(self, notice: Notice, lexicon: LexiconSettings) -> Programme:
        error, self.fail_next = self.fail_next, None
        if error:
            raise error
        check_speakable(notice)
        key = hashlib.sha1(f"{notice.text} {lexicon}".encode(), usedforsecurity=False).hexdigest()
        samples = np.full(4_800, 1000, np.int16)
        return Programme("fake:beep", (Item(write_clip(self.store, key, samples, 48_000)),))

    def script(self, notice: Notice, lexicon: LexiconSettings | None = None) -> Script:
        """One line a sentence; each character is said as its entry's pinyin, or as a1."""
        check_speakable(notice)
        known = lexicon.words | lexicon.places if lexicon else {}
        return Script(tuple(_line(part, known.get(part, "")) for part in SENTENCE.findall(notice.text)))

    def find_clip(self, key: str) -> Clip | None:
        return self.store.find(key)

    def warm(self) -> None:
        self.warmed += 1

    def voices(self) -> list[VoiceEntry]:
        return [VoiceEntry("baker:female", True, "", "", "", title="女声")]


def check_speakable(notice: Notice) -> None:
    if not HAN.search(notice.text):
        raise TextRefused("这段话里没有能念的字。")


def _line(part: str, said: str) -> Line:
    signs = HAN.findall(part)
    sounds = said.split() or ["a1"] * len(signs)
    syllables = tuple(Syllable(*each, each[1]) for each in zip(signs, sounds, strict=True))
    return Line(part, part, syllables)


class FakeRehearsals:
    """Everything sounds for `lasts` seconds, which are known where it is not None, as ten bytes."""

    def __init__(self) -> None:
        self.started: list[Notice] = []
        self.lasts: float | None = None
        self.verses: list[dict[str, Any]] = []

    def start(self, notice: Notice) -> str:
        self.started.append(notice)
        return self.tokens()[-1]

    def tokens(self) -> list[str]:
        return ["token", *(f"token{number}" for number in range(2, 99))][: len(self.started)]

    def seconds(self, token: str) -> float | None:
        return self.lasts if token in self.tokens() else None

    def hear(self, token: str) -> PreviewSound | None:
        if token not in self.tokens():
            return None
        content = b"0123456789"
        return PreviewSound(len(content), iter([content[:4], content[4:]]))

    def rhymes(self, script: Script) -> list[dict[str, Any]]:
        return self.verses


class FakeTalks:
    """Takes everything that a page hands on, and is at the stage that a test set."""

    rate_hz = 8_000

    def __init__(self, station: "FakeStation") -> None:
        self._station = station
        self.begun: list[tuple[str, Severity]] = []
        self._owners: dict[str, str] = {}
        self._open: dict[str, str] = {}
        self.taken: list[tuple[int, bytes]] = []
        self.ended: list[str] = []
        self.left: list[str] = []
        self.now = TalkState(TalkStage.SPEAK, "请讲", 600.0)

    def begin(self, person: Person, severity: Severity) -> str:
        self._station._fail_if_told()
        self.begun.append((person.name, severity))
        talk_id = "talk" if len(self.begun) == 1 else f"talk{len(self.begun)}"
        self._open = {talk: name for talk, name in self._open.items() if name != person.name}
        self._owners[talk_id] = self._open[talk_id] = person.name
        return talk_id

    def take(self, talk_id: str, name: str, number: int, pcm: bytes) -> TalkState | None:
        if (state := self.state(talk_id, name)) is not None:
            self.taken.append((number, pcm))
        return state

    def end(self, talk_id: str, name: str) -> Airing | None:
        if self.state(talk_id, name) is None:
            return None
        self.ended.append(name)
        self._open.pop(talk_id, None)
        return self._station.airing(Notice("讲话"))

    def state(self, talk_id: str, name: str) -> TalkState | None:
        if self._owners.get(talk_id) != name:
            return None
        return self.now if talk_id in self._open else replace(self.now, stage=TalkStage.OVER)

    def leave(self, talk_id: str) -> None:
        self.left.append(talk_id)
        self._open.pop(talk_id, None)


class FakeCopies:
    """Takes orders for copies; a test says what became of them."""

    def __init__(self) -> None:
        self.orders: list[tuple[list[Track], bool]] = []
        self.copy = Copy("c0ffee", "泄洪.mp3", 1)
        self.fail_next = ""

    def order(self, tracks: Sequence[Track], zipped: bool = False) -> Copy:
        if self.fail_next:
            raise FileUnwritable(self.fail_next)
        self.orders.append((list(tracks), zipped))
        name = "广播.zip" if zipped else f"{tracks[0].name}.mp3"
        self.copy = replace(self.copy, file_name=name, tracks=len(tracks))
        return self.copy

    def find(self, copy_id: str) -> Copy | None:
        return self.copy if copy_id == self.copy.id else None

    def file(self, copy_id: str) -> Path | None:
        found = self.find(copy_id)
        return found.path if found and found.path and found.path.exists() else None


class FakeStation:
    """Remembers what the page asked for, and shows what a test puts into it; its people are real."""

    def __init__(self, settings: Settings, account: tuple[str, str] | None = None) -> None:
        self.settings = settings
        self.clock = ManualClock(datetime.now(UTC))
        self._stack = ExitStack()
        database = Database(settings.paths.state / DATABASE, self.clock)
        self._stack.enter_context(closing(database))
        reserved_space = ReservedSpace(settings.paths.state / SPARE)
        self._write_queue = self._stack.enter_context(closing(WriteQueue(database, reserved_space)))
        self._stack.enter_context(ThreadLoop("store", self._write_queue.step, self._write_queue.wake))
        self.accounts = Accounts(database, self.clock, CHEAP)
        self.phones = Phones(database, self.clock, CHEAP)
        self.tokens = Tokens(database, self.clock)
        self.drafts = Drafts(database, self.clock)
        self.deeds = AuditLog(database, self._write_queue, self.clock)
        if account:
            self.accounts.create(self.accounts.one_time_code() or "", *account)
        self.studio = FakeStudio(settings.paths.audio_cache)
        file = LexiconFile(settings.paths.state.parent)
        self.words = Wordbook(file, file.load(), self.studio)
        self.speakers = [
            VoiceEntry("baker:female", True, "可用", "", "", "离线女声"),
            VoiceEntry("edge:xiaoxiao", False, "没有打开", "", "", "晓晓"),
        ]
        self.going_on: dict[str, str] = {}
        self.now = datetime.now(settings.station.zone)
        self.on_air: OnAirStatus | None = None
        self.waiting: list[Airing] = []
        self.held: frozenset[str] = frozenset()
        self.coming: list[Airing] = []
        self.rows: list[JournalRow] = []
        self.fault = ""
        self.faults: tuple[str, ...] = ()
        self.keeps = True
        self.cards: list[CardEntry] = []
        self.ends: dict[str, JournalEntry] = {}
        self.fail_next: BroadcasterError | None = None
        self.announced: list[tuple[Notice, str]] = []
        self.cancelled: list[str] = []
        self.stops: list[str] = []
        self.skips: list[tuple[str, int]] = []
        self.warmed = 0
        self.volume = settings.sound.volume
        self.loops_stopped = self.has_loops = False
        self.stop: Stop | None = None
        self.taken_up: list[TakenUp] = []
        self.unheard = self.clock_remark = ""
        self.fades = False
        self.quiet = ""
        self.quiet_until: datetime | None = None
        self.sounds = SoundLibrary(settings.paths.state, settings.sounds.limit_megabytes * 1_000_000)
        rules = AirRules(settings, estimated_lengths(settings, SoundLengths(self.sounds)))
        self.slots = Slotbook(TimetableSettings(), settings, Clock(settings.station.zone), rules)
        self.slots.keep_in(StoredSlots(database), lambda notice: None)
        self.rehearsals = FakeRehearsals()
        self.recordings = Recordings(settings.paths.state)
        # Longer than any of a test takes.
        self.uploads = SoundUploads(self.sounds, wait_seconds=60.0)
        measuring = ThreadLoop("sounds", self.uploads.step, self.uploads.wake)
        self._stack.enter_context(measuring)
        self.copies = FakeCopies()
        self.talks = FakeTalks(self)
        self.accepted: list[Airing] = []
        self.wanted = EVERYTHING
        self.cache_bytes = 0
        self.clock_is_trusted = lambda: True

    def close(self) -> None:
        self._stack.close()

    def done(self) -> list[tuple[str, str, str]]:
        """Who did what to what, oldest first."""
        self._write_queue.enqueue(lambda connection: None)
        return [(deed.who, deed.what, deed.about) for deed in reversed(self.deeds.recent(99))]

    def airing(self, notice: Notice, asked_by: str = "") -> Airing:
        return Airing(notice, self.now, self.now + timedelta(minutes=30), asked_by=asked_by)

    def announce(self, notice: Notice, *, asked_by: str = "", at: datetime | None = None) -> Airing:
        self._fail_if_told()
        self.announced.append((notice, asked_by))
        self.announced_for = at
        airing = self.airing(notice, asked_by)
        if at:
            airing = replace(airing, due_at=at)
            self.waiting.append(airing)
        self.accepted.append(airing)
        return airing

    def wait_for_end(self, airing_id: str, timeout_seconds: float | None = None) -> JournalEntry | None:
        if self.on_air and self.on_air.airing.id == airing_id and timeout_seconds:
            self.on_air = None
        return self.ends.get(airing_id)

    def why_not(self, notice: Notice, at: datetime | None = None) -> str:
        return self.quiet

    def after_quiet(self, notice: Notice, at: datetime | None = None) -> datetime | None:
        return self.quiet_until

    def voices(self) -> list[VoiceEntry]:
        return list(self.speakers)

    def remote_access(self) -> RemoteAccess:
        return RemoteAccess.NO

    def set_volume(self, percent: int) -> None:
        self.volume = percent

    def confirm_clock(self) -> None:
        self.clock_remark = ""

    def resume_loops(self) -> None:
        self.loops_stopped = False

    def cancel(self, airing_id: str, asked_by: str = "") -> bool:
        before = len(self.waiting)
        self.waiting = [airing for airing in self.waiting if airing.id != airing_id]
        self.cancelled += [airing_id] * (before - len(self.waiting))
        return len(self.waiting) < before

    def stop_all(self, asked_by: str = "") -> int:
        self.stops.append(asked_by)
        due = self.status().due(self.now)
        ended = [*([self.on_air.airing] if self.on_air else []), *due]
        if ended:
            name, severities = ended[0].notice.title or ended[0].notice.text, (ended[0].notice.severity,)
            self.stop = Stop("s1", self.now, asked_by, name, len(ended) - 1, severities, self.has_loops)
            self.loops_stopped = self.has_loops
        self.waiting = [airing for airing in self.waiting if airing not in due]
        self.on_air = replace(self.on_air, stopping=True) if self.on_air and self.fades else None
        return len(ended)

    def skip(self, asked_by: str = "", airing_id: str = "", piece: int = 0) -> bool:
        sounds = self.on_air and self.on_air.piece
        if not (self.on_air and sounds) or self.on_air.stopping:
            return False
        if airing_id and (airing_id, piece) != (self.on_air.airing.id, sounds.number):
            return False
        self.skips.append((asked_by, sounds.number))
        return True

    def go_on(self, stop_id: str, from_start: bool = False) -> list[TakenUp] | None:
        stop, self.stop = self.stop, None
        self.went_on = (stop_id, from_start)
        return self.taken_up if stop and stop.id == stop_id else None

    def status(self) -> Status:
        faults = self.faults or ((self.fault,) if self.fault else ())
        return Status(
            self.on_air,
            tuple(self.waiting),
            faults,
            self.loops_stopped,
            self.keeps,
            held=self.held,
            loops_stopped_at=self.now if self.loops_stopped else None,
            loops_stopped_by="李建国" if self.loops_stopped else "",
            has_loops=self.has_loops,
            stop=self.stop,
            unheard=self.unheard,
            clock_remark=self.clock_remark,
        )

    def upcoming(self, count: int = 5) -> list[Airing]:
        return self.coming[:count]

    def history(
        self, count: int = 20, wanted: JournalFilter = EVERYTHING, skip: int = 0
    ) -> list[JournalRow]:
        self._fail_if_told()
        self.wanted = wanted
        return self.rows[skip : skip + count]

    def past_lines(self, wanted: JournalFilter = EVERYTHING) -> Iterator[JournalRow]:
        return iter(self.history(len(self.rows), wanted))

    def past(self, airing_id: str) -> JournalRow | None:
        return next((row for row in self.rows if row.airing_id == airing_id), None)

    def goes_on_in(self, airing_id: str) -> str:
        return self.going_on.get(airing_id, airing_id)

    def history_count(self, wanted: JournalFilter = EVERYTHING) -> int:
        return sum(wanted.outcome in (None, row.outcome) for row in self.rows)

    def find_airing(self, notice_id: str) -> Airing | None:
        found = (one for one in self.accepted if one.notice.id == notice_id)
        return next(found, None)

    def device(self) -> DeviceState:
        return DeviceState("假声卡", not self.fault, (), self.fault, tuple(self.cards))

    def use_card(self, name: str) -> str:
        if name not in {card.name for card in self.cards}:
            raise DeviceLost(f"没有叫 {name} 的声卡")
        self.cards = [replace(card, wired=card.name == name) for card in self.cards]
        return name

    def script(self, notice: Notice) -> Script:
        """One line for each line of the text; 10 is said as 十."""
        self._fail_if_told()
        check_speakable(notice)
        return Script(tuple(self._line(text) for text in notice.text.splitlines()))

    def warm(self) -> None:
        self.warmed += 1

    def _line(self, text: str) -> Line:
        spoken = text.replace("10", "十")
        return Line(text, spoken, tuple(Syllable(sign, "a1", "a1") for sign in spoken), 0.5)

    def _fail_if_told(self) -> None:
        error, self.fail_next = self.fail_next, None
        if error:
            raise error


class FakeVoice(Voice):
    """Beeps for 0.2 s a syllable in two pieces, and remembers the lines it spoke."""

    name = "fake:beep"
    version = "1"
    rate_hz = 24_000
    level_lufs = -20.0

    def __init__(self) -> None:
        self.spoken: list[Line] = []
        self.fail_next: BroadcasterError | None = None

    def speak(self, line: Line, pace: float = 1.0) -> Iterator[Waveform]:
        error, self.fail_next = self.fail_next, None
        if error:
            raise error
        if not line.syllables:
            raise LineRefused("这一行没有可读的字")
        self.spoken.append(line)
        times = np.arange(int(0.2 * self.rate_hz * len(line.syllables) / pace)) / self.rate_hz
        beep = (0.1 * np.sin(2 * np.pi * 440 * times)).astype(np.float32)
        for half in np.array_split(beep, 2):
            yield Waveform(half, self.rate_hz)


class ManualClock(Clock):
    """Stands still until a test moves it."""

    def __init__(self, now: datetime = datetime(2026, 3, 15, 8, 0, tzinfo=UTC)) -> None:
        super().__init__(ZoneInfo("Asia/Shanghai"))
        self._now = now.astimezone(self.zone)
        self._monotonic = 1000.0

    def now(self) -> datetime:
        return self._now

    def machine_time(self, moment: datetime) -> datetime:
        return moment - (self._now - datetime.now(UTC))

    def monotonic(self) -> float:
        return self._monotonic

    def step(self, by: timedelta) -> None:
        """Set the wall clock, and it alone."""
        self._now += by

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds


class Memory:
    """Small texts that a test can look into."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def get(self, key: str) -> str:
        return self.kept.get(key, "")

    def put(self, key: str, value: str) -> None:
        self.kept[key] = value


class FakeDevice(Device):
    """Hears every sound in no time, and keeps its samples by item.

    With `holds` set an item that is finished goes on until `release`; `fail_next` is the reason for
    which the next sound is lost, and its item with it; `lose` pulls the card after so many seconds of
    the item. It is well again when it plays, or is told to be. `seconds_until_cut` is how much was
    heard when it is faded out next, else all but a second; while it is `deaf` it does not fade.
    """

    card, relays_on = "假声卡", tuple[str, ...]()

    def __init__(self) -> None:
        super().__init__()
        self.holds = False
        self.fail_next = ""
        self.heard: dict[str, list[NDArray[np.int16]]] = {}
        self.played: list[Path] = []
        self._broken = False
        self.closed = False
        self._item_id = ""
        self._seconds = 0.0
        self._finished = False
        self._fault = ""
        self.begun: list[tuple[str, int | None, tuple[str, ...]]] = []
        self.seconds_until_cut: float | None = None
        self.deaf = False
        self.expected = 0

    def expect(self) -> None:
        self.expected += 1

    def power(self, names: tuple[str, ...], seconds: float) -> None:
        """It has as many relays as are named, and they stay on."""
        if not self._item_id:
            self.relays_on = names

    def begin(self, item_id: str, volume: int | None = None, zones: tuple[str, ...] = ()) -> None:
        self._item_id, self._seconds, self._finished = item_id, 0.0, False
        self._broken = False
        self.heard[item_id] = []
        self.begun.append((item_id, volume, zones))

    def play(self, sound: Path, pause_seconds: float = 0.0, start_seconds: float = 0.0) -> None:
        if not self._item_id or self._broken:
            return
        try:
            samples, rate_hz = soundfile.read(sound, dtype="int16")
            samples = samples[round(start_seconds * rate_hz) :]
        except soundfile.LibsndfileError:
            self._broken = True
            return self.on_report(Damaged(self._item_id, len(self.heard[self._item_id]), sound, 0.0))
        if self.fail_next:
            self._fault, self.fail_next = self.fail_next, ""
            return self._end(self._fault, lost=True)
        if not self.heard[self._item_id]:
            self.on_report(Started(self._item_id))
        self.come_back()
        self.played.append(sound)
        self.heard[self._item_id].append(samples)
        self._seconds += len(samples) / rate_hz + pause_seconds

    def finish(self) -> None:
        self._finished = not self._broken
        if not self.holds:
            self.release()

    def release(self) -> None:
        """Let a finished item end."""
        if self._finished:
            self._end("")

    def mend(self) -> None:
        self._broken = False

    def fade_out(self) -> None:
        if self.deaf:
            return
        heard, self.seconds_until_cut = self.seconds_until_cut, None
        self._seconds = max(0.0, self._seconds - 1.0) if heard is None else heard
        self._end("播放被中断")

    def hear(self) -> None:
        """Do what was asked while it was deaf."""
        self.deaf = False
        self.fade_out()

    def lose(self, after_seconds: float = 0.0) -> None:
        self._fault, self._seconds = "声卡掉线", after_seconds
        self._end(self._fault, lost=True)

    def come_back(self) -> None:
        """Be well again."""
        if self._fault:
            self._fault = ""
            self.on_report(Back())

    @property
    def ready(self) -> bool:
        return not self._fault

    @property
    def fault(self) -> str:
        return self._fault

    def close(self) -> None:
        self._end("程序正在退出")
        self.closed = True

    def _end(self, reason: str, lost: bool = False) -> None:
        item_id, self._item_id = self._item_id, ""
        if item_id:
            self.on_report(Ended(item_id, self._seconds, not reason, reason, lost))
