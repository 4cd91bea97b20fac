"""`broadcaster county import`: the draft or everything that is wrong, and nothing is sent."""

import json
from pathlib import Path

import pytest
from county.foreign_messages import ALERT, EBM

from broadcaster.commands.arguments import main


def test_it_shows_what_a_message_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "alert.xml"
    file.write_text(ALERT, encoding="utf-8")
    assert main(["county", "import", str(file)]) == 0
    shown = capsys.readouterr().out
    for word in (
        "通知，橙色：暴雨橙色预警",
        "青田县气象局",
        "331121104",
        "请不要到河边去",
        "什么也没有发",
    ):
        assert word in shown


def test_a_program_gets_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "EBDB.xml"
    file.write_text(EBM, encoding="utf-8")
    assert main(["county", "import", "--json", str(file)]) == 0
    (draft,) = json.loads(capsys.readouterr().out)
    assert (draft["severity"], draft["kind"], draft["expires"]) == (
        *(2, "notice"),
        "2026-05-01T18:00:00+08:00",
    )


def test_it_tells_everything_that_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "alert.xml"
    file.write_text(ALERT.replace("Severe", "Bad").replace("Likely", "Sure"), encoding="utf-8")
    assert main(["county", "import", str(file)]) == 2
    error = capsys.readouterr().err
    assert "Bad" in error and "Sure" in error


def test_a_file_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for file in (tmp_path, tmp_path / "missing"):
        assert main(["county", "import", str(file)]) == 2
        assert "读不出来" in capsys.readouterr().err
