"""An office's database that was harmed: what can still be read is kept, and no number is given again."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from rig.damage import HARMS, flip_bit
from rig.fakes import ManualClock
from rig.stored import copy_folder
from sqlalchemy import select

from broadcaster.core.errors import StoreUnusable
from broadcaster.county.store.audit import Audit
from broadcaster.county.store.office_backups import LEAP, OFFICE, OfficeBackups, refuse_lost
from broadcaster.county.store.office_database import OfficeDatabase, put
from broadcaster.county.store.tables import area, audit, sequence
from broadcaster.store.database.salvage import SalvagedTables
from broadcaster.store.database.salvaged_tables import STATION

PAGE = 4096
# Where a file says how many of its pages are free: sqlite.org/fileformat2.html.
FREE_PAGES = 36
NOTES = 200
HIGHEST = 7


@pytest.fixture
def path(tmp_path: Path, migrated: Path) -> Path:
    folder = tmp_path / "office"
    folder.mkdir()
    (folder / "office.db").write_bytes(migrated.read_bytes())
    return folder / "office.db"


@pytest.fixture
def lived(path: Path) -> Path:
    """Half of what it did is in no copy."""
    with closing(OfficeDatabase(f"sqlite:///{path}")) as database:
        note(database, 0, NOTES // 2)
        with database.transaction() as connection:
            put(connection, sequence, {"key_id": "ab", "highest": HIGHEST})
        OfficeBackups(path, ManualClock()).step()
        note(database, NOTES // 2, NOTES)
        with database.transaction() as connection:
            put(connection, area, {"code": "331121104", "name": "高市乡"})
    return path


def note(database: OfficeDatabase, first: int, stop: int) -> None:
    deeds = Audit(database, ManualClock())
    for number in range(first, stop):
        deeds.note("小王", "发通知", f"第 {number} 则，水库开闸放水，请下游的人马上离开河道。")


def made_sound(path: Path) -> tuple[list[str], list[str], int, str]:
    """What it did, which places it knows, the last number, and what is told."""
    safe = OfficeBackups(path, ManualClock())
    safe.make_sound()
    with closing(OfficeDatabase(f"sqlite:///{path}")) as database:
        deeds = [row.about for row in database.read(select(audit.c.about).order_by(audit.c.number))]
        places = [row.name for row in database.read(select(area.c.name))]
        highest = database.read(select(sequence.c.highest))
    again = OfficeBackups(path, ManualClock())
    again.make_sound()
    assert again.note == ""
    return deeds, places, highest[0][0] if highest else 0, safe.note


def zero_page(path: Path, name: str, kind: str) -> None:
    """One of a table's or an index's pages, not the first and not the last."""
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = ? ORDER BY path"
        pages = [page for (page,) in connection.execute(query, (name, kind))]
    with path.open("r+b") as file:
        file.seek((pages[len(pages) // 2] - 1) * PAGE)
        file.write(bytes(PAGE))


@pytest.mark.parametrize("has_copy", [True, False])
def test_of_a_damaged_table_only_the_rows_that_cannot_be_read_are_lost(
    lived: Path, has_copy: bool
) -> None:
    if not has_copy:
        for copy in (lived.parent / "backups").glob("*.db"):
            copy.unlink()
    zero_page(lived, "audit", "leaf")
    deeds, places, highest, told = made_sound(lived)
    assert NOTES - 40 < len(deeds) < NOTES and "199" in deeds[-1]
    assert places == ["高市乡"], "of the tables that are whole nothing comes out of the copy"
    assert highest == HIGHEST + LEAP
    assert "操作记录有一部分读不出来" in told and "office-damaged-" in told
    assert ("备份。" in told) is has_copy


@pytest.mark.parametrize("copy_is_there", [False, True])
def test_a_repair_that_the_power_broke_off_is_done_once_more(lived: Path, copy_is_there: bool) -> None:
    zero_page(lived, "audit", "leaf")
    aside = lived.with_name("office-damaged-20260315-080000-1.db")
    lived.with_name("office.db-mending").write_text(aside.name, encoding="utf-8")
    lived.rename(aside)
    if copy_is_there:
        shutil.copy(min((lived.parent / "backups").glob("daily-*.db")), lived)
    deeds, places, highest, told = made_sound(lived)
    assert NOTES - 40 < len(deeds) < NOTES and "199" in deeds[-1]
    assert (places, highest) == (["高市乡"], HIGHEST + LEAP)
    assert "操作记录有一部分读不出来" in told and aside.name in told


def test_a_damaged_structure_that_hides_nothing_is_told_so(lived: Path) -> None:
    with lived.open("r+b") as file:
        file.seek(FREE_PAGES)
        file.write(b"\0\0\0\5")
    deeds, places, highest, told = made_sound(lived)
    assert (len(deeds), places, highest) == (NOTES, ["高市乡"], HIGHEST)
    assert "没有丢" in told


@pytest.mark.parametrize("harm", ["zeros", "cut at half", "empty", "missing"])
def test_a_file_of_which_nothing_can_be_read_gives_way_to_the_copy(lived: Path, harm: str) -> None:
    HARMS[harm](lived)
    deeds, _, highest, told = made_sound(lived)
    assert len(deeds) >= NOTES // 2 and highest == HIGHEST + LEAP
    assert "的备份" in told and "重发" in told


def test_a_number_that_only_a_bulletin_tells_is_not_given_again(lived: Path) -> None:
    with closing(sqlite3.connect(lived)) as connection:
        connection.execute(
            "INSERT INTO bulletin (id, state, kind, severity, title, text, areas, night_ok,"
            " life_minutes, written_by, written_at, key_id, seq)"
            " VALUES ('x', 'published', 'notice', 0, '', '', '', 0, 60, '', '', 'ab', 900)"
        )
        connection.commit()
    zero_page(lived, "audit", "leaf")
    assert made_sound(lived)[2] == 900 + LEAP


@pytest.fixture
def crashed(path: Path, tmp_path: Path) -> Path:
    """Half of what it did stands in the log alone, and the power goes."""
    with closing(OfficeDatabase(f"sqlite:///{path}")) as database:
        note(database, 0, NOTES // 2)
        with database.transaction() as connection:
            put(connection, sequence, {"key_id": "ab", "highest": HIGHEST})
    with closing(OfficeDatabase(f"sqlite:///{path}")) as database:
        note(database, NOTES // 2, NOTES)
        OfficeBackups(path, ManualClock()).begin()
        copy_folder(path.parent, tmp_path / "crashed")
    return tmp_path / "crashed" / path.name


@pytest.mark.parametrize("harm", [name for name in HARMS if name != "not readable"])
def test_a_harmed_log_is_told_and_costs_nothing_of_the_file(crashed: Path, harm: str) -> None:
    HARMS[harm](Path(f"{crashed}-wal"))
    deeds, _, highest, told = made_sound(crashed)
    assert NOTES // 2 <= len(deeds) <= NOTES and highest == HIGHEST + LEAP
    assert "office.db-wal" in told or "读得出来的保住了" in told


def test_a_sound_log_is_read_without_a_word(crashed: Path) -> None:
    deeds, _, highest, told = made_sound(crashed)
    assert (len(deeds), highest, told) == (NOTES, HIGHEST, "")


def test_a_command_between_crash_and_start_is_no_harm(crashed: Path) -> None:
    with closing(OfficeDatabase(f"sqlite:///{crashed}")) as database:
        assert len(database.read(select(audit))) == NOTES
    assert made_sound(crashed)[3] == ""


@pytest.mark.parametrize("harm", [HARMS["empty"], HARMS["missing"]])
def test_a_command_makes_no_new_office_where_a_copy_is(
    lived: Path, harm: Callable[[Path], None]
) -> None:
    refuse_lost(lived, ManualClock())
    harm(lived)
    with pytest.raises(StoreUnusable, match="county run"):
        refuse_lost(lived, ManualClock())


def test_one_bit_in_the_log_costs_one_page(crashed: Path) -> None:
    flip_bit(Path(f"{crashed}-wal"))
    deeds, *_, told = made_sound(crashed)
    assert len(deeds) > NOTES - 12 and told


@pytest.mark.parametrize("contents", [OFFICE, STATION], ids=["office", "station"])
def test_what_a_damaged_database_lost_has_a_name(contents: SalvagedTables) -> None:
    assert contents.names.keys() == contents.tables.tables.keys()
