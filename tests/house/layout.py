"""The import table: each folder of the program, its floor, and the folders it may import."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "broadcaster"
BASE = ("core", "settings", "system")
MOST_MODULES = 25
# The Mandarin front end is one chain of small steps; cut in two it would have to be read twice.
LARGER = {"text"}


@dataclass(frozen=True)
class Room:
    """A folder. `floor` counts from 1 at the bottom; `may_import` are folders of lower floors."""

    floor: int
    holds: str
    may_import: tuple[str, ...] = ()


ROOMS: dict[str, Room] = {
    "commands": Room(8, "the command line, one module for each group of commands"),
    "daemon": Room(
        7,
        "builds the running box in data order, takes it down in reverse; the control socket",
        ("web", "link", "station", "studio", "schedule", "playout", "store", "rules", *BASE),
    ),
    "county": Room(
        7,
        "the office, a program of its own (second table)",
        ("web", "station", "studio", "store", "rules", "bulletin", *BASE),
    ),
    "web": Room(6, "the village page and its API", ("station", "studio", "schedule", "rules", *BASE)),
    "link": Room(
        6,
        "the box's end of the county line: inbox, outbox, USB stick",
        ("station", "studio", "rules", "bulletin", *BASE),
    ),
    "station": Room(
        5,
        "what the box can be asked: announce, cancel, stop, slots, lexicon, live talk",
        ("studio", "schedule", "playout", "store", "rules", "text", *BASE),
    ),
    "studio": Room(
        4,
        "Notice → Programme: found, rendered while it is heard, or ahead; recordings, the sound library",
        ("text", "tts", "audio", "rules", *BASE),
    ),
    "schedule": Room(
        4, "Slot → Airing: timetable file, days, recurrences, plan, scheduler", ("rules", *BASE)
    ),
    "playout": Room(
        4,
        "Airing → air: queue and player; `device/` the sound process, `amplifier/` relays and zones",
        ("audio", "rules", *BASE),
    ),
    "text": Room(
        3,
        "text → Script: the Mandarin front end (clean, normalise, g2p, sandhi, phrasing, verse)",
        ("core", "settings"),
    ),
    "tts": Room(
        3,
        "Line → Waveform: `base/` the contract, one folder for each engine",
        ("core", "settings"),
    ),
    "audio": Room(
        3,
        "Waveform → Clip: mastering, signals, the clip cache, export; `sound_files/` of any kind",
        BASE,
    ),
    "store": Room(
        3,
        "the box's database: journal, accepted airings, accounts, audit log; `database/` the file",
        ("core", "system"),
    ),
    "rules": Room(
        3,
        "pure rules of the air: quiet hours, precedence, loop limits, what a severity fills in",
        ("core", "settings"),
    ),
    "settings": Room(2, "the files in `config/`, checked and frozen", ("core",)),
    "system": Room(2, "processes, threads, files, the name on the network", ("core",)),
    "bulletin": Room(2, "the signed wire format and who may sign; no network, no clock", ("core",)),
    "core": Room(1, "the values (Notice, Airing, Outcome …), errors, clock, people"),
}

OFFICE: dict[str, Room] = {
    "office": Room(
        8,
        "the office process: its one thread, all parts built and stopped, the demo",
        ("pages", "villages", "board", "notices", "keys", "register", "store", "broker"),
    ),
    "pages": Room(
        7,
        "the office's site: one module a page; `base/` what all pages share",
        ("villages", "board", "foreign", "notices", "keys", "register", "store"),
    ),
    "villages": Room(
        6,
        "a village's own page over the office's site; its folder on a USB stick",
        ("board", "notices", "keys", "register", "store", "broker"),
    ),
    "relay": Room(
        6,
        "carries an upper office's bulletins down and delivery totals up",
        ("board", "keys", "register", "store", "broker"),
    ),
    "board": Room(
        5,
        "how far a bulletin has come: receipts, totals, drills",
        ("notices", "register", "store", "broker"),
    ),
    "foreign": Room(5, "messages of other systems: CAP 1.2, the national EBM", ("notices", "store")),
    "notices": Room(
        4,
        "a notice from draft to signature: drafts, approval, library, recurring, publisher",
        ("register", "store", "broker"),
    ),
    "register": Room(3, "boxes, counties, areas, one-time codes", ("store", "broker")),
    "keys": Room(2, "the key folder of the office, its renewal, keys for villages' pages", ("store",)),
    "broker": Room(2, "Mosquitto, its certificates and accounts, the MQTT client", ("store",)),
    "store": Room(1, "database, tables, settings, officers, audit"),
}

# Each third-party library has one home: the modules or folders that may import it.
HOMES: dict[str, set[str]] = {
    "ai_edge_litert": {"tts/baker"},
    "aiohttp": {"tts/edge/voice.py"},
    "alembic": {"store/database", "county/store"},
    "apscheduler": {"schedule/scheduler.py"},
    "argon2": {"store/passwords.py"},
    "astral": {"schedule/time_rules.py"},
    "chinese_calendar": {"schedule/holidays.py"},
    "cryptography": {"bulletin/keys.py", "county/broker/certificate_authority.py"},
    "cronsim": {"schedule/time_rules.py", "schedule/slot_settings.py"},
    "edge_tts": {"tts/edge/voice.py"},
    "espeakng_loader": {"tts/espeak/voice.py"},
    "flask": {"web", "county/pages", "county/villages"},
    "flask_babel": {"web/base/language.py"},
    "flask_openapi3": {"web/api", "web/app.py"},
    "flask_wtf": {"web/app.py", "county/pages"},
    "flatbuffers": {"tts/baker/tflite_graph.py"},
    "g2pM": {"text/g2p_network.py"},
    "gpiozero": {"playout/amplifier/gpio_relays.py"},
    "itsdangerous": {"web/base"},
    "jinja2": {"web/base/template_cache.py"},
    "markupsafe": {"web/base"},
    "numpy": {
        *("core/model.py", "studio/voice_child.py", "studio/recording_child.py"),
        "studio/incoming_child.py",
        *("text/g2p_network.py", "tts", "audio"),
    },
    "opencc": {"text/simplify.py"},
    "paho": {"link", "county/broker"},
    "prometheus_client": {"web/api/metrics.py"},
    "pydantic": {
        *("settings", "schedule/slot_settings.py", "schedule/piece_settings.py"),
        "schedule/timetable_file.py",
        *("station/remote_values.py", "web/api", "bulletin", "county/store/office_settings.py"),
        "county/foreign/message_log.py",
    },
    "pydantic_core": {"settings/problems.py", "schedule/timetable_file.py", "web/api/schemas.py"},
    "pydub": {"audio/export.py"},
    "securesystemslib": {
        *("bulletin", "link", "county/keys", "county/notices", "county/relay", "county/villages"),
    },
    "segno": {
        *("daemon/running_box.py", "web/pages/journal.py"),
        *("county/pages/register.py", "county/pages/villages.py"),
    },
    "sherpa_onnx": {"tts/sherpa/voice.py"},
    "sounddevice": {"playout/device/portaudio_sink.py"},
    "soundfile": {"audio", "studio/recording_child.py", "tts/edge/voice.py", "tts/recorded"},
    "soxr": {"audio/mastering.py", "tts/recorded/voice.py"},
    "sqlalchemy": {"store", "county"},
    "tuf": {"bulletin"},
    "tyme4py": {"schedule/lunar.py"},
    "waitress": {"web/server/server.py"},
    "werkzeug": {"web", "county/pages"},
    "yaml": {"settings", "commands/console.py", "commands/box.py"},
    "zeroconf": {"system/mdns.py"},
}

FILES = sorted(path for path in PACKAGE.rglob("*.py"))


@dataclass(frozen=True)
class Source:
    """As much of a module's source as the tests of the house ask for."""

    imports: frozenset[str]
    # Each class with the names of its bases.
    classes: tuple[tuple[str, tuple[str, ...]], ...]
    functions: tuple[str, ...]
    # Each with its line; those of fields and constants too.
    docstrings: tuple[tuple[int, str], ...]
    texts: tuple[str, ...]


@cache
def source(path: Path) -> Source:
    """Read once: to parse the program takes two seconds."""
    names: set[str] = set()
    classes, functions, docstrings, texts = [], [], [], []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import():
                names |= {alias.name for alias in node.names}
            case ast.ImportFrom():
                assert node.level == 0, f"{path}: relative import"
                names |= {f"{node.module}.{alias.name}" for alias in node.names}
            case ast.ClassDef():
                classes.append((node.name, tuple(map(ast.unparse, node.bases))))
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                functions.append(node.name)
            case ast.Expr(value=ast.Constant(value=str(text))):
                docstrings.append((node.lineno, text.strip()))
            case ast.Constant(value=str(text)):
                texts.append(text)
    return Source(frozenset(names), tuple(classes), tuple(functions), tuple(docstrings), tuple(texts))


def module(path: Path) -> str:
    """Its dotted name within the program: `tts.baker.voice`."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


MODULES = {module(path): path for path in FILES}


def modules_imported(path: Path) -> set[str]:
    """Of ours, by their dotted names within the program."""
    ours = (
        name.removeprefix("broadcaster.")
        for name in source(path).imports
        if name.startswith("broadcaster.")
    )
    return {part for name in ours for part in (name, name.rpartition(".")[0]) if part in MODULES}


def arrows(depth: int | None = None) -> dict[tuple[str, str], list[str]]:
    """From folder to folder, with the modules that draw the arrow; folders to so many levels, or all."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, path in MODULES.items():
        for other in modules_imported(path):
            both = _folder(name, depth), _folder(other, depth)
            if both[0] != both[1]:
                found.setdefault(both, []).append(f"{name} → {other}")
    return found


def folders() -> dict[str, int]:
    """Every folder with modules of ours, and how many it holds, migrations left out."""
    counts: dict[str, int] = {}
    for name, path in MODULES.items():
        if path.name != "__init__.py" and "migrations" not in path.parts:
            counts[_folder(name, None)] = counts.get(_folder(name, None), 0) + 1
    return counts


def lines() -> int:
    """Of the program, its blank ones and comments too; migrations left out, which are never edited."""
    return sum(
        len(path.read_text(encoding="utf-8").splitlines())
        for path in FILES
        if "migrations" not in path.parts
    )


def table() -> str:
    """Both tables as ARCHITECTURE.md has them."""
    return "\n".join((*_rows(ROOMS, ""), "", *_rows(OFFICE, "county/")))


def _rows(rooms: dict[str, Room], above: str) -> Iterator[str]:
    yield "| floor | folder | what lives here | may import |"
    yield "|---|---|---|---|"
    for name, room in rooms.items():
        base = set(BASE) <= set(room.may_import)
        others = [f"`{each}`" for each in room.may_import if not (base and each in BASE)]
        allowed = ", ".join([*others, *(["base"] if base else [])])
        nothing = (
            "all"
            if room.floor == max(each.floor for each in rooms.values()) and not above
            else "nothing"
        )
        yield f"| {room.floor} | `{above}{name}/` | {room.holds} | {allowed or nothing} |"


def _folder(name: str, depth: int | None) -> str:
    return "/".join(name.split(".")[:-1][:depth])
