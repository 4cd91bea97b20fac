"""README, docs/ and CONTRIBUTING read as one script, each block typed, as scripts/readme does."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from setup.copied import Copy
from setup.reader import (
    COUNTY_BEGINS,
    IN_VILLAGES,
    INSTALLS,
    PAGES,
    PROMISES,
    ROOT,
    Promise,
    Reader,
    all_blocks,
    blocks,
    promise_of,
)

ALONE = ("unshare", "--net", "sh", "-c", "ip link set lo up && echo alone && exec sleep 600")


@pytest.fixture(scope="module")
def apart() -> Iterator[tuple[str, ...]]:
    """A network of its own, so that the ports of the documents are free."""
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
    return reader_of(copy, apart)


def reader_of(copy: Copy, apart: tuple[str, ...]) -> Reader:
    environment = copy.environment | {"BROADCASTER_PASSPHRASE": "three words of the county"}
    return Reader(copy.project, environment, apart)


def kept(reader: Reader, promises: dict[str, Promise]) -> list[str]:
    return [
        promise(reader, block)
        for block in all_blocks()
        if (promise := promise_of(block, promises)) and not block.reason
    ]


def test_every_block_is_run_or_says_why_not() -> None:
    for block in all_blocks():
        is_run = block.lines[0].startswith(INSTALLS) or promise_of(block, PROMISES)
        assert bool(is_run) != bool(block.reason), block


def test_every_page_with_commands_is_typed() -> None:
    pages = (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
    assert {path for path in pages if any(blocks(path))} == {ROOT / page for page in PAGES}


def test_what_needs_no_install_keeps_its_promise(reader: Reader) -> None:
    short = {start: one for start, one in PROMISES.items() if start not in IN_VILLAGES}
    assert len(kept(reader, short)) == len(short)


@pytest.mark.slow
def test_county_and_province_are_heard_in_three_villages_without_a_network(
    tmp_path: Path, apart: tuple[str, ...]
) -> None:
    """Three notices of two officers and one of the province, and all is begun anew between."""
    copy = Copy(tmp_path)
    copy.set_up("--test")
    county = {start: one for start, one in PROMISES.items() if start in (*COUNTY_BEGINS, *IN_VILLAGES)}
    assert len(kept(reader_of(copy, apart), county)) == len(county)
