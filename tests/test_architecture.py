"""Holds the import table of ARCHITECTURE.md: who may import whom, and each library's one home."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "broadcaster"

FLOOR = {"settings", "settings_problems", "manner", "model", "clock", "errors", "child", "loop"}
SIBLINGS = {"script", "tts", "clips", "schedule", "playout", "store"}

MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "model": set(),
    "clock": set(),
    "loop": set(),
    "child": set(),
    "settings_problems": set(),
    "settings": {"errors", "model", "settings_problems"},
    "manner": {"model", "settings"},
    **{sibling: FLOOR for sibling in SIBLINGS},
    "workshop": FLOOR,
    "making": FLOOR | {"workshop", "tts", "clips"},
    "voice_child": FLOOR | {"workshop", "script", "tts", "clips"},
    "studio": FLOOR | {"workshop", "making", "script", "tts", "clips"},
    "audition": FLOOR | {"studio", "tts"},
    "station": FLOOR | {"studio", "schedule", "playout", "store"},
    "control": FLOOR | {"station", "store"},
    "web": FLOOR | {"station"},
    "daemon": FLOOR | SIBLINGS | {"studio", "station", "control", "web"},
}

AT_THE_TOP = {"cli", "commands", "journal_commands", "__init__"}

HOMES: dict[str, set[str]] = {
    "ai_edge_litert": {"tts"},
    "aiohttp": {"tts/edge.py"},
    "alembic": {"store"},
    "apscheduler": {"schedule/clockwork.py"},
    "argon2": {"store/accounts.py"},
    "cffi": {"playout/pcm_file.py"},
    "edge_tts": {"tts/edge.py"},
    "espeakng_loader": {"tts/espeak.py"},
    "flask": {"web"},
    "flask_wtf": {"web"},
    "flatbuffers": {"tts/tflite_graph.py"},
    "g2pM": {"script/network.py"},
    "numpy": {"model.py", "voice_child.py", "script/network.py", "tts", "clips"},
    "opencc": {"script/hanzi.py"},
    "pydantic": {"settings.py", "settings_problems.py"},
    "pydantic_core": {"settings_problems.py"},
    "pydub": {"clips/export.py"},
    "sherpa_onnx": {"tts/sherpa.py"},
    "sounddevice": {"playout/sound_card.py"},
    "soundfile": {"clips", "tts/edge.py", "tts/recorded.py", "tts/install_recorded.py"},
    "soxr": {"clips/mastering.py", "tts/recorded.py"},
    "sqlalchemy": {"store"},
    "waitress": {"web/server.py"},
    "yaml": {"settings.py"},
}

FILES = sorted(path for path in PACKAGE.rglob("*.py"))


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def parts_imported(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imports(path) if name.startswith("broadcaster.")}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_part_imports_only_what_the_table_allows(path: Path) -> None:
    if part(path) in AT_THE_TOP:
        return
    allowed = MAY_IMPORT[part(path)] | {part(path)}
    assert parts_imported(path) <= allowed


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_library_is_imported_only_in_its_home(path: Path) -> None:
    place = path.relative_to(PACKAGE)
    for library in {name.split(".")[0] for name in imports(path)}:
        if library in sys.stdlib_module_names or library == "broadcaster":
            continue
        homes = HOMES[library]
        assert str(place) in homes or place.parts[0] in homes, f"{library} has no home in {place}"


def test_every_part_is_in_the_table() -> None:
    assert {part(path) for path in FILES} == MAY_IMPORT.keys() | AT_THE_TOP
