"""The form of a bulletin asks for what is missing, at its field, and keeps what is there."""

import io
import re
from typing import Any

import pytest
from county.county_office import TOWN, OfficeDesk
from county.office_site import LogIn
from county.test_office_recordings import spoken

from broadcaster.core.notice import Notice, Severity
from broadcaster.county.notices.draft import Draft, DraftRefused, title_from_text
from broadcaster.county.notices.library import LibraryText
from broadcaster.county.notices.recurring import Schedule

FORM = {"text": "今天下午停水。", "areas": TOWN, "severity": "4", "hours": "6"}
BLANKS = ["接水务公司通知，____停水。", "{什么时候}停水。", "＿＿停水。", "｛哪里｝停水。"]


def under_the_hand(page: str) -> str:
    """The name of the field that the page opens at."""
    found = re.findall(r"<(?:input|textarea|select)[^>]*autofocus[^>]*>", page)
    assert len(found) == 1, page
    name = re.search(r'name="([^"]+)"', found[0])
    assert name
    return name[1]


@pytest.mark.parametrize("text", BLANKS)
@pytest.mark.parametrize("way", ["check", "send"])
def test_a_blank_that_is_still_open_is_asked_for_and_nothing_goes_out(
    log_in: LogIn, plain_desk: OfficeDesk, way: str, text: str
) -> None:
    answer = log_in("小王").post(f"/compose/{way}", **FORM | {"text": text})
    assert answer.status_code == 400 and "还空着" in answer.text and text in answer.text
    assert under_the_hand(answer.text) == "text"
    assert not plain_desk.parts.desk.recent(10)


@pytest.mark.parametrize("text", BLANKS)
def test_a_draft_may_have_open_blanks_and_goes_no_further_with_them(
    plain_desk: OfficeDesk, text: str
) -> None:
    desk, who = plain_desk.parts.desk, plain_desk.officer("小王")
    record = desk.write(who, plain_desk.draft(text))
    with pytest.raises(DraftRefused, match="还空着"):
        desk.submit(who, record.id)
    with pytest.raises(DraftRefused, match="还空着"):
        plain_desk.parts.recurring.keep(who, "停水", plain_desk.draft(text), Schedule.read("1 08:00"))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"areas": []}, "areas"),
        ({"text": ""}, "text"),
        ({"when": "at", "at": ""}, "at"),
        ({"when": "at", "at": "2020-01-01T08:00"}, "at"),
        ({"when": "at", "at": "tomorrow"}, "at"),
        ({"hours": "999999999"}, "hours"),
        ({"repeat": "99"}, "repeat"),
        ({"contact": "1" * 41}, "contact"),
        ({"form": "sound"}, "recording"),
    ],
)
def test_the_field_that_is_wrong_is_under_the_hand(
    log_in: LogIn, wrong: dict[str, Any], field: str
) -> None:
    page = log_in("小王").post("/compose/check", **FORM | wrong).text
    assert under_the_hand(page) == field and "<title>要改：" in page


def test_a_recording_without_a_title_is_not_chosen_again(log_in: LogIn, plain_desk: OfficeDesk) -> None:
    clerk = log_in("小王")
    file = io.BytesIO(spoken(2)), "phone.wav"
    sound: dict[str, Any] = {"form": "sound", "recording": file, "text": ""}
    page = clerk.post("/compose/check", **FORM | sound).text
    assert under_the_hand(page) == "title" and "已经有一个录音" in page
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    given = FORM | {"form": "sound", "text": "", "title": "书记讲话"} | fields
    assert clerk.post("/compose/send", **given).status_code == 303
    [record] = plain_desk.parts.desk.recent(10)
    assert record.draft.sound and record.draft.title == "书记讲话"


def test_a_field_that_is_drawn_by_its_type_is_shown_kept_and_comes_back(
    log_in: LogIn, plain_desk: OfficeDesk
) -> None:
    clerk, contact = log_in("小王"), "王会计 13800001111"
    page = clerk.post("/compose/check", **FORM | {"contact": contact, "say_contact": "1"}).text
    assert f"<dt>联系人电话</dt><dd>{contact}</dd>" in page
    assert "这次不发" not in page, "nobody is there who could not read it"
    carried = dict(re.findall(r'type="hidden" name="(contact|say_contact)" value="([^"]*)"', page))
    clerk.post("/compose/keep", **FORM | carried)
    [record] = plain_desk.parts.desk.recent(10)
    assert (record.draft.notice.contact, record.draft.notice.say_contact) == (contact, True)
    assert f"<dd>{contact}</dd>" in clerk.see(f"/bulletin/{record.id}")
    again = clerk.see(f"/compose?again={record.id}")
    assert f'name="contact" value="{contact}"' in again
    assert re.search(r'name="say_contact" value="1"\s+checked', again)


def test_a_title_that_was_made_of_the_words_follows_them_until_a_person_writes_one(
    log_in: LogIn, plain_desk: OfficeDesk
) -> None:
    clerk, desk = log_in("小王"), plain_desk.parts.desk
    clerk.post("/compose/keep", **FORM | {"text": "接水务公司通知，____停水。"})
    [record] = desk.recent(10)

    def written_on(**changed: str) -> str:
        page = clerk.see(f"/compose?again={record.id}")
        fields = dict(re.findall(r'<input[^>]* name="(id|opened|title)" value="([^"]*)"', page))
        clerk.post("/compose/keep", **FORM | fields | changed)
        return desk.get(record.id).draft.title

    assert written_on(text="明天上午停水。") == "明天上午停水。"
    assert written_on(title="停水通知") == "停水通知"
    assert written_on(text="后天停水。") == "停水通知"


def test_a_text_of_the_library_keeps_its_name_as_the_title(
    log_in: LogIn, plain_desk: OfficeDesk
) -> None:
    plain_desk.parts.library.keep(
        LibraryText("停水", Notice("明天停水。", severity=Severity.BLUE), "小王")
    )
    assert 'name="title" value="停水"' in log_in("小王").see("/compose?text=停水")
    assert title_from_text("一二三四五六七八九十一二三四五六七") == "一二三四五六七八九十一二三四五…"


@pytest.mark.parametrize("id", ["../../x", "x", "7D2C1B6E-3F6A-4B57-9A53-0D0D8F6B1C11", "1" * 36])
@pytest.mark.parametrize("way", ["check", "keep", "send", "edit"])
def test_an_id_that_is_not_ours_is_refused_and_nothing_is_kept_under_it(
    log_in: LogIn, plain_desk: OfficeDesk, way: str, id: str
) -> None:
    answer = log_in("小王").post(f"/compose/{way}", **FORM | {"id": id})
    assert answer.status_code == 409 and "编号不是平台给的" in answer.text
    assert not plain_desk.parts.desk.recent(10)
    with pytest.raises(DraftRefused):
        plain_desk.parts.desk.write(plain_desk.officer("小王"), Draft(Notice("停水。"), (TOWN,), id=id))
