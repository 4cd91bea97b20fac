"""It is known to the line how much of an airing was heard, so that nothing is said twice or left out."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path

import pytest

from broadcaster.core.model import Airing, AiringKind, Clip, Item, Lack, Outcome, line_before
from broadcaster.core.notice import Notice
from broadcaster.core.piece import Piece, PieceKind
from broadcaster.playout.air_queue import QueuedAiring
from broadcaster.playout.device.device_contract import Damaged, Ended
from broadcaster.playout.now_playing import LEFT_OUT, CurrentAiring, Cut, PiecePlace
from broadcaster.rules.precedence import Cause

NOON = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
LOST = "声卡掉线"


def sound(seconds: float, pause_seconds: float = 0.0) -> Item:
    return Item(Clip("key", Path("key.flac"), seconds), pause_seconds)


@pytest.fixture
def on_air() -> CurrentAiring:
    """Goes on with line 2, as it was cut there; heard from second 100 on."""
    airing = Airing(Notice("通知"), NOON, NOON + timedelta(minutes=5), AiringKind.SCHEDULED)
    begun = CurrentAiring(QueuedAiring(airing, next_line=2), NOON)
    begun.start(NOON, 100.0)
    return begun


def test_what_was_cut_before_its_first_sound_goes_on_where_it_was(on_air: CurrentAiring) -> None:
    assert on_air.line_after(0.0) == 2
    assert on_air.rest(Ended("a", 0.0, False, LOST, lost=True), NOON, 100.0).next_line == 2


def test_what_nobody_can_have_heard_has_not_played_though_every_sample_was_taken(
    on_air: CurrentAiring,
) -> None:
    on_air.add(sound(3.0), 2, 100.0)
    on_air.made = True
    heard = on_air.entry(Ended("a", 3.0, True), NOON)
    assert (heard.outcome, heard.reason) == (Outcome.PLAYED, "停播以后接着播完的")
    unheard = on_air.entry(Ended("a", 3.0, True, unheard="没有声卡，没有出声"), NOON)
    assert (unheard.outcome, unheard.reason) == (Outcome.FAILED, "没有声卡，没有出声")


def test_a_line_that_was_heard_to_its_end_is_not_said_again_for_the_pause_after_it(
    on_air: CurrentAiring,
) -> None:
    on_air.add(sound(3.0, pause_seconds=2.0), 2, 100.0)
    on_air.add(sound(3.0), 3, 100.0)
    assert [on_air.line_after(seconds) for seconds in (2.8, 2.9, 4.9, 7.8)] == [2, 3, 3, 3]


def test_a_line_of_which_more_may_come_is_not_heard_yet(on_air: CurrentAiring) -> None:
    on_air.add(sound(0.8), 2, 100.0)
    assert on_air.line_after(0.8) == 2
    on_air.add(sound(0.8), 2, 100.5)
    assert on_air.line_after(0.8) == 2
    on_air.add(sound(3.0), 3, 101.0)
    assert on_air.line_after(1.6) == 3
    on_air.made = True
    assert on_air.line_after(4.6) == 4


def test_silence_while_the_next_line_is_made_is_not_taken_for_sound(on_air: CurrentAiring) -> None:
    on_air.add(sound(3.0), 2, 100.0)
    on_air.add(sound(3.0), 3, 105.0)
    assert on_air.started_monotonic == 102.0


def test_the_lines_that_are_not_said_again_are_behind_it(on_air: CurrentAiring) -> None:
    for line, seconds in enumerate((1.0, 4.0, 3.0, 2.0)):
        on_air.add(sound(seconds), line, 100.0)
    assert (on_air.seconds_before, on_air.seconds_due) == (5.0, 10.0)
    on_air.drop_damaged(Damaged("a", 1, Path("key.flac"), 0.0))
    for line, seconds in enumerate((1.0, 4.0, 3.0, 2.0)):
        on_air.add(sound(seconds), line, 100.0)
    assert (on_air.seconds_before, on_air.seconds_due) == (5.0, 10.0)


def test_it_is_known_when_the_next_line_will_have_been_heard(on_air: CurrentAiring) -> None:
    assert on_air.seconds_to_line_end(0.0) == inf
    on_air.add(sound(3.0, pause_seconds=1.0), 2, 100.0)
    on_air.add(sound(3.0), 3, 100.0)
    assert on_air.seconds_to_line_end(1.0) == pytest.approx(1.85)
    assert on_air.seconds_to_line_end(3.0) == pytest.approx(3.85)


def test_one_that_lacks_only_the_end_of_its_last_sound_was_played(on_air: CurrentAiring) -> None:
    on_air.add(sound(3.0), 2, 100.0)
    ended = Ended("a", 2.9, False, LOST, lost=True)
    assert not on_air.heard_all(ended)
    on_air.made = True
    assert on_air.heard_all(ended)
    assert on_air.entry(ended, NOON).outcome is Outcome.PLAYED
    assert not on_air.heard_all(Ended("a", 2.5, False, LOST, lost=True))


def test_what_stood_in_is_named_with_what_it_stood_in_for_and_is_no_failure(
    on_air: CurrentAiring,
) -> None:
    why = "没有“大登殿”这个声音。"
    spare = replace(sound(3.0), says="备用", continuous=True, instead_of=why)
    # Heard before the cut, and after it.
    on_air.add(spare, 1, 100.0)
    on_air.add(replace(spare, says="国歌"), 2, 100.0)
    on_air.made = True
    said = "改播了“备用”、“国歌”，因为没有“大登殿”这个声音。"
    whole = on_air.entry(Ended("a", 3.0, True), NOON)
    assert whole.outcome is Outcome.PLAYED and whole.reason == f"停播以后接着播完的；{said}"
    on_air.lacks = [Lack(3, "文件夹“戏曲”里没有声音。"), Lack(2, why)]
    some = on_air.entry(Ended("a", 3.0, True), NOON)
    assert some.outcome is Outcome.FAILED and some.reason == f"文件夹“戏曲”里没有声音；{said}"
    on_air.cut = Cut("停播（王会计）")
    cut = on_air.entry(Ended("a", 1.0, False), NOON)
    assert cut.outcome is Outcome.CUT_SHORT and cut.reason == f"停播（王会计）；{said}"
    unheard = on_air.entry(Ended("a", 3.0, True, unheard="没有声卡"), NOON)
    assert (unheard.outcome, unheard.reason) == (Outcome.FAILED, "没有声卡")


def test_one_of_which_only_signal_and_opening_were_heard_goes_on_from_its_beginning() -> None:
    begun = CurrentAiring(QueuedAiring(Airing(Notice("通知"), NOON, NOON)), NOON)
    begun.start(NOON, 100.0)
    for line, matter in enumerate((False, False, True, True)):
        begun.add(replace(sound(2.0), matter=matter), line, 100.0)
    begun.made = True
    assert [begun.next_line(seconds) for seconds in (1.0, 3.0, 5.8, 5.9, 7.9)] == [0, 0, 0, 3, 4]
    assert [begun.line_after(seconds) for seconds in (1.0, 3.0, 5.8)] == [0, 1, 2]


def test_a_line_that_is_lost_again_and_again_rests_twice_as_long_each_time(
    on_air: CurrentAiring,
) -> None:
    on_air.add(sound(3.0), 2, 100.0)
    on_air.add(sound(3.0), 3, 100.0)
    rests = []
    for _ in range(4):
        rest = on_air.rest(Ended("a", 1.0, False, LOST, lost=True), NOON, 200.0)
        rests.append(rest.rest_seconds)
        assert rest.rests_until == 200.0 + rest.rest_seconds
        on_air.waited = rest
    assert rests == pytest.approx([0.3, 0.6, 1.2, 2.4])
    further = on_air.rest(Ended("a", 3.0, False, LOST, lost=True), NOON, 200.0)
    assert (further.next_line, further.rest_seconds) == (3, 0.3)
    assert on_air.rest(Ended("a", 1.0, False, "让位"), NOON, 200.0).rest_seconds == 0.0


def part(seconds: float) -> Item:
    return replace(sound(seconds), continuous=True)


def test_a_sound_goes_on_from_its_place_and_words_from_their_line() -> None:
    begun = CurrentAiring(QueuedAiring(Airing(Notice("栏目"), NOON, NOON)), NOON)
    begun.start(NOON, 100.0)
    assert begun.add(replace(sound(1.0), matter=False), 0, 100.0) == 0.0
    for line, item in enumerate((sound(3.0, 1.0), part(20.0), part(5.0)), start=1):
        assert begun.add(item, line, 100.0) == 0.0
    begun.made = True
    places = [(0.5, 0, 0.0), (2.0, 0, 0.0), (4.5, 2, 0.0), (15.0, 2, 10.0), (24.95, 2, 19.95)]
    for seconds, line, place in [*places, (25.0, 3, 0.0), (29.9, 3, 4.9)]:
        assert begun.next_line(seconds) == line
        assert begun.seconds_in_line(seconds) == pytest.approx(place)
    rest = begun.rest(Ended("a", 15.0, False, "让位"), NOON, 120.0)
    assert (rest.next_line, rest.seconds_in_line, rest.cut_at) == (2, 10.0, NOON)


def test_a_sound_that_goes_on_is_cut_again_further_on() -> None:
    airing = Airing(Notice("栏目"), NOON, NOON)
    again = CurrentAiring(QueuedAiring(airing, next_line=2, seconds_in_line=10.0), NOON)
    again.start(NOON, 100.0)
    assert again.rest(Ended("a", 0.0, False, "让位"), NOON, 100.0).seconds_in_line == 10.0
    starts = [again.add(part(20.0), line, 100.0) for line in (1, 2, 3)]
    assert starts == [None, 10.0, 0.0]
    assert (again.seconds_before, again.seconds_due) == (30.0, 60.0)
    assert [again.next_line(seconds) for seconds in (0.0, 9.9, 10.0, 29.0)] == [2, 2, 3, 3]
    assert [again.seconds_in_line(seconds) for seconds in (0.0, 4.0, 12.0)] == [10.0, 14.0, 2.0]


def test_a_damaged_part_that_is_made_again_goes_on_where_it_was_good() -> None:
    begun = CurrentAiring(QueuedAiring(Airing(Notice("栏目"), NOON, NOON)), NOON)
    begun.start(NOON, 100.0)
    for line in (1, 2):
        begun.add(part(20.0), line, 100.0)
    begun.drop_damaged(Damaged("a", 1, Path("key.flac"), 3.0))
    assert [begun.add(part(20.0), line, 100.0) for line in (1, 2, 3)] == [None, 3.0, 0.0]
    assert begun.seconds_in_line(24.0) == pytest.approx(4.0)


OPERA = line_before(2) + 1
COLUMN = Notice("", pieces=(Piece(PieceKind.TEXT, "听戏"), Piece(PieceKind.AUDIO, "大登殿")))


def parts(*lengths: float) -> list[Item]:
    """The parts of one sound, the second piece of a column."""
    begins = [sum(lengths[:number]) for number in range(len(lengths))]
    sound = Item(Clip("key", Path("key.flac"), 0.0), 0.0, "戏曲/大登殿", continuous=True, piece=2)
    return [
        replace(
            sound, clip=replace(sound.clip, seconds=length), at_seconds=begin, of_seconds=sum(lengths)
        )
        for length, begin in zip(lengths, begins, strict=True)
    ]


def begun_opera(waited: QueuedAiring | None = None) -> CurrentAiring:
    airing = Airing(COLUMN, NOON, NOON + timedelta(minutes=5), AiringKind.SCHEDULED)
    begun = CurrentAiring(waited or QueuedAiring(airing), NOON)
    begun.start(NOON, 100.0)
    begun.add(replace(sound(4.0), piece=1, says="听戏"), line_before(1) + 1, 100.0)
    return begun


def test_all_parts_of_a_sound_are_one_line_with_one_place() -> None:
    begun = begun_opera()
    assert [begun.add(part, OPERA, 100.0) for part in parts(2.0, 20.0, 8.0)] == [0.0] * 3
    places = [begun.seconds_in_line(seconds) for seconds in (5.0, 6.0, 20.0, 33.0)]
    assert places == pytest.approx([1.0, 2.0, 16.0, 29.0])
    assert {begun.next_line(seconds) for seconds in (5.0, 6.0, 20.0, 33.0)} == {OPERA}
    rest = begun.rest(Ended("a", 20.0, False, "让位"), NOON, 120.0)
    again = begun_opera(rest)
    assert [again.add(part, OPERA, 100.0) for part in parts(2.0, 20.0, 8.0)] == [None, 14.0, 0.0]
    assert (again.seconds_before, again.seconds_due) == (20.0, 34.0)
    assert again.seconds_in_line(1.0) == pytest.approx(17.0)


def test_the_piece_that_sounds_is_told_with_the_place_in_it() -> None:
    begun = begun_opera()
    for part in parts(2.0, 20.0, 8.0):
        begun.add(part, OPERA, 100.0)
    begun.add(replace(sound(2.0), piece=3, says="谢谢收听"), line_before(3) + 1, 100.0)
    assert begun.piece_at(1.0) == PiecePlace(1)
    told = [begun.piece_at(seconds) for seconds in (4.0, 5.5, 30.0)]
    assert told == [PiecePlace(2, "戏曲/大登殿", place, 30.0) for place in (0.0, 1.5, 26.0)]
    assert begun.piece_at(35.0) is None, "the closing is no piece"


def test_of_a_sound_that_is_damaged_in_two_places_only_those_parts_are_left_out() -> None:
    begun, made = begun_opera(), parts(20.0, 20.0, 20.0, 20.0)
    for part in made:
        begun.add(part, OPERA, 100.0)
    starts, given = [], [0, 1, 2, 3]
    for bad in (1, 1, 3, 3):
        begun.drop_damaged(Damaged("a", 1 + given.index(bad), Path("key.flac"), 0.0))
        begun.add(replace(sound(4.0), piece=1), line_before(1) + 1, 100.0)
        starts = [begun.add(part, OPERA, 100.0) for part in made]
        given = given[: given.index(bad)] + [n for n, start in enumerate(starts) if start is not None]
    assert starts == [None] * 4 and given == [0, 2]
    assert begun.failure == LEFT_OUT


RELAY = line_before(2) + 1
RELAYED = Notice("", pieces=(*COLUMN.pieces[:1], Piece(PieceKind.RELAY, "http://tai.cn", 1.0)))


def block(place: float) -> Item:
    """Five seconds of a relay, the second piece of a column."""
    return replace(parts(5.0)[0], incoming=True, at_seconds=place, of_seconds=60.0)


def begun_relay(waited: QueuedAiring | None = None) -> CurrentAiring:
    airing = Airing(RELAYED, NOON, NOON + timedelta(minutes=5), AiringKind.SCHEDULED)
    return begun_opera(waited or QueuedAiring(airing))


def test_what_comes_in_is_one_line_of_its_stated_length_and_never_cut_at_its_start() -> None:
    begun = begun_relay()
    assert [begun.add(block(place), RELAY, 100.0) for place in (0.0, 5.0)] == [0.0, 0.0]
    assert begun.seconds_due == 64.0, "its length counts once"
    assert begun.piece_at(10.0) == PiecePlace(2, "戏曲/大登殿", 6.0, 60.0)
    rest = begun.rest(Ended("a", 10.0, False, "让位"), NOON, 110.0)
    assert rest.next_line == RELAY and rest.seconds_in_line == pytest.approx(6.0)
    again = begun_relay(rest)
    assert again.add(block(26.0), RELAY, 100.0) == 0.0
    assert again.add(block(31.0), RELAY, 100.0) == 0.0
    assert (again.seconds_before, again.seconds_due) == (30.0, 64.0)
    assert again.seconds_in_line(7.0) == pytest.approx(33.0), "where it is by then"


def test_a_relay_that_is_skipped_goes_on_with_the_next_piece() -> None:
    begun = begun_relay()
    begun.add(block(0.0), RELAY, 100.0)
    begun.take_cut(Cut("跳过了第 2 段", Cause.SKIP, 2))
    rest = begun.rest(Ended("a", 6.0, False, ""), NOON, 106.0)
    assert (rest.next_line, rest.seconds_in_line) == (line_before(3) + 1, 0.0)
    again = begun_relay(rest)
    assert again.add(replace(block(0.0), clip=Clip("", Path(), 0.0)), RELAY, 100.0) is None
    assert again.seconds_before == 64.0


def test_what_comes_in_damaged_is_over_and_what_follows_is_made_again() -> None:
    begun = begun_relay()
    for place in (0.0, 5.0):
        begun.add(block(place), RELAY, 100.0)
    damaged = Damaged("a", 1, Path("key.flac"), 2.0)
    assert begun.comes_in(damaged)
    begun.drop_damaged(damaged)
    assert begun.add(block(10.0), RELAY, 100.0) == 0.0, "more of it comes"
    assert begun.seconds_due == 64.0
    begun.add(replace(sound(3.0), piece=3), line_before(3) + 1, 100.0)
    assert not begun.comes_in(damaged), "what follows was thrown away with it"
    begun.drop_damaged(damaged)
    assert (begun.wanted.next_line, begun.wanted.seconds_in_line) == (line_before(3) + 1, 0.0)


def test_only_what_a_person_cuts_is_stopping() -> None:
    begun = CurrentAiring(QueuedAiring(Airing(Notice("通知"), NOON, NOON)), NOON)
    begun.take_cut(Cut("让位给更紧急的通知", Cause.SEVERER))
    assert not begun.stopping
    begun.take_cut(Cut("停播"))
    assert begun.stopping
