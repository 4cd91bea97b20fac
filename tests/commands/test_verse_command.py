"""`broadcaster verse`, and the style of what is rendered, as a person calls them."""

import json
from pathlib import Path

import pytest
import soundfile
from rig.verses import STRAW, VISITS
from rig.village import Village


@pytest.fixture
def village(tmp_path: Path) -> Village:
    """Without a sound card: nothing here goes on the air."""
    return Village(tmp_path, {})


def test_a_person_sees_the_scheme_and_what_is_to_be_mended(village: Village) -> None:
    path = village.folder / "verse.txt"
    path.write_text(STRAW, encoding="utf-8")
    shown = village.call("verse", "--file", str(path))
    assert shown.returncode == 0, shown.stderr
    assert "韵式 AABC" in shown.stdout
    assert "第 4 句没押上：“袋”念 dài" in shown.stdout


def test_a_program_gets_the_same_as_json(village: Village) -> None:
    (verse,) = json.loads(village.call("verse", VISITS, "--json").stdout)
    assert (verse["scheme"], verse["misses"]) == ("AA", [])


def test_a_text_without_a_verse_is_told_how_one_looks(village: Village) -> None:
    refused = village.call("verse", "明天上午停水。")
    assert refused.returncode == 2
    assert refused.stderr.startswith("没有找到顺口溜")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [(["--style", "rap"], "--style 不能是"), (["--style", "kuaiban", "--beats", "200"], "100 到 140")],
)
def test_a_style_or_tempo_that_there_is_not_is_refused(
    village: Village, wrong: list[str], said: str
) -> None:
    output = village.folder / "x.wav"
    refused = village.call("render", VISITS, "-o", str(output), *wrong)
    assert refused.returncode == 2
    assert said in refused.stderr
    assert not output.exists()


@pytest.mark.slow
def test_a_verse_is_rendered_to_clappers_as_long_as_its_beats(village: Village) -> None:
    output = village.folder / "x.wav"
    style = ["--style", "kuaiban", "--beats", "120", "--no-chime"]
    done = village.call("render", VISITS, "-o", str(output), *style)
    assert done.returncode == 0, done.stderr
    # Lead-in, line, clappers, line, closing: 8 + 4 + 2 + 4 + 4 beats.
    assert soundfile.info(output).duration == pytest.approx(22 * 0.5 - 0.2, abs=0.01)
