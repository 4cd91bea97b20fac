"""The table of docs/damaged_files.md: each kind of file that is kept, by each harm."""

import json
import shutil
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from bulletin.county_rig import County
from fakes import ManualClock
from link.link_rig import LinkBox
from rig.damage import HARMS, Harm
from spoken import baker_folder
from stored import airing, entry

from broadcaster.bulletin.enrolment import EnrolmentRefused
from broadcaster.clips.own_voice import mastered
from broadcaster.clips.preset import PRESETS
from broadcaster.clips.store import ClipStore
from broadcaster.clips.writer import write_clip
from broadcaster.console import load_config_to_run
from broadcaster.errors import ConfigError, LineRefused, VoiceUnavailable
from broadcaster.folders import PROJECT_FOLDER
from broadcaster.link.membership import load_membership
from broadcaster.link.place import is_enrolled
from broadcaster.model import Item, Programme
from broadcaster.recordings import Recordings, recording_path
from broadcaster.store.spare import SPARE, Spare
from broadcaster.store.store import open_store
from broadcaster.tts.catalogue import Catalogue
from broadcaster.tts.lacking import lacking
from broadcaster.tts.phrases import ALARM, write_sums
from broadcaster.web.certificate import own_certificate
from broadcaster.web.session_key import load_session_key

KEY = "ab" * 20
BIT, MISSING = "one bit", "missing"


@dataclass(frozen=True)
class Kind:
    """How a file comes to be in a folder, and what is told when it is used again. Using it must work.

    Harms that `may_pass` leave what is read as it was, or cannot be told from what is meant.
    """

    make: Callable[[Path], Path]
    use: Callable[[Path], str]
    may_pass: tuple[str, ...] = ()


def make_database(folder: Path) -> Path:
    path = folder / "state" / "broadcaster.db"
    with open_store(path, ManualClock()) as store:
        store.journal.record(*(entry(airing(f"line {number}")) for number in range(20)))
        store.database.backups.make("before")
    return path


def use_database(folder: Path) -> str:
    with open_store(folder / "state" / "broadcaster.db", ManualClock()) as store:
        assert store.journal.count() >= 19
        assert store.queue.accept(airing("new")), "and it is written again"
        return store.fault


def make_clip(folder: Path) -> Path:
    store = ClipStore(folder)
    clip = write_clip(store, KEY, np.arange(4_800, dtype=np.int16), 48_000)
    store.keep_programme("abcd", Programme("fake:beep", (Item(clip, 0.5),)))
    return clip.path


def make_manifest(folder: Path) -> Path:
    make_clip(folder)
    return folder / "programmes" / "ab" / "abcd.json"


def use_cache(folder: Path) -> str:
    """What is not whole is away, which is to say that it is made again."""
    store = ClipStore(folder)
    return "" if store.find_programme("abcd", whole=True) else "made again"


def make_session_key(folder: Path) -> Path:
    load_session_key(folder / "session_key")
    return folder / "session_key"


def use_session_key(folder: Path) -> str:
    key = load_session_key(folder / "session_key")
    assert len(key) == 32 and any(key)
    return ""


def make_certificate(folder: Path) -> Path:
    return own_certificate(folder, ("village",)).certificate


def make_certificate_key(folder: Path) -> Path:
    return own_certificate(folder, ("village",)).key


def use_certificate(folder: Path) -> str:
    try:
        pair = own_certificate(folder, ("village",))
    except ConfigError as error:
        return str(error)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(pair.certificate, pair.key)
    return pair.note


def make_settings(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        for path in (PROJECT_FOLDER / "config").glob("*.yaml"):
            shutil.copy(path, folder)
        load_config_to_run(folder)
        return folder / name

    return make


def use_settings(folder: Path) -> str:
    before = load_config_to_run(folder / ".last-good")
    config = load_config_to_run(folder)
    assert config.settings == before.settings
    assert len(config.timetable.slots) >= len(before.timetable.slots) - 1
    assert config.lexicon == before.lexicon
    return config.fault + "".join(config.timetable.problems)


def make_voice_file(folder: Path) -> Path:
    """Of 40 MB the one file that is harmed is a copy."""
    voice, harmed = folder / "baker", "encoder.tflite"
    voice.mkdir()
    for path in baker_folder().iterdir():
        (voice / path.name).symlink_to(path)
    (voice / harmed).unlink()
    return shutil.copy(baker_folder() / harmed, voice / harmed)


def use_voice(folder: Path) -> str:
    """It is never spoken with, and scripts/setup installs it anew."""
    with pytest.raises(VoiceUnavailable, match="voices install baker") as told:
        Catalogue(folder, threads=1).open("baker:female")
    assert "baker none" in lacking(folder)
    return str(told.value)


def make_phrase(folder: Path) -> Path:
    alarm = folder / "recorded" / ALARM
    shutil.copytree(baker_folder().parent / "recorded" / ALARM, alarm)
    write_sums(alarm)
    assert "recorded none" not in lacking(folder)
    return min(alarm.glob("*.flac"))


def use_phrases(folder: Path) -> str:
    return "made again" if "recorded none" in lacking(folder) else ""


def make_recording(folder: Path) -> Path:
    recordings = folder / "recordings"
    recordings.mkdir()
    noise = np.random.default_rng(1).normal(0, 3_000, 24_000).astype(np.int16)
    soundfile.write(recordings / f"{KEY}.flac", noise, 24_000)
    about = {"key": KEY, "title": "书记讲话", "seconds": 1.0, "taken_at": 1.0}
    (recordings / f"{KEY}.json").write_text(json.dumps(about))
    return recordings / f"{KEY}.flac"


def make_about(folder: Path) -> Path:
    return make_recording(folder).with_suffix(".json")


def use_recording(folder: Path) -> str:
    sound = recording_path(folder, KEY)
    try:
        assert any(
            part is not None for part in mastered(sound, 48_000, next(iter(PRESETS.values())), -23.0)
        )
    except LineRefused as error:
        return str(error)
    (found,) = Recordings(folder).all()
    assert found.key == KEY and found.seconds == 1.0, "what sounds is in the list"
    return "" if found.title == "书记讲话" else "under another title"


def make_newest_backup(folder: Path) -> Path:
    clock = ManualClock()
    make_database(folder)
    clock.advance(60)
    with open_store(folder / "state" / "broadcaster.db", clock) as store:
        return store.database.backups.make("daily")


def use_backup(folder: Path) -> str:
    for path in (folder / "state").glob("broadcaster.db*"):
        path.unlink()
    with open_store(folder / "state" / "broadcaster.db", ManualClock()) as store:
        assert store.journal.count() >= 19, "the older one is taken"
        assert store.fault
    return store.fault


def make_spare(folder: Path) -> Path:
    spare = Spare(folder / SPARE)
    assert spare.keep({"queue": "1"}, {"queue": "2"})
    return folder / SPARE


def use_spare(folder: Path) -> str:
    """What of it is whole is read, and it takes what comes."""
    spare = Spare(folder / SPARE)
    assert [record["queue"] for record in spare.records] in (["1", "2"], ["1", "2", "3"], [], ["3"])
    return "" if spare.keep({"queue": "3"}) else "it takes nothing"


def make_membership(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        return LinkBox(folder, County()).state / "county" / name

    return make


def use_membership(folder: Path) -> str:
    assert is_enrolled(folder / "state"), "it is no box of no county"
    try:
        load_membership(folder / "state").trust()
    except EnrolmentRefused as error:
        return str(error)
    return ""


KINDS = {
    "voices/baker": Kind(make_voice_file, use_voice),
    "voices/recorded/alarm": Kind(make_phrase, use_phrases),
    "recordings/*.flac": Kind(make_recording, use_recording),
    "recordings/*.json": Kind(make_about, use_recording),
    "state/backups": Kind(make_newest_backup, use_backup),
    "broadcaster.spare": Kind(make_spare, use_spare, may_pass=tuple(HARMS)),
    "enrolment.json": Kind(make_membership("enrolment.json"), use_membership, may_pass=(BIT,)),
    "box.pem": Kind(make_membership("box.pem"), use_membership, may_pass=(BIT,)),
    "trust.json": Kind(make_membership("trust.json"), use_membership),
    "broadcaster.db": Kind(make_database, use_database, may_pass=(BIT,)),
    "a clip": Kind(make_clip, use_cache),
    "a manifest": Kind(make_manifest, use_cache),
    "session_key": Kind(make_session_key, use_session_key, may_pass=tuple(HARMS)),
    "certificate.pem": Kind(make_certificate, use_certificate, may_pass=tuple(HARMS)),
    "certificate.key": Kind(make_certificate_key, use_certificate, may_pass=tuple(HARMS)),
}


@pytest.mark.parametrize("harm", HARMS, ids=HARMS)
@pytest.mark.parametrize("kind", KINDS, ids=KINDS)
def test_a_damaged_file_is_told_or_healed_and_silences_nothing(
    tmp_path: Path, kind: str, harm: str
) -> None:
    damaged = KINDS[kind].make(tmp_path)
    do: Harm = HARMS[harm]
    if damaged.suffix == ".db" and harm == "not readable":
        pytest.skip("a folder in the place of the database: the box speaks from memory, see test_damage")
    do(damaged)
    told = KINDS[kind].use(tmp_path)
    assert told or harm in KINDS[kind].may_pass
    assert KINDS[kind].use(tmp_path) is not None, "and once more"


@pytest.mark.parametrize("harm", ["zeros", "empty", "missing", "not readable"])
@pytest.mark.parametrize("name", ["broadcaster.yaml", "timetable.yaml", "lexicon.yaml"])
def test_a_box_starts_by_its_last_good_settings_and_tells_it(
    tmp_path: Path, name: str, harm: str
) -> None:
    path = make_settings(name)(tmp_path)
    HARMS[harm](path)
    assert name in use_settings(tmp_path)


def test_every_kind_and_harm_stands_in_the_table() -> None:
    table = (PROJECT_FOLDER / "docs" / "damaged_files.md").read_text(encoding="utf-8")
    assert all(f"`{kind}`" in table or kind in table for kind in KINDS)
    assert all(harm in table for harm in HARMS)
