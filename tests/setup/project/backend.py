"""Builds the project without setuptools, which a machine without a network could not fetch."""

import tomllib
import zipfile
from pathlib import Path

WHEEL = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
SCRIPTS = "[console_scripts]\nbroadcaster = broadcaster.commands.cli:main\n"


def build_editable(folder: str, settings: object = None, metadata: object = None) -> str:
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    lines = ["Metadata-Version: 2.1", "Name: broadcaster", "Version: 1"]
    lines += [f"Requires-Dist: {name}" for name in project["dependencies"]]
    for extra, names in project["optional-dependencies"].items():
        lines += [f"Provides-Extra: {extra}"]
        lines += [f"Requires-Dist: {name}; extra == '{extra}'" for name in names]
    name, about = "broadcaster-1-py3-none-any.whl", "broadcaster-1.dist-info"
    with zipfile.ZipFile(f"{folder}/{name}", "w") as wheel:
        wheel.writestr("broadcaster.pth", str(Path.cwd()))
        wheel.writestr(f"{about}/METADATA", "\n".join([*lines, ""]))
        wheel.writestr(f"{about}/WHEEL", WHEEL)
        wheel.writestr(f"{about}/entry_points.txt", SCRIPTS)
        wheel.writestr(f"{about}/RECORD", "")
    return name
