"""The office's site through Flask's own client, as each role."""

import gzip
import io
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from county.county_office import (
    NEXT_VILLAGE,
    OTHER_VILLAGE,
    PASSWORD,
    TOWN,
    VILLAGE,
    OfficeDesk,
    make_desk,
)
from county.office_site import LogIn, Visitor, app_of
from county.test_counties import PretendRelay, let_in, shown, take
from flask import Flask
from rig.fakes import CHEAP

from broadcaster.bulletin.admission import Admission
from broadcaster.bulletin.enrolment import Enrolment
from broadcaster.bulletin.keys import new_key, public
from broadcaster.bulletin.receipts import ReceiptState as Told
from broadcaster.core.errors import AccountRefused
from broadcaster.core.model import Outcome
from broadcaster.core.notice import SPECS
from broadcaster.county.keys.key_folder import KeyFolder
from broadcaster.county.notices.draft import DraftState
from broadcaster.county.pages.app import create_app
from broadcaster.county.pages.base.access import RULES
from broadcaster.county.pages.base.office_services import make_parts
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.county.store.officers import OfficeRole


def test_the_first_page_says_what_must_be_renewed(plain_desk: OfficeDesk, tmp_path: Path) -> None:
    made = app_of(plain_desk, tmp_path)
    warned = replace(made.extensions["office"], warnings=lambda: ["根还有 90 天到期。"])
    visitor = Visitor(create_app(warned, tmp_path))
    visitor.post("/login", name="参观", password=PASSWORD)
    assert "根还有 90 天到期。" in visitor.see("/")


def only(desk: OfficeDesk) -> str:
    [record] = desk.parts.desk.recent(10)
    return record.id


def test_the_tenth_notice_of_one_office_arrives_like_the_first(
    log_in: LogIn, plain_desk: OfficeDesk
) -> None:
    for number in range(10):
        clerk = log_in(("小王", "小李")[number % 2])
        form = dict(re.findall(r'name="(id)" value="([^"]+)"', clerk.see("/compose")))
        assert clerk.send(text=f"第{number}件事。", **form).status_code == 303
    sent = [record.draft.text for record in plain_desk.parts.desk.recent(20)]
    assert sorted(sent) == [f"第{number}件事。" for number in range(10)]


def test_two_officers_drafts_never_become_one(log_in: LogIn, plain_desk: OfficeDesk) -> None:
    for name, text in (("小王", "水库泄洪。"), ("小李", "接种疫苗。")):
        clerk = log_in(name)
        form = dict(re.findall(r'name="(id)" value="([^"]+)"', clerk.see("/compose")))
        clerk.post("/compose/keep", text=text, areas=TOWN, severity="4", hours="6", **form)
    kept = {(record.written_by, record.draft.text) for record in plain_desk.parts.desk.recent(20)}
    assert kept == {("小王", "水库泄洪。"), ("小李", "接种疫苗。")}


@pytest.mark.parametrize("way", ["send", "keep"])
def test_other_words_in_a_used_form_come_back_and_are_sent_as_another_notice(
    log_in: LogIn, plain_desk: OfficeDesk, way: str
) -> None:
    clerk = log_in("小王")
    form = dict(re.findall(r'name="(id)" value="([^"]+)"', clerk.see("/compose")))
    clerk.send(**form)
    deeds = len(plain_desk.parts.audit.recent(100))
    given = {"text": "山洪要来了。", "areas": TOWN, "severity": "4", "hours": "6"}
    answer = clerk.post(f"/compose/{way}", **given | form)
    assert answer.status_code == 409
    assert "还没有发" in answer.text and "山洪要来了。" in answer.text
    assert len(plain_desk.parts.audit.recent(100)) == deeds
    other = dict(re.findall(r'name="(id)" value="([^"]+)"', answer.text))
    assert other != form and clerk.send(text="山洪要来了。", **other).status_code == 303
    assert len(plain_desk.parts.desk.recent(20)) == 2


def test_a_second_tap_finds_what_the_first_one_did(log_in: LogIn, plain_desk: OfficeDesk) -> None:
    clerk = log_in("小王")
    form = dict(re.findall(r'name="(id)" value="([^"]+)"', clerk.see("/compose")))
    first, second = clerk.send(**form), clerk.send(**form)
    assert first.location == second.location
    assert len(plain_desk.parts.desk.recent(20)) == 1


@pytest.mark.parametrize("way", ["check", "keep", "send"])
def test_a_notice_for_a_set_time_without_a_time_is_not_sent_at_once(
    log_in: LogIn, plain_desk: OfficeDesk, way: str
) -> None:
    given = {"text": "明天停水。", "areas": TOWN, "severity": "4", "hours": "6", "when": "at", "at": ""}
    answer = log_in("小王").post(f"/compose/{way}", **given)
    assert answer.status_code == 400
    assert "请写几号几点播" in answer.text and "明天停水。" in answer.text
    assert re.search(r'value="at" checked', answer.text)
    assert plain_desk.parts.desk.recent(20) == []


def test_the_first_account_is_made_by_the_code_and_is_a_keepers(
    sqlite: OfficeDatabase, plain_desk: OfficeDesk, tmp_path: Path
) -> None:
    for name in ("小王", "小李", "老张", "参观"):
        plain_desk.parts.officers.remove(name)
    parts = make_parts(sqlite, plain_desk.clock, "331121", passwords=CHEAP)
    with sqlite.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM officer")
    plain_desk.parts = parts
    visitor = Visitor(app_of(plain_desk, tmp_path))
    assert "一次性代码" in visitor.see("/")
    given = {"name": "王秀英", "password": PASSWORD, "again": PASSWORD}
    assert visitor.post("/start", code="00000000x", **given).status_code == 400
    code = parts.officers.one_time_code() or ""
    assert visitor.post("/start", code=code, **given).status_code == 303
    assert parts.officers.get("王秀英").role is OfficeRole.KEEPER
    assert "最近的通知" in visitor.see("/")


def test_nobody_sees_anything_without_logging_in(app: Flask) -> None:
    visitor = Visitor(app)
    for rule in app.url_map.iter_rules():
        if not RULES[rule.endpoint].role:
            continue
        path = re.sub("<[^>]+>", "x", rule.rule)
        method = visitor.client.get if "GET" in (rule.methods or ()) else visitor.client.post
        answer = method(path)
        assert answer.status_code in (303, 400), (path, answer.status_code)
        if answer.headers.get("Location", "").startswith("/answer/"):
            answer = visitor.client.get(answer.location)
            assert answer.status_code == 401 and 'action="/login"' in answer.text
        else:
            assert "/login" in answer.headers.get("Location", "/login")


def test_every_page_has_its_rule(app: Flask) -> None:
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == RULES.keys()


def test_a_wrong_password_is_told_and_noted(app: Flask, plain_desk: OfficeDesk) -> None:
    visitor = Visitor(app)
    assert "不对" in visitor.post("/login", name="小王", password="wrong-one").text
    assert plain_desk.parts.audit.recent(1)[0].what == "登录失败"


def test_who_keeps_the_people_and_whose_it_is_are_told_of_wrong_passwords(
    log_in: LogIn, app: Flask, plain_desk: OfficeDesk
) -> None:
    """From one address each, so that nobody is kept out; nobody else is told."""
    for number in range(11):
        plain_desk.parts.audit.note("小王", "登录失败", "", f"192.0.2.{number}")
    assert Visitor(app).post("/login", name="小王", password="wrong-one").status_code == 401
    told = "起，有人 12 次用错的密码登录“小王”，从 12 个地址，最近是 127.0.0.1。"
    assert told in log_in("管家").see("/") and told in log_in("小王").see("/")
    assert told not in log_in("小李").see("/")
    plain_desk.clock.step(timedelta(days=1, minutes=1))
    assert "次用错的密码" not in log_in("管家").see("/")


def test_the_record_is_searched_by_kind_person_words_and_day(
    log_in: LogIn, plain_desk: OfficeDesk
) -> None:
    keeper, audit = log_in("管家"), plain_desk.parts.audit
    audit.note("小王", "发通知", "停水", "192.0.2.7")
    for _ in range(60):
        audit.note("老张", "登录失败", "", "192.0.2.8")
    day = f"{plain_desk.clock.now():%Y-%m-%d}"
    assert "小王 发通知" not in keeper.see("/more/audit")
    for wanted in ("what=发通知", "who=小王", "words=停水", f"day={day}&words=192.0.2.7"):
        shown = keeper.see(f"/more/audit?{wanted}")
        assert "小王 发通知" in shown and "老张 登录失败" not in shown, wanted
    assert "没有找到" in keeper.see("/more/audit?day=2025-01-01")
    assert "老张 登录失败" in keeper.see("/more/audit?day=0001-01-01")
    assert f"day={day}" in keeper.see(f"/more/audit?day={day}&what=登录失败")


def test_a_clerk_writes_sees_how_it_is_said_and_sends(log_in: LogIn, plain_desk: OfficeDesk) -> None:
    plain_desk.enrol()
    clerk = log_in("小王")
    assert "洞背村" in clerk.see("/compose")
    page = clerk.post("/compose/check", text="今天停水。明天来水。", areas=TOWN, severity="4").text
    assert "会这样念" in page and "<li>明天来水。</li>" in page and "1 个广播站" in page
    answer = clerk.send()
    assert answer.status_code == 303
    id = only(plain_desk)
    assert answer.headers["Location"] == f"/bulletin/{id}"
    plain_desk.publisher.sign_cleared()
    page = clerk.see(f"/bulletin/{id}")
    assert "<b>已签发，还没有送出去</b>" in page and 'http-equiv="refresh"' in page
    assert "已签发，还没有送出去" in clerk.see("/")
    plain_desk.publisher.mark_sent(id)
    assert "<b>已发出</b>" in clerk.see(f"/bulletin/{id}") and "已发出" in clerk.see("/")
    assert plain_desk.parts.audit.recent(1)[0].what == "发通知"


def test_a_second_tap_sends_nothing_twice(log_in: LogIn, plain_desk: OfficeDesk) -> None:
    clerk, id = log_in("小王"), "7d2c1b6e-3f6a-4b57-9a53-0d0d8f6b1c11"
    assert clerk.send(id=id).status_code == clerk.send(id=id).status_code == 303
    assert only(plain_desk) == id


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"areas": []}, "还没有选"),
        ({"text": ""}, "没有写"),
        ({"text": "abc"}, "没有能念的字"),
        ({"severity": "1"}, "最高只能发橙色"),
        ({"when": "at", "at": "2020-01-01T08:00"}, "已经过了"),
        ({"hours": "999999999"}, "有效期最长"),
    ],
)
def test_what_cannot_be_sent_is_told_and_the_words_are_kept(
    log_in: LogIn, plain_desk: OfficeDesk, wrong: dict[str, Any], told: str
) -> None:
    given = {"text": "今天下午停水。", "areas": TOWN, "severity": "4", **wrong}
    answer = log_in("小王").post("/compose/check", **given)
    assert answer.status_code == 400
    assert told in answer.text and given["text"] in answer.text
    assert not plain_desk.parts.desk.recent(10)


@pytest.mark.parametrize("wrong", [{"severity": "9"}, {"severity": "x"}])
def test_what_no_form_of_ours_sends_is_a_bad_request(log_in: LogIn, wrong: dict[str, str]) -> None:
    assert log_in("小王").send(**wrong).status_code == 400


def test_severest_and_newest_that_wait_for_approval_stand_on_top(
    log_in: LogIn, plain_desk: OfficeDesk
) -> None:
    clerk, boss = log_in("小王"), log_in("老张")
    for who, severity, text in (
        (clerk, "2", "第一则橙色。"),
        (boss, "1", "红色。"),
        (clerk, "2", "第二则橙色。"),
    ):
        assert who.send(severity=severity, text=text).status_code == 303
        plain_desk.clock.step(timedelta(minutes=1))
    waiting = boss.see("/").partition("最近的通知")[0]
    places = [waiting.index(text) for text in ("红色。", "第二则橙色", "第一则橙色")]
    assert places == sorted(places)


def test_an_orange_one_is_approved_by_another_person(log_in: LogIn, plain_desk: OfficeDesk) -> None:
    clerk, boss = log_in("小王"), log_in("老张")
    clerk.send(severity="2")
    id = only(plain_desk)
    assert "等人审批" in boss.see("/")
    assert "批准，马上发" not in clerk.see(f"/bulletin/{id}")
    assert clerk.post(f"/bulletin/{id}/approve").status_code == 403
    unseen = boss.post(f"/bulletin/{id}/approve")
    assert unseen.status_code == 409 and "请先看一遍" in unseen.text
    seen = re.search(r'name="seen" value="([^"]+)"', boss.see(f"/bulletin/{id}"))
    assert seen and boss.post(f"/bulletin/{id}/approve", seen=seen[1]).status_code == 303
    assert plain_desk.publisher.sign_cleared() == 1


def test_what_was_changed_after_it_was_seen_is_not_approved(
    log_in: LogIn, plain_desk: OfficeDesk
) -> None:
    clerk, boss = log_in("小王"), log_in("老张")
    clerk.send(severity="2")
    id = only(plain_desk)
    seen = re.search(r'name="seen" value="([^"]+)"', boss.see(f"/bulletin/{id}"))
    assert seen
    clerk.post(f"/bulletin/{id}/back", seen=seen[1])
    plain_desk.clock.advance(5)
    clerk.send(id=id, severity="2", text="另外的话。")
    answer = boss.post(f"/bulletin/{id}/approve", seen=seen[1])
    assert answer.status_code == 409 and "再看一遍" in answer.text and "另外的话" in answer.text
    assert plain_desk.parts.desk.get(id).state is DraftState.AWAITING


def test_nobody_approves_his_own(log_in: LogIn, plain_desk: OfficeDesk) -> None:
    boss = log_in("老张")
    boss.send(severity="1")
    answer = boss.post(f"/bulletin/{only(plain_desk)}/approve")
    assert answer.status_code == 409 and "另一个人审批" in answer.text


@pytest.mark.parametrize(
    ("note", "told"), [("改成黄色", "改成黄色"), (" ", "没有写原因，请去问他"), (None, "没有写原因")]
)
def test_what_is_sent_back_is_written_on_and_says_by_whom_when_and_why(
    log_in: LogIn, plain_desk: OfficeDesk, note: str | None, told: str
) -> None:
    clerk = log_in("小王")
    clerk.send(severity="2")
    id = only(plain_desk)
    given = {"seen": plain_desk.parts.desk.get(id).version} | ({} if note is None else {"note": note})
    assert log_in("老张").post(f"/bulletin/{id}/back", **given).status_code == 303
    sentence = f"{plain_desk.clock.now():%m月%d日 %H:%M} 老张退回来改：{told}"
    for path in ("/", f"/bulletin/{id}", f"/compose/{id}"):
        assert sentence in clerk.see(path), path
    assert "今天下午停水" in clerk.see(f"/compose?again={id}")
    assert clerk.send(id=id, severity="3").status_code == 303
    assert sentence not in clerk.see("/")
    assert plain_desk.parts.desk.get(id).state is DraftState.CLEARED


def test_a_draft_is_kept_and_thrown_away(log_in: LogIn, plain_desk: OfficeDesk) -> None:
    clerk = log_in("小王")
    clerk.post("/compose/keep", text="草稿一则。", areas=TOWN, severity="4", hours="6")
    id = only(plain_desk)
    seen = plain_desk.parts.desk.get(id).version
    assert clerk.post(f"/bulletin/{id}/discard", seen=seen).status_code == 303
    assert not plain_desk.parts.desk.recent(10)


def test_the_board_fills_and_names_each_village(log_in: LogIn, plain_desk: OfficeDesk) -> None:
    box, other = plain_desk.enrol(), plain_desk.enrol(OTHER_VILLAGE, "上村")
    record = plain_desk.send(areas=("331121",))
    plain_desk.take(box, box.heard(record.id, plain_desk.clock, Outcome.CUT_SHORT, 12))
    plain_desk.take(other, other.receipt(record.id, Told.ON_THE_AIR, plain_desk.clock))
    viewer = log_in("参观")
    page = viewer.see(f"/bulletin/{record.id}")
    assert '<rect class="partly"' in page and '<rect class="sounding"' in page
    assert "style=" not in page and "<script>" not in page
    town = viewer.see(f"/bulletin/{record.id}/town/{TOWN}")
    assert "洞背村" in town and "没播完 12/30 秒" in town and "上村" not in town
    table = viewer.client.get(f"/bulletin/{record.id}.csv")
    assert table.headers["Content-Type"].startswith("text/csv") and "洞背村" in table.text


def test_the_figures_add_up_to_whom_it_was_sent_to_and_a_dead_loudspeaker_is_named(
    log_in: LogIn, plain_desk: OfficeDesk
) -> None:
    desk = plain_desk
    heard, deaf, resting = (
        desk.enrol(code, name)
        for code, name in ((VILLAGE, "洞背村"), (NEXT_VILLAGE, "上村"), (OTHER_VILLAGE, "下村"))
    )
    record = desk.send(areas=("331121",))
    desk.take(heard, heard.heard(record.id, desk.clock, Outcome.PLAYED, 30))
    for box, why in ((deaf, "等声卡：声卡打不开，请检查插头。"), (resting, "等静音时段过去：午休。")):
        desk.take(box, box.receipt(record.id, Told.DEFERRED, desk.clock, reason=why))
    viewer, told = log_in("参观"), "发给 3，播完 1，等着播 2，没播完 0，没播成 0，没回音 0"
    assert told in viewer.see("/")
    page = viewer.see(f"/bulletin/{record.id}")
    assert "<dt>等着播</dt><dd>2</dd>" in page
    assert "上村：等声卡：声卡打不开，请检查插头。" in page and "午休" not in page
    desk.clock.advance(3 * 24 * 3600)
    viewer = log_in("参观")
    # A village that lost it with its database will never tell the end.
    assert "发给 3，播完 1，没播完 0，没播成 0，没回音 2" in viewer.see("/")
    assert "等声卡" not in viewer.see(f"/bulletin/{record.id}")
    town = viewer.see(f"/bulletin/{record.id}/town/{OTHER_VILLAGE[:9]}")
    assert "没有回音，过期以前最后说的是：等静音时段过去：午休" in town
    for box in (deaf, resting):
        desk.take(box, box.heard(record.id, desk.clock, Outcome.CANCELLED, 0))
    assert "发给 3，播完 1，没播完 0，没播成 0，取消 2，没回音 0" in viewer.see("/")


def test_a_cancel_is_one_hop_from_the_page(log_in: LogIn, plain_desk: OfficeDesk) -> None:
    record = plain_desk.send()
    clerk = log_in("小李")
    assert "取消这一则？" in clerk.see(f"/bulletin/{record.id}/cancel")
    assert clerk.post(f"/bulletin/{record.id}/cancel").status_code == 303
    plain_desk.publisher.sign_cleared()
    assert "已取消" in clerk.see(f"/bulletin/{record.id}")
    assert clerk.post(f"/bulletin/{record.id}/cancel").status_code == 409
    over = clerk.see(f"/bulletin/{record.id}/cancel")
    assert "这一则已经取消了" in over and "取消这一则？" not in over


def test_a_viewer_only_looks(log_in: LogIn, plain_desk: OfficeDesk) -> None:
    record = plain_desk.send()
    viewer = log_in("参观")
    for path in (
        *(
            "/compose/send",
            f"/bulletin/{record.id}/cancel",
            "/register",
            "/more/people",
            "/more/library",
        ),
        *("/more/standing", "/register/x/replace", "/register/x/file"),
    ):
        assert viewer.post(path, seen_on="/").status_code == 403, path


def test_a_box_enrols_by_the_code_that_the_register_shows(log_in: LogIn, plain_desk: OfficeDesk) -> None:
    keeper = log_in("管家")
    page = keeper.post("/register", code=VILLAGE, name="洞背村").text
    found = re.search(r'<p class="code">([^<]+)</p>', page)
    assert found and "<svg" in page and "https://office.example/enrol?code=" in page
    key = public(new_key()).keyval["public"]
    bare = keeper.client.application.test_client()
    answer = bare.post("/enrol", json={"code": found[1], "key": key})
    assert Enrolment.from_bytes(answer.data).box == f"{VILLAGE}-1"
    other = public(new_key()).keyval["public"]
    assert bare.post("/enrol", json={"code": found[1], "key": other}).status_code == 403
    assert "已登记" in keeper.see("/register")


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b'{"code": 1}'])
def test_what_is_no_enrolment_is_refused(app: Flask, data: bytes) -> None:
    answer = app.test_client().post("/enrol", data=data, content_type="application/json")
    assert answer.status_code == 403


def test_codes_are_not_guessed_and_who_guesses_keeps_no_village_out(
    app: Flask, plain_desk: OfficeDesk
) -> None:
    client, key = app.test_client(), public(new_key()).keyval["public"]

    def ask(code: str, address: str = "192.0.2.7") -> int:
        there = {"REMOTE_ADDR": address}
        given = {"code": code, "key": key}
        return client.post("/enrol", json=given, environ_overrides=there).status_code

    assert [ask("one-and-the-same") for _ in range(11)] == [403] * 10 + [429]
    assert [ask(str(number)) for number in range(290)] == [403] * 290
    _, code = plain_desk.parts.register.add(VILLAGE, "洞背村")
    assert ask(code) == 429
    assert ask(code, "192.0.2.8") == 200


def test_a_village_behind_the_same_address_gets_in_beside_wrong_codes(
    app: Flask, plain_desk: OfficeDesk
) -> None:
    client, key = app.test_client(), public(new_key()).keyval["public"]
    for number in range(50):
        client.post("/enrol", json={"code": str(number), "key": key})
    _, code = plain_desk.parts.register.add(VILLAGE, "洞背村")
    assert client.post("/enrol", json={"code": code, "key": key}).status_code == 200


def test_wrong_passwords_from_elsewhere_lock_no_officer_out(app: Flask, plain_desk: OfficeDesk) -> None:
    officers = plain_desk.parts.officers
    for _ in range(10):
        assert officers.check("老张", "wrong-one", "192.0.2.7") is None
    with pytest.raises(AccountRefused, match="15 分钟"):
        officers.check("老张", PASSWORD, "192.0.2.7")
    assert officers.check("老张", PASSWORD, "192.0.2.8")


def test_a_new_password_counts_at_once_where_many_wrong_ones_came_from(
    app: Flask, plain_desk: OfficeDesk
) -> None:
    officers, there = plain_desk.parts.officers, "192.0.2.7"
    for _ in range(10):
        officers.check("小李", "wrong-one", there)
    given = officers.set_password("小李")
    assert officers.check("小李", given, there)


def test_a_box_is_replaced_renamed_enrolled_by_file_and_retired(
    log_in: LogIn, plain_desk: OfficeDesk
) -> None:
    box, keeper = plain_desk.enrol(), log_in("管家")
    assert 'class="code"' in keeper.post(f"/register/{box.id}/replace").text
    keeper.post(f"/register/{box.id}/rename", name="新洞背村")
    assert "新洞背村" in keeper.see(f"/register/{box.id}")
    file = keeper.post(f"/register/{box.id}/file")
    assert Enrolment.from_bytes(file.data).box == box.id
    assert keeper.post(f"/register/{box.id}/key", key="xyz").status_code == 400
    key = public(new_key()).keyval["public"]
    assert keeper.post(f"/register/{box.id}/key", key=key).status_code == 303
    keeper.post(f"/register/{box.id}/retire")
    assert "停用" in keeper.see(f"/register/{box.id}")


def test_areas_come_in_and_go_out(log_in: LogIn) -> None:
    keeper = log_in("管家")
    file = io.BytesIO("331121104000,高市乡\n".encode())
    assert keeper.post("/register/areas", file=(file, "areas.csv")).status_code == 303
    assert "高市乡" in keeper.see("/register/areas.csv")
    for name, coding in (("海口镇", "gb18030"), ("腊口镇", "utf-16"), ("祯埠镇", "utf-8-sig")):
        file = io.BytesIO(f"331121105000,{name}\r\n".encode(coding))
        assert keeper.post("/register/areas", file=(file, "areas.csv")).status_code == 303
        assert name in keeper.see("/register/areas.csv")
    bad = io.BytesIO(b"\xff\xfe\xff")
    assert keeper.post("/register/areas", file=(bad, "areas.csv")).status_code == 400


def test_the_library_fills_the_form(log_in: LogIn) -> None:
    clerk = log_in("小王")
    clerk.post("/more/library", name="停水", text="明天停水，请备水。", severity="4")
    assert "明天停水，请备水。" in clerk.see("/compose?text=停水")
    clerk.post("/more/library/remove", name="停水")
    assert "还没有范文" in clerk.see("/more/library")


def test_a_standing_notice_is_set_by_an_approver(log_in: LogIn) -> None:
    boss = log_in("老张")
    given = {"name": "防火", "text": "不要烧秸秆。", "areas": TOWN, "severity": "0"}
    assert boss.post("/more/standing", **given, days=["1", "3"], time="08:00").status_code == 303
    assert "周一、周三 08:00" in boss.see("/more/standing")
    refused = boss.post("/more/standing", **given, days=["1"], time="05:00")
    assert refused.status_code == 400 and "定时的通知不行" in refused.text
    boss.post("/more/standing/pause", name="防火", paused="1")
    assert "停着" in boss.see("/more/standing")
    boss.post("/more/standing/remove", name="防火")
    assert "还没有定时通知" in boss.see("/more/standing")


def test_a_text_and_a_standing_notice_have_a_page_to_change_them(
    log_in: LogIn, plain_desk: OfficeDesk
) -> None:
    boss = log_in("老张")
    boss.post("/more/library", name="停水", text="明天停水。", severity="4")
    page = boss.see("/more/library/edit?name=停水")
    seen = re.search(r'name="seen" value="(\d+)"', page)
    assert seen and "老张 新写" in page
    given = {"name": "停水", "text": "后天停水。", "severity": "4", "form": "verse", "seen": seen[1]}
    assert boss.post("/more/library/edit", **given).status_code == 303
    assert "后天停水。" in boss.see("/more/library") and "顺口溜" in boss.see("/more/library")
    answer = boss.post("/more/library/edit", **given)
    assert answer.status_code == 400 and "刚才有人改过" in answer.text
    given = {"name": "防火", "text": "不要烧秸秆。", "areas": TOWN, "severity": "0"}
    boss.post("/more/standing", **given, days=["1", "3"], time="08:00")
    assert "还没有登记好的广播站" in boss.see("/more/standing")
    plain_desk.enrol()
    assert "接下来：" in boss.see("/more/standing")
    assert "不要烧秸秆。" in boss.see("/more/standing/edit?name=防火")
    changed = boss.post("/more/standing/edit", **given, days=["6"], time="09:00")
    assert changed.status_code == 303 and "周六 09:00" in boss.see("/more/standing")
    assert boss.post("/more/standing/edit", **given, days=["6"], time="05:00").status_code == 400
    assert boss.client.get("/more/standing/edit?name=x").status_code == 404


def test_a_keeper_lets_people_in_and_helps_them(
    log_in: LogIn, app: Flask, plain_desk: OfficeDesk
) -> None:
    keeper = log_in("管家")
    page = keeper.post("/more/people", name="新人", role="clerk", cap="4").text
    found = re.search(r'<p class="code">([^<]+)</p>', page)
    assert found
    visitor = Visitor(app)
    assert visitor.post("/login", name="新人", password=found[1]).status_code == 303
    keeper.post("/more/people/change", name="新人", role="viewer", cap="0")
    assert visitor.send().status_code == 403
    keeper.post("/more/people/reset", name="新人")
    assert visitor.client.get("/").status_code == 303
    assert keeper.post("/more/people/change", name="管家", role="keeper", cap="1").status_code == 400
    keeper.post("/more/people/remove", name="新人")
    assert plain_desk.parts.officers.find("新人") is None
    assert "删人员" in keeper.see("/more/audit")


def test_a_person_changes_his_password_and_stays(log_in: LogIn) -> None:
    clerk, elsewhere = log_in("小王"), log_in("小王")
    assert clerk.post("/me", old="wrong", password="newer-2027").status_code == 400
    assert clerk.post("/me", old=PASSWORD, password="newer-2027").status_code == 303
    assert "我的账号" in clerk.see("/more")
    assert elsewhere.client.get("/").status_code == 303


def test_pages_take_nothing_from_outside_and_no_form_without_its_token(log_in: LogIn) -> None:
    clerk = log_in("小王")
    answer = clerk.client.get("/compose")
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    answer = clerk.client.post("/compose/send", data={"text": "停水。"}, follow_redirects=True)
    assert "什么也没有做，也没有发" in answer.text and "停水。" in answer.text


@pytest.mark.parametrize("path", ["/bulletin/x", "/bulletin/x/town/1", "/nowhere", "/bulletin/x.csv"])
def test_what_is_not_there_is_told(log_in: LogIn, path: str) -> None:
    assert log_in("小王").client.get(path).status_code == 404


@pytest.fixture
def above(
    sqlite: OfficeDatabase, province_folder: KeyFolder, tmp_path: Path
) -> tuple[OfficeDesk, Visitor]:
    """A province with a county, and its keeper at the page."""
    desk = make_desk(sqlite, province_folder)
    keeper = Visitor(app_of(desk, tmp_path))
    assert keeper.post("/login", name="管家", password=PASSWORD).status_code == 303
    return desk, keeper


def test_a_county_is_added_replaced_and_retired_on_the_page(above: tuple[OfficeDesk, Visitor]) -> None:
    desk, keeper = above
    assert "下面的县" in keeper.see("/register")
    assert "下面的市或县" in keeper.post("/counties", code="341121", name="别处").text
    page = keeper.post("/counties", code="331121", name="青田县").text
    code = re.search(r"/enrol/county\?code=(\S+?)&amp;root=(\w{64})", page)
    assert code and code[2] == desk.folder.pin
    relay = PretendRelay("331121")
    given = {"code": code[1], "key": shown(relay.key)}
    answer = keeper.client.post("/enrol/county", json=given)
    assert Admission.from_bytes(answer.data).user == "county-331121"
    assert keeper.client.post("/enrol/county", json=given | {"key": shown(new_key())}).status_code == 403
    assert "还没有消息" in keeper.see("/counties/331121")
    take(desk, relay.presence(desk.clock))
    assert "转发有消息" in keeper.see("/counties")
    assert "登记码" in keeper.post("/counties/331121/replace").text
    file = keeper.post("/counties/331121/file")
    assert "attachment" in file.headers["Content-Disposition"] and Admission.from_bytes(file.data)
    assert "公钥不对" in keeper.post("/counties/331121/key", key="00").text
    other = shown(new_key())
    assert keeper.post("/counties/331121/key", key=other).status_code == 303
    assert other in keeper.see("/counties/331121")
    keeper.post("/counties/331121/retire")
    assert "停用" in keeper.see("/counties/331121")
    assert {"加县", "给县发登记码", "停用县", "登记县的公钥"} <= {
        deed.what for deed in desk.parts.audit.recent(20)
    }


def test_a_bulletin_of_a_province_is_shown_by_county(above: tuple[OfficeDesk, Visitor]) -> None:
    desk, keeper = above
    relay = let_in(desk)
    let_in(desk, "331122", "缙云县")
    assert keeper.send(areas="33").status_code == 303
    desk.publisher.sign_cleared()
    record = desk.parts.desk.get(only(desk))
    take(desk, relay.presence(desk.clock), relay.sum(desk, record))
    page = keeper.see(f"/bulletin/{record.id}")
    assert "各县的情况" in page and "发给 300，播完 200" in page
    assert "1 个县没有数，不在合计里" in page and "<h2>各村的情况" not in page
    assert re.search(r'aria-label="青田县：300 个广播站，播完 200', page)
    assert "1 个县没有报数" in keeper.see("/") and "播完 200" in keeper.see("/")
    assert "10:00 的数" in keeper.see(f"/counties/331121/bulletin/{record.id}")
    assert "还不知道" in keeper.see(f"/counties/331122/bulletin/{record.id}")
    assert keeper.client.get(f"/counties/331123/bulletin/{record.id}").status_code == 404
    csv = keeper.client.get(f"/counties/bulletin/{record.id}.csv").text
    assert "331121,青田县,300" in csv and "331122,缙云县,,,," in csv
    desk.clock.step(timedelta(minutes=5))
    assert "1 个县的数是旧的" in keeper.see(f"/bulletin/{record.id}")
    assert "青田县" in keeper.see("/compose") and "由 2 个下级平台转到各村" in keeper.see("/compose")


def test_fields_that_boxes_or_counties_do_not_read_are_told_before_they_are_sent(
    above: tuple[OfficeDesk, Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, keeper = above
    relay, box = let_in(desk), desk.enrol("331122104200", "别村")
    given = {"text": "今天下午停水。", "severity": "4", "hours": "6", "contact": "13800001111"}

    def told(areas: str, **more: str) -> str:
        page = keeper.post("/compose/check", **given | {"areas": areas} | more).text
        found = re.search("这些地方还有.*?。", page)
        return found[0] if found else ""

    left_out = "没升级，所以联系人电话这次不发，其他的照常发。"
    assert told("33") == f"这些地方还有 1 个广播站、1 个县{left_out}"
    assert told("33", contact="") == ""
    desk.publisher.note_versions({box.id: 2})
    assert told("33") == f"这些地方还有 1 个县{left_out}"
    assert told("331122") == ""
    # A field of a later program, that no box may pass over.
    monkeypatch.setitem(SPECS, "contact", replace(SPECS["contact"], critical=True))
    assert told("33") == "这些地方还有 1 个县没升级，它们不认识联系人电话，会拒收这一则。"
    take(desk, *relay.presences(desk.clock, 2))
    assert told("33") == ""


def test_a_province_is_told_how_many_counties_carry_it_on_and_when_nobody_does(
    above: tuple[OfficeDesk, Visitor],
) -> None:
    desk, keeper = above
    given = {"text": "今天下午停水。", "areas": "33", "severity": "4", "hours": "6"}
    assert "现在发没有人会听到" in keeper.post("/compose/check", **given).text
    let_in(desk)
    page = keeper.post("/compose/check", **given).text
    assert "由 1 个下级平台转到各村" in page and "没有人会听到" not in page
    assert "现在发没有人会听到" in keeper.post("/compose/check", **given | {"areas": "331122"}).text


def test_a_county_has_no_counties_below(log_in: LogIn) -> None:
    assert "下面的县" not in log_in("管家").see("/register")


def test_what_a_stranger_types_as_a_name_turns_no_line_of_the_record_around(
    log_in: LogIn, app: Flask
) -> None:
    Visitor(app).post("/login", name="\u202e倒着\x1b[31m", password="not-it-2026")
    shown_there = log_in("管家").see("/more/audit")
    assert "□倒着□[31m 登录失败" in shown_there
    assert "\u202e" not in shown_there and "\x1b" not in shown_there


def test_pages_go_compressed_to_who_reads_gzip(plain_desk: OfficeDesk, tmp_path: Path) -> None:
    visitor = Visitor(app_of(plain_desk, tmp_path))
    answer = visitor.client.get("/login", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(answer.data).startswith(b"<!doctype html>")
    assert len(answer.data) < len(visitor.see("/login").encode()) * 0.6
