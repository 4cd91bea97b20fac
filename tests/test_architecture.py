"""Holds the import table of ARCHITECTURE.md: who may import whom, and each library's one home."""

import ast
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "broadcaster"

FLOOR = {
    *("settings", "settings_problems", "setting_values", "air_settings", "timetable_settings"),
    *("timetable_file", "whole", "last_good", "seal", "spool", "plain_values"),
    *("day_words", "lined_yaml", "hours", "manner", "beat", "model", "clock", "errors", "child", "loop"),
    *("clock_trust", "people", "foothold", "recordings", "precedence", "office_call", "office_files"),
    *("patience", "vigil", "vigil_outside", "folders", "labels", "terminal", "heap", "log_lines"),
}
SIBLINGS = {"script", "tts", "clips", "schedule", "playout", "store"}

MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "folders": set(),
    "terminal": set(),
    "labels": {"model"},
    "people": set(),
    "model": set(),
    "clock": set(),
    "precedence": {"model"},
    "clock_trust": {"clock", "errors"},
    "loop": set(),
    "log_lines": {"__version__"},
    "child": set(),
    "heap": set(),
    "patience": set(),
    "vigil": {"loop", "child"},
    "vigil_outside": set(),
    "whole": set(),
    "last_good": {"errors", "whole"},
    "seal": set(),
    "spool": set(),
    "foothold": {"spool"},
    "recordings": {"errors", "seal", "whole"},
    "office_call": {"errors"},
    "office_files": {"errors"},
    "recording_child": FLOOR | {"tts", "clips"},
    "plain_values": set(),
    "settings_problems": {"lined_yaml"},
    "beat": {"model"},
    "setting_values": {"model", "labels"},
    "air_settings": {"setting_values"},
    "settings": {
        *("errors", "folders", "model", "settings_problems", "setting_values", "air_settings"),
    },
    "lined_yaml": set(),
    "day_words": {"setting_values"},
    "timetable_settings": {"model", "setting_values", "day_words"},
    "timetable_file": {
        "errors",
        "folders",
        "settings",
        "settings_problems",
        "timetable_settings",
        "lined_yaml",
    },
    "manner": {"model", "settings", "setting_values"},
    "hours": {"model", "settings", "setting_values", "air_settings"},
    **{sibling: FLOOR for sibling in SIBLINGS},
    "bulletin": FLOOR,
    "office_folder": FLOOR | {"bulletin"},
    "link": FLOOR | {"bulletin", "station", "far"},
    "yaml_edit": {"errors"},
    "lexicon_file": FLOOR | {"script", "yaml_edit"},
    "voice_messages": FLOOR,
    "workshop": FLOOR | {"voice_messages"},
    "making": FLOOR | {"voice_messages", "workshop", "tts", "clips"},
    "voice_child": FLOOR | {"voice_messages", "script", "tts", "clips"},
    "recipes": FLOOR | {"script", "tts", "clips"},
    "studio": FLOOR | {"recipes", "workshop", "making", "script", "tts", "clips"},
    "audition": FLOOR | {"studio", "tts"},
    "rehearsal": FLOOR | {"studio", "script", "playout"},
    "wordbook": FLOOR | {"script", "lexicon_file", "studio"},
    "slotbook": FLOOR | {"schedule", "store"},
    "changed_files": FLOOR | {"slotbook"},
    "copies": FLOOR | {"studio"},
    "remembered": FLOOR | {"schedule", "store"},
    "intake": FLOOR | {"schedule", "playout", "store"},
    "stops": FLOOR | {"intake", "remembered", "schedule", "playout"},
    "microphone": FLOOR | {"studio"},
    "talks": FLOOR | {"microphone", "playout"},
    "station": FLOOR
    | {"intake", "remembered", "stops", "slotbook", "rehearsal", "copies", "microphone", "talks"}
    | {"studio", "wordbook", "schedule", "playout", "store"},
    "far": FLOOR | {"station", "copies", "rehearsal", "slotbook", "store", "talks", "wordbook"},
    "belonging": FLOOR | {"station", "link"},
    "greeting": FLOOR | {"station", "intake"},
    "lan_name": {"errors"},
    "control": FLOOR | {"station", "store"},
    "web": FLOOR | {"station", "__version__"},
    # Of the box's page the office shares the server, TLS, the session key and the look.
    "county": FLOOR | {"bulletin", "office_folder", "store", "studio", "rehearsal", "web", "far"},
    "daemon": FLOOR
    | SIBLINGS
    | {
        "belonging",
        "changed_files",
        "lexicon_file",
        "studio",
        "wordbook",
        "slotbook",
        "copies",
        "intake",
        "greeting",
        "microphone",
        "station",
        "control",
        "web",
        "lan_name",
        "link",
    },
}

AT_THE_TOP = {
    *("cli", "commands", "cache_commands", "lexicon_commands", "schedule_commands", "people_commands"),
    *("journal_commands", "check_commands", "county_commands", "office_commands", "foreign_commands"),
    *("link_commands", "province_commands", "renewal_commands", "paper_commands", "village_commands"),
    *(
        "officer_commands",
        "technician",
        "voice_commands",
        "notice_options",
        "command_line",
        "console",
        "__init__",
    ),
}

HOMES: dict[str, set[str]] = {
    "ai_edge_litert": {"tts"},
    "aiohttp": {"tts/edge.py"},
    "alembic": {"store", "county"},
    "apscheduler": {"schedule/clockwork.py"},
    "argon2": {"store/passwords.py"},
    "astral": {"schedule/times.py"},
    "chinese_calendar": {"schedule/holidays.py"},
    "cryptography": {"bulletin/keys.py", "county/authority.py"},
    "cronsim": {"schedule/times.py", "timetable_settings.py"},
    "edge_tts": {"tts/edge.py"},
    "espeakng_loader": {"tts/espeak.py"},
    "flask": {"web", "county"},
    "flask_babel": {"web/language.py"},
    "flask_openapi3": {"web"},
    "flask_wtf": {"web", "county"},
    "itsdangerous": {"web"},
    "flatbuffers": {"tts/tflite_graph.py"},
    "g2pM": {"script/network.py"},
    "gpiozero": {"playout/gpio_relays.py"},
    "jinja2": {"web/compiled_pages.py"},
    "markupsafe": {"web"},
    "numpy": {"model.py", "voice_child.py", "recording_child.py", "script/network.py", "tts", "clips"},
    "opencc": {"script/hanzi.py"},
    "pydantic": {
        *("settings.py", "settings_problems.py", "setting_values.py"),
        *("air_settings.py", "timetable_settings.py", "timetable_file.py", "plain_values.py"),
        *("web", "bulletin", "county/office_settings.py", "county/foreign_book.py"),
    },
    "prometheus_client": {"web/figures.py"},
    "pydantic_core": {"settings_problems.py", "timetable_file.py"},
    "paho": {"link", "county"},
    "pydub": {"clips/export.py"},
    "securesystemslib": {"bulletin", "office_folder.py", "county", "link"},
    "segno": {"daemon.py", "web/record_pages.py", "county/register_pages.py", "county/village_pages.py"},
    "sherpa_onnx": {"tts/sherpa.py"},
    "sounddevice": {"playout/sound_card.py"},
    "soundfile": {
        "clips",
        "recording_child.py",
        "tts/edge.py",
        "tts/recorded.py",
        "tts/install_recorded.py",
    },
    "soxr": {"clips/mastering.py", "tts/recorded.py"},
    "sqlalchemy": {"store", "county"},
    "tuf": {"bulletin"},
    "tyme4py": {"schedule/lunar.py"},
    "werkzeug": {"web", "county"},
    "waitress": {"web/server.py"},
    "zeroconf": {"lan_name.py"},
    "yaml": {"settings.py", "lined_yaml.py", "yaml_edit.py", "console.py", "commands.py"},
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


def module(path: Path) -> str:
    return ".".join((PACKAGE.name, *path.relative_to(PACKAGE).with_suffix("").parts))


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Not even inside a function, or for a type."""
    known = set(map(module, FILES))
    both = {
        path: {part for name in imports(path) for part in (name, name.rpartition(".")[0])}
        for path in FILES
    }
    graph = {module(path): names & known for path, names in both.items()}
    assert set(TopologicalSorter(graph).static_order()) == known
