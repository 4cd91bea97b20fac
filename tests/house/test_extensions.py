"""Protects that what few villages need can be deleted: a folder, and its rows in one registry."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from house.layout import MODULES, PACKAGE, modules_imported, source
from rig.village import Village, running

# Each folder, and the one module beside it that may name it.
EXTENSIONS = {
    "tts/sherpa": "tts/catalogue.py",
    "tts/espeak": "tts/catalogue.py",
    "tts/edge": "tts/catalogue.py",
    "playout/amplifier/serial": "playout/amplifier/open_relays.py",
    "county/foreign/ebm": "county/foreign/message_reader.py",
}
CAP = """<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>1</identifier></alert>"""


@pytest.mark.parametrize("folder", EXTENSIONS)
def test_only_its_registry_names_an_extension(folder: str) -> None:
    inside = folder.replace("/", ".") + "."
    outside = {name: path for name, path in MODULES.items() if not name.startswith(inside)}
    imported_by = {
        str(path.relative_to(PACKAGE))
        for path in outside.values()
        if any(other.startswith(inside) for other in modules_imported(path))
    }
    assert imported_by == {EXTENSIONS[folder]}
    started = f"broadcaster.{inside}"
    assert not [path for path in outside.values() if any(started in text for text in source(path).texts)]


@pytest.mark.parametrize("folder", EXTENSIONS)
def test_a_registry_is_whole_without_an_extension(folder: str, tmp_path: Path) -> None:
    without(tmp_path, folder)
    name = EXTENSIONS[folder].removesuffix(".py").replace("/", ".")
    done = subprocess.run(
        [sys.executable, "-c", f"import broadcaster.{name} as it; print(it.__file__)"],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith(str(tmp_path)), done.stderr


def test_a_box_lives_without_any_extension(village: Village, tmp_path: Path) -> None:
    """It speaks a notice to its end, and reads a message of another system."""
    without(tmp_path / "program", *EXTENSIONS)
    village.environment = environment(tmp_path / "program", village.environment)
    message = tmp_path / "alert.xml"
    message.write_text(CAP, encoding="utf-8")
    with running(village):
        said = village.call("say", "请注意用电安全。")
        voices = village.call("voices", "list")
    assert said.returncode == 0, said
    assert "baker:female" in voices.stdout
    assert not re.search("edge:|espeak:|sherpa:", voices.stdout)
    assert "alert 里缺 sender" in village.call("county", "import", str(message)).stderr


def without(place: Path, *folders: str) -> None:
    """A copy of the program without these folders and the lines of their registries that name them;
    what is compiled comes along.
    """
    shutil.copytree(PACKAGE, place / "broadcaster")
    for name in ("config", "voices"):
        (place / name).symlink_to(PACKAGE.parent / name)
    for folder in folders:
        shutil.rmtree(place / "broadcaster" / folder)
        registry = place / "broadcaster" / EXTENSIONS[folder]
        names = {*brought(registry, folder), f"broadcaster.{folder.replace('/', '.')}."}
        lines = registry.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not any(name in line for name in names)]
        registry.write_text("".join(kept), encoding="utf-8")


def brought(registry: Path, folder: str) -> set[str]:
    """The names that a registry imports from a folder."""
    inside = f"broadcaster.{folder.replace('/', '.')}."
    tree = ast.walk(ast.parse(registry.read_text(encoding="utf-8")))
    return {
        f"{alias.name}{after}"
        for node in tree
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith(inside)
        for alias in node.names
        for after in ("(", ",")
    }


def environment(place: Path, above: dict[str, str] | None = None) -> dict[str, str]:
    """In which Python takes the copy, not what lies in the working directory."""
    ours = {"PYTHONPATH": str(place), "PYTHONSAFEPATH": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return {**(above or os.environ), **ours}
