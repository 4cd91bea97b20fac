"""Boxes and offices of two versions understand each other, also as far as only one knows a field."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bulletin.county_rig import COUNTY, NOON, Box, County, cancel_of
from bulletin.county_rig import bulletin as any_bulletin

from broadcaster.bulletin import envelope, strict_json
from broadcaster.bulletin.bulletin import PAYLOAD_TYPE, VERSION, Bulletin, read_bulletin, wire_of
from broadcaster.bulletin.keys import bare, new_key, public
from broadcaster.bulletin.refusals import NotAccepted
from broadcaster.bulletin.relay_totals import RelayHeartbeat, read_heartbeat
from broadcaster.bulletin.sync_request import SyncRequest
from broadcaster.core.clock import Clock
from broadcaster.core.notice import Notice, OfficeLevel
from broadcaster.link.sync import CatchingUp

ROOT = Path(__file__).resolve().parents[2]
# The last commit before version 2 was read.
BEFORE = "8213cf32f9d8934b8d774d2723a32cf66201b9e0"
CONTACT = "王会计 13800001111"
READS = """
import sys
from broadcaster.bulletin.{module} import {name}
from broadcaster.bulletin.refusals import NotAccepted
try:
    print({name}(sys.stdin.buffer.read()))
except NotAccepted as refused:
    print(refused.refusal.name, refused.detail)
"""
WRITES = """
import sys
from broadcaster.bulletin.sync_request import Question
sys.stdout.buffer.write(Question("0" * 32, (1, 1)).to_bytes())
"""


READS_HEARTBEAT = """
import sys
from broadcaster.bulletin.keys import public_from_hex
from broadcaster.bulletin.refusals import NotAccepted
from broadcaster.bulletin.relay_totals import read_presence
county, key = {given}
try:
    print(read_presence(sys.stdin.buffer.read(), county, public_from_hex(key)))
except NotAccepted as refused:
    print(refused.refusal.name, refused.detail)
"""
WRITES_HEARTBEAT = """
import sys
from datetime import datetime
from broadcaster.bulletin.keys import from_bare
from broadcaster.bulletin.relay_totals import Presence
told = Presence({county!r}, 7, datetime.fromisoformat({noon!r}), True)
sys.stdout.buffer.write(told.signed(from_bare(sys.stdin.buffer.read())).to_bytes())
"""


def bulletin(**more: Any) -> Bulletin:
    """Of version 2, with these fields in `more`."""
    return any_bulletin(more=more, v=2)


def written(change: dict[str, Any]) -> bytes:
    return strict_json.write(strict_json.parse(bulletin(contact=CONTACT).to_bytes()) | change)


def test_a_later_field_is_read_and_comes_back() -> None:
    read = read_bulletin(bulletin(contact=CONTACT).to_bytes())
    assert read.to_notice("", OfficeLevel.COUNTY).contact == CONTACT
    assert read.more == {"contact": CONTACT} and read.ignored == ()


def test_a_field_that_is_not_known_is_passed_over_and_told() -> None:
    read = read_bulletin(written({"more": {"contact": CONTACT, "scent": "rose", "colour": 3}}))
    assert read.ignored == ("colour", "scent")
    assert read.to_notice("", OfficeLevel.COUNTY).contact == CONTACT


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"more": {"scent": "rose"}, "crit": ["scent"]}, "UNKNOWN_FIELD"),
        ({"crit": ["scent"]}, "BAD_SCHEMA"),
        ({"more": {"contact": 7}}, "BAD_SCHEMA"),
        ({"more": {"contact": "1" * 41}}, "BAD_SCHEMA"),
        ({"more": {"Contact!": "1"}}, "BAD_SCHEMA"),
        ({"more": 1}, "BAD_SCHEMA"),
        ({"scent": "rose"}, "BAD_SCHEMA"),
        ({"v": 1}, "BAD_SCHEMA"),
        ({"v": 3}, "UNKNOWN_VERSION"),
    ],
    ids=str,
)
def test_what_must_be_understood_and_is_not_is_refused(
    county: County, box: Box, change: dict[str, Any], refusal: str
) -> None:
    sealed = envelope.sign(PAYLOAD_TYPE, written(change), [county.key]).to_bytes()
    assert box.refusal(sealed) == refusal


def test_a_cancel_has_nothing_that_must_be_understood() -> None:
    fields = strict_json.parse(cancel_of(any_bulletin().id).to_bytes())
    read_bulletin(strict_json.write(fields | {"v": 2, "more": {"scent": "rose"}}))
    with pytest.raises(NotAccepted):
        read_bulletin(strict_json.write(fields | {"v": 2, "more": {"scent": "rose"}, "crit": ["scent"]}))


def test_the_first_version_is_written_where_a_box_reads_no_other_or_nothing_is_new() -> None:
    plain, later = Notice("停水。", title="停水"), Notice("停水。", title="停水", contact=CONTACT)
    assert "v" not in wire_of(later, 1) and "v" not in wire_of(plain, VERSION)
    assert wire_of(later, VERSION)["more"] == {"contact": CONTACT}


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program as it was before, out of the history."""
    folder = tmp_path_factory.mktemp("before")
    found = subprocess.run(
        ["git", "archive", BEFORE, "broadcaster"], cwd=ROOT, capture_output=True, check=False
    )
    if found.returncode:
        pytest.skip("the history is too short")
    subprocess.run(["tar", "-x", "-C", str(folder)], input=found.stdout, check=True)
    return folder


def old(folder: Path, program: str, given: bytes = b"") -> str:
    """The answer of the program of before."""
    environment = os.environ | {"PYTHONPATH": str(folder)}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=folder, env=environment, input=given, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


READS_BULLETIN = READS.format(module="bulletin", name="read_bulletin")
READS_QUESTION = READS.format(module="sync_request", name="Question").replace(
    "Question(sys", "Question.from_bytes(sys"
)


def test_an_old_box_takes_what_a_new_office_writes_for_it(before: Path) -> None:
    later = Notice("停水。", title="停水", contact=CONTACT)
    given = {name: value for name, value in vars(any_bulletin()).items() if name not in wire_of(later)}
    for_old = Bulletin(**given | wire_of(later, 1))
    assert old(before, READS_BULLETIN, for_old.to_bytes()).startswith("Bulletin(")
    for_new = Bulletin(**given | wire_of(later, VERSION))
    assert old(before, READS_BULLETIN, for_new.to_bytes()) == "UNKNOWN_VERSION 2"


def test_a_box_says_what_it_reads_and_asks_again_without_it_until_the_next_connection() -> None:
    county: Any = SimpleNamespace(
        trust=SimpleNamespace(version=(1, 1)),
        ask=lambda nonce, missing: None,
        missing=lambda known: frozenset(),
    )
    asks = CatchingUp(county, dict, Clock(ZoneInfo("Asia/Shanghai")), settle=0, again=0)
    said = []
    for _ in range(2):
        asks.begin()
        said += [SyncRequest.from_bytes(asks.sync_request()).reads for _ in range(2)]
    assert said == [VERSION, 1, VERSION, 1]


def test_an_old_office_answers_the_second_question_of_a_new_box(before: Path) -> None:
    first, second = (SyncRequest("0" * 32, (1, 1), reads=reads).to_bytes() for reads in (VERSION, 1))
    assert old(before, READS_QUESTION, first) == "BAD_SCHEMA reads"
    assert old(before, READS_QUESTION, second).startswith("Question(")


def test_a_new_office_takes_an_old_box_to_read_the_first_version(before: Path) -> None:
    asked = old(before, WRITES)
    assert json.loads(asked)["v"] == 1
    assert SyncRequest.from_bytes(asked.encode()).reads == 1


@pytest.mark.parametrize("reads", [0, 10**30])
def test_a_version_that_is_none_is_refused(reads: int) -> None:
    asked = strict_json.parse(SyncRequest("0" * 32, (1, 1)).to_bytes()) | {"reads": reads}
    with pytest.raises(NotAccepted):
        SyncRequest.from_bytes(strict_json.write(asked))


def test_an_old_office_above_takes_the_plain_heartbeat_of_a_new_relay(before: Path) -> None:
    key = new_key()
    plain, full = (RelayHeartbeat(COUNTY, 7, NOON, True, reads).signed(key) for reads in (1, VERSION))

    reader = READS_HEARTBEAT.format(given=(COUNTY, public(key).keyval["public"]))
    assert old(before, reader, full.to_bytes()) == "BAD_SCHEMA reads"
    assert old(before, reader, plain.to_bytes()).startswith("Presence(")


def test_a_new_office_above_takes_the_county_of_an_old_relay_to_read_the_first_version(
    before: Path,
) -> None:
    key = new_key()
    program = WRITES_HEARTBEAT.format(county=COUNTY, noon=NOON.isoformat())
    told = read_heartbeat(old(before, program, bare(key)).encode(), COUNTY, public(key))
    assert (told.number, told.reads) == (7, 1)


def test_a_new_box_takes_what_an_old_office_writes(before: Path) -> None:
    written_by_old = old(
        before,
        "import sys\n"
        "from broadcaster.bulletin.bulletin import read_bulletin\n"
        "sys.stdout.buffer.write(read_bulletin(sys.stdin.buffer.read()).to_bytes())",
        any_bulletin().to_bytes(),
    )
    assert read_bulletin(written_by_old.encode()).v == 1
