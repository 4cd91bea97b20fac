"""The store on real disks that are full or read-only: file systems of a child process's own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from rig.fakes import ManualClock
from rig.stored import airing

from broadcaster.core.project_folders import PROJECT_FOLDER
from broadcaster.store.store import open_store

SEARCHED = os.pathsep.join(map(str, (PROJECT_FOLDER, Path(__file__).parent.parent)))
IN_OWN_NAMESPACE = ["unshare", "--map-root-user", "--mount", "sh", "-ec"]

BEGIN = """
import subprocess, sys
from pathlib import Path
from zoneinfo import ZoneInfo
from rig.rig import wait_until
from rig.stored import airing, entry
from broadcaster.core.clock import Clock
from broadcaster.store.store import open_store
folder = Path(sys.argv[1])
with open_store(folder / "state" / "broadcaster.db", Clock(ZoneInfo("Asia/Shanghai"))) as store:
"""

FULL = """
    store.loops[1].stop()
    assert store.queue.accept(airing("before"))
    filler = folder / "filler"
    with open(filler, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass
    for number in range(60):
        store.queue.accept(airing(f"q{number}", "水" * 9000))
        store.journal.record(entry(airing(f"j{number}", "水" * 9000)))
    assert "磁盘满了" in store.fault or "disk I/O" in store.fault, store.fault
    assert store.journal.count() < 60
    filler.unlink()
    store.write_queue.wake()
    wait_until(lambda: store.journal.count() == 60)
    wait_until(lambda: store.fault == "")
    assert len(store.queue.unfinished()) == 61
"""

READ_ONLY_AT_START = """
    assert [left.airing.id for left in store.queue.unfinished()] == ["kept"]
    assert not store.accounts.needs_account()
    assert not store.journal.record(entry(airing("kept")))
    assert not store.queue.accept(airing("new"))
    assert "广播照常" in store.fault and "2 条记录还没写下" in store.fault, store.fault
    subprocess.run(["mount", "-o", "remount,rw", folder], check=True)
    store.write_queue.wake()
    wait_until(lambda: store.journal.count() == 1)
    wait_until(lambda: store.fault == "")
    assert [left.airing.id for left in store.queue.unfinished()] == ["new"]
"""


def run_on_a_disk(folder: Path, mount: str, program: str) -> None:
    done = subprocess.run(
        [*IN_OWN_NAMESPACE, f'{mount}; exec "$0" -c "$2" "$1"', sys.executable, folder, BEGIN + program],
        env={**os.environ, "PYTHONPATH": SEARCHED},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture(autouse=True)
def _may_mount(tmp_path: Path) -> None:
    tried = [*IN_OWN_NAMESPACE, f'mount -t tmpfs none "{tmp_path}"']
    if subprocess.run(tried, check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a file system of their own")


def test_on_a_full_disk_nothing_stops_and_all_is_written_when_there_is_room(tmp_path: Path) -> None:
    run_on_a_disk(tmp_path, 'mount -t tmpfs -o size=16m none "$1"', FULL)


def test_on_a_disk_that_is_read_only_from_the_start_what_is_known_can_be_read(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with open_store(tmp_path / "kept" / "state" / "broadcaster.db", ManualClock()) as store:
        store.accounts.create(store.accounts.one_time_code() or "", "王秀英", "shuiku-2026")
        store.queue.accept(airing("kept"))
    disk.mkdir()
    mount = 'mount -t tmpfs none "$1" && cp -r "$1/../kept/state" "$1" && mount -o remount,ro "$1"'
    run_on_a_disk(disk, mount, READ_ONLY_AT_START)
