"""Messages of other systems on the office's pages: judged by a person, kept as drafts, never sent."""

import io
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from county.county_office import PASSWORD, TOWN, VILLAGE, OfficeDesk
from county.foreign_messages import ALERT, BEIJING, EBDID, EBM, NOON
from county.office_site import Visitor, app_of
from county.test_ebm import package
from flask import Flask
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from broadcaster.commands.arguments import main
from broadcaster.core.notice import Severity
from broadcaster.county.foreign.base.proposal import ADVICE
from broadcaster.county.foreign.message_reader import read_foreign
from broadcaster.county.notices.draft import DraftState
from broadcaster.county.pages.cap_download import export_cap
from broadcaster.county.store.office_settings import OfficeSettings

UPDATE = ALERT.replace("QT-2026-17", "QT-2026-18").replace("<msgType>Alert", "<msgType>Update")
REFERENCE = "<references>met@qingtian.example,QT-2026-17,2026-05-01T11:59:00+08:00</references>"
CANCEL = UPDATE.replace("QT-2026-18", "QT-2026-19").replace("Update", "Cancel")


def referring(message: str) -> str:
    return message.replace("<info>", f"{REFERENCE}<info>", 1)


@pytest.fixture
def desk(plain_desk: OfficeDesk) -> OfficeDesk:
    """At noon of the messages' day."""
    plain_desk.clock.step(NOON + timedelta(minutes=1) - plain_desk.clock.now())
    plain_desk.parts.register.import_areas("331121104,高市乡\n331121104200,洞背村\n331121105,海口镇")
    return plain_desk


@pytest.fixture
def app(desk: OfficeDesk, tmp_path: Path) -> Flask:
    return app_of(desk, tmp_path)


def visit(app: Flask, name: str = "小王") -> Visitor:
    visitor = Visitor(app)
    assert visitor.post("/login", name=name, password=PASSWORD).status_code == 303
    return visitor


def take(visitor: Visitor, data: bytes | str, name: str = "alert.xml") -> Any:
    data = data.encode() if isinstance(data, str) else data
    return visitor.post("/foreign", "/foreign", file=(io.BytesIO(data), name))


def came(visitor: Visitor, data: bytes | str, name: str = "alert.xml") -> str:
    """The address of its one draft."""
    answer = take(visitor, data, name)
    assert answer.status_code == 303, answer.text
    return f"{answer.headers['Location']}/1"


def keep(visitor: Visitor, address: str, **fields: Any) -> Any:
    page = visitor.see(address)
    id = re.search(r'name="id" value="([^"]+)"', page)
    assert id
    given = {"id": id[1], "text": "今天下午有暴雨。", "title": "暴雨橙色预警", "severity": "2"}
    return visitor.post(address, address, **given | {"areas": TOWN, "hours": "5"} | fields)


def test_a_message_is_shown_with_its_remarks_beside_its_own_words(app: Flask) -> None:
    visitor = visit(app)
    page = visitor.see(came(visitor, ALERT))
    for word in (
        "青田县气象局",
        "QT-2026-17",
        "没有核对签名",
        "<dd>高市乡</dd>",
        "&lt;headline&gt;暴雨橙色预警",
    ):
        assert word in page
    assert re.search(rf'value="{TOWN}" checked', page)
    assert re.search(r'name="severity" value="2" checked', page)
    assert '<option value="5" selected>' in page, "18:00 is in 5 hours and 59 minutes"


def test_what_is_kept_is_a_draft_and_nothing_is_sent_by_itself(app: Flask, desk: OfficeDesk) -> None:
    visitor = visit(app)
    address = came(visitor, ALERT)
    answer = keep(visitor, address)
    assert answer.status_code == 303
    [record] = desk.parts.desk.recent(10)
    assert record.state is DraftState.DRAFT and record.draft.severity is Severity.ORANGE
    assert record.draft.areas == (TOWN,)
    assert desk.publisher.sign_cleared() == 0
    assert "照什么写的" in visitor.see(answer.headers["Location"])
    sent = desk.parts.desk.submit(desk.officer("小王"), record.id)
    assert sent.state is DraftState.AWAITING, "orange wants a second person, wherever it came from"
    assert "等人审批" in visitor.see(address)


@pytest.mark.parametrize("wide", ["330000000000", "331100000000"])
def test_a_message_for_the_province_is_one_for_the_county_in_it(app: Flask, wide: str) -> None:
    places = f"<value>{wide}</value></geocode><geocode><valueName>CN-GB2260-12</valueName>"
    more = places + "<value>340000000000</value></geocode><geocode><valueName>CN-GB2260-12</valueName>"
    visitor = visit(app)
    page = visitor.see(came(visitor, ALERT.replace("<value>331121104000", f"{more}<value>331121104000")))
    assert "<dd>全县</dd>" in page and "没有选：安徽。" in page
    assert re.search(r'value="331121"[^>]* checked', page)
    assert f"是发给{'浙江' if wide.startswith('3300') else '浙江 331100000000'}的" in page


def test_the_same_file_comes_once(app: Flask) -> None:
    visitor = visit(app)
    assert came(visitor, ALERT) == came(visitor, ALERT)
    assert visitor.see("/foreign").count("青田县") + visitor.see("/foreign").count("met@") == 2


def test_a_pasted_message_is_read_whatever_encoding_it_once_had(app: Flask) -> None:
    visitor = visit(app)
    pasted = ALERT.replace('encoding="utf-8"', 'encoding="gb2312"')
    answer = visitor.post("/foreign", "/foreign", pasted=pasted)
    assert answer.status_code == 303
    assert "暴雨橙色预警" in visitor.see(answer.headers["Location"])


def test_a_package_with_sound_of_some_megabytes_is_taken(app: Flask) -> None:
    visitor = visit(app)
    files = {f"EBDB_{EBDID}.xml": EBM.encode(), "sound.mp3": b"\0" * 5_000_000}
    token = re.search(r'name="csrf_token" value="([^"]+)"', visitor.see("/foreign"))
    assert token
    file = FileStorage(io.BytesIO(package(files)), f"EBDT_{EBDID}.tar")
    boundary, body = encode_multipart({"csrf_token": token[1], "file": file})
    kind = f"multipart/form-data; boundary={boundary}"
    answer = visitor.client.post("/foreign", data=body, content_type=kind)
    page = visitor.see(answer.headers["Location"])
    assert "包里别的文件没有取：sound.mp3" in page and "&lt;EBDType&gt;EBM" in page
    assert "不归本平台管，没有选：浙江 331122104000、浙江 331123104200" in page


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "还没有选文件"),
        (b"  ", "请确认选对了文件"),
        (b"\xff\xd8\xff\xe0 a photo", "认不出来：不是 XML，也不是 tar 包"),
        (b"PK\x03\x04 a zip", "先解开"),
        (b"<html><body>404", "不是完整的 XML"),
        (b"<a/>", "不是 CAP 1.2"),
        (ALERT.replace("Severe", "Bad").encode(), "Bad"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "DTD"),
        (ALERT.replace("cap:1.2", "cap:1.1").encode(), "请对方发 CAP 1.2"),
    ],
)
def test_junk_is_told_what_is_wrong_and_what_to_do(
    data: bytes, said: str, app: Flask, desk: OfficeDesk
) -> None:
    visitor = visit(app)
    answer = take(visitor, data)
    assert answer.status_code == 400 and said in answer.text
    assert ADVICE in answer.text or not data
    assert not desk.parts.foreign.recent(10)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "可能是攻击"),
        (f'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd">{ALERT}'.encode(), "可能是攻击"),
        (f'<!DOCTYPE a [<!ENTITY x "{"y" * 90}">]>{ALERT}'.encode("utf-16"), "可能是攻击"),
        (ALERT.replace("<headline>", "<headline>&x;").encode(), "不是完整的 XML"),
        (b"<a>" * 10_000, "层数"),
        (package({f"../EBDB_{EBDID}.xml": EBM.encode()}), "不该有的东西"),
        (package({f"/etc/EBDB_{EBDID}.xml": EBM.encode()}), "不该有的东西"),
        (package({f"a/../../EBDB_{EBDID}.xml": EBM.encode()}), "不该有的东西"),
    ],
    ids=range(8),
)
def test_an_attack_in_a_file_is_refused_by_the_page(
    made: bytes, said: str, app: Flask, desk: OfficeDesk
) -> None:
    answer = take(visit(app), made, "a.tar")
    assert answer.status_code == 400 and said in answer.text, answer.text
    assert "root:" not in answer.text
    assert not desk.parts.foreign.recent(10)


def test_junk_at_the_command_is_told_what_to_do_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for data in (b"", b"\xff\xd8\xff\xe0", b"PK\x03\x04", b"<a/>", b"\x1f\x8b" + b"\0" * 600):
        (tmp_path / "junk").write_bytes(data)
        assert main(["county", "import", str(tmp_path / "junk")]) == 2
        error = capsys.readouterr().err
        assert ADVICE in error and "Traceback" not in error


def test_an_update_shows_what_it_stands_in_for_and_asks_to_cancel_that(
    app: Flask, desk: OfficeDesk
) -> None:
    visitor = visit(app)
    keep(visitor, came(visitor, ALERT), severity="4")
    [first] = desk.parts.desk.recent(1)
    desk.parts.desk.submit(desk.officer("小王"), first.id)
    desk.publisher.sign_cleared()
    page = visitor.see(came(visitor, referring(UPDATE)))
    assert "这一条更新以前的" in page and "取消“暴雨橙色预警”？" in page
    assert f"/bulletin/{first.id}/cancel" in page and "存成草稿" in page
    assert desk.parts.desk.get(first.id).state is DraftState.PUBLISHED


def test_a_cancel_leads_to_the_bulletin_that_was_made_of_what_it_cancels(
    app: Flask, desk: OfficeDesk
) -> None:
    visitor = visit(app)
    keep(visitor, came(visitor, ALERT), severity="4")
    [first] = desk.parts.desk.recent(1)
    desk.parts.desk.submit(desk.officer("小王"), first.id)
    desk.publisher.sign_cleared()
    address = came(visitor, referring(CANCEL))
    page = visitor.see(address)
    assert "对方要取消的" in page and f"/bulletin/{first.id}/cancel" in page
    assert "存成草稿" not in page
    assert visitor.post(f"/bulletin/{first.id}/cancel").status_code == 303
    desk.publisher.sign_cleared()
    assert "已取消" in visitor.see(address)


def test_a_cancel_of_what_was_never_sent_here_says_so(app: Flask) -> None:
    visitor = visit(app)
    assert "这里没有发过" in visitor.see(came(visitor, referring(CANCEL)))


def test_a_stranger_who_names_anothers_message_finds_nothing(app: Flask, desk: OfficeDesk) -> None:
    visitor = visit(app)
    keep(visitor, came(visitor, ALERT))
    stranger = referring(CANCEL).replace("met@qingtian", "else@qingtian")
    assert "这里没有发过" in visitor.see(came(visitor, stranger))


def test_a_level_that_nobody_said_or_that_the_clerk_may_not_send_is_asked_for(app: Flask) -> None:
    visitor = visit(app)
    page = visitor.see(address := came(visitor, ALERT.replace("Severe", "Unknown")))
    assert not re.search(r'name="severity" value="\d" checked', page)
    post = {"text": "今天下午有暴雨。", "areas": TOWN, "hours": "5"}
    answer = visitor.post(address, address, **post)
    assert answer.status_code == 400 and "还没有选级别" in answer.text
    red = visitor.see(came(visitor, ALERT.replace("Severe", "Extreme")))
    assert "对方定的级别你不能发" in red
    assert not re.search(r'name="severity" value="\d" checked', red)


def test_what_is_wrong_in_the_form_is_told_and_the_words_are_kept(app: Flask, desk: OfficeDesk) -> None:
    visitor = visit(app)
    answer = keep(visitor, came(visitor, ALERT), areas=[], text="改过的字。")
    assert answer.status_code == 400
    assert "至少选一个地方" in answer.text and "改过的字。" in answer.text
    assert not desk.parts.desk.recent(1)


def test_what_is_over_is_not_kept_any_more(app: Flask, desk: OfficeDesk) -> None:
    visitor = visit(app)
    address = came(visitor, ALERT)
    desk.clock.step(timedelta(hours=7))
    assert "有效期已经过了" in visitor.see(address)


def test_what_begins_later_is_proposed_for_then(app: Flask) -> None:
    visitor = visit(app)
    later = ALERT.replace("<effective>2026-05-01T12", "<effective>2026-05-01T15")
    page = visitor.see(came(visitor, later))
    assert 'value="2026-05-01T15:00"' in page and '<option value="3" selected>' in page


def test_an_area_that_the_register_does_not_know_can_still_be_chosen(app: Flask) -> None:
    visitor = visit(app)
    page = visitor.see(came(visitor, ALERT.replace("331121104000", "331121109000")))
    assert "登记簿里没有的地方" in page and 'value="331121109" checked' in page


def test_several_parts_are_looked_at_one_by_one(app: Flask) -> None:
    visitor = visit(app)
    info = ALERT[ALERT.index("<info>") : ALERT.index("</info>") + 7]
    both = ALERT.replace(info, info + info.replace("暴雨橙色预警", "大风蓝色预警"))
    answer = take(visitor, both)
    page = visitor.see(answer.headers["Location"])
    assert "2 段" in page and "大风蓝色预警" in page
    assert "大风蓝色预警" in visitor.see(answer.headers["Location"] + "/2")


def test_the_whole_original_can_be_had(app: Flask) -> None:
    visitor = visit(app)
    long = ALERT.replace("<info>", f"<!--{'x' * 30_000}-->\n<info>")
    address = came(visitor, long)
    assert "后面还有" in visitor.see(address)
    answer = visitor.client.get(address.removesuffix("/1") + "/original")
    assert len(answer.text) > 30_000
    assert "attachment" in answer.headers["Content-Disposition"]


def test_what_turns_the_direction_of_writing_is_not_shown(app: Flask) -> None:
    visitor = visit(app)
    page = visitor.see(came(visitor, ALERT.replace("今天下午", "今天\u202e下午")))
    assert "\u202e" not in page


@pytest.mark.parametrize("path", ["/foreign/x", "/foreign/x/1", "/foreign/x/original"])
def test_what_is_not_there_is_told(path: str, app: Flask) -> None:
    assert visit(app).client.get(path).status_code == 404


@pytest.mark.parametrize("number", ["0", "2", "x", "²", "-1"])
def test_a_part_that_is_not_there_is_told(number: str, app: Flask) -> None:
    visitor = visit(app)
    address = came(visitor, ALERT).removesuffix("1") + number
    assert visitor.client.get(address).status_code == 404


def test_a_viewer_looks_and_takes_nothing_in(app: Flask, desk: OfficeDesk) -> None:
    address = came(visit(app), ALERT)
    viewer = visit(app, "参观")
    assert "存成草稿" not in viewer.see(address)
    assert "看看里面说什么" not in viewer.see("/foreign")
    assert take(viewer, ALERT).status_code == 403


def test_a_bulletin_is_exported_as_cap_and_so_is_its_cancel(app: Flask, desk: OfficeDesk) -> None:
    visitor = visit(app)
    record = desk.send()
    page = visitor.see(f"/bulletin/{record.id}")
    assert f"/foreign/export/{record.id}.xml" in page
    answer = visitor.client.get(f"/foreign/export/{record.id}.xml")
    assert answer.content_type.startswith("application/cap+xml")
    [told] = read_foreign(answer.data, desk.clock.now())
    assert (told.text, told.areas, told.source_id) == (record.draft.text, (TOWN,), record.id)
    desk.parts.desk.cancel(desk.officer("小王"), record.id)
    desk.publisher.sign_cleared()
    off = desk.parts.desk.cancel_of(record.id)
    assert off and f"/foreign/export/{off.id}.xml" in visitor.see(f"/bulletin/{record.id}")
    [gone] = read_foreign(visitor.client.get(f"/foreign/export/{off.id}.xml").data, desk.clock.now())
    assert [one.id for one in gone.cancels] == [record.id]


def test_what_was_not_sent_is_not_exported(app: Flask, desk: OfficeDesk) -> None:
    visitor = visit(app)
    record = desk.parts.desk.write(desk.officer("小王"), desk.draft())
    for id in (record.id, "x"):
        answer = visitor.client.get(f"/foreign/export/{id}.xml")
        assert answer.status_code == 409 and "发了的才能导出" in answer.text


def test_who_sends_it_is_named_by_the_offices_address(desk: OfficeDesk) -> None:
    record = desk.send(areas=(VILLAGE,))
    settings = OfficeSettings(name="青田县应急", address="https://office.example.cn:8453")
    written = export_cap(desk.parts, settings, record.id).decode()
    assert "<sender>331121@office.example.cn</sender>" in written and "洞背村" in written
    assert (
        "<sender>331121@broadcaster</sender>"
        in export_cap(desk.parts, OfficeSettings(), record.id).decode()
    )


def test_the_times_of_a_national_message_are_beijings(app: Flask) -> None:
    page = visit(app)
    assert "2026-05-01 12:00 到 2026-05-01 18:00" in page.see(came(page, EBM, "EBDB.xml"))
    assert NOON.tzinfo is BEIJING
