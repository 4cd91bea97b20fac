"""A life from outside, as its script begins it."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent.parent


def lived(module: str, *options: str) -> subprocess.CompletedProcess[str]:
    """What it printed, when it has ended; its code is 0 where the books balance."""
    return subprocess.run(
        [sys.executable, "-m", module, *options],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        check=False,
    )
