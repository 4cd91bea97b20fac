"""A box that begins leaves alone what a command plays, and not what a killed command left."""

import subprocess
import sys
from pathlib import Path

from broadcaster.system.alone_mark import marked_alone, plays_alone

KILLED = """
import os, sys
from pathlib import Path
from broadcaster.system.alone_mark import marked_alone
with marked_alone(Path(sys.argv[1]), "a1"):
    os._exit(9)
"""


def test_a_mark_stands_as_long_as_its_command_plays(tmp_path: Path) -> None:
    assert not plays_alone(tmp_path, "a1")
    with marked_alone(tmp_path, "a1"):
        assert plays_alone(tmp_path, "a1") and not plays_alone(tmp_path, "a2")
    assert not plays_alone(tmp_path, "a1") and list(tmp_path.iterdir()) == []


def test_of_a_killed_command_no_mark_is_left(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert done.returncode == 9 and len(list(tmp_path.iterdir())) == 1
    assert not plays_alone(tmp_path, "a1") and list(tmp_path.iterdir()) == []
