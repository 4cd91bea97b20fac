"""The box with a timetable that is wrong in one place: it runs, and says so."""

import json

from village import RunningBox, Village


def test_one_wrong_slot_does_not_keep_the_box_from_running_the_others(village: Village) -> None:
    good = "  - {name: 早安, at: '07:30', text: 早上好。}\n"
    wrong = f"slots:\n{good}  - {{name: 坏的, at: 早上, text: 停水。}}\n"
    (village.folder / "timetable.yaml").write_text(wrong, encoding="utf-8")
    box = RunningBox(village)
    try:
        status = json.loads(village.call("status", "--json").stdout)
    finally:
        assert box.end() == 0
    assert {airing["title"] for airing in status["next"]} == {"早安"}
    assert "timetable.yaml 第 3 行“坏的”" in status["fault"]
    assert "broadcaster check" in status["fault"]
