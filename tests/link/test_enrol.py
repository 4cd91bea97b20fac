"""Belonging to a county: by its file, by a one-time code; and the real box that does."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from bulletin.county_rig import County
from link.link_rig import LinkBox, Office, notice, until
from rig.broker import BrokerRig
from village import RunningBox, Village

from broadcaster.bulletin.enrolment import EnrolmentRefused
from broadcaster.bulletin.receipts import State
from broadcaster.link.membership import enrol, load_membership
from broadcaster.link.office import ask_to_enrol


@pytest.fixture
def lone(tmp_path: Path, county: County) -> LinkBox:
    return LinkBox(tmp_path / "box", county)


@contextmanager
def answering(status: int, answer: bytes) -> Iterator[tuple[str, list[dict[str, str]]]]:
    asked: list[dict[str, str]] = []

    class Office(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status if self.path == "/county/enrol" else 404)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Office) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/county", asked
        finally:
            server.shutdown()
            thread.join()


def test_its_files_are_its_own_and_its_key_stays(lone: LinkBox) -> None:
    key = lone.membership.public_key
    folder = lone.state / "county"
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert enrol(lone.state, lone.enrolment(), lone.clock.now()).public_key == key
    assert load_membership(lone.state).public_key == key


def test_a_keyring_of_another_root_enrols_nobody(lone: LinkBox) -> None:
    strange = replace(lone.enrolment(), root="ab" * 32)
    with pytest.raises(EnrolmentRefused, match="不可信"):
        enrol(lone.state, strange, lone.clock.now())


def test_a_village_of_another_county_is_not_enrolled(lone: LinkBox) -> None:
    with pytest.raises(EnrolmentRefused, match="不归这个县"):
        enrol(lone.state, replace(lone.enrolment(), area="110101001001"), lone.clock.now())


def test_the_office_gets_code_and_key_and_its_answer_is_checked_by_the_root(lone: LinkBox) -> None:
    enrolment = lone.enrolment()
    with answering(200, enrolment.to_bytes()) as (office, asked):
        assert ask_to_enrol(office, "1234", enrolment.root.upper(), "ab" * 32) == enrolment
        assert asked == [{"code": "1234", "key": "ab" * 32}]
        with pytest.raises(EnrolmentRefused, match="冒充"):
            ask_to_enrol(office, "1234", "cd" * 32, "ab" * 32)


def test_a_code_that_is_not_taken_is_told_in_a_sentence(lone: LinkBox) -> None:
    with answering(403, b"") as (office, _), pytest.raises(EnrolmentRefused, match="没有接受这个代码"):
        ask_to_enrol(office, "1", "ab" * 32, "ab" * 32)


@pytest.mark.parametrize("office", ["http://example.test", "ftp://x", "", "http://127.0.0.1:1"])
def test_an_office_that_cannot_be_asked(office: str) -> None:
    with pytest.raises(EnrolmentRefused):
        ask_to_enrol(office, "1", "ab" * 32, "ab" * 32)


def test_the_real_box_is_enrolled_by_its_command_and_heard_by_the_county(
    village: Village, broker: BrokerRig, county: County, office: Office, tmp_path: Path
) -> None:
    box = LinkBox(tmp_path / "papers", county, broker, "real-box")
    file = tmp_path / "enrolment.json"
    file.write_bytes(box.enrolment().to_bytes())
    assert "没有在运行" in village.call("link", "show").stderr
    done = village.call("link", "enrol", str(file), "--json")
    assert done.returncode == 0, done.stderr
    box.membership = load_membership(village.state)
    assert json.loads(done.stdout)["public_key"] == box.membership.public_key
    running = RunningBox(village)
    try:
        until(lambda: json.loads(village.call("link", "show", "--json").stdout)["connected_since"], 60)
        told = office.publish(notice(text="停水了。", severity=1))
        until(lambda: State.ENDED in box.states(office.client, told), 90)
        heard = box.receipts(office.client, told)[-1].heard
        assert heard and heard.in_full and heard.times == 3
        assert "和县里连着" in village.call("link", "show").stdout
    finally:
        assert running.end() == 0
    assert b'"online":false' in office.client.on("cb/1/s/real-box")[-1]
