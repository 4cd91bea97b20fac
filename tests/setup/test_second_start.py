"""The second start of the real program, with no network and no pip at all."""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from setup.copied import Copy

from broadcaster.core.project_folders import PROJECT_FOLDER

WITHOUT_A_NETWORK = ("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$0" "$@"')
CUT_OFF = subprocess.run([*WITHOUT_A_NETWORK, "true"], capture_output=True, check=False)
pytestmark = pytest.mark.skipif(
    CUT_OFF.returncode != 0, reason=f"no network of one's own here: {CUT_OFF.stderr.decode().strip()}"
)
ASK = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).status)"


@contextmanager
def started(copy: Copy, *command: str, until: str) -> Iterator[tuple[int, list[str]]]:
    """Its process id and its lines, once it has said `until`."""
    process = subprocess.Popen(
        [*WITHOUT_A_NETWORK, *command],
        cwd=copy.project,
        env=copy.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    lines = []
    for line in process.stdout:
        lines.append(line.strip())
        if until in line:
            break
    assert until in lines[-1], lines
    try:
        yield process.pid, lines
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


@pytest.mark.parametrize("kind", [(), ("--broker",), ("--test",)])
def test_a_set_up_that_is_complete_says_and_does_nothing(copy: Copy, kind: tuple[str, ...]) -> None:
    done = copy.call("scripts/setup", *kind, within=WITHOUT_A_NETWORK)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_box_comes_up_and_its_page_answers(copy: Copy, tmp_path: Path) -> None:
    sink = str(tmp_path / "heard.wav")
    with started(copy, "scripts/run", "--output-file", sink, until="下一次定时播出") as (process, lines):
        assert not any("安装" in line or "下载" in line for line in lines), lines
        inside = ("nsenter", f"--net=/proc/{process}/ns/net")
        page = copy.call(".venv/bin/python", "-c", ASK, "http://127.0.0.1:8000/healthz", within=inside)
        assert page.stdout.strip() == "200", page.stderr


def test_a_countys_broker_comes_up(copy: Copy, tmp_path: Path) -> None:
    command = ("scripts/county_broker", str(tmp_path / "broker"), "127.0.0.1")
    with started(copy, *command, until="县里的消息服务器") as (_, lines):
        assert len(lines) == 1, lines
        second = copy.call(*command, within=WITHOUT_A_NETWORK)
        assert second.returncode == 2
        assert second.stderr == "县里的消息服务器已经在运行了，不用再启动。\n"


@pytest.mark.slow
def test_a_demo_of_a_county_comes_up(copy: Copy) -> None:
    with started(copy, "scripts/county_demo", until="河口村的网页") as (_, lines):
        assert lines[0].startswith("正在建一个演示用的县"), lines


@pytest.mark.parametrize("script", ["run", "county_broker", "county_demo", "test"])
def test_a_script_tells_its_usage_where_nothing_is_installed(tmp_path: Path, script: str) -> None:
    (tmp_path / "scripts").mkdir()
    alone = shutil.copy(PROJECT_FOLDER / "scripts" / script, tmp_path / "scripts")
    done = subprocess.run([alone, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"用法：scripts/{script}")
