"""The demonstration: real broker, office and boxes, each a process, heard at three loudspeakers."""

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import soundfile

from broadcaster.county.office.demo import VILLAGES


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, int]:
    """Its folder, what it said, and the session of its processes; it ended well."""
    if not shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin"):
        pytest.skip("apt-get install mosquitto")
    folder = tmp_path_factory.mktemp("demo")
    program = [sys.executable, "-m", "broadcaster.system.terminal", "broadcaster.county.office.demo"]
    program += ["--once", "--folder", str(folder)]
    demo = subprocess.Popen(program, stdout=subprocess.PIPE, text=True, start_new_session=True)
    said, _ = demo.communicate(timeout=240)
    assert demo.returncode == 0, said
    return folder, said, demo.pid


def test_three_loudspeakers_hear_the_same_notice(shown: tuple[Path, str, int]) -> None:
    folder, _, _ = shown
    heard = [soundfile.read(path)[0] for path in sorted(folder.glob("village-*/heard.wav"))]
    rendered, rate_hz = soundfile.read(folder / "notice.wav")
    assert len(heard) == len(VILLAGES) == 3
    for one in heard:
        assert len(one) / rate_hz > 0.9 * len(rendered) / rate_hz and abs(one).max() > 0.1


def test_it_tells_where_the_pages_are_and_how_far_the_notice_came(shown: tuple[Path, str, int]) -> None:
    _, said, _ = shown
    assert "县级平台的网页：http://127.0.0.1:" in said
    assert said.count("一次性代码：") == 3
    assert "发给 3，播完 3，没播完 0，没播成 0，没回音 0" in said
    assert all(f"  {name}（{code}-1）播完" in said for code, name in VILLAGES.items())


def test_no_process_of_it_is_left(shown: tuple[Path, str, int]) -> None:
    _, _, session = shown
    left = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(ProcessLookupError):
            if os.getsid(int(process.name)) == session:
                left.append((process / "comm").read_text())
    assert left == []
