"""The tests are part of the house: each file says what it protects, and a folder is run by its name."""

import ast
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"


def test_each_file_says_in_a_sentence_what_it_protects() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in sorted(TESTS.rglob("*.py"))
        if "project" not in path.parts
        and path.stat().st_size
        and not (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").endswith(".")
    ]
    assert silent == []


def test_each_folder_of_tests_can_be_run_by_its_name() -> None:
    told = subprocess.run([ROOT / "scripts" / "test", "--help"], capture_output=True, text=True).stdout
    folders = {path.parent.name for path in TESTS.glob("*/test_*.py")}
    assert folders <= set(told.split("有：")[1].split())
