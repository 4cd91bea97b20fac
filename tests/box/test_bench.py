"""No file of bench/ rots: each is started by its name, at its smallest size, and prints its figures."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Beside what starts: what others of the bench import.
PARTS = {"county_boxes", "horn_channel", "recogniser"}
SMALLEST = {
    "board": "--boxes 2 --bulletins 2",
    "cache": "--clips 8 --rounds 1",
    "horn": "--sentences 1 --cost-alone",
    "lists": "--rows 3 --rounds 1",
    "schedule": "--slots 10 --days 2 --at-once",
    "sounds": "--minutes 0.05 --long-minutes 0.1",
    "sound_path": "--rounds 1 --seconds 0.2 --idle-seconds 0.1",
    "store": "--count 2 --single 2",
    "voices": "--voice espeak:cmn --rounds 1",
    "word_peers": "",
    "words": "--data {data}",
}
# These wait for a box, for sounds or for a county.
SMALLEST_OF_LONG = {
    "box": "--rounds 1 --rest-seconds 0.1",
    "commands": "--rounds 1",
    "county": "--boxes 2 --bulletins 2 --rounds 1 --waiting 1",
    "due": "--rounds 1 --load 1",
    "far": "--rounds 1",
    "memory": "--logins 1 --pages 1 --phones 1 --airings 1 --recoveries 1",
    "page": "--phones 1 --requests 1 --rounds 1",
    "sound_programme": "--minutes 0.5 --played-minutes 0.05 --rounds 1",
}
ASKED = json.dumps({"normalise": ["3个人"], "pronounce": [["银行", 1]]})


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """One sentence of each public set that bench/words.py knows."""
    sets = {
        "tn/chinese/test/data/cardinal.txt": "3个人 => 三个人\n",
        "zh/data_text_normalization/test_cases_date.txt": "1月2日~一月二日\n",
        "data/test.sent": "他在银▁行上班\n",
        "data/test.lb": "hang2\n",
    }
    for name, content in sets.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return tmp_path


def started(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", f"bench.{name}", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "tests"},
        input=ASKED,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def smallest(name: str, options: str, data: Path) -> None:
    done = started(name, *options.format(data=data).split())
    assert done.returncode == 0, done.stderr
    assert re.search(r"\d", done.stdout.splitlines()[-1]), done.stdout


def test_each_file_of_the_bench_has_a_smallest_size() -> None:
    there = {path.stem for path in (ROOT / "bench").glob("*.py")}
    assert there == PARTS | SMALLEST.keys() | SMALLEST_OF_LONG.keys()


@pytest.mark.parametrize("name", SMALLEST)
def test_a_bench_gives_figures(name: str, data: Path) -> None:
    smallest(name, SMALLEST[name], data)


@pytest.mark.parametrize("name", SMALLEST_OF_LONG)
def test_a_long_bench_starts(name: str) -> None:
    assert "usage:" in started(name, "--help").stdout


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALLEST_OF_LONG)
def test_a_long_bench_gives_figures(name: str, data: Path) -> None:
    smallest(name, SMALLEST_OF_LONG[name], data)
