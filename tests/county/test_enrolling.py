"""The office's end of enrolling: what is given, what is refused and why, what costs no code."""

import html
import re
from pathlib import Path

import pytest
from county.county_office import OTHER_VILLAGE, PASSWORD, VILLAGE, OfficeDesk
from county.office_site import LogIn, Visitor, app_of
from flask import Flask
from werkzeug.test import TestResponse

from broadcaster.bulletin import strict_json
from broadcaster.bulletin.enrolment import Enrolment, request_of
from broadcaster.bulletin.invitation import FOR_BOX, Invitation
from broadcaster.bulletin.keys import new_key, public


def test_who_names_another_root_is_told_and_loses_no_code(log_in: LogIn, plain_desk: OfficeDesk) -> None:
    _, code = plain_desk.parts.register.add(VILLAGE, "洞背村")
    bare = log_in("管家").client.application.test_client()
    asked = {"code": code, "key": public(new_key()).keyval["public"]}
    wrong = f"{'0' * 63}1"
    for _ in range(12):
        answer = bare.post("/enrol", json={**asked, "root": wrong})
        assert (answer.status_code, "登记码还能用" in answer.text) == (409, True)
    right = plain_desk.folder.pin.upper()
    assert bare.post("/enrol", json={**asked, "root": right}).status_code == 200


def test_a_refusal_that_is_no_guess_keeps_nobody_out(app: Flask, plain_desk: OfficeDesk) -> None:
    """The box of the neighbour, a code of last week: the next right one is taken."""
    box, (_, code) = plain_desk.enrol(), plain_desk.parts.register.add(OTHER_VILLAGE, "上村")
    bare, taken = app.test_client(), public(box.key).keyval["public"]
    for _ in range(11):
        answer = bare.post("/enrol", json={"code": code, "key": taken})
        assert (answer.status_code, "已经登记为" in answer.text) == (403, True)
    new = public(new_key()).keyval["public"]
    assert bare.post("/enrol", json={"code": code, "key": new}).status_code == 200


def test_a_code_that_was_used_is_of_use_to_nobody_without_the_key(
    app: Flask, plain_desk: OfficeDesk
) -> None:
    """The line stands in a shell's history and the public key in the register: a new password for who
    knows both would shut the box out.
    """
    _, code = plain_desk.parts.register.add(VILLAGE, "洞背村")
    bare, own, root = app.test_client(), new_key(), plain_desk.folder.pin

    def ask(body: bytes) -> TestResponse:
        return bare.post("/enrol", data=body, content_type="application/json")

    whole = request_of(Invitation("https://office.example", code, root), own)
    asked = strict_json.parse(whole)
    bad = {**asked, "proof": "00" * 64}
    without = {name: asked[name] for name in ("code", "key", "root")}
    of_another_code = strict_json.parse(request_of(Invitation("https://a.example", "1", root), own))
    # A box of before sends no proof the first time.
    first = Enrolment.from_bytes(ask(strict_json.write(without)).data)
    for stranger in (without, bad, {**asked, "proof": of_another_code["proof"]}, {**asked, "root": ""}):
        answer = ask(strict_json.write(stranger))
        assert (answer.status_code, "证明钥匙" in answer.text) == (403, True)
    again = Enrolment.from_bytes(ask(whole).data)
    assert again.box == first.box and again.password != first.password


@pytest.mark.parametrize(("path", "told"), [("/enrol", "link enrol"), ("/enrol/county", "county join")])
def test_a_phone_that_opens_the_line_is_told_where_it_belongs(
    app: Flask, plain_desk: OfficeDesk, path: str, told: str
) -> None:
    asked = f"{path}?code=ABCD+efgh-jkmn&root={plain_desk.folder.pin}"
    answer = app.test_client().get(asked)
    assert answer.status_code == 200
    line = f"https://office.example{path}?code=abcd-efgh-jkmn&root={plain_desk.folder.pin}"
    assert f"broadcaster {told} '{line}'" in html.unescape(answer.text)
    assert "/compose" not in answer.text
    # Its own pin stands there or none, whatever the address says of one.
    assert f"'{line}'" in html.unescape(app.test_client().get(f"{asked}&pin={'ab' * 32}").text)


CODE = "abcd-efgh-jkmn"
NO_INVITATIONS = [
    "",
    "code=abcd-efgh-jkmn",
    f"code={CODE}&root={'c' * 64}",
    "code=abcd-efgh&root=ROOT",
    "code=abcd-efgh-jkm0&root=ROOT",
    "code=<b>x&root=ROOT",
    "code=AAAA$(id)&root=ROOT",
    f"code={CODE}'%3Breboot%3B'&root=ROOT",
    f"code={CODE}&root=ROOT&pin=x'%3Bwget${{IFS}}evil|sh%3B'",
]


@pytest.mark.parametrize("path", ["/enrol", "/enrol/county"])
@pytest.mark.parametrize("query", NO_INVITATIONS)
def test_what_is_no_invitation_of_the_office_stands_in_no_line_to_be_copied(
    app: Flask, plain_desk: OfficeDesk, path: str, query: str
) -> None:
    root = plain_desk.folder.pin
    answer = app.test_client().get(f"{path}?{query.replace('ROOT', root)}")
    assert (answer.status_code, "从头到尾再复制一遍" in answer.text) == (404, True)
    for word in ("broadcaster", "evil", "wget", "reboot", "$(", "<b>x", "c" * 64):
        assert word not in answer.text


@pytest.mark.parametrize("body", [b"[" * 10_000, b'{"code": NaN}', b"\xff", b'"code"', b"{}"])
def test_whatever_is_posted_to_enrol_is_answered_in_a_sentence(
    app: Flask, caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    for path in ("/enrol", "/enrol/county"):
        answer = app.test_client().post(path, data=body, content_type="application/json")
        assert answer.status_code == 403 and answer.text.endswith("。")
    assert not [record for record in caplog.records if record.exc_info]


def test_the_card_has_the_pin_of_a_certificate_of_ones_own(
    plain_desk: OfficeDesk, tmp_path: Path
) -> None:
    keeper = Visitor(app_of(plain_desk, tmp_path, address=""))
    keeper.post("/login", name="管家", password=PASSWORD)
    front = keeper.client.application.extensions["office"].front
    assert "没有 https" in keeper.post("/register", code=VILLAGE, name="洞背村").text
    front.https_port, front.pin = 8453, "ab" * 32
    page = keeper.post("/register", code=VILLAGE, name="洞背村").text
    line = re.search(r"broadcaster link enrol '([^']+)'", html.unescape(page))
    assert line and "只有这台电脑" in page
    given = Invitation.read(line[1], FOR_BOX)
    assert (given.office, given.pin) == ("https://localhost:8453", front.pin)
