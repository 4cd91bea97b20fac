"""Settings that were changed or damaged since the last start: told, and no reason to stand still."""

import shutil
from pathlib import Path

import pytest
from rig.damage import HARMS

from broadcaster.commands.console import load_config_to_run
from broadcaster.core.errors import ConfigError
from broadcaster.core.project_folders import PROJECT_FOLDER
from broadcaster.county.store.office_settings import keep_office_settings, load_office_to_run
from broadcaster.station.lexicon_file import LexiconFile

OFFICE = "name: 青田县\ndatabase: postgresql://office@127.0.0.1/office\nbroker: {host: 127.0.0.1}\n"


@pytest.fixture
def box(tmp_path: Path) -> Path:
    for path in (PROJECT_FOLDER / "config").glob("*.yaml"):
        shutil.copy(path, tmp_path)
    assert load_config_to_run(tmp_path).changed == "", "of a first start there is nothing to tell"
    return tmp_path


def test_a_value_that_is_another_than_at_the_last_start_is_told_once(box: Path) -> None:
    assert load_config_to_run(box).changed == ""
    path = box / "broadcaster.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("48000", "44100"), encoding="utf-8")
    told = load_config_to_run(box).changed
    assert "broadcaster.yaml" in told and "sound.rate_hz 48000 → 44100" in told
    assert load_config_to_run(box).changed == ""


def test_a_wrong_bit_in_a_comment_names_its_file_alone(box: Path) -> None:
    path = box / "lexicon.yaml"
    path.write_text("# 改过\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    told = load_config_to_run(box).changed
    assert told == "lexicon.yaml 和上次启动时不一样。不是有意改的，请改回来。"


def test_what_the_product_writes_is_no_news_and_hides_nothing_that_was_changed_before_it(
    box: Path,
) -> None:
    LexiconFile(box).set("石盆", "shi2 peng4")
    assert load_config_to_run(box).changed == ""
    path = box / "lexicon.yaml"
    path.write_text("# 改过\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    LexiconFile(box).set("石盆", "shi2 pen2")
    assert "lexicon.yaml" in load_config_to_run(box).changed


@pytest.fixture
def office(tmp_path: Path) -> Path:
    (tmp_path / "office.yaml").write_text(OFFICE, encoding="utf-8")
    settings, fault = load_office_to_run(tmp_path)
    assert (keep_office_settings(tmp_path, settings), fault) == ("", "")
    return tmp_path


@pytest.mark.parametrize("harm", ["cut at half", "zeros", "empty", "missing", "not readable"])
def test_an_office_starts_by_its_last_good_settings_and_tells_it(office: Path, harm: str) -> None:
    HARMS[harm](office / "office.yaml")
    settings, fault = load_office_to_run(office)
    if harm == "cut at half":
        # What is left looks like settings.
        fault = keep_office_settings(office, settings)
    assert settings.database.startswith("postgresql"), "by what is usual it would be a new office"
    assert "office.yaml" in fault


def test_an_office_tells_which_value_is_another(office: Path) -> None:
    path = office / "office.yaml"
    path.write_text(OFFICE.replace("127.0.0.1}", "127.0.0.9, authority: a.pem}"), encoding="utf-8")
    settings, _ = load_office_to_run(office)
    assert "broker.host 127.0.0.1 → 127.0.0.9" in keep_office_settings(office, settings)
    assert keep_office_settings(office, settings) == ""


def test_an_office_that_never_was_good_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "office.yaml").write_bytes(bytes(50))
    with pytest.raises(ConfigError, match=r"office\.yaml"):
        load_office_to_run(tmp_path)
