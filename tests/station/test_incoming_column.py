"""A relay or an input sounds for its minutes on the clock: live again after a cut, replaced where it
does not come, told until it does, and never a stuck air.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rig.fakes import ManualClock

from broadcaster.core.errors import DeviceLost
from broadcaster.core.model import (
    Airing,
    AiringKind,
    Clip,
    Delivery,
    Item,
    Made,
    Programme,
    Ready,
    RenderFailed,
    SettledNotice,
    line_before,
    numbered,
)
from broadcaster.core.notice import Notice, Signal
from broadcaster.core.piece import Order, Piece, PieceKind
from broadcaster.playout.air_queue import QueuedAiring
from broadcaster.station.incoming_column import (
    GIVE_UP_SECONDS,
    HUSHED_SECONDS,
    RELAY_LEAD_SECONDS,
    SILENT_SECONDS,
    ColumnParts,
    Tell,
)
from broadcaster.station.incoming_pieces import IncomingPieces, StandIns
from broadcaster.studio.incoming_sound import Block, Died, IncomingMessage, Over, Trouble
from broadcaster.studio.stretches import stretches

RADIO = Piece(PieceKind.RELAY, "http://tai.cn/1", 30)
TUNER = Piece(PieceKind.INPUT, "收音机", 10)
WORDS, SONG = Piece(PieceKind.TEXT, "下面转播。"), Piece(PieceKind.AUDIO, "国歌")
MINUTE = 60.0


@dataclass
class FakeSource:
    """A stream that gives what the test says."""

    piece: Piece
    due_at: float
    ends_at: float
    begun: float
    tell: Tell
    closed: bool = False
    forgotten: bool = False

    def close(self) -> None:
        self.closed = True

    def forget(self) -> None:
        self.forgotten = True


@dataclass(frozen=True)
class Named:
    title: str
    seconds: float = 90.0
    formerly: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"key of {self.title}"


@dataclass
class Air:
    """The studio, the streams and the player of a column; the test is the clock."""

    clock: ManualClock = field(default_factory=ManualClock)
    sources: list[FakeSource] = field(default_factory=list)
    made: list[Notice] = field(default_factory=list)
    given: list[Delivery] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)
    library: list[Named] = field(default_factory=list)
    rest_at: float | None = None
    lost: str = ""
    kept: int = 0

    def __post_init__(self) -> None:
        stand_ins = StandIns(lambda: self.library, self.choose)
        parts = ColumnParts(
            self, self.clock, self.open_source, stand_ins.of, self.rest_begins, self.tell_fault
        )
        self.pieces = IncomingPieces(self.make_plain, parts)

    def settle_accepted(self, notice: Notice) -> SettledNotice:
        filled = replace(notice, chime=notice.chime or Signal.NONE, opening=notice.opening or "")
        return SettledNotice(replace(filled, closing=filled.closing or ""), "fake:beep", "key")

    def signal(self, notice: Notice) -> Clip | None:
        return None

    @contextmanager
    def make(
        self, settled: SettledNotice, deliver: Callable[[Delivery], None], first_piece: int = 0
    ) -> Iterator[None]:
        """A line of 5 s for each piece and for the text; a sound is as long as the library says."""
        notice = settled.notice
        self.made.append(notice)
        said = enumerate([notice.text, *(piece.source for piece in notice.pieces), notice.closing])
        known = {sound.key: sound for sound in self.library}
        items = [
            Item(
                Clip(one, Path(one), known[one].seconds if one in known else 5.0),
                says=known[one].title if one in known else one,
                continuous=one in known,
                piece=piece,
            )
            for piece, one in said
            if one and piece >= first_piece
        ]
        for ready in numbered(items, has_signal=False):
            deliver(ready)
        made = items or first_piece
        deliver(Made(Programme(settled.voice, tuple(items))) if made else RenderFailed("没有"))
        self.kept += 1
        yield
        self.kept -= 1

    def make_plain(
        self, waited: QueuedAiring, deliver: Callable[[Delivery], None]
    ) -> AbstractContextManager[None]:
        return self.make(self.settle_accepted(waited.airing.notice), deliver)

    def choose(self, notice: Notice, asked_by: str) -> Notice:
        (folder,) = notice.pieces
        assert folder.order is Order.CONTINUE
        first = next(one for one in self.library if one.title.startswith(f"{folder.source}/"))
        return replace(notice, pieces=(Piece(PieceKind.AUDIO, first.key),))

    def open_source(
        self, piece: Piece, due_at: float, ends_at: float, begun: float, tell: Tell
    ) -> FakeSource:
        if self.lost:
            raise DeviceLost(self.lost)
        self.sources.append(FakeSource(piece, due_at, ends_at, begun, tell))
        return self.sources[-1]

    def rest_begins(self, airing: Airing, moment: datetime, until: datetime) -> datetime | None:
        if self.rest_at is None:
            return None
        return self.clock.now() + timedelta(seconds=self.rest_at - self.clock.monotonic())

    def tell_fault(self, source: str, sentence: str) -> None:
        self.faults[source] = sentence

    @contextmanager
    def airs(self, *pieces: Piece, closing: str = "", **cut: Any) -> Iterator[None]:
        notice = Notice("", pieces=pieces, closing=closing)
        now = self.clock.now()
        airing = Airing(notice, now, now + timedelta(hours=2), AiringKind.SCHEDULED)
        with self.pieces.make(QueuedAiring(airing, **cut), self.given.append):
            self.turn()
            yield
        self.turn()

    def turn(self) -> None:
        """Do all that is there to be done."""
        self.pieces.wake()
        while self.pieces._acts.qsize():
            self.pieces.step()

    def passes(self, seconds: float) -> None:
        """In steps, as the thread looks."""
        end = self.clock.monotonic() + seconds
        while self.clock.monotonic() < end:
            self.clock.advance(min(2.0, end - self.clock.monotonic()))
            self.turn()

    def comes(self, *messages: IncomingMessage) -> None:
        for message in messages:
            self.sources[-1].tell(message)
        self.turn()

    def sounds(self, seconds: float, silent: bool = False) -> None:
        """The stream gives so much, a second at a time."""
        for _ in range(round(seconds)):
            source, now = self.sources[-1], self.clock.monotonic()
            place = now - source.due_at + source.begun
            self.comes(Block(Path(f"{now}.wav"), 1.0, place, silent))
            self.clock.advance(1.0)

    @property
    def said(self) -> list[str]:
        return [one.item.says for one in self.given if isinstance(one, Ready)]

    @property
    def instead_of(self) -> dict[str, str]:
        """By what stood in."""
        given = [one.item for one in self.given if isinstance(one, Ready)]
        return {item.says: item.instead_of for item in given if item.instead_of}

    @property
    def lacks_of_end(self) -> str:
        assert isinstance(self.end, Made)
        return "".join(lack.sentence for lack in self.end.programme.lacks)

    @property
    def end(self) -> Made | RenderFailed | None:
        last = self.given[-1] if self.given else None
        return last if isinstance(last, Made | RenderFailed) else None


@pytest.fixture
def air() -> Air:
    return Air()


def test_a_column_is_cut_at_what_comes_in() -> None:
    opens = Notice("早上好", opening="各位", closing="完了", pieces=(SONG, RADIO, WORDS), repeats=2)
    first, radio, last = stretches(opens)
    assert isinstance(first, Notice) and isinstance(last, Notice) and radio is RADIO
    assert (first.text, first.opening, first.closing, first.repeats) == ("早上好", "各位", "", 2)
    assert first.pieces == (SONG,) and last.pieces == (WORDS,)
    assert (last.text, last.opening, last.closing, last.chime) == ("", "", "完了", Signal.NONE)
    assert stretches(Notice("", pieces=(RADIO,), opening="", closing="")) == (RADIO,)
    *_, bye = stretches(Notice("", pieces=(RADIO,), opening="", closing="谢谢收听。"))
    assert isinstance(bye, Notice) and (bye.text, bye.closing) == ("", "")
    assert bye.pieces == (Piece(PieceKind.TEXT, "谢谢收听。"),), "its lines follow those of the relay"
    plain = Notice("停水", pieces=(SONG,))
    assert stretches(plain) == (plain,)


def test_words_relay_words_follow_one_another_and_the_stream_is_there_in_time(air: Air) -> None:
    with air.airs(SONG, RADIO, WORDS, closing="再见。"):
        assert air.said == ["国歌"]
        (source,) = air.sources
        assert source.due_at - air.clock.monotonic() == pytest.approx(5.0), "behind the song"
        assert source.ends_at - source.due_at == pytest.approx(30 * MINUTE)
        air.passes(5.0)
        air.sounds(30 * MINUTE - 2)
        air.comes(Over())
        assert air.said[-2:] == ["下面转播。", "再见。"]
        assert source.closed and not source.forgotten, "its last seconds are still to be heard"
        assert air.kept == 3, "the words behind it were made while it sounded"
        lines = [one.line for one in air.given if isinstance(one, Ready)]
        assert list(dict.fromkeys(lines)) == [line_before(piece) + 1 for piece in (1, 2, 3, 4)]
        pieces = [one.item.piece for one in air.given if isinstance(one, Ready)]
        assert list(dict.fromkeys(pieces)) == [1, 2, 3, 4], "the closing comes after the last"
        assert air.end and isinstance(air.end, Made) and not air.end.programme.lacks
        assert air.end.programme.seconds == pytest.approx(30 * MINUTE + 15.0)
    assert air.sources[0].forgotten and not air.kept


def test_a_long_piece_before_it_does_not_keep_a_stream_open(air: Air) -> None:
    air.library = [Named("国歌", 1200.0)]
    with air.airs(Piece(PieceKind.AUDIO, "key of 国歌"), RADIO):
        air.passes(1200.0 - RELAY_LEAD_SECONDS - 4)
        assert not air.sources
        air.passes(5.0)
        assert air.sources[0].due_at == pytest.approx(air.clock.monotonic() + RELAY_LEAD_SECONDS - 1)


def test_after_a_cut_it_is_where_it_is_by_then(air: Air) -> None:
    cut_at = air.clock.now() - timedelta(minutes=5)
    cut: dict[str, Any] = {
        "next_line": line_before(2) + 1,
        "seconds_in_line": 10 * MINUTE,
        "cut_at": cut_at,
    }
    with air.airs(SONG, RADIO, WORDS, **cut):
        (source,) = air.sources
        assert source.begun == pytest.approx(15 * MINUTE)
        assert source.ends_at - source.due_at == pytest.approx(15 * MINUTE)
        air.sounds(3)
        ready = air.given[-1]
        assert isinstance(ready, Ready) and ready.item.incoming
        assert ready.item.at_seconds == pytest.approx(15 * MINUTE + 2)
        assert (ready.item.piece, ready.item.of_seconds) == (2, 30 * MINUTE)
    over = cut | {"cut_at": cut_at - timedelta(minutes=20)}
    with air.airs(SONG, RADIO, WORDS, **over):
        assert len(air.sources) == 1, "its time went by"
        assert air.said[-1] == "下面转播。" and isinstance(air.end, Made)


def test_a_relay_that_is_skipped_gives_way_to_the_next_piece_and_the_last_one_ends_the_column(
    air: Air,
) -> None:
    with air.airs(SONG, RADIO, WORDS, TUNER, next_line=line_before(3) + 1):
        assert not [one for one in air.made if SONG in one.pieces and WORDS in one.pieces]
        air.passes(4.0)
        assert heard_from(air, 3) == [3] and [one.piece for one in air.sources] == [TUNER]
    with air.airs(SONG, RADIO, WORDS, TUNER, next_line=line_before(5) + 1):
        assert heard_from(air, 5) == [] and len(air.sources) == 1
        assert isinstance(air.end, Made) and not air.end.programme.lacks


def heard_from(air: Air, piece: int) -> list[int]:
    """The pieces that come of a column that goes on with this one."""
    begins = line_before(piece)
    return [one.item.piece for one in air.given if isinstance(one, Ready) and one.line > begins]


def test_one_that_does_not_come_is_told_and_its_stand_in_plays_to_its_end_before_the_next_try(
    air: Air,
) -> None:
    air.library = [Named("备用")]
    with air.airs(replace(RADIO, stand_in="备用"), WORDS):
        air.comes(Trouble("对方说没有（404）"))
        air.passes(SILENT_SECONDS - 1)
        assert [notice.pieces for notice in air.made] == [(WORDS,)] and not air.faults
        air.passes(2)
        assert air.sources[0].closed
        fault = "转播 tai.cn收不到：对方说没有（404）。请看看网络，再看看地址对不对。"
        assert air.faults == {"relay http://tai.cn/1": fault}
        assert air.said == ["备用"]
        (its,) = air.made[-1].pieces
        assert its.minutes and its.minutes == pytest.approx(30.0, abs=0.3)
        air.passes(90 - RELAY_LEAD_SECONDS - 2)
        assert len(air.sources) == 1
        air.passes(4)
        assert len(air.sources) == 2, "the next try has its lead"
        assert air.sources[1].due_at == pytest.approx(air.clock.monotonic() + 6, abs=2.1)
        air.passes(8)
        air.sounds(20)
        assert air.faults == {"relay http://tai.cn/1": ""}, "cleared when it works"
        air.comes(Over())
        assert isinstance(air.end, Made)
        assert not air.end.programme.lacks, "another was heard in its place"
        assert air.instead_of["备用"] == "转播 tai.cn有一阵收不到：对方说没有（404）。"


def test_a_folder_stands_in_sound_by_sound_and_a_sentence_is_said_once(air: Air) -> None:
    air.library = [Named("戏曲/一", 20.0)]
    with air.airs(replace(RADIO, stand_in="戏曲")):
        air.passes(SILENT_SECONDS + 2)
        assert air.said == ["戏曲/一"]
        air.passes(20 + SILENT_SECONDS + 2)
        assert air.said == ["戏曲/一"] * 2, "and again while nothing comes"
    with air.airs(replace(RADIO, stand_in="今天没有转播。")):
        air.passes(GIVE_UP_SECONDS - 4)
        assert air.said[2:] == ["今天没有转播。"] and air.end is None
        air.passes(10)
        assert (
            isinstance(air.end, Made) and air.lacks_of_end == "转播 tai.cn有一阵收不到：没有声音过来。"
        )


def test_without_a_stand_in_the_air_is_silent_for_a_minute_at_most(air: Air) -> None:
    with air.airs(WORDS, RADIO, SONG):
        air.passes(10)
        air.sounds(5)
        air.passes(GIVE_UP_SECONDS - 3)
        assert air.said[-1] == "转播 tai.cn"
        assert "没有声音过来" in air.faults["relay http://tai.cn/1"]
        air.passes(6)
        assert air.said[-1] == "国歌" and air.sources[0].closed
        assert isinstance(air.end, Made) and "有一阵收不到" in air.lacks_of_end


def test_a_short_gap_is_no_fault(air: Air) -> None:
    with air.airs(RADIO):
        air.sounds(5)
        air.comes(Trouble("对方停了"))
        air.passes(SILENT_SECONDS - 2)
        air.sounds(5)
        air.comes(Over())
        assert not any(air.faults.values())
        assert isinstance(air.end, Made) and not air.end.programme.lacks


def test_a_stream_on_which_nothing_is_to_be_heard_is_a_dead_one(air: Air) -> None:
    air.library = [Named("备用")]
    with air.airs(replace(RADIO, stand_in="备用")):
        air.sounds(5)
        air.sounds(HUSHED_SECONDS - 1, silent=True)
        assert "备用" not in air.said
        air.sounds(2, silent=True)
        air.passes(1)
        assert air.said[-1] == "备用"
        assert "接通了，可是一直没有声音" in air.faults["relay http://tai.cn/1"]


def test_an_input_on_which_nobody_speaks_is_told_and_stays_open(air: Air) -> None:
    air.library = [Named("备用")]
    with air.airs(replace(TUNER, stand_in="备用")):
        air.sounds(HUSHED_SECONDS * 4, silent=True)
        assert "备用" not in air.said and not air.sources[0].closed
        fault = "声音输入“收音机”收不到：接通了，可是一直没有声音。请看看接线和机器，再看看名字对不对。"
        assert air.faults == {"input 收音机": fault}
        air.comes(Over())
        assert isinstance(air.end, Made) and "收音机" in air.lacks_of_end


def test_an_input_that_is_not_there_is_told_by_its_own_sentence_and_tried_again(air: Air) -> None:
    air.lost = "没有叫 收音机 的声音输入。现有的：一个也没有"
    with air.airs(TUNER):
        air.passes(SILENT_SECONDS + 2)
        assert "没有叫 收音机 的声音输入" in air.faults["input 收音机"]
        air.lost = ""
        air.passes(4)
        air.sounds(2)
        assert air.faults == {"input 收音机": ""}


def test_a_child_that_dies_is_begun_anew(air: Air) -> None:
    with air.airs(RADIO):
        air.sounds(2)
        air.comes(Died())
        air.passes(4)
        assert len(air.sources) == 2 and air.sources[0].closed


def test_it_ends_on_the_clock_and_before_quiet_hours_though_nothing_says_so(air: Air) -> None:
    with air.airs(RADIO, WORDS):
        air.sounds(5)
        for _ in range(45):
            air.sounds(38)
            air.passes(2)
        assert air.said[-1] == "下面转播。", "the stream itself never ended"
    air.rest_at = air.clock.monotonic() + 100.0
    with air.airs(RADIO):
        assert air.sources[-1].ends_at == pytest.approx(air.rest_at)


def test_nothing_is_delivered_once_the_airing_is_closed(air: Air) -> None:
    with air.airs(RADIO):
        air.sounds(2)
        source = air.sources[0]
    before = list(air.given)
    source.tell(Block(Path("late.wav"), 1.0, 3.0, False))
    air.turn()
    assert air.given == before and source.closed and source.forgotten


def test_a_column_of_the_studio_alone_is_the_studios(air: Air) -> None:
    with air.airs(SONG, WORDS):
        assert [one.source for notice in air.made for one in notice.pieces] == ["国歌", "下面转播。"]
        assert not air.pieces._columns
