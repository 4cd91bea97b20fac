"""scripts/setup on a disk that is full from one exact file on, and once there is room again."""

import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from setup.machine import FILLER, Machine

# The project's folder becomes a small disk, which goes with the last process that sees it.
ALONE = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c")
MOUNT = """cp -a "$0" "$0.kept" && mount -t tmpfs -o size=64m small "$0" && cp -a "$0.kept/." "$0" &&
echo mounted && exec sleep 600"""
FULL = re.compile("磁盘满了，请腾出空间|磁盘只剩 [0-9]+ MB，请腾出空间|磁盘满了。请检查磁盘空间")
# The box speaks without them.
VOICES = ("open *voices/.baker-*half", "open *voices/recorded/.alarm-*half")
PLACES = (
    "open *.venv/pyvenv.cfg",
    "subprocess.Popen *ensurepip*",
    "open *site-packages/part/late.py",
    *VOICES,
)


@pytest.fixture
def small(machine: Machine) -> Iterator[Machine]:
    """A machine whose project is on a disk of 64 MB."""
    holder = subprocess.Popen(
        [*ALONE, MOUNT, machine.project], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert holder.stdout
    if "mounted" not in (said := holder.stdout.readline()):
        holder.wait()
        pytest.skip(f"no mount of one's own here: {said.strip()}")
    nsenter = shutil.which("nsenter") or "nsenter"
    machine.within = [nsenter, f"--target={holder.pid}", "--user", "--preserve-credentials", "--mount"]
    machine.seen = type(machine.project)(f"/proc/{holder.pid}/root{machine.project}")
    yield machine
    holder.kill()
    holder.communicate()


def test_a_disk_full_at_any_file_is_told_and_with_room_the_next_start_goes_on(small: Machine) -> None:
    for place in PLACES:
        code, told = small.setup(fill_at=place)
        assert code == int(place not in VOICES), (place, told)
        assert FULL.search(told), (place, told)
        (small.seen / FILLER).unlink()
    code, told = small.setup()
    assert (code, small.speaks()) == (0, True), told
    assert small.setup() == (0, "")
