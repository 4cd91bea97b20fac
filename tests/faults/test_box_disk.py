"""The whole box on a disk that takes no more, or nothing at all."""

import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from rig.rig import FakeRig, wait_until
from rig.small_disk import needs_mounts, on_disk_of, sounded
from rig.village import RunningBox, Village

from broadcaster.core.clock import Clock
from broadcaster.daemon.control_socket import ask
from broadcaster.store.database.tables import DATABASE
from broadcaster.store.offline_journal import open_past
from broadcaster.system.runtime_folder import runtime_folders

WATER = "明天上午八点停水。"
FILL = "dd if=/dev/zero of={card}/rest bs=4k status=none"
READ_ONLY = "mount -o remount,ro {card}"
COPY = "cp -r {state} {cache} {card}"
EMPTY_THE_LOG = """
import sqlite3, sys
sqlite3.connect(sys.argv[1]).execute("PRAGMA wal_checkpoint(TRUNCATE)")
"""


def into_disk_of(box: RunningBox) -> tuple[str, ...]:
    """What a command begins with that sees the disk that the box alone sees."""
    return ("nsenter", "-t", str(box.process.pid), "--user", "--mount", "--preserve-credentials")


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
    assert not runtime_folders(state)[1].exists()


@needs_mounts
def test_on_a_full_disk_a_power_cut_neither_loses_nor_repeats_anything(
    village: Village, fake_rig: FakeRig
) -> None:
    """The state of the killed box, as it lay on its disk, is what the next one comes up with."""
    plain = {"chime": "none", "opening": "", "closing": ""}
    texts = {"before": "停水了。", "when full": "开会了。", "not heard": "收麦了。"}
    sounds = {
        name: sounded(village.render(text, "--no-chime", "--no-opening", "--no-closing"))
        for name, text in texts.items()
    }
    card, state = village.folder / "card", village.folder / "card" / "state"
    village.configure(paths={"state": str(state)})
    box = RunningBox(village, within=on_disk_of(4000, card))
    disk = Path(f"/proc/{box.process.pid}/root{card}")

    def say(name: str, wait: bool = True) -> dict[str, Any]:
        notice = {"text": texts[name], **plain}
        return tell(box, state, {"do": "say", "notice": notice, "asked_by": "", "wait": wait})

    try:
        # A log that was brought into the file has room for some notices more.
        command = (sys.executable, "-c", EMPTY_THE_LOG, state / DATABASE)
        subprocess.run([*into_disk_of(box), *command], check=True)
        with suppress(OSError), (disk / "rest").open("wb", buffering=0) as rest:
            while True:
                rest.write(bytes(4096))
        heard = [say("before"), say("when full")]
        fault = tell(box, state, {"do": "status"})["status"]["fault"]
        kept = say("not heard", wait=False)
        box.process.send_signal(signal.SIGSTOP)
        shutil.copytree(disk / "state", village.state, ignore=shutil.ignore_patterns("control.sock"))
    finally:
        box.process.kill()
        box.process.wait()
        assert box.process.stdout
        box.process.stdout.close()
    assert [one["ended"]["outcome"] for one in heard] == ["PLAYED", "PLAYED"]
    assert "还没写下" in fault and kept["accepted"]["kept"]
    village.configure()
    box = RunningBox(village)
    try:
        wait_until(lambda: len(ends(village)) == 3, 60)
    finally:
        assert box.end() == 0
    assert ends(village) == dict.fromkeys(texts.values(), "PLAYED")
    capture = sounded(fake_rig.captured())
    assert {name: capture.count(sound) for name, sound in sounds.items()} == dict.fromkeys(texts, 1)


def ends(village: Village) -> dict[str, str]:
    with open_past(village.state, Clock(ZoneInfo("Asia/Shanghai"))) as past:
        rows = past.recent(99) if past else []
    assert len({row.text for row in rows}) == len(rows)
    return {row.text: row.outcome.value for row in rows}


@needs_mounts
def test_a_stop_on_a_card_that_went_read_only_ends_without_an_error(
    village: Village, fake_rig: FakeRig
) -> None:
    box = RunningBox(village, within=on_disk_of(64, village.folder / "other"))
    lay_over = f"mount --bind {village.state} {village.state}"
    read_only = f"mount -o remount,bind,ro {village.state}"
    done = subprocess.run([*into_disk_of(box), "sh", "-c", f"{lay_over} && {read_only}"], check=False)
    ended = box.end()
    assert (done.returncode, ended) == (0, 0)
