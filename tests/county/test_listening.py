"""What is heard before it is sent is what is sent: by its version, signed with it."""

import json
import re
from typing import Any

import pytest
from county.county_office import TOWN, UNLOCKED, OfficeDesk
from county.office_site import LogIn, Visitor
from sqlalchemy import update

from broadcaster.bulletin import envelope
from broadcaster.bulletin.bulletin import BulletinKind, read_bulletin
from broadcaster.core.notice import OfficeLevel, Severity, Style
from broadcaster.county.notices import preview_log
from broadcaster.county.notices.draft import Draft, DraftState
from broadcaster.county.store.tables import bulletin

FORM: dict[str, Any] = {"text": "今天下午停水。", "areas": TOWN, "severity": "4", "hours": "6"}


def check(clerk: Visitor, **fields: Any) -> str:
    page = clerk.post("/compose/check", **FORM | fields)
    assert page.status_code == 200, page.text
    return page.text


def carried(page: str) -> dict[str, str]:
    """What the page of the preview sends on."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return {name: value for name, value in found if name != "csrf_token"}


def listen(clerk: Visitor, page: str, **headers: str) -> bytes:
    source = re.search(r'<audio[^>]* src="([^"]+)"', page)
    assert source, page
    answer = clerk.client.get(source[1], headers=headers)
    assert answer.content_type == "audio/wav"
    return bytes(answer.data)


def sent(desk: OfficeDesk) -> Any:
    desk.publisher.sign_cleared()
    [record] = desk.parts.desk.recent(10)
    return record


def test_what_was_heard_is_told_and_signed_with_the_bulletin(
    log_in: LogIn, plain_desk: OfficeDesk
) -> None:
    clerk = log_in("小王")
    page = check(clerk)
    assert "还没有人试听过" in page and "各村自己的设置可能不同" in page
    assert listen(clerk, page) == b"0123456789"
    assert clerk.post("/compose/send", **carried(page)).status_code == 303
    record = sent(plain_desk)
    assert "小王（今天 10:00，2 秒），听的就是这一版" in clerk.see(f"/bulletin/{record.id}")
    data = clerk.client.get(f"/listen/{record.id}/hearings.json").data
    signed = envelope.read(data, preview_log.PAYLOAD_TYPE)
    signed.check_signed_by(UNLOCKED[plain_desk.folder].public_key)
    told = json.loads(signed.payload)
    [sheet] = plain_desk.publisher.in_force()
    made = envelope.read(sheet.envelope, "application/vnd.broadcaster.bulletin+json")
    assert (told["version"], told["digest"]) == (record.version, made.digest)
    assert [one["who"] for one in told["heard"]] == ["小王"]


def test_what_was_changed_after_it_was_heard_is_told_as_unheard(
    log_in: LogIn, plain_desk: OfficeDesk
) -> None:
    clerk = log_in("小王")
    page = check(clerk)
    listen(clerk, page)
    fields = carried(page)
    again = check(clerk, **fields | {"text": "明天下午停水。"})
    assert "还没有人试听过" in again
    clerk.post("/compose/send", **carried(again))
    record = sent(plain_desk)
    assert "没有人试听过" in clerk.see(f"/bulletin/{record.id}") and record.signed_previews is None
    assert clerk.client.get(f"/listen/{record.id}/hearings.json").status_code == 404


def test_another_content_than_was_shown_is_not_sent(log_in: LogIn, plain_desk: OfficeDesk) -> None:
    clerk = log_in("小王")
    fields = carried(check(clerk))
    answer = clerk.post("/compose/send", **fields | {"text": "明天全县放假。"})
    assert answer.status_code == 409 and "不一样了，还没有发" in answer.text
    assert not plain_desk.parts.desk.recent(10)


def test_a_part_of_the_sound_is_no_hearing(log_in: LogIn) -> None:
    clerk = log_in("小王")
    page = check(clerk)
    assert listen(clerk, page, Range="bytes=0-1") == b"01"
    assert "还没有人试听过" in check(clerk, **carried(page))
    assert listen(clerk, page, Range="bytes=2-") == b"23456789"
    assert "试听过：小王" in check(clerk, **carried(page))


def test_who_approves_hears_it_first_and_is_named(log_in: LogIn, plain_desk: OfficeDesk) -> None:
    log_in("小王").send(severity="2")
    [record], boss = plain_desk.parts.desk.recent(10), log_in("老张")
    page = boss.see(f"/listen/{record.id}")
    listen(boss, page)
    assert boss.post(f"/bulletin/{record.id}/approve", **carried(page)).status_code == 303
    assert [one.who for one in plain_desk.parts.preview_log.of(record.version)] == ["老张"]
    assert sent(plain_desk).signed_previews


def test_what_was_altered_behind_the_desk_is_not_signed(plain_desk: OfficeDesk) -> None:
    desk = plain_desk.parts.desk
    record = desk.send(plain_desk.officer("小王"), plain_desk.draft())
    with plain_desk.parts.database.transaction() as connection:
        connection.execute(update(bulletin).values(text="全县放假。"))
    assert plain_desk.publisher.sign_cleared() == 0
    back = desk.get(record.id)
    assert back.state is DraftState.DRAFT and "不一样，没有签发" in back.note


def test_a_sound_that_is_forgotten_is_not_found(log_in: LogIn) -> None:
    assert log_in("小王").client.get("/listen/sound/other").status_code == 404


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"style": Style.VERSE, "repeats": 2, "severity": Severity.YELLOW},
        {"kind": BulletinKind.DRILL, "voice": "baker:female"},
    ],
)
def test_what_is_heard_is_what_a_box_makes_of_the_bulletin(
    plain_desk: OfficeDesk, more: dict[str, Any]
) -> None:
    draft = plain_desk.draft("森林防火靠大家，\n不要烧荒把灾发。", **more)
    record = plain_desk.parts.desk.send(plain_desk.officer("小王"), draft)
    plain_desk.publisher.sign_cleared()
    [sheet] = plain_desk.publisher.in_force()
    read = read_bulletin(
        envelope.read(sheet.envelope, "application/vnd.broadcaster.bulletin+json").payload
    )
    made, heard = read.to_notice("", OfficeLevel.COUNTY), record.draft.as_sent
    assert made == heard
    assert made.style is (Style.VERSE if draft.notice.style else Style.PLAIN)


def test_a_verse_is_shown_with_its_rhymes_and_sent_as_one(log_in: LogIn, plain_desk: OfficeDesk) -> None:
    clerk = log_in("小王")
    page = check(clerk, form="verse", voice="baker:female")
    clerk.post("/compose/send", **carried(page))
    draft: Draft = sent(plain_desk).draft
    assert (draft.notice.style, draft.notice.voice) == (Style.VERSE, "baker:female")
    [sheet] = plain_desk.publisher.in_force()
    written = read_bulletin(
        envelope.read(sheet.envelope, "application/vnd.broadcaster.bulletin+json").payload
    )
    assert (written.verse, written.text, written.voice) == ("今天下午停水。", "", "baker:female")


@pytest.mark.parametrize("voice", ["no voice", "x" * 61, "../x:y"])
def test_a_voice_that_is_none_is_told(log_in: LogIn, voice: str) -> None:
    answer = log_in("小王").post("/compose/check", **FORM | {"voice": voice})
    assert answer.status_code == 400 and "baker:female" in answer.text


def test_the_last_hearing_of_each_person_is_kept(desk: OfficeDesk) -> None:
    kept, now = desk.parts.preview_log, desk.clock.now()
    for seconds, who in ((3, "小王"), (4, "老张"), (5, "小王")):
        kept.note("v" * 64, preview_log.PreviewEntry(who, now, "0" * 64, seconds))
    assert sorted((one.who, one.seconds) for one in kept.of("v" * 64)) == [("小王", 5), ("老张", 4)]
    assert kept.of("w" * 64) == []
