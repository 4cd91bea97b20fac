"""A timetable with every kind of mistake: each is named by its line, and none stops a good slot."""

import re
from pathlib import Path

from faults.mistakes import Mistake, mistakes

from broadcaster.schedule.slot_settings import TimetableSettings
from broadcaster.schedule.timetable_file import load_timetable

GOOD = "  - {{name: 好的{}, at: '07:30', text: 今天停水。}}\n"
LINE = re.compile(r"timetable\.yaml 第 (\d+) 行")


def load(folder: Path, entries: list[str]) -> tuple[TimetableSettings, list[range]]:
    """The timetable of a file in which a good slot follows each entry; and each entry's lines."""
    text, spans = "slots:\n", []
    for number, entry in enumerate(entries):
        first = text.count("\n") + 1
        text += entry.replace("NAME", f"坏的{number}")
        spans.append(range(first, text.count("\n") + 1))
        text += GOOD.format(number)
    (folder / "timetable.yaml").write_text(text, encoding="utf-8")
    return load_timetable(folder), spans


def assert_each_is_told_and_the_good_ones_run(folder: Path, wrong: list[Mistake]) -> None:
    written, spans = load(folder, [mistake.lines for mistake in wrong])
    assert [slot.name for slot in written.slots] == [f"好的{n}" for n in range(len(wrong))]
    told = {int(found[1]) for problem in written.problems if (found := LINE.match(problem))}
    untold = [mistake.lines for mistake, span in zip(wrong, spans, strict=True) if not told & {*span}]
    assert untold == []
    assert len(told) >= len(wrong)


def test_five_hundred_kinds_of_mistake_are_each_told_by_their_line(tmp_path: Path) -> None:
    wrong = list(mistakes())
    assert len({mistake.lines for mistake in wrong}) == len(wrong) >= 500
    assert_each_is_told_and_the_good_ones_run(tmp_path, wrong)


def test_those_that_leave_the_file_yaml_are_told_too(tmp_path: Path) -> None:
    assert_each_is_told_and_the_good_ones_run(tmp_path, [wrong for wrong in mistakes() if wrong.yaml])


def test_every_sentence_is_one_line_of_chinese_that_a_person_can_act_on(tmp_path: Path) -> None:
    written, _ = load(tmp_path, [mistake.lines for mistake in mistakes()])
    for problem in written.problems:
        assert re.match(r"timetable\.yaml 第 \d+ 行(“[^”]*”)?：", problem)
        assert re.search(r"[\u4e00-\u9fff]", problem.split("：", 1)[1]), problem
        assert "\n" not in problem and len(problem) < 300
        assert not re.search(r"Input should|Value error|expected", problem), problem
