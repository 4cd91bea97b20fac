"""Belonging to a county: by its file, by a one-time code; and the real box that does."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from bulletin.county_rig import VILLAGE, County
from link.link_rig import LinkBox, Office, notice, until
from rig.broker import BrokerRig
from rig.village import RunningBox, Village

from broadcaster.bulletin.enrolment import EnrolmentRefused, is_proved
from broadcaster.bulletin.invitation import Invitation
from broadcaster.bulletin.keys import new_key
from broadcaster.bulletin.receipts import ReceiptState
from broadcaster.county.register.site_pin import site_pin
from broadcaster.link.enrol_client import ask_to_enrol
from broadcaster.link.membership import enrol, load_membership
from broadcaster.settings.schema import WebSettings
from broadcaster.web.server.certificate import CertificatePair, own_certificate

DIGEST = "ab" * 32
SIGNER = new_key()


@pytest.fixture
def lone(tmp_path: Path, county: County) -> LinkBox:
    return LinkBox(tmp_path / "box", county)


@contextmanager
def answering(
    status: int, answer: bytes, kind: str = "text/plain", own: CertificatePair | None = None
) -> Iterator[tuple[str, list[dict[str, str]]]]:
    asked: list[dict[str, str]] = []

    class Office(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status if self.path == "/county/enrol" else 404)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(HTTPServer):
        def handle_error(self, *_: object) -> None:
            """Who does not believe the certificate goes in the middle of the handshake."""

    with Quiet(("127.0.0.1", 0), Office) as server:
        if own:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(own.certificate, own.key)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http{'s' * bool(own)}://127.0.0.1:{server.server_port}/county", asked
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


def test_the_office_gets_code_key_and_root_and_its_answer_is_checked_by_that(lone: LinkBox) -> None:
    enrolment = lone.enrolment()
    with answering(200, enrolment.to_bytes()) as (office, asked):
        assert ask_to_enrol(Invitation(office, "1234", enrolment.root.upper()), SIGNER) == enrolment
        assert len(asked) == 1 and asked[0].keys() == {"code", "key", "root", "proof"}
        assert (asked[0]["code"], asked[0]["root"]) == ("1234", enrolment.root)
        assert is_proved(**asked[0])
        with pytest.raises(EnrolmentRefused, match="冒充"):
            ask_to_enrol(Invitation(office, "1234", "cd" * 32), SIGNER)


def test_what_the_office_says_is_told_and_what_is_no_office_too() -> None:
    sentence = "这个登记码过期了，请让给码的人再发一个。"
    with answering(403, sentence.encode()) as (office, _):
        with pytest.raises(EnrolmentRefused, match=f"县里：{sentence}"):
            ask_to_enrol(Invitation(office, "1", DIGEST), SIGNER)
    for kind, answer in (("text/html", b"<h1>captive</h1>"), ("text/plain", b"\x1b[2J"), ("", b"")):
        with answering(302, answer, kind) as (office, _), pytest.raises(EnrolmentRefused, match="302"):
            ask_to_enrol(Invitation(office, "1", DIGEST), SIGNER)


def test_an_office_with_a_certificate_of_its_own_is_known_by_the_pin_and_gets_the_code_only_then(
    lone: LinkBox, tmp_path: Path
) -> None:
    enrolment = lone.enrolment()
    own = own_certificate(tmp_path, ("127.0.0.1",))
    pin = site_pin(WebSettings(), tmp_path)
    with answering(200, enrolment.to_bytes(), own=own) as (office, asked):
        for other, told in (("", "pin="), ("ab" * 32, "重做过.*登记码还能用")):
            with pytest.raises(EnrolmentRefused, match=told):
                ask_to_enrol(Invitation(office, "1", enrolment.root, other), SIGNER)
        assert asked == []
        assert ask_to_enrol(Invitation(office, "1", enrolment.root, pin), SIGNER) == enrolment


def test_a_certificate_that_authorities_vouch_for_is_as_good_as_the_pin(
    lone: LinkBox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The office's was renewed, or another server stands before it."""
    own = own_certificate(tmp_path, ("127.0.0.1",))
    monkeypatch.setenv("SSL_CERT_FILE", str(own.certificate))
    enrolment = lone.enrolment()
    with answering(200, enrolment.to_bytes(), own=own) as (office, _):
        assert ask_to_enrol(Invitation(office, "1", enrolment.root, "ab" * 32), SIGNER) == enrolment


def test_a_certificate_of_another_name_is_told_as_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = own_certificate(tmp_path, ("elsewhere.example",))
    monkeypatch.setenv("SSL_CERT_FILE", str(own.certificate))
    with answering(200, b"", own=own) as (office, _):
        with pytest.raises(EnrolmentRefused, match="不是给这个地址"):
            ask_to_enrol(Invitation(office, "1", DIGEST), SIGNER)


@pytest.mark.parametrize("office", ["http://example.test", "ftp://x", "", "http://127.0.0.1:1"])
def test_an_office_that_cannot_be_asked(office: str) -> None:
    with pytest.raises(EnrolmentRefused):
        ask_to_enrol(Invitation(office, "1", DIGEST), SIGNER)


def test_the_real_box_is_enrolled_by_its_command_while_it_runs_and_once_more(
    village: Village, broker: BrokerRig, county: County, office: Office, tmp_path: Path
) -> None:
    """The second time with a new password: the broker was made anew, or the answer was lost."""
    box = LinkBox(tmp_path / "papers", county, broker, "real-box")
    file = tmp_path / "enrolment.json"

    def enrolled_by(password: str) -> str:
        broker.add_box(box.name, VILLAGE, password)
        file.write_bytes(replace(box.enrolment(), password=password).to_bytes())
        done = village.call("link", "enrol", str(file))
        assert done.returncode == 0, done.stderr
        assert "重新启动" not in done.stdout
        box.membership = load_membership(village.state)
        assert box.membership.public_key in done.stdout
        until(lambda: json.loads(village.call("link", "show", "--json").stdout)["connected_since"], 60)
        assert "和县里连着" in village.call("link", "show").stdout
        return box.membership.public_key

    assert "没有在运行" in village.call("link", "show").stderr
    running = RunningBox(village)
    try:
        assert "没有向县里登记" in village.call("link", "show").stdout
        key = enrolled_by("of-the-first-time-0123")
        told = office.publish(notice(text="停水了。", severity=1))
        until(lambda: ReceiptState.ENDED in box.states(office.client, told), 90)
        heard = box.receipts(office.client, told)[-1].heard
        assert heard and heard.in_full and heard.times == 3
        assert enrolled_by("of-the-second-time-0123") == key
        told = office.publish(notice(text="来水了。", severity=4, seq=2))
        until(lambda: ReceiptState.ENDED in box.states(office.client, told), 90)
    finally:
        assert running.end() == 0
    until(lambda: b'"online":false' in office.client.on("cb/1/s/real-box")[-1])
