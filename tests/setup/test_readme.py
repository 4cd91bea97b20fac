"""The README read from top to bottom, each block typed; scripts/readme does it on a bare machine."""

import subprocess
from collections.abc import Iterator

import pytest
from copied import Copy
from reader import INSTALLS, PROMISES, Reader, all_blocks, promise_of

ALONE = ("unshare", "--net", "sh", "-c", "ip link set lo up && echo alone && exec sleep 600")


@pytest.fixture(scope="module")
def apart() -> Iterator[tuple[str, ...]]:
    """A network of its own, so that the ports of the README are free."""
    process = subprocess.Popen(ALONE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout
    if "alone" not in (said := process.stdout.readline()):
        process.wait()
        pytest.skip(f"no network of one's own here: {said.strip()}")
    yield ("nsenter", f"--net=/proc/{process.pid}/ns/net")
    process.kill()
    process.communicate()


@pytest.fixture(scope="module")
def reader(copy: Copy, apart: tuple[str, ...]) -> Reader:
    environment = copy.environment | {"BROADCASTER_PASSPHRASE": "three words of the county"}
    return Reader(copy.project, environment, apart)


def test_every_block_is_run_or_says_why_not() -> None:
    for block in all_blocks():
        is_run = block.lines[0].startswith(INSTALLS) or promise_of(block, PROMISES)
        assert bool(is_run) != bool(block.reason), block


def test_what_needs_no_install_keeps_its_promise(reader: Reader) -> None:
    kept = {
        block.place: promise(reader, block)
        for block in all_blocks()
        if (promise := promise_of(block, PROMISES)) and not block.reason
    }
    assert len(kept) == len(PROMISES)
