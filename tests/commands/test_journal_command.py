"""`broadcaster journal`: out of the file itself, with or without a box."""

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from rig.fakes import ManualClock
from rig.stored import DUE, airing, entry
from rig.village import Village

from broadcaster.core.model import Outcome
from broadcaster.store.database.tables import DATABASE
from broadcaster.store.store import open_store

DAY = timedelta(days=1)


@pytest.fixture
def lived(village: Village) -> Village:
    """Three days of 停水 and one 开会 that was cut."""
    with open_store(village.state / DATABASE, ManualClock()) as store:
        for number in range(3):
            store.journal.record(entry(airing(f"a{number}", due_at=DUE + number * DAY)))
        cut = airing("cut", "=开会\n请到村委会，马上", due_at=DUE + DAY, asked_by="王秀英")
        store.journal.record(entry(cut, Outcome.CUT_SHORT))
    return village


def found(village: Village, *options: str) -> list[str]:
    done = village.call("journal", "--json", *options)
    assert done.returncode == 0, done.stderr
    return [row["id"] for row in json.loads(done.stdout)]


def test_a_person_reads_a_table_in_chinese(lived: Village) -> None:
    heading, first, *rest = lived.call("journal").stdout.splitlines()
    assert heading.split() == ["时间", "原定", "结果", "播了/全长（秒）", "标题", "谁要播的", "原因"]
    assert first.split() == ["2026-11-22", "07:30", "播完了", "7.5/8.0", "停水", "早间"]
    assert len(rest) == 3
    assert lived.call("journal", "--text", "没有这样的").stdout == "没有这样的播出记录。\n"


def test_the_whole_length_is_told_only_where_it_is_known(village: Village) -> None:
    with open_store(village.state / DATABASE, ManualClock()) as store:
        for name, outcome, played, due in (
            ("停电", Outcome.CUT_SHORT, 9.2, 0.0),
            ("从前停电", Outcome.CUT_SHORT, 9.2, 9.2),
            ("重说了一句", Outcome.PLAYED, 36.1, 32.1),
            ("播完", Outcome.PLAYED, 32.1, 32.1),
        ):
            line = entry(airing(name), outcome)
            store.journal.record(replace(line, seconds_played=played, seconds_due=due))
    table = [line.split() for line in village.call("journal").stdout.splitlines()[1:]]
    assert [cells[3] for cells in reversed(table)] == ["9.2", "9.2", "36.1/32.1（重说4.0）", "32.1/32.1"]


def test_lines_are_chosen_by_day_outcome_person_words_and_number(lived: Village) -> None:
    assert found(lived) == ["a2", "cut", "a1", "a0"]
    assert found(lived, "--since", "2026-11-21") == ["a2", "cut", "a1"]
    assert found(lived, "--until", "2026-11-20") == ["a0"]
    assert found(lived, "--until", "2026-11-20 07:30") == []
    assert found(lived, "--since", "2026-11-21", "--until", "2026-11-21") == ["cut", "a1"]
    assert found(lived, "--outcome", "没播完") == found(lived, "--outcome", "CUT_SHORT") == ["cut"]
    assert found(lived, "--asked-by", "秀英") == found(lived, "--text", "村委会") == ["cut"]
    assert found(lived, "--limit", "2") == ["a2", "cut"]


def test_a_spreadsheet_opens_it_with_chinese_headings_and_whole_texts(lived: Village) -> None:
    path = lived.folder / "播出.csv"
    assert "4 条" in lived.call("journal", "--csv", str(path)).stdout
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    assert [row["编号"] for row in rows] == ["a2", "cut", "a1", "a0"]
    assert rows[1]["结果"] == "没播完"
    assert rows[1]["该播时间"] == "2026-11-21 07:30:00"
    # A spreadsheet must not run what somebody announced.
    assert rows[1]["内容"] == "'=开会\n请到村委会，马上"


def test_standard_output_gets_the_same_file(lived: Village) -> None:
    written = lived.call("journal", "--csv", "-", "--limit", "1").stdout
    assert written.startswith("\ufeff编号,")
    assert len(list(csv.reader(io.StringIO(written, newline="")))) == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--since", "昨天"], "--since 要写日期"),
        (["--until", "2026-13-01"], "--until 要写日期"),
        (["--outcome", "好"], "--outcome 不能是"),
        (["--limit", "0"], "--limit"),
        (["--csv", "/nowhere/a.csv"], "写不了"),
    ],
)
def test_a_wrong_option_is_told_in_one_sentence(lived: Village, options: list[str], said: str) -> None:
    refused = lived.call("journal", *options)
    assert refused.returncode == 2
    assert said in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_where_no_box_ever_ran_there_is_nothing_and_nothing_is_made(village: Village) -> None:
    assert village.call("journal").stdout == "没有这样的播出记录。\n"
    assert found(village) == []
    assert not village.state.exists()


def test_a_damaged_file_is_told_and_left_alone(lived: Village) -> None:
    path = lived.state / DATABASE
    path.write_bytes(b"no database" * 1_000)
    refused = lived.call("journal")
    assert refused.returncode == 2
    assert "坏了" in refused.stderr
    assert path.read_bytes() == b"no database" * 1_000


def test_reading_beside_a_running_box_leaves_its_log_alone(village: Village) -> None:
    path = village.state / DATABASE
    log = Path(f"{path}-wal")
    with open_store(path, ManualClock()) as store:
        store.journal.record(entry(airing("a1")))
        before = log.stat().st_ino
        assert found(village) == ["a1"]
        store.journal.record(entry(airing("a2")))
        assert log.stat().st_ino == before
        assert found(village) == ["a2", "a1"]
