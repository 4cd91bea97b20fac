"""Room on a disk that is full: what was promised and what was heard outlast a power cut there too."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from resource import RLIMIT_FSIZE, getrlimit, setrlimit
from shutil import copytree, rmtree

import pytest
from rig.damage import HARMS, flip_bit
from rig.fakes import ManualClock
from rig.rig import wait_until
from rig.stored import OpenStore, airing, entry

from broadcaster.core.model import Outcome
from broadcaster.store.accepted_airings import AcceptedAirings
from broadcaster.store.database import write_queue
from broadcaster.store.database.airing_json import write_airing
from broadcaster.store.database.deferred_changes import DeferredChange
from broadcaster.store.database.reserved_space import SPARE, SPARE_BYTES, ReservedSpace
from broadcaster.store.database.station_database import Database
from broadcaster.store.database.write_queue import WriteQueue
from broadcaster.store.journal import Journal
from broadcaster.store.store import Store


@pytest.fixture
def spare_path(tmp_path: Path) -> Path:
    return tmp_path / "spare"


@contextmanager
def full_disk(room_bytes: int = 8_000) -> Iterator[None]:
    """Nothing of this process is written further into a file than that: by default less than two pages
    of the log, and the smallest change takes two and more."""
    soft, hard = getrlimit(RLIMIT_FSIZE)
    setrlimit(RLIMIT_FSIZE, (room_bytes, hard))
    try:
        yield
    finally:
        setrlimit(RLIMIT_FSIZE, (soft, hard))


def waiting(store: Store) -> list[str]:
    return [left.airing.id for left in store.queue.unfinished()]


def test_what_it_took_is_there_for_the_next_one_in_its_order(spare_path: Path) -> None:
    assert ReservedSpace(spare_path).keep({"a": 1}, {"b": "停水"})
    again = ReservedSpace(spare_path)
    assert again.keep({"c": 3})
    assert again.records == ReservedSpace(spare_path).records == ({"a": 1}, {"b": "停水"}, {"c": 3})
    assert spare_path.stat().st_size == SPARE_BYTES


def test_what_was_cleared_never_comes_back(spare_path: Path) -> None:
    reserved_space = ReservedSpace(spare_path)
    reserved_space.keep({"n": 1}, {"n": 2}, {"n": 3})
    reserved_space.clear()
    assert ReservedSpace(spare_path).records == ()
    reserved_space.keep({"n": 4})
    assert ReservedSpace(spare_path).records == ({"n": 4},)


def test_a_line_that_was_not_written_whole_ends_what_counts(spare_path: Path) -> None:
    ReservedSpace(spare_path).keep({"n": 1}, {"n": 2})
    content = bytearray(spare_path.read_bytes())
    content[content.index(b'"n": 2') + 5] ^= 1
    spare_path.write_bytes(content)
    assert ReservedSpace(spare_path).records == ({"n": 1},)


def test_more_than_there_is_room_for_is_refused_whole(spare_path: Path) -> None:
    reserved_space = ReservedSpace(spare_path)
    assert not reserved_space.keep({"n": 1}, {"n": "x" * SPARE_BYTES})
    assert reserved_space.records == ReservedSpace(spare_path).records == ()
    assert spare_path.stat().st_size == SPARE_BYTES


def test_where_none_could_be_made_nothing_is_kept(tmp_path: Path) -> None:
    assert not ReservedSpace(tmp_path / "no folder" / "spare").keep({"n": 1})


def test_on_a_full_disk_what_was_promised_and_what_was_heard_outlast_a_power_cut(
    path: Path, open_again: OpenStore
) -> None:
    with open_again() as store:
        assert store.queue.accept(airing("heard when full"))
        with full_disk():
            assert store.queue.accept(airing("accepted when full"))
            assert store.queue.accept(airing("accepted and heard when full"))
            for name in ("heard when full", "accepted and heard when full"):
                assert store.journal.record(entry(airing(name)))
            assert "还没写下" in store.fault
            assert waiting(store) == ["accepted when full"]
            both = {"accepted when full", "heard when full"}
            assert store.queue.known(both) == both
        # Within the 10 s in which the ledger does not try again.
        copytree(path.parent, path.parent.parent / "copy")
    rmtree(path.parent)
    (path.parent.parent / "copy").rename(path.parent)
    with open_again() as store:
        assert waiting(store) == ["accepted when full"]
        wait_until(lambda: store.journal.count() == 2)
        wait_until(lambda: not store.write_queue.unwritten)
        assert store.fault == "" and waiting(store) == ["accepted when full"]
    with open_again() as store:
        assert store.journal.count() == 2 and waiting(store) == ["accepted when full"]


def test_a_start_on_a_disk_that_is_still_full_takes_nothing_up_twice(
    path: Path, open_again: OpenStore, clock: ManualClock
) -> None:
    with open_again() as store:
        heard, waits = airing("heard"), airing("waits")
        store.queue.accept(heard)
        with full_disk():
            store.queue.accept(waits)
            store.journal.record(entry(heard))
            with closing(Database(path, clock)) as database:
                queue = AcceptedAirings(
                    database, WriteQueue(database, ReservedSpace(path.with_name(SPARE))), clock
                )
                assert [left.airing.id for left in queue.unfinished()] == ["waits"]
                assert queue.known({"heard", "waits", "other"}) == {"heard", "waits"}
                for one in (heard, waits):
                    found = queue.of_notice(one.notice.id)
                    assert found and found.id == one.id, "sent again it is not accepted again"
                assert queue.of_notice("other") is None


def test_without_room_in_the_spare_who_asked_is_told(path: Path, store: Store) -> None:
    assert store.queue.accept(airing("before"))
    # One of these fits into the spare room of that size, and none into the log.
    with full_disk(43_000):
        answers = [store.queue.accept(airing(f"a{n}", "a" * 41_000)) for n in range(3)]
        assert answers == [True, False, False]
        assert len(waiting(store)) == 4


def test_what_the_spare_room_holds_and_cannot_be_read_fails_alone(
    path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_queue, "PATIENCE_SECONDS", 0.0)  # nobody writes beside this test
    rows = [{"of_airing": "bad", "text": "{"}, {"of_airing": "a1", "text": write_airing(airing())}]
    with closing(Database(path, clock)) as database:
        reserved_space = ReservedSpace(path.with_name(SPARE))
        assert reserved_space.keep(*(DeferredChange("accept", [row]).record() for row in rows))
        writes = WriteQueue(database, reserved_space)
        queue = AcceptedAirings(database, writes, clock)
        assert [left.airing.id for left in queue.unfinished()] == ["a1"]
        assert queue.of_notice("bad") is None
        writes.wake()
        writes.step()
        assert [left.airing.id for left in queue.unfinished()] == ["a1"]
        (end,) = Journal(database, writes, clock).recent(9)
        assert (end.airing_id, end.outcome) == ("bad", Outcome.FAILED)


@pytest.mark.parametrize("place", [b'"n": 1', b'"n": 2', b'"n": 3', b'", {"n": 3}'])
def test_a_damaged_line_costs_itself_and_is_told(spare_path: Path, place: bytes) -> None:
    ReservedSpace(spare_path).keep({"n": 1}, {"n": 2}, {"n": 3})
    content = bytearray(spare_path.read_bytes())
    content[content.index(place) + 1] ^= 1
    spare_path.write_bytes(content)
    reserved_space = ReservedSpace(spare_path)
    assert len(reserved_space.records) == 2 and "有 1 条读不出来" in reserved_space.fault
    assert reserved_space.keep({"n": 4})
    assert ReservedSpace(spare_path).records == reserved_space.records
    reserved_space.clear()
    assert (ReservedSpace(spare_path).records, ReservedSpace(spare_path).fault) == ((), "")


@pytest.mark.parametrize(
    ("harm", "told", "kept"),
    [
        ("one bit", "", 2),
        ("cut at half", "broadcaster.spare 坏了", 2),
        ("zeros", "broadcaster.spare 坏了", 0),
        ("empty", "broadcaster.spare 坏了", 0),
        ("missing", "", 0),
    ],
)
def test_a_damaged_spare_room_is_told_where_it_can_be_known(
    spare_path: Path, harm: str, told: str, kept: int
) -> None:
    """That it is away says nothing: a full disk had no room for it."""
    ReservedSpace(spare_path).keep({"n": 1}, {"n": 2})
    HARMS[harm](spare_path)
    reserved_space = ReservedSpace(spare_path)
    assert told in reserved_space.fault and bool(told) is bool(reserved_space.fault)
    assert len(reserved_space.records) == kept
    again = ReservedSpace(spare_path)
    assert (again.fault, again.records) == ("", reserved_space.records), "it is whole again"


def test_what_was_cleared_stays_away_though_the_foot_is_damaged(spare_path: Path) -> None:
    reserved_space = ReservedSpace(spare_path)
    reserved_space.keep({"n": 1}, {"n": 2}, {"n": 3})
    reserved_space.clear()
    flip_bit(spare_path, 1.0)
    assert ReservedSpace(spare_path).records == ()


def test_how_many_of_what_was_accepted_on_a_full_disk_cannot_be_read_is_told(
    path: Path, open_again: OpenStore
) -> None:
    with open_again():
        pass
    names = [f"full {number}" for number in range(4)]
    rows = [{"of_airing": name, "text": write_airing(airing(name))} for name in names]
    assert ReservedSpace(path.with_name(SPARE)).keep(
        *(DeferredChange("accept", [row]).record() for row in rows)
    )
    reserved_space = path.with_name(SPARE)
    content = bytearray(reserved_space.read_bytes())
    content[content.index(b"full 2")] ^= 1
    reserved_space.write_bytes(content)
    with open_again() as store:
        assert waiting(store) == ["full 0", "full 1", "full 3"]
        assert "有 1 条读不出来" in store.fault
        wait_until(lambda: not store.write_queue.unwritten)
    with open_again() as store:
        assert store.fault == "" and waiting(store) == ["full 0", "full 1", "full 3"]
