"""The whole box on a disk that takes no more, or nothing at all."""

import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from rig.rig import FakeRig, wait_until
from test_full_disk import needs_mounts, on_disk_of, sounded
from village import RunningBox, Village

from broadcaster.control import ask
from broadcaster.foothold import footholds

WATER = "明天上午八点停水。"
FILL = "dd if=/dev/zero of={card}/rest bs=4k status=none"
READ_ONLY = "mount -o remount,ro {card}"
COPY = "cp -r {state} {cache} {card}"


def read_page(address: str) -> str:
    try:
        with urllib.request.urlopen(address) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return error.read().decode()


def tell(box: RunningBox, state: Path, request: dict[str, Any]) -> dict[str, Any]:
    """The running box's last answer, by its door on the disk that it alone sees, or in memory."""
    # By a descriptor: the path of a socket has 107 characters.
    seen_by_it = os.open(f"/proc/{box.process.pid}/root{state.parent}", os.O_PATH)
    try:
        answers = ask(Path(f"/proc/self/fd/{seen_by_it}/{state.name}"), request) or ask(state, request)
        assert answers
        return list(answers)[-1]
    finally:
        os.close(seen_by_it)


@needs_mounts
@pytest.mark.slow
@pytest.mark.parametrize(
    ("disk", "says"),
    [
        (f"{COPY} && {FILL}; true", "磁盘满了"),
        (READ_ONLY, "Read-only"),
    ],
    ids=["full", "read-only from the first day"],
)
def test_the_box_comes_up_and_speaks_and_says_what_is_wrong(
    village: Village, fake_rig: FakeRig, disk: str, says: str
) -> None:
    RunningBox(village).end()
    water = village.render(WATER)
    card, state = village.folder / "card", village.folder / "card" / "state"
    prepared = disk.format(card=card, state=village.state, cache=village.folder / "cache")
    village.configure(paths={"state": str(state), "audio_cache": str(card / "cache")})
    box = RunningBox(village, within=on_disk_of(4000, card, prepared))
    try:
        said = tell(box, state, {"do": "say", "notice": {"text": WATER}, "asked_by": "", "wait": True})
        fault = tell(box, state, {"do": "status"})["status"]["fault"]
        page = read_page(box.page)
    finally:
        ended = box.end()
    assert said["ended"]["outcome"] == "PLAYED", said
    wait_until(lambda: sounded(water) in sounded(fake_rig.captured()))
    assert says in fault, fault
    assert "<html" in page
    assert ended == 0
    assert not footholds(state)[1].exists()
