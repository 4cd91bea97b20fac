"""Sound files for people, by the real child and ffmpeg, of programmes that a studio has."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from broadcaster.audio.clip_store import ClipStore
from broadcaster.audio.sound_file_writer import write_clip
from broadcaster.core.errors import BroadcasterError, FileUnwritable, TextRefused
from broadcaster.core.model import Item, Programme, SettledNotice
from broadcaster.core.notice import Notice
from broadcaster.settings.schema import PathSettings, Settings, SoundSettings
from broadcaster.studio.export_jobs import MOST_KEPT, MOST_WAITING, PAUSE_SECONDS, Copies, Copy, Track

RATE_HZ = 48_000
BEEP_SECONDS = 0.5
WATER, FIRE = Notice("今天停水。"), Notice("小心火烛。")


class BeepingStudio:
    """Every programme is one clip of half a second; what it is told to fails."""

    def __init__(self, folder: Path) -> None:
        self.store = ClipStore(folder)
        self.made: list[str] = []
        self.fail_next: BroadcasterError | None = None

    def settle(self, notice: Notice) -> SettledNotice:
        if not notice.text:
            raise TextRefused("没有要说的话。")
        return SettledNotice(notice, "fake:beep", notice.text.encode().hex()[:40])

    def find(self, settled: SettledNotice) -> Programme | None:
        return None

    def programme(self, settled: SettledNotice) -> Programme:
        error, self.fail_next = self.fail_next, None
        if error:
            raise error
        self.made.append(settled.notice.text)
        samples = np.full(int(BEEP_SECONDS * RATE_HZ), 1000, np.int16)
        clip = write_clip(self.store, settled.key, samples, RATE_HZ)
        return Programme(settled.voice, (Item(clip),))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    paths = PathSettings(state=tmp_path / "state", audio_cache=tmp_path / "cache")
    return Settings(paths=paths, sound=SoundSettings(rate_hz=RATE_HZ))


@pytest.fixture
def studio(tmp_path: Path) -> BeepingStudio:
    return BeepingStudio(tmp_path / "cache")


@pytest.fixture
def copies(studio: BeepingStudio, settings: Settings) -> Iterator[Copies]:
    yield Copies(studio, settings)


def made(copies: Copies, ordered: Copy) -> Copy:
    copies.step()
    found = copies.find(ordered.id)
    assert found
    return found


def seconds_of(content: bytes) -> float:
    return float(soundfile.info(io.BytesIO(content)).duration)


def test_an_mp3_is_made_of_one_programme_when_its_turn_comes(copies: Copies) -> None:
    ordered = copies.order([Track("停水/通知?", (WATER,))])
    assert (ordered.path, ordered.problem, ordered.file_name) == (None, "", "停水通知.mp3")
    done = made(copies, ordered)
    assert done.path and done.problem == ""
    assert seconds_of(done.path.read_bytes()) == pytest.approx(BEEP_SECONDS + PAUSE_SECONDS, abs=0.1)


def test_a_loop_is_every_text_in_turn_again_and_again_for_so_many_minutes(copies: Copies) -> None:
    done = made(copies, copies.order([Track("防火", (WATER, FIRE), minutes=1)]))
    assert done.path
    turn = 2 * (BEEP_SECONDS + PAUSE_SECONDS)
    assert seconds_of(done.path.read_bytes()) == pytest.approx(6 * turn, abs=0.2)


def test_a_zip_holds_one_mp3_for_each_under_names_that_a_stick_takes(copies: Copies) -> None:
    tracks = [Track("早安", (WATER,)), Track("防火: A|B", (FIRE,)), Track("...", (FIRE,))]
    done = made(copies, copies.order(tracks, zipped=True))
    assert done.path and done.file_name == "广播.zip" and done.done == 3
    with zipfile.ZipFile(done.path) as archive:
        assert archive.namelist() == ["01 早安.mp3", "02 防火 AB.mp3", "03 广播.mp3"]
        for name in archive.namelist():
            assert seconds_of(archive.read(name)) > BEEP_SECONDS
    assert sorted(path.suffix for path in done.path.parent.iterdir()) == [".zip"]


def test_the_same_order_is_made_once(copies: Copies, studio: BeepingStudio) -> None:
    first = made(copies, copies.order([Track("停水", (WATER,))]))
    assert copies.order([Track("停水", (Notice(WATER.text),))]) == first
    assert studio.made == [WATER.text]


def test_what_cannot_be_said_is_refused_at_once_and_nothing_waits(copies: Copies) -> None:
    with pytest.raises(TextRefused):
        copies.order([Track("空", (Notice(""),))])


def test_a_voice_that_fails_is_told_and_the_order_may_be_given_again(
    copies: Copies, studio: BeepingStudio
) -> None:
    studio.fail_next = BroadcasterError("声音坏了。")
    failed = made(copies, copies.order([Track("停水", (WATER,))]))
    assert (failed.path, failed.problem) == (None, "声音坏了。")
    assert made(copies, copies.order([Track("停水", (WATER,))])).path


def test_a_clip_that_has_gone_meanwhile_is_one_sentence(
    copies: Copies, studio: BeepingStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    programme = studio.programme(studio.settle(WATER))
    programme.items[0].clip.path.unlink()
    studio.find = lambda settled: programme  # type: ignore[method-assign]
    failed = made(copies, copies.order([Track("停水", (WATER,))]))
    assert failed.path is None and "做好的声音读不出来" in failed.problem


def test_a_folder_that_cannot_be_is_one_sentence(copies: Copies, settings: Settings) -> None:
    settings.paths.state.parent.mkdir(exist_ok=True)
    settings.paths.state.write_text("a file")
    failed = made(copies, copies.order([Track("停水", (WATER,))]))
    assert "存不下" in failed.problem


def test_too_many_at_once_are_refused(copies: Copies) -> None:
    for number in range(MOST_WAITING):
        copies.order([Track(f"第{number}", (WATER,))])
    with pytest.raises(FileUnwritable, match="前面还有"):
        copies.order([Track("再来", (WATER,))])


def test_only_the_last_ones_are_kept_and_a_start_clears_all(
    copies: Copies, studio: BeepingStudio, settings: Settings
) -> None:
    done = [made(copies, copies.order([Track(f"第{n}", (WATER,))])) for n in range(MOST_KEPT + 1)]
    assert copies.find(done[0].id) is None
    paths = [copy.path for copy in done if copy.path]
    assert [path.exists() for path in paths] == [False, *[True] * MOST_KEPT]
    Copies(studio, settings)
    assert not any(path.exists() for path in paths)


def test_a_step_that_waits_ends_when_it_is_woken(copies: Copies) -> None:
    from broadcaster.system.thread_loop import ThreadLoop

    loop = ThreadLoop("copies", copies.step, copies.wake)
    loop.start()
    loop.stop()
    assert not loop.alive
