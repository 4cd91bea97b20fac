"""The library keeps a sound file once and as it came, within its room; what is removed comes back."""

import json
import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from rig.odd_sounds import noise
from rig.pages import beep

from broadcaster.audio.clip_store import ClipStore
from broadcaster.audio.render_result import Keeping
from broadcaster.audio.sound_files.facts import Mix, SoundFacts
from broadcaster.core.errors import LineRefused, SoundRefused, SoundUnkept
from broadcaster.settings.schema import PathSettings, Settings
from broadcaster.studio.part_clips import sound_clips
from broadcaster.studio.sound_library import Sound, SoundLibrary, _titled, all_named, named, sound_path
from broadcaster.studio.sound_uploads import SoundUploads
from broadcaster.system.temporary_sounds import Spool
from broadcaster.system.thread_loop import ThreadLoop

RATE_HZ = 48_000
CHUNK = 100_000


@pytest.fixture(scope="module")
def tune(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Five seconds, the middle three of them silent."""
    path = tmp_path_factory.mktemp("tune") / "tune.wav"
    moments = np.arange(5 * RATE_HZ) / RATE_HZ
    tone = 0.2 * np.sin(2 * np.pi * 500 * moments) * ((moments < 1) | (moments >= 4))
    soundfile.write(path, tone, RATE_HZ, "PCM_16")
    return path.read_bytes()


@pytest.fixture
def library(tmp_path: Path) -> SoundLibrary:
    return SoundLibrary(tmp_path)


def take(library: SoundLibrary, content: bytes, title: str = "") -> Sound:
    return library.take([content[:1000], content[1000:]], "早上\\放的 曲子.wav", title)


def finish(uploads: SoundUploads, key: str, title: str = "") -> Sound:
    """As whoever asks again until it is measured."""
    with ThreadLoop("sounds", uploads.step, uploads.wake):
        while (sound := uploads.finish(key, title)) is None:
            pass
    return sound


def test_a_sound_is_kept_as_it_came_once_and_comes_back_from_the_bin(
    library: SoundLibrary, tmp_path: Path, tune: bytes
) -> None:
    sound = take(library, tune)
    assert sound.title == "放的 曲子" and sound.seconds == pytest.approx(5.0)
    assert sound_path(tmp_path, sound.key).read_bytes() == tune
    again = take(library, tune)
    assert again.again and replace(again, again=False) == sound and library.all() == [sound]

    assert library.remove(sound.key) and not library.remove(sound.key)
    assert library.all() == [] and library.removed() == [sound]
    assert library.restore(sound.key) == sound == library.find(sound.key)
    assert library.restore("none") is None

    library.remove(sound.key)
    library.sweep()
    assert library.removed() == [sound]
    os.utime(library.folder / "removed" / f"{sound.key}.json", (time.time() - 31 * 86_400,) * 2)
    library.sweep()
    assert library.removed() == [] and not list((library.folder / "removed").iterdir())


def test_what_is_no_sound_leaves_nothing(library: SoundLibrary) -> None:
    with pytest.raises(SoundRefused, match="网页"):
        take(library, b"<html><body>" * 500)
    assert not [path for path in library.folder.rglob("*") if path.is_file()]


def test_no_more_is_taken_than_there_is_room_for(tmp_path: Path, tune: bytes) -> None:
    small = SoundLibrary(tmp_path, limit_bytes=100_000)
    with pytest.raises(SoundUnkept, match="不够"):
        take(small, tune)
    with pytest.raises(SoundUnkept, match="不够"):
        SoundUploads(small).begin("a.wav", len(tune), tune[:CHUNK])
    full = SoundLibrary(tmp_path, reserve_bytes=1 << 60)
    assert full.room() == 0
    assert not [path for path in small.folder.rglob("*") if path.is_file()]


def test_damage_is_found_and_lost_facts_are_measured_again(
    library: SoundLibrary, tmp_path: Path, tune: bytes
) -> None:
    sound = take(library, tune)
    about = library.folder / f"{sound.key}.json"
    about.write_text("{")
    assert library.find(sound.key) is None
    library.sweep()
    (healed,) = library.all()
    assert (healed.key, healed.facts) == (sound.key, sound.facts) and json.loads(about.read_text())
    os.truncate(sound_path(tmp_path, sound.key), len(tune) // 2)
    assert library.find(sound.key) is None and library.all() == []


def test_a_sound_that_cannot_be_measured_again_is_tried_once_a_day(library: SoundLibrary) -> None:
    library.folder.mkdir()
    lost = library.folder / f"{'a' * 32}.sound"
    lost.write_bytes(b"<html><body>" * 500)
    library.sweep()
    refusal = lost.with_suffix(".refused")
    tried_at = refusal.stat().st_mtime_ns
    library.sweep()
    assert refusal.stat().st_mtime_ns == tried_at and lost.exists()
    os.utime(refusal, (time.time() - 90_000,) * 2)
    library.sweep()
    assert refusal.stat().st_mtime_ns >= tried_at and library.all() == []


def test_the_room_is_looked_at_once_and_again_only_where_it_ends(tmp_path: Path, tune: bytes) -> None:
    class Counted(SoundLibrary):
        asked = 0

        def room(self) -> int:
            self.asked += 1
            return super().room()

    pieces = [tune[start : start + 1000] for start in range(0, len(tune), 1000)]
    roomy = Counted(tmp_path)
    sound = roomy.take(pieces, "a.wav")
    assert roomy.asked == 1
    roomy.remove(sound.key)
    old = time.time() - 31 * 86_400
    os.utime(roomy.folder / "removed" / f"{sound.key}.json", (old, old))
    # What lies in the bin for too long makes room for it.
    narrow = Counted(tmp_path, limit_bytes=len(tune) + 100_000)
    assert narrow.take(pieces, "a.wav").key == sound.key
    assert narrow.removed() == [] and narrow.asked < 6


def test_an_upload_goes_on_where_it_was(library: SoundLibrary, tune: bytes) -> None:
    uploads = SoundUploads(library)
    upload = uploads.begin("曲子.wav", len(tune), tune[:CHUNK])
    assert uploads.append(upload.key, 7, b"elsewhere").received == CHUNK
    assert uploads.append(upload.key, CHUNK, tune[CHUNK : 2 * CHUNK]).received == 2 * CHUNK
    with pytest.raises(SoundRefused, match="没有传完"):
        uploads.finish(upload.key)

    again = SoundUploads(library).begin("曲子.wav", len(tune), tune[:CHUNK])
    assert (again.key, again.received) == (upload.key, 2 * CHUNK)
    assert uploads.begin("曲子.wav", len(tune), tune[:CHUNK], "另一个人").received == CHUNK
    uploads.append(again.key, again.received, tune[again.received :])
    assert finish(uploads, again.key, "晨曲") == library.all()[0]
    (kept,) = library.all()
    assert kept.title == "晨曲" and library.rename(kept.key, " 早上的曲子 ") == library.find(kept.key)
    assert library.all()[0].title == "早上的曲子" and library.rename("none", "x") is None

    # An answer that was lost is asked for again, and the same file is not sent once more.
    assert SoundUploads(library).finish(again.key) == library.all()[0]
    assert uploads.begin("曲子.wav", len(tune), tune[:CHUNK]).became == kept.key
    library.remove(kept.key)
    with pytest.raises(SoundRefused, match="从头"):
        uploads.finish(again.key)
    assert uploads.begin("曲子.wav", len(tune), tune[:CHUNK]).received == CHUNK


def test_a_sound_answers_to_its_names_of_before_until_another_takes_one(
    library: SoundLibrary, tune: bytes
) -> None:
    first = take(library, tune, "大登殿")
    library.rename(first.key, "大登殿 全本")
    renamed = take(library, tune, "登殿")
    assert renamed.again and renamed.title == "登殿", "a name that is given counts"
    found = [named(library.all(), one) for one in ("登殿", "大登殿.mp3", "大登殿 全本", "放的 曲子")]
    assert [one and one.key for one in found] == [first.key] * 4
    second = take(library, beep(2.0), "大登殿")
    assert named(library.all(), "大登殿") == second
    assert all_named(library.all(), first.key[:4])[0].key == first.key
    assert all_named(library.all(), first.key[:3]) == []
    assert take(library, beep(3.0), "大登殿").title == "大登殿 2"
    with pytest.raises(SoundRefused, match="已经有一个叫“大登殿”的了"):
        library.rename(first.key, "大登殿")


@pytest.mark.parametrize(
    ("name", "tag", "title", "other"),
    [
        ("大登殿选段.mp3", "大登殿", "大登殿选段", "大登殿"),
        ("AUD-20261130.mp3", "大登殿", "大登殿", "AUD-20261130"),
        ("dadengdian.mp3", "Song", "dadengdian", "Song"),
        ("大登殿.mp3", "", "大登殿", ""),
    ],
)
def test_a_sound_is_called_as_its_file_on_the_phone(name: str, tag: str, title: str, other: str) -> None:
    facts = SoundFacts(1.0, (), 0.1, 0.0, Mix.ONLY, "mp3", "mp3", tag, ())
    assert _titled("", facts, name) == (title, other)
    assert _titled("国歌", facts, name)[0] == "国歌"


def test_a_part_of_a_sound_is_read_as_it_came(library: SoundLibrary, tune: bytes) -> None:
    key = take(library, tune).key
    assert library.read(key, 10, 1000) == tune[10:1010]
    assert library.read(key, len(tune) - 5, 1000) == tune[-5:]
    assert library.read(key, len(tune), 9) == library.read("..", 0, 9) == library.read(key, -1, 9) == b""


def test_an_upload_is_refused_as_soon_as_it_can_be(library: SoundLibrary) -> None:
    uploads = SoundUploads(library)
    for size, first, reason in (
        (0, b"", "空的"),
        (600 << 20, b"", "太大"),
        (10_000_000, noise(256 * 1024), "认不出"),
    ):
        with pytest.raises(SoundRefused, match=reason):
            uploads.begin("a.mp3", size, first)
    (refused,) = uploads.all()
    assert (refused.name, "认不出" in refused.refused) == ("a.mp3", True)
    uploads.drop(refused.key)
    upload = uploads.begin("a.mp3", 100, b"x" * 50)
    with pytest.raises(SoundRefused, match="从头"):
        uploads.append(upload.key, 50, b"x" * 51)
    assert not [path for path in library.folder.rglob("*") if path.is_file()]


def test_what_turns_out_to_be_no_sound_is_told_of_until_somebody_drops_it(library: SoundLibrary) -> None:
    uploads = SoundUploads(library)
    page = b"<html><body>" * 500
    upload = uploads.begin("天气.mp3", len(page), page[:200], "王秀英")
    uploads.append(upload.key, 200, page[200:])
    for _ in range(2):
        with pytest.raises(SoundRefused, match="网页"):
            finish(uploads, upload.key)
    (told,) = uploads.all()
    assert (told.sender, told.received) == ("王秀英", len(page)) and "网页" in told.refused
    assert [path.name for path in library.folder.rglob("*") if path.is_file()] == ["upload.json"]
    assert uploads.begin("天气.mp3", len(page), page[:200], "王秀英").received == 200
    uploads.drop(upload.key)
    assert uploads.all() == []


def test_who_asks_is_answered_at_once_and_a_restart_measures_by_itself(
    library: SoundLibrary, tune: bytes
) -> None:
    uploads = SoundUploads(library, wait_seconds=0.0)
    upload = uploads.begin("曲子.wav", len(tune), tune)
    for _ in range(2):
        assert uploads.finish(upload.key, "晨曲") is None
    (waiting,) = uploads.all()
    assert waiting.is_measured and time.time() - waiting.measured_since < 60

    again = SoundUploads(library)
    again.step()
    (sound,) = library.all()
    assert sound.title == "晨曲" and again.finish(upload.key) == sound and again.all() == []


def test_a_sound_that_the_disk_does_not_take_is_told_once_and_stays(tmp_path: Path, tune: bytes) -> None:
    class Full(SoundLibrary):
        full = True

        def keep(self, sent: Path, name: str, title: str = "") -> Sound:
            if self.full:
                raise SoundUnkept("放声音的地方不够了。")
            return super().keep(sent, name, title)

    library = Full(tmp_path)
    uploads = SoundUploads(library, wait_seconds=0.0)
    key = uploads.begin("曲子.wav", len(tune), tune).key
    assert uploads.finish(key) is None
    uploads.step()
    assert not uploads.find(key).is_measured and uploads.find(key).received == len(tune)
    with pytest.raises(SoundUnkept, match="不够"):
        uploads.finish(key)
    library.full = False
    assert finish(uploads, key) == library.all()[0]


def test_what_is_dropped_while_it_waits_is_not_measured(library: SoundLibrary, tune: bytes) -> None:
    uploads = SoundUploads(library, wait_seconds=0.0)
    key = uploads.begin("曲子.wav", len(tune), tune).key
    assert uploads.finish(key) is None
    uploads.drop(key)
    with pytest.raises(SoundRefused, match="从头"):
        uploads.finish(key)
    assert library.all() == [] == uploads.all()


def test_a_key_is_no_path(library: SoundLibrary, tune: bytes) -> None:
    uploads = SoundUploads(library)
    key = uploads.begin("a.wav", len(tune), tune[:CHUNK]).key
    for wrong in ("", "..", f"../uploads/{key}", "removed/x"):
        uploads.drop(wrong)
        assert library.find(wrong) is library.restore(wrong) is None and not library.remove(wrong)
        with pytest.raises(SoundRefused, match="从头"):
            uploads.append(wrong, 0, b"x")
    assert uploads.find(key).received == CHUNK


def test_an_upload_that_nobody_goes_on_with_is_swept(library: SoundLibrary, tune: bytes) -> None:
    uploads = SoundUploads(library)
    old = uploads.begin("旧.wav", len(tune), tune[:CHUNK])
    new = uploads.begin("新.wav", len(tune), tune[:CHUNK])
    os.utime(library.folder / "uploads" / old.key / "sent", (time.time() - 8 * 86_400,) * 2)
    uploads.sweep()
    assert uploads.find(new.key).received == CHUNK
    with pytest.raises(SoundRefused, match="从头"):
        uploads.find(old.key)


def test_a_sound_becomes_clips_the_first_short_and_the_pause_in_it_kept(
    library: SoundLibrary, tmp_path: Path, tune: bytes
) -> None:
    sound = take(library, tune)
    settings = Settings(paths=PathSettings(state=tmp_path, audio_cache=tmp_path / "cache"))
    keeping = Keeping(ClipStore(tmp_path / "cache"), Spool((tmp_path / "spool",)), 1, live=False)
    clips = [clip for clip in sound_clips(sound.key, settings, keeping) if clip]
    assert [clip.seconds for clip in clips] == pytest.approx([2.0, 3.0])
    assert keeping.find(clips[0].key) == clips[0]
    with pytest.raises(LineRefused, match="没有这段声音"):
        list(sound_clips("none", settings, keeping))
