"""A column becomes a programme of its words and sounds in their order; what cannot be had is told, and
the rest is heard.
"""

import threading
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from rig.fakes import ManualClock
from rig.rig import wait_until

from broadcaster.core.errors import BroadcasterError
from broadcaster.core.model import Delivery, Item, Made, Ready, numbered
from broadcaster.core.notice import Notice
from broadcaster.core.piece import Piece, PieceKind
from broadcaster.rules.length_estimate import estimated_lengths
from broadcaster.settings.schema import LexiconSettings, PathSettings, Settings
from broadcaster.studio.piece_faults import PieceFaults
from broadcaster.studio.sound_lengths import SoundLengths
from broadcaster.studio.sound_library import Sound, SoundLibrary
from broadcaster.studio.stretches import made_ahead, stretches
from broadcaster.studio.studio import Studio

RATE_HZ = 48_000


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(paths=PathSettings(audio_cache=tmp_path / "cache", state=tmp_path / "state"))


@pytest.fixture
def library(settings: Settings) -> SoundLibrary:
    return SoundLibrary(settings.paths.state)


@pytest.fixture
def studio(settings: Settings) -> Iterator[Studio]:
    studio = Studio(settings, LexiconSettings(), ManualClock())
    yield studio
    studio.close()


def take(library: SoundLibrary, folder: Path, title: str, seconds: float, hertz: float) -> Sound:
    path = folder / "sent.wav"
    moments = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    soundfile.write(path, 0.2 * np.sin(2 * np.pi * hertz * moments), RATE_HZ, "PCM_16")
    return library.take([path.read_bytes()], "sent.wav", title)


def audio(source: str, **more: float | str) -> Piece:
    return Piece(PieceKind.AUDIO, source, **more)  # type: ignore[arg-type]


def samples(items: tuple[Item, ...]) -> NDArray[np.int16]:
    return np.concatenate([soundfile.read(item.clip.path, dtype="int16")[0] for item in items])


def test_words_and_sounds_follow_one_another_and_the_closing_comes_last(
    studio: Studio, library: SoundLibrary, tmp_path: Path
) -> None:
    anthem = take(library, tmp_path, "国歌", 3.0, 500)
    pieces = (audio("国歌.mp3"), Piece(PieceKind.TEXT, "下面是戏曲。"), audio(anthem.key))
    column = Notice("早上好。", opening="", closing="谢谢收听。", pieces=pieces)
    settled = studio.settle(column)
    programme = studio.programme(settled)
    says = [item.says for item in programme.items if item.matter]
    assert says == ["早上好。", "国歌", "国歌", "下面是戏曲。", "国歌", "国歌", "谢谢收听。"]
    assert [item.continuous for item in programme.items if item.says == "国歌"] == [True] * 4
    assert [item.piece for item in programme.items if item.matter] == [0, 1, 1, 2, 3, 3, 4]
    parts = [one for one in programme.items if one.piece == 3]
    assert [one.at_seconds for one in parts] == [0.0, 2.0]
    assert [one.of_seconds for one in parts] == pytest.approx([3.0, 3.0])
    lines = [ready.line for ready in numbered(programme.items, has_signal=True) if ready.item.piece]
    assert lines == [100_001, 100_001, 200_001, 300_001, 300_001, 400_001]
    assert studio.find(settled) == programme
    alone = studio.programme(studio.settle(Notice("", pieces=(audio("国歌"),))))
    assert [item.says for item in alone.items] == ["国歌", "国歌"], "no signal, no opening"
    assert alone.seconds == pytest.approx(3.0, abs=0.01)
    assert 500 < np.abs(samples(alone.items)).max() <= 32767


def test_a_sound_is_heard_from_a_place_and_for_its_minutes(
    studio: Studio, library: SoundLibrary, tmp_path: Path
) -> None:
    take(library, tmp_path, "国歌", 6.0, 500)
    whole = samples(studio.programme(studio.settle(Notice("", pieces=(audio("国歌"),)))).items)
    some = audio("国歌", minutes=3.0 / 60, start_seconds=1.5)
    part = samples(studio.programme(studio.settle(Notice("", pieces=(some,)))).items)
    assert len(part) == 3 * RATE_HZ
    same = slice(round(0.02 * RATE_HZ), 2 * RATE_HZ)
    assert (part[same] == whole[round(1.5 * RATE_HZ) :][same]).all()
    assert abs(int(part[0])) < 100 and abs(int(part[-1])) < 100


def test_what_cannot_be_had_is_told_and_its_stand_in_plays(
    studio: Studio, library: SoundLibrary, tmp_path: Path
) -> None:
    take(library, tmp_path, "备用", 2.5, 700)
    pieces = (audio("国歌", stand_in="备用"), Piece(PieceKind.FOLDER, "戏曲"))
    settled = studio.settle(Notice("", pieces=pieces))
    programme = studio.programme(settled)
    assert {(item.says, item.instead_of[:10]) for item in programme.items} == {
        ("备用", "没有“国歌”这个声音")
    }
    (lack,) = programme.lacks
    assert (lack.piece, lack.sentence[:12]) == (2, "文件夹“戏曲”里没有声音")
    assert list(programme.faults) == [1, 2], "what stood in is to be mended too"
    assert studio.find(settled) is None, "the next time it is tried again"
    with pytest.raises(BroadcasterError, match="没有“国歌”这个声音"):
        studio.programme(studio.settle(Notice("", pieces=(audio("国歌"),))))


def test_the_plan_knows_the_lengths_of_the_library(
    settings: Settings, library: SoundLibrary, tmp_path: Path
) -> None:
    lengths = estimated_lengths(settings, SoundLengths(library))

    def seconds(piece: Piece) -> float:
        return lengths(Notice("", pieces=(piece,)))

    assert seconds(audio("国歌")) == 0.0
    for number, title in enumerate(("国歌", "戏曲/一", "戏曲/二")):
        take(library, tmp_path, title, 3.0 + number, 500 + number)
    assert seconds(audio("国歌")) == pytest.approx(3.0), "no signal, no opening"
    assert seconds(Piece(PieceKind.FOLDER, "戏曲")) == pytest.approx(9.0)
    assert seconds(Piece(PieceKind.FOLDER, "戏曲", 10)) == pytest.approx(600.0)


def test_a_column_that_lacks_a_sound_is_a_fault_of_the_station_until_it_is_made_whole(
    settings: Settings, library: SoundLibrary, tmp_path: Path
) -> None:
    column = Notice(
        "", title="早间", pieces=(audio("国歌"), Piece(PieceKind.RELAY, "http://tai.cn", 30))
    )
    studio = Studio(settings, LexiconSettings(), ManualClock(), ahead=lambda: [column])
    try:
        studio.step()
        wait_until(lambda: studio.pieces.fault)
        assert studio.pieces.fault.startswith("“早间”有放不了的：没有“国歌”这个声音")
        take(library, tmp_path, "国歌", 1.0, 500)
        made = threading.Event()
        (words, _) = stretches(studio.settle(column).notice)
        assert isinstance(words, Notice)
        settled = studio.settle_accepted(words)
        with studio.make(settled, lambda delivery: made.set() if isinstance(delivery, Made) else None):
            assert made.wait(30.0)
        assert not studio.pieces.fault
    finally:
        studio.close()


def test_a_later_stretch_that_is_whole_leaves_the_fault_of_an_earlier_one(
    studio: Studio, library: SoundLibrary, tmp_path: Path
) -> None:
    removed = take(library, tmp_path, "国歌", 1.0, 500)
    library.remove(removed.key)
    take(library, tmp_path, "戏曲", 1.0, 700)
    radio = Piece(PieceKind.RELAY, "http://tai.cn", 30)
    column = Notice("", title="早间", pieces=(audio(removed.key), radio, audio("戏曲")))
    for stretch in made_ahead(studio.settle(column).notice):
        ended = threading.Event()
        settled = studio.settle_accepted(stretch)
        with studio.make(settled, lambda end, ended=ended: ended.set()):  # type: ignore[misc]
            assert ended.wait(30.0)
    assert "“国歌”这个声音删掉了" in studio.pieces.fault


def test_a_fault_that_nothing_tried_again_is_told_for_two_days_and_the_newest_first() -> None:
    clock = ManualClock()
    faults = PieceFaults(clock)
    faults.tell("relay 1", "转播 一 收不到。")
    clock.advance(86_400)
    faults.tell("relay 2", "转播 二 收不到。")
    assert faults.fault == "转播 二 收不到。放不了的声音还有 1 处。"
    clock.advance(1.2 * 86_400)
    assert faults.fault == "转播 二 收不到。"
    faults.tell("relay 2", "")
    assert faults.fault == ""


def test_a_column_that_goes_on_with_a_later_piece_is_made_from_there(
    studio: Studio, library: SoundLibrary, tmp_path: Path
) -> None:
    take(library, tmp_path, "国歌", 3.0, 500)
    take(library, tmp_path, "戏曲", 5.0, 700)
    pieces = (Piece(PieceKind.TEXT, "早上好。"), audio("国歌"), audio("戏曲"))
    settled = studio.settle(Notice("大家好。", pieces=pieces, closing=""))

    def made(first_piece: int) -> list[Ready]:
        told = SimpleQueue[Delivery]()
        with studio.make(settled, told.put, first_piece):
            found = list[Ready]()
            while isinstance(delivery := told.get(timeout=30), Ready):
                found.append(delivery)
        assert isinstance(delivery, Made)
        return found

    part = made(3)
    assert {(ready.line, ready.item.says) for ready in part} == {(300_001, "戏曲")}
    assert studio.find(settled) is None, "a part is not kept as the whole"
    whole = made(0)
    assert [ready for ready in whole if ready.item.piece == 3] == part
    assert made(3) == made(0), "what is made is given whole"
    assert {ready.line for ready in made(3)} == {ready.line for ready in whole}
