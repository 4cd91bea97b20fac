"""The tables of docs/design/damaged_files.md and the office's: each stored file by each harm."""

import json
import re
import shutil
import ssl
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from bulletin.county_rig import County
from link.link_rig import LinkBox
from rig.damage import HARMS, Harm, flip_bit
from rig.fakes import ManualClock
from rig.spoken import baker_folder
from rig.stored import airing, entry
from sqlalchemy import select

from broadcaster.audio.clip_store import ClipStore
from broadcaster.audio.mastering_preset import PRESETS
from broadcaster.audio.recording_mastering import mastered
from broadcaster.audio.sound_file_writer import write_clip
from broadcaster.bulletin.enrolment import EnrolmentRefused
from broadcaster.commands.console import load_config_to_run
from broadcaster.core.errors import (
    BroadcasterError,
    ConfigError,
    LineRefused,
    StoreUnusable,
    VoiceUnavailable,
)
from broadcaster.core.model import Item, Programme
from broadcaster.core.project_folders import ENDED_SESSIONS, PROJECT_FOLDER
from broadcaster.county.broker.mosquitto import Broker, BrokerRefused
from broadcaster.county.keys.key_folder import KeyFolder
from broadcaster.county.notices.retention import row_counts
from broadcaster.county.store.audit import Audit
from broadcaster.county.store.office_backups import LEAP, VERSIONS, OfficeBackups
from broadcaster.county.store.office_database import OfficeDatabase, put
from broadcaster.county.store.office_settings import load_office_settings
from broadcaster.county.store.tables import sequence
from broadcaster.link.membership import load_membership
from broadcaster.link.membership_folder import is_enrolled
from broadcaster.store.database.reserved_space import SPARE, ReservedSpace
from broadcaster.store.store import open_store
from broadcaster.studio.recordings import Recordings, recording_path
from broadcaster.tts.catalogue import Catalogue
from broadcaster.tts.missing_voices import lacking
from broadcaster.tts.recorded.phrases import ALARM, write_sums
from broadcaster.web.base.ended_sessions import EndedSessions
from broadcaster.web.server.certificate import own_certificate
from broadcaster.web.server.session_key import load_session_key

KEY = "ab" * 20
PASSPHRASE = "三个和尚没水喝 2026"
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


def make_ended_sessions(folder: Path) -> Path:
    EndedSessions(folder / ENDED_SESSIONS).end("a" * 16)
    return folder / ENDED_SESSIONS


def use_ended_sessions(folder: Path) -> str:
    ended = EndedSessions(folder / ENDED_SESSIONS)
    ended.end("b" * 16)
    assert "b" * 16 in ended
    return ""


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
    return Path(shutil.copy(baker_folder() / harmed, voice / harmed))


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
    reserved_space = ReservedSpace(folder / SPARE)
    assert reserved_space.keep({"queue": "1"}, {"queue": "2"})
    return folder / SPARE


def use_spare(folder: Path) -> str:
    """What of it is whole is read, and it takes what comes."""
    reserved_space = ReservedSpace(folder / SPARE)
    assert [record["queue"] for record in reserved_space.records] in (
        ["1", "2"],
        ["1", "2", "3"],
        [],
        ["3"],
    )
    fault = reserved_space.fault
    return fault if reserved_space.keep({"queue": "3"}) else "it takes nothing"


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


def make_office(folder: Path) -> Path:
    """With a copy of today, and a change that came after it."""
    path = folder / "office.db"
    with closing(OfficeDatabase(f"sqlite:///{path}")) as database:
        database.migrate()
        Audit(database, ManualClock()).note("小王", "发通知", "停水")
        OfficeBackups(path, ManualClock()).step()
        Audit(database, ManualClock()).note("小王", "发通知", "停电")
    return path


def use_office(folder: Path) -> str:
    safe = OfficeBackups(folder / "office.db", ManualClock())
    try:
        safe.make_sound()
    except StoreUnusable as error:
        return str(error)
    with closing(OfficeDatabase(f"sqlite:///{folder / 'office.db'}")) as database:
        database.migrate()
        assert 1 <= row_counts(database)["操作记录"] <= 2
    return safe.note


KINDS = {
    "office.db": Kind(make_office, use_office, may_pass=(BIT,)),
    "voices/baker": Kind(make_voice_file, use_voice),
    "voices/recorded/alarm": Kind(make_phrase, use_phrases),
    "recordings/*.flac": Kind(make_recording, use_recording),
    "recordings/*.json": Kind(make_about, use_recording),
    "state/backups": Kind(make_newest_backup, use_backup),
    "broadcaster.spare": Kind(make_spare, use_spare, may_pass=(BIT, MISSING)),
    "enrolment.json": Kind(make_membership("enrolment.json"), use_membership, may_pass=(BIT,)),
    "box.pem": Kind(make_membership("box.pem"), use_membership),
    "trust.json": Kind(make_membership("trust.json"), use_membership),
    "broadcaster.db": Kind(make_database, use_database, may_pass=(BIT,)),
    "a clip": Kind(make_clip, use_cache),
    "a manifest": Kind(make_manifest, use_cache),
    "session_key": Kind(make_session_key, use_session_key, may_pass=tuple(HARMS)),
    "ended_sessions": Kind(make_ended_sessions, use_ended_sessions, may_pass=tuple(HARMS)),
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
    if damaged.name == "broadcaster.db" and harm == "not readable":
        pytest.skip("the box speaks from memory: see the test of its own below")
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
    pages = sorted((PROJECT_FOLDER / "docs" / "design").glob("damaged_*.md"))
    table = "".join(page.read_text(encoding="utf-8") for page in pages)
    assert all(f"`{kind}`" in table or kind in table for kind in KINDS)
    assert all(harm in table for harm in HARMS)


def test_a_damaged_office_database_without_a_copy_is_left_as_it_is_and_told(tmp_path: Path) -> None:
    path = make_office(tmp_path)
    shutil.rmtree(tmp_path / "backups")
    HARMS["zeros"](path)
    with pytest.raises(StoreUnusable, match="没有备份"):
        OfficeBackups(path, ManualClock()).make_sound()
    assert path.exists()


def test_an_office_knows_the_copies_of_each_of_its_own_versions() -> None:
    migrations = PROJECT_FOLDER / "broadcaster" / "county" / "store" / "migrations"
    versions = (migrations / "versions").glob("v0*.py")
    assert tuple(sorted(path.stem[1:5] for path in versions)) == VERSIONS


def test_a_restored_office_gives_no_number_again_that_boxes_may_have_seen(tmp_path: Path) -> None:
    path = tmp_path / "office.db"
    with closing(OfficeDatabase(f"sqlite:///{path}")) as database:
        database.migrate()
        with database.transaction() as connection:
            put(connection, sequence, {"key_id": "ab", "highest": 7})
        OfficeBackups(path, ManualClock()).step()
    path.unlink()
    OfficeBackups(path, ManualClock()).make_sound()
    with closing(OfficeDatabase(f"sqlite:///{path}")) as database:
        assert database.read(select(sequence.c.highest))[0][0] == 7 + LEAP


def found_office(folder: Path) -> KeyFolder:
    roots = [folder / f"root-{number}.key" for number in (1, 2, 3)]
    ask, now = (lambda _: PASSPHRASE), ManualClock().now()
    return KeyFolder.create(folder / "office", "331121", "青田县", roots, ask, now)


@pytest.mark.parametrize("harm", HARMS, ids=HARMS)
def test_a_damaged_key_or_keyring_or_settings_of_an_office_are_told_by_name(
    tmp_path: Path, harm: str
) -> None:
    whole = found_office(tmp_path)
    (whole.path / "office.yaml").write_text(
        "name: 青田县\nbroker: {host: 127.0.0.1}\n", encoding="utf-8"
    )
    key = next(whole.path.glob("county-*.key")).name
    for name, use in (
        ("keyring.json", lambda folder: folder.trust),
        (key, lambda folder: folder.unlock(PASSPHRASE)),
        ("office.yaml", lambda folder: load_office_settings(folder.path)),
    ):
        folder = KeyFolder(Path(shutil.copytree(whole.path, tmp_path / f"for {name}")))
        if harm == BIT:
            # In what was signed: of three signatures of the root one may be wrong.
            flip_bit(folder.path / name, 0.1)
        else:
            HARMS[harm](folder.path / name)
        if name == "office.yaml" and harm == MISSING:
            continue  # one that never was there means what is usual
        with pytest.raises(BroadcasterError, match=re.escape(name)) as told:
            use(folder)
        assert "county init" not in str(told.value), "which would make another county of it"


@pytest.mark.parametrize("harm", HARMS, ids=HARMS)
@pytest.mark.parametrize("name", ["authority.pem", "authority.key", "server.pem", "server.key"])
def test_a_damaged_certificate_of_the_broker_is_made_anew_or_told(
    tmp_path: Path, name: str, harm: str
) -> None:
    broker = Broker(tmp_path / "broker")
    broker.make(["127.0.0.1"], 18_883)
    HARMS[harm](broker.folder / name)
    pinned = name.startswith("authority")
    if not pinned and harm != "not readable":
        broker.make(["127.0.0.1"], 18_883)
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            broker.folder / "server.pem", broker.folder / "server.key"
        )
        return
    with pytest.raises(BrokerRefused, match=name.partition(".")[0]):
        broker.make(["127.0.0.1"], 18_883)


def test_a_box_whose_database_cannot_be_read_takes_what_is_said_and_tells_it(tmp_path: Path) -> None:
    path = make_database(tmp_path)
    HARMS["not readable"](path)
    with open_store(path, ManualClock()) as store:
        assert store.queue.accept(airing("new")), "the spare room keeps it"
        assert "broadcaster.db" in store.fault
