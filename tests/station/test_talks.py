"""A person speaks live, on a real player: what is heard, what ends it, what its phone is told."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from rig.fakes import FakeDevice, ManualClock
from rig.rig import wait_until

from broadcaster.core.errors import KeptQuiet, StoreUnusable, TextRefused
from broadcaster.core.model import (
    Airing,
    AiringKind,
    Clip,
    Delivery,
    Item,
    JournalEntry,
    Made,
    Outcome,
    Programme,
    Ready,
    SettledNotice,
)
from broadcaster.core.notice import Notice, Severity
from broadcaster.core.people import Person, Role
from broadcaster.playout.air_queue import QueuedAiring
from broadcaster.playout.player import Player
from broadcaster.rules.quiet_hours import PASSES, Verdict
from broadcaster.station.live_programme import KEPT_BLOCKS, Microphone
from broadcaster.station.live_talks import (
    CUT_OFF,
    DEAD_SECONDS,
    LEFT,
    LONGEST_SECONDS,
    MAY_NOT,
    NOTHING_SAID,
    ONCE_MORE,
    TOO_LONG,
    Talks,
    TalkStage,
    TalkState,
)
from broadcaster.system.temporary_sounds import Spool

RATE_HZ = 8_000
CHIME_SECONDS = 2.5
WANG = Person(1, "王秀英", Role.SECRETARY, "stamp")
LI = Person(2, "李建国", Role.SECRETARY, "stamp")


class Studio:
    """Has a chime, and of every notice one sound of 3 s; a talk that is not held it refuses."""

    def __init__(self, folder: Path) -> None:
        self.chime = sound(folder / "chime.wav", CHIME_SECONDS)
        self.item = Item(sound(folder / "notice.wav", 3.0))

    def signal(self, notice: Notice) -> Clip:
        return self.chime

    def settle_accepted(self, notice: Notice) -> SettledNotice:
        if notice.talk:
            raise TextRefused("没有录下来")
        return SettledNotice(notice, "fake:beep", "notice")

    @contextmanager
    def make(
        self, settled: SettledNotice, deliver: Callable[[Delivery], None], first_piece: int = 0
    ) -> Iterator[None]:
        deliver(Ready(self.item, 1))
        deliver(Made(Programme(settled.voice, (self.item,))))
        yield


class Rules:
    def verdict(self, airing: Airing, moment: object) -> Verdict:
        return PASSES

    def volume(self, airing: Airing, moment: object) -> int:
        return 100


def sound(path: Path, seconds: float) -> Clip:
    soundfile.write(path, np.full(round(seconds * RATE_HZ), 7, np.int16), RATE_HZ)
    return Clip(path.stem, path, seconds)


def block(level: int, seconds: float = 0.2) -> bytes:
    return np.full(round(seconds * RATE_HZ), level, np.int16).tobytes()


class Air:
    """A player, what may be said on it, and phones; `step` on another thread airs one airing."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.device = FakeDevice()
        self.device.holds = True
        self.journal: dict[str, JournalEntry] = {}
        self.may_record = threading.Event()
        self.may_record.set()
        self.people = {WANG.name: WANG, LI.name: LI}
        self.refusal: Exception | None = None
        self.spool = Spool((folder / "spool",))
        microphone = Microphone(Studio(folder), self.spool, RATE_HZ)
        self.player = Player(microphone.make, self.device, Rules(), self.tell, self.clock)
        self.talks = Talks(microphone, self.accept, self.journal.get, self.player, self.find, self.clock)
        self.number = -1
        self.threads: list[threading.Thread] = []

    def tell(self, *entries: JournalEntry) -> None:
        self.may_record.wait()
        self.journal.update({entry.airing.id: entry for entry in entries})

    def find(self, name: str) -> Person | None:
        if name not in self.people:
            raise StoreUnusable("坏了")
        person: Person | None = self.people[name]
        return person

    def accept(self, notice: Notice, asked_by: str) -> Airing:
        if self.refusal:
            raise self.refusal
        airing = self.airing(notice, asked_by)
        self.player.put(QueuedAiring(airing))
        return airing

    def airing(self, notice: Notice, asked_by: str = "", kind: AiringKind = AiringKind.LIVE) -> Airing:
        now = self.clock.now()
        return Airing(notice, now, now + timedelta(minutes=30), kind, asked_by)

    def air(self) -> None:
        self.threads.append(threading.Thread(target=self.player.air_next, name="player"))
        self.threads[-1].start()
        wait_until(lambda: self.player.on_air)

    def begin(self, severity: Severity = Severity.BLUE) -> str:
        """A talk whose chime has just begun."""
        talk = self.talks.begin(WANG, severity)
        self.air()
        wait_until(lambda: self.player.on_air and self.player.on_air.started_monotonic is not None)
        return talk

    def say(self, talk: str, pcm: bytes, name: str = WANG.name) -> TalkState:
        self.number += 1
        state = self.talks.take(talk, name, self.number, pcm)
        assert state
        return state

    def speak(self, talk: str, pcm: bytes) -> None:
        """Say it, and wait until it has reached the device."""
        heard = len(self.samples())
        assert self.say(talk, pcm).stage is TalkStage.SPEAK
        wait_until(lambda: len(self.samples()) == heard + len(pcm) // 2)

    def samples(self) -> NDArray[np.int16]:
        heard = [pieces for pieces in self.device.heard.values() if pieces]
        return np.concatenate(heard[-1]) if heard else np.zeros(0, np.int16)

    def end(self) -> JournalEntry:
        """How the only one ended that did."""
        self.device.holds = False
        self.device.release()
        self.threads[-1].join(10)
        (entry,) = self.journal.values()
        return entry


@pytest.fixture
def air(tmp_path: Path) -> Iterator[Air]:
    air = Air(tmp_path)
    yield air
    air.device.deaf = False
    for thread in air.threads:
        while thread.is_alive():
            air.player.stop_all("停播")
            thread.join(0.1)


def test_what_is_said_sounds_after_the_chime_and_is_journaled_with_who_and_how_long(air: Air) -> None:
    talk = air.begin()
    assert air.say(talk, block(1)).stage is TalkStage.SIGNAL
    air.clock.advance(CHIME_SECONDS)
    air.speak(talk, block(2))
    air.speak(talk, block(3))
    ended = air.talks.end(talk, WANG.name)
    entry = air.end()
    assert ended == entry.airing
    chime, said = np.split(air.samples(), [round(CHIME_SECONDS * RATE_HZ)])
    assert set(chime) == {7}
    assert said.tobytes() == block(2) + block(3)
    assert (entry.outcome, entry.voice, entry.airing.asked_by) == (
        Outcome.PLAYED,
        "microphone",
        WANG.name,
    )
    assert entry.seconds_played == entry.seconds_due == pytest.approx(CHIME_SECONDS + 0.4)
    assert entry.airing.notice.text == "王秀英在现场讲话"
    state = air.talks.state(talk, WANG.name)
    assert state
    assert state.stage is TalkStage.OVER
    assert state.seconds == pytest.approx(CHIME_SECONDS + 0.4)
    assert list(air.spool.folders[0].iterdir()) == []


def test_the_first_word_may_come_while_the_chime_dies_away(air: Air) -> None:
    talk = air.begin()
    air.clock.advance(CHIME_SECONDS - 0.5)
    air.speak(talk, block(2))


def test_what_would_be_heard_too_late_is_left_out(air: Air) -> None:
    talk = air.begin()
    air.clock.advance(CHIME_SECONDS)
    for level in range(1, 6):
        air.speak(talk, block(level))
    assert air.say(talk, block(6)).stage is TalkStage.SPEAK
    air.clock.advance(0.25)
    air.speak(talk, block(7))
    assert set(air.samples()) == {1, 2, 3, 4, 5, 7}


def test_what_comes_twice_or_out_of_turn_is_heard_once(air: Air) -> None:
    talk = air.begin()
    air.clock.advance(CHIME_SECONDS)
    air.speak(talk, block(1))
    assert air.talks.take(talk, WANG.name, air.number, block(2))
    assert air.talks.take(talk, WANG.name, air.number - 1, block(3))
    air.speak(talk, block(4))
    assert set(air.samples()) == {7, 1, 4}


def test_a_gap_in_the_network_is_silence_and_a_longer_one_the_end(air: Air) -> None:
    talk = air.begin()
    air.clock.advance(CHIME_SECONDS)
    air.speak(talk, block(1))
    air.clock.advance(DEAD_SECONDS - 0.1)
    air.talks.look()
    air.speak(talk, block(2))
    air.clock.advance(DEAD_SECONDS + 0.1)
    air.device.seconds_until_cut = CHIME_SECONDS + 0.4
    air.talks.look()
    entry = air.end()
    assert (entry.outcome, entry.reason) == (Outcome.CUT_SHORT, CUT_OFF)
    assert entry.seconds_played == pytest.approx(CHIME_SECONDS + 0.4)
    assert entry.seconds_due == 0, "nobody knows how long he would have spoken"
    state = air.talks.take(talk, WANG.name, 99, block(3))
    assert state
    assert (state.stage, state.sentence) == (TalkStage.OVER, f"{CUT_OFF}，讲话停了。")


def test_a_phone_that_is_lost_before_its_turn_did_not_let_go(air: Air) -> None:
    air.begin()
    air.clock.advance(DEAD_SECONDS + 0.1)
    air.talks.look()
    entry = air.end()
    assert (entry.outcome, entry.reason) == (Outcome.CUT_SHORT, CUT_OFF)


def test_who_lets_go_while_something_severer_cuts_in_is_told_what_cut_him(air: Air) -> None:
    talk = air.begin()
    air.clock.advance(CHIME_SECONDS)
    air.speak(talk, block(1))
    air.may_record.clear()
    air.player.put(QueuedAiring(air.airing(Notice("泄洪", severity=Severity.RED))))
    wait_until(lambda: air.player.on_air is None)
    air.talks.end(talk, WANG.name)
    air.may_record.set()
    assert air.end().outcome is Outcome.CUT_SHORT
    state = air.talks.state(talk, WANG.name)
    assert state
    assert state.sentence == "讲话停了：让位给更紧急的通知。"


def test_ten_minutes_are_the_most(air: Air) -> None:
    talk = air.begin()
    air.clock.advance(CHIME_SECONDS)
    air.speak(talk, block(1))
    for _ in range(round(LONGEST_SECONDS / 2)):
        air.talks.look()
        air.speak(talk, block(1))
        air.clock.advance(2.0)
    assert len(list(air.spool.folders[0].iterdir())) == KEPT_BLOCKS
    air.talks.look()
    entry = air.end()
    assert (entry.outcome, entry.reason) == (Outcome.CUT_SHORT, TOO_LONG)
    state = air.talks.state(talk, WANG.name)
    assert state
    assert state.sentence == f"{TOO_LONG}，讲话停了。{ONCE_MORE}"


def test_a_button_let_go_before_a_word_ends_the_chime(air: Air) -> None:
    talk = air.begin()
    air.talks.end(talk, WANG.name)
    entry = air.end()
    assert (entry.outcome, entry.reason) == (Outcome.CUT_SHORT, NOTHING_SAID)


def test_a_button_let_go_at_the_end_of_the_chime_has_said_nothing_and_is_told(air: Air) -> None:
    talk = air.begin()
    air.clock.advance(CHIME_SECONDS - 0.2)
    air.speak(talk, block(1))
    air.talks.end(talk, WANG.name)
    entry = air.end()
    assert (entry.outcome, entry.reason) == (Outcome.CUT_SHORT, NOTHING_SAID)
    state = air.talks.state(talk, WANG.name)
    assert state and state.sentence == f"{NOTHING_SAID}，您的话没有播出去。"


def test_a_button_let_go_before_its_turn_takes_the_talk_back(air: Air) -> None:
    air.player.put(QueuedAiring(air.airing(Notice("泄洪", severity=Severity.RED))))
    air.air()
    talk = air.talks.begin(WANG, Severity.BLUE)
    assert air.say(talk, block(1)).stage is TalkStage.WAITING
    air.talks.end(talk, WANG.name)
    assert [entry.outcome for entry in air.journal.values()] == [Outcome.CANCELLED]
    air.device.holds = False
    air.device.release()
    air.threads[-1].join(10)


def test_a_talk_cuts_what_is_daily_and_a_severer_notice_cuts_it_for_good(air: Air) -> None:
    air.player.put(QueuedAiring(air.airing(Notice("早安"), kind=AiringKind.LOOP)))
    air.air()
    talk = air.talks.begin(WANG, Severity.BLUE)
    air.threads[-1].join(10)
    air.air()
    wait_until(lambda: air.player.on_air and air.player.on_air.started_monotonic is not None)
    air.clock.advance(CHIME_SECONDS)
    air.speak(talk, block(1))
    air.player.put(QueuedAiring(air.airing(Notice("泄洪", severity=Severity.RED))))
    air.threads[-1].join(10)
    state = air.say(talk, block(2))
    assert (state.stage, state.sentence) == (TalkStage.OVER, "讲话停了：让位给更紧急的通知。")
    air.device.holds = False
    assert air.player.air_next()
    assert not air.player.air_next()
    assert [entry.outcome for entry in air.journal.values()] == [
        Outcome.CUT_SHORT,
        Outcome.CUT_SHORT,
        Outcome.PLAYED,
    ]


def test_a_stop_ends_it_at_once_and_the_phone_is_told_by_whom(air: Air) -> None:
    talk = air.begin()
    air.clock.advance(CHIME_SECONDS)
    air.speak(talk, block(1))
    air.player.stop_all("停播（李建国）")
    assert air.end().outcome is Outcome.CUT_SHORT
    air.talks.end(talk, WANG.name)
    assert air.say(talk, block(2)).sentence == "讲话停了：停播（李建国）。"


@pytest.mark.parametrize(
    "now", [None, Person(1, "王秀英", Role.EDITOR, "stamp"), Person(1, "王秀英", Role.SECRETARY, "new")]
)
def test_who_may_no_longer_air_is_cut_off(air: Air, now: Person | None) -> None:
    talk = air.begin()
    air.clock.advance(CHIME_SECONDS)
    air.speak(talk, block(1))
    air.people[WANG.name] = cast(Person, now)
    air.talks.look()
    assert (air.end().outcome, air.journal.popitem()[1].reason) == (Outcome.CUT_SHORT, MAY_NOT)


def test_a_database_out_of_reach_silences_nobody(air: Air) -> None:
    talk = air.begin()
    air.clock.advance(CHIME_SECONDS)
    del air.people[WANG.name]
    air.talks.look()
    air.speak(talk, block(1, 0.4))
    air.talks.end(talk, WANG.name)
    assert air.end().outcome is Outcome.PLAYED


def test_a_logout_cuts_it_off(air: Air) -> None:
    talk = air.begin()
    air.talks.leave(talk)
    assert air.end().reason == LEFT
    assert air.say(talk, block(1)).sentence == "退出了登录，讲话停了。"


def test_nobody_speaks_into_the_talk_of_another(air: Air) -> None:
    talk = air.begin()
    assert air.talks.take(talk, LI.name, 0, block(1)) is None
    assert air.talks.end(talk, LI.name) is None
    assert air.talks.take("nothing", WANG.name, 0, block(1)) is None
    air.talks.end(talk, WANG.name)
    air.end()


def test_a_second_talk_of_the_same_person_ends_the_first(air: Air) -> None:
    air.begin()
    air.talks.begin(WANG, Severity.BLUE)
    assert air.end().outcome is Outcome.CUT_SHORT


def test_quiet_hours_refuse_it_with_their_sentence(air: Air) -> None:
    air.refusal = KeptQuiet("现在是静音时段")
    with pytest.raises(KeptQuiet):
        air.talks.begin(WANG, Severity.BLUE)
    assert air.player.waiting() == ()


def test_a_talk_of_before_a_restart_is_not_said_by_a_voice(air: Air) -> None:
    air.device.holds = False
    air.player.put(QueuedAiring(air.airing(Notice("王秀英在现场讲话", talk=True))))
    air.player.air_next()
    (entry,) = air.journal.values()
    assert (entry.outcome, entry.reason) == (Outcome.FAILED, "没有录下来")


def test_where_memory_is_full_the_talk_fails_with_a_sentence(air: Air, tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("in the way")
    talk = air.begin()
    air.clock.advance(CHIME_SECONDS)
    air.say(talk, block(1))
    entry = air.end()
    assert (entry.outcome, entry.reason) == (Outcome.FAILED, "内存满了，讲话送不出去。")


def test_the_watch_waits_until_somebody_speaks(air: Air) -> None:
    waiting = threading.Thread(target=air.talks.step)
    waiting.start()
    air.talks.begin(WANG, Severity.BLUE)
    waiting.join(10)
    assert not waiting.is_alive()
