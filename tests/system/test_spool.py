"""A sound that the cache refuses stays until its job is over, in memory where the disk takes nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from broadcaster.system.temporary_sounds import open_spool

SOUND = b"RIFF"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    folder = tmp_path / "memory"
    folder.mkdir()
    return folder


def test_a_sound_stays_until_its_job_is_dropped(state: Path, memory: Path) -> None:
    spool = open_spool(state, memory)
    first, other = spool.write(1, "1-1.wav", SOUND), spool.write(12, "1-1.wav", SOUND)
    assert first.read_bytes() == other.read_bytes() == SOUND
    spool.drop(1)
    assert (first.exists(), other.exists()) == (False, True)
    spool.close()
    assert [path for path in (*state.rglob("*"), *memory.rglob("*")) if path.is_file()] == []


def test_memory_takes_what_the_disk_does_not(state: Path, memory: Path) -> None:
    state.write_text("a file where a folder should be")
    spool = open_spool(state, memory)
    path = spool.write(1, "1-1.wav", SOUND)
    assert memory in path.parents
    assert path.parent.stat().st_mode & 0o777 == 0o700
    spool.drop(1)
    assert not path.exists()
    spool.close()
    assert list(memory.iterdir()) == []


def test_where_nothing_can_be_written_the_last_reason_is_told(state: Path) -> None:
    state.write_text("a file where a folder should be")
    spool = open_spool(state, memory=state)
    with pytest.raises(OSError, match="Not a directory"):
        spool.write(1, "1-1.wav", SOUND)


def test_what_a_process_that_is_gone_left_is_swept_and_nothing_else(state: Path, memory: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from broadcaster.system.temporary_sounds import open_spool\n"
        "spool = open_spool(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "for folder in spool.folders:\n"
        "    folder.mkdir(parents=True); (folder / '1-1-1.wav').write_bytes(b'half')\n"
    )
    subprocess.run([sys.executable, "-c", program, str(state), str(memory)], check=True)
    (memory / "of-another-program").mkdir()
    ours = open_spool(state, memory).write(1, "1-1.wav", SOUND)
    assert {path.name for path in memory.iterdir()} == {"of-another-program"}
    open_spool(state, memory)
    assert [path for path in state.rglob("*.wav")] == [ours]
