"""The log is read by a technician: each line is a Chinese sentence."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "broadcaster"
TELLING = {"info", "warning", "error", "exception", "critical"}
CHINESE = re.compile("[\u4e00-\u9fff]")


def _told(path: Path) -> Iterator[tuple[int, str]]:
    """What a line of the log is made of: of a logger, or of the brake before one."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            speaker, does = ast.unparse(node.func.value), node.func.attr
            if (speaker == "logger" and does in TELLING) or (
                speaker == "self._brake" and does == "note"
            ):
                yield node.lineno, " ".join(map(ast.unparse, node.args))


@pytest.mark.parametrize("folder", sorted(path.name for path in PACKAGE.iterdir() if path.is_dir()))
def test_each_line_of_the_log_is_chinese(folder: str) -> None:
    files = (PACKAGE / folder).rglob("*.py")
    told = [(path, line, what) for path in files for line, what in _told(path)]
    english = [
        f"{path.relative_to(PACKAGE)}:{line}" for path, line, what in told if not CHINESE.search(what)
    ]
    assert not english
