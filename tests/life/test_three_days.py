"""The short form of `scripts/life`: three days, over which every fault comes once."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent.parent


def test_the_books_of_three_days_balance() -> None:
    command = [sys.executable, "-m", "life.live", "--days", "3", "--seed", "1", "--faults", "4"]
    life = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert life.returncode == 0, life.stdout + life.stderr
