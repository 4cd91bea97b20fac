"""A timetable as people leave it: half of it wrong, in another encoding, set in by hand."""

from datetime import date
from pathlib import Path

from broadcaster.schedule.slot_settings import TimetableSettings
from broadcaster.schedule.timetable import Timetable
from broadcaster.schedule.timetable_file import load_timetable, load_timetable_file
from broadcaster.settings.schema import StationSettings

TODAY = date(2026, 11, 20)
GOOD = "  - {name: 好的, at: '07:30', text: 今天停水。}\n"


def read(folder: Path, text: str, encoding: str = "utf-8") -> TimetableSettings:
    (folder / "timetable.yaml").write_bytes(text.encode(encoding))
    return load_timetable(folder)


def names(written: TimetableSettings) -> list[str]:
    return [slot.name for slot in written.slots]


def test_a_quote_that_is_never_closed_costs_its_own_slot(tmp_path: Path) -> None:
    broken = "  - name: 坏的\n    at: '07:30\n    text: 今天停水。\n"
    written = read(tmp_path, f"slots:\n{GOOD}{broken}{GOOD}holidays: {{days_off: [2027-01-01]}}\n")
    assert names(written) == ["好的", "好的"]
    assert written.holidays.days_off == ("2027-01-01",)
    (problem,) = written.problems
    assert problem.startswith("timetable.yaml 第 4 行“坏的”：不是正确的 YAML")


def test_a_slot_that_is_set_in_wrongly_does_not_swallow_its_neighbour(tmp_path: Path) -> None:
    written = read(tmp_path, f"slots:\n{GOOD}   - {{name: 歪的, at: '08:00', text: 停电。}}\n{GOOD}")
    assert names(written) == ["好的", "歪的", "好的"]
    (problem,) = written.problems
    assert "第 3 行" in problem


def test_a_file_from_a_windows_desk_is_read(tmp_path: Path) -> None:
    assert names(read(tmp_path, f"slots:\n{GOOD}", "gb18030")) == ["好的"]
    assert names(read(tmp_path, f"slots:\r\n{GOOD}", "utf-8-sig")) == ["好的"]


def test_bytes_of_no_encoding_cost_the_slot_they_are_in(tmp_path: Path) -> None:
    broken = b"  - {name: x, at: '07:30', text: \xe4\xbb\xff\xff\xff}\n"
    content = b"slots:\n" + GOOD.encode() + broken + GOOD.encode()
    (tmp_path / "timetable.yaml").write_bytes(content)
    written = load_timetable(tmp_path)
    assert names(written) == ["好的", "好的"]
    assert "第 3 行" in written.problems[0]


def test_a_key_that_the_file_has_not_is_told_with_the_nearest(tmp_path: Path) -> None:
    written = read(tmp_path, f"slots:\n{GOOD}slotz: []\n")
    assert names(written) == ["好的"]
    assert written.problems == ("timetable.yaml 第 3 行：slotz：没有这一项（是不是 slots？）",)


def test_a_key_of_the_whole_file_that_stands_twice_is_told(tmp_path: Path) -> None:
    written = read(tmp_path, f"slots: []\nholidays: {{days_off: [], days_off: []}}\nslots:\n{GOOD}")
    assert names(written) == ["好的"]
    assert written.problems == (
        "timetable.yaml 第 2 行：days_off：写了两次，现在按后面的，请去掉一个",
        "timetable.yaml 第 3 行：slots：写了两次，现在按后面的，请去掉一个",
    )


def test_a_file_of_another_shape_is_told_and_holds_nothing(tmp_path: Path) -> None:
    for text in ("just a word", "- a list", "slots: 3", "slots: [", "slots: {a: 1}"):
        written = read(tmp_path, text)
        assert written.slots == () and len(written.problems) == 1, text


def test_a_file_that_is_not_there_is_an_empty_timetable(tmp_path: Path) -> None:
    assert load_timetable(tmp_path) == TimetableSettings()


def test_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    assert "读不出来" in load_timetable_file(tmp_path).problems[0]


def test_sunrise_needs_to_know_where_the_village_is(tmp_path: Path) -> None:
    written = read(tmp_path, f"slots:\n{GOOD}  - {{name: 晨, at: 日出后10分钟, text: 早上好。}}\n")
    nowhere = Timetable(written, StationSettings())
    assert [slot.name for slot in nowhere.slots] == ["好的"]
    assert nowhere.problems[0].startswith("timetable.yaml 第 3 行“晨”：日出日落要先在")
    assert "第 3 行“晨”" in nowhere.fault(TODAY)
    somewhere = Timetable(written, StationSettings(latitude=39.4, longitude=118.9))
    assert len(somewhere.slots) == 2 and somewhere.problems == ()


def test_ten_problems_are_one_fault_that_says_how_many(tmp_path: Path) -> None:
    written = read(tmp_path, "slots:\n" + "  - {name: 坏的, at: 早上, text: 停水。}\n" * 10)
    timetable = Timetable(written, StationSettings())
    assert timetable.slots == () and len(timetable.problems) == 10
    assert "一共有 10 处" in timetable.fault(TODAY)
