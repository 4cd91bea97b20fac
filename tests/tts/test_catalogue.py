"""Which voices there are, and what is said of those that are not."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rig.spoken import baker_folder

from broadcaster.core.errors import VoiceUnavailable
from broadcaster.tts.baker.release import MODEL_VERSION
from broadcaster.tts.catalogue import Catalogue

ASK_FOR_A_VERSION = """
import sys
from pathlib import Path
from broadcaster.tts.catalogue import Catalogue
catalogue = Catalogue(Path(sys.argv[1]), 1)
print([catalogue.version(entry.name) for entry in catalogue.entries() if entry.ready])
heavy = {"numpy", "ai_edge_litert", "flatbuffers", "sherpa_onnx", "espeakng_loader", "soundfile", "soxr"}
heavy |= {"edge_tts", "aiohttp"}
print(sorted(heavy & set(sys.modules)))
"""


@pytest.fixture
def installed() -> Catalogue:
    return Catalogue(baker_folder().parent, threads=1)


@pytest.fixture
def empty(tmp_path: Path) -> Catalogue:
    return Catalogue(tmp_path, threads=1)


def test_a_voice_that_is_not_installed_is_listed_as_such(empty: Catalogue) -> None:
    entries = [(entry.name, entry.ready, entry.state) for entry in empty.entries()]
    assert ("baker:female", False, "未安装") in entries
    assert ("recorded:alarm", False, "未安装") in entries
    assert ("espeak:cmn", True, "可用") in entries
    assert ("edge:xiaoxiao", False, "未启用") in entries


def test_an_installed_voice_is_ready_and_its_licence_told(installed: Catalogue) -> None:
    entry = next(entry for entry in installed.entries() if entry.name == "baker:female")
    assert (entry.ready, entry.state) == (True, "可用")
    assert "非商业" in entry.licence


def test_a_voice_made_by_an_older_recipe_is_to_be_installed_again(
    empty: Catalogue, tmp_path: Path
) -> None:
    shutil.copytree(baker_folder(), tmp_path / "baker")
    description = tmp_path / "baker" / "voice.json"
    description.write_text(description.read_text().replace(MODEL_VERSION, MODEL_VERSION[:-1] + "0"))
    entry = next(entry for entry in empty.entries() if entry.name == "baker:female")
    assert (entry.ready, entry.state) == (False, "要重新安装")
    with pytest.raises(VoiceUnavailable, match="broadcaster voices install baker"):
        empty.version("baker:female")


def test_the_version_is_that_of_the_voice_once_opened(installed: Catalogue) -> None:
    assert installed.version("baker:female") == installed.open("baker:female").version


def test_every_ready_voice_tells_its_speed_its_licence_and_a_name_to_be_called(
    installed: Catalogue,
) -> None:
    for entry in installed.entries():
        assert entry.note and entry.licence and entry.speed and entry.title


def test_asking_for_a_version_loads_neither_engine_nor_numpy() -> None:
    command = [sys.executable, "-c", ASK_FOR_A_VERSION, str(baker_folder().parent)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[1] == "[]"


@pytest.mark.parametrize("ask", [Catalogue.version, Catalogue.open])
def test_a_voice_not_installed_says_how_to_get_it(
    empty: Catalogue, ask: Callable[[Catalogue, str], object]
) -> None:
    with pytest.raises(VoiceUnavailable, match="broadcaster voices install baker"):
        ask(empty, "baker:female")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("baker:femal", "是不是 baker:female"),
        ("edge:xiaoxia", "是不是 edge:xiaoxiao"),
        ("edge:xiaoxiao", "broadcaster voices install edge"),
        ("nobody:none", "现有的：baker:female"),
        ("", "没有"),
    ],
)
def test_an_unknown_voice_names_those_there_are(installed: Catalogue, name: str, sentence: str) -> None:
    with pytest.raises(VoiceUnavailable, match=sentence):
        installed.version(name)


def test_a_damaged_description_asks_for_a_new_installation(empty: Catalogue, tmp_path: Path) -> None:
    (tmp_path / "baker").mkdir()
    (tmp_path / "baker" / "voice.json").write_text("{")
    with pytest.raises(VoiceUnavailable, match="broadcaster voices install baker"):
        empty.version("baker:female")


def test_only_known_engines_are_installed(empty: Catalogue) -> None:
    with pytest.raises(VoiceUnavailable, match="是不是 baker"):
        empty.install("bakery", lambda step: None)
