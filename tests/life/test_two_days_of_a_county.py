"""The short form of `scripts/life --county`: two days, over which most of what can befall comes once."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent


@pytest.mark.skipif(
    not shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin"),
    reason="apt-get install mosquitto",
)
def test_the_books_of_a_county_balance() -> None:
    command = [sys.executable, "-m", "life.county_live", "--days", "2", "--seed", "1", "--short"]
    life = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert life.returncode == 0, life.stdout + life.stderr
