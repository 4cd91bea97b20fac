"""Two officers on one draft, and one who agrees to what another wrote yesterday."""

import re
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from county.county_office import PASSWORD, TOWN, OfficeDesk, changed
from county.office_site import LogIn, Visitor, app_of
from sqlalchemy import event

from broadcaster.core.notice import Severity
from broadcaster.county.notices.approval_desk import DraftChanged
from broadcaster.county.notices.draft import DraftRefused, DraftState
from broadcaster.county.pages.app import create_app

FORM = {"text": "今天下午停水。", "areas": TOWN, "severity": "4", "hours": "6"}


def opened(clerk: Visitor, id: str) -> dict[str, str]:
    """The hidden fields of the form of a draft, as it is now."""
    page = clerk.see(f"/compose?again={id}")
    return dict(re.findall(r'name="(id|opened)" value="([^"]*)"', page))


def kept_draft(clerk: Visitor, desk: OfficeDesk) -> str:
    clerk.post("/compose/keep", **FORM)
    [record] = desk.parts.desk.recent(10)
    return record.id


@pytest.mark.parametrize("way", ["keep", "send"])
def test_the_second_who_saves_gets_both_texts_back_and_nothing_is_lost(
    log_in: LogIn, plain_desk: OfficeDesk, way: str
) -> None:
    first, second, desk = log_in("小王"), log_in("小李"), plain_desk.parts.desk
    id = kept_draft(first, plain_desk)
    seen_by_first, seen_by_second = opened(first, id), opened(second, id)
    second.post("/compose/keep", **FORM | seen_by_second | {"text": "小李改的。"})
    deeds = len(plain_desk.parts.audit.recent(50))
    both = first.post(f"/compose/{way}", **FORM | seen_by_first | {"text": "小王改的。"})
    assert both.status_code == 409 and "别人改过了" in both.text
    assert "小李改的。" in both.text and "小王改的。" in both.text and "小李的" in both.text
    assert desk.get(id).draft.text == "小李改的。" and desk.get(id).state is DraftState.DRAFT
    assert len(plain_desk.parts.audit.recent(50)) == deeds
    again = first.see(f"/compose/{id}")
    assert "小李改的。" in again and "小王改的。" in again
    mine = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', both.text))
    assert first.post(f"/compose/{way}", **mine).status_code == 303
    record = desk.get(id)
    assert record.draft.text == "小王改的。" and record.writers == ("小王", "小李")


def test_who_takes_the_others_text_finds_it_in_the_form(log_in: LogIn, plain_desk: OfficeDesk) -> None:
    first, second = log_in("小王"), log_in("小李")
    id = kept_draft(first, plain_desk)
    before = opened(first, id)
    second.post("/compose/keep", **FORM | opened(second, id) | {"text": "小李改的。"})
    first.post("/compose/keep", **FORM | before | {"text": "小王改的。"})
    form = first.post("/compose/theirs", id=id).text
    assert "小李改的。" in form and "小王改的。" not in form
    assert "小李改的。" in first.see(f"/compose/{id}")


def test_a_second_tap_on_keep_is_no_quarrel(log_in: LogIn, plain_desk: OfficeDesk) -> None:
    clerk = log_in("小王")
    fields = dict(re.findall(r'name="(id|opened)" value="([^"]*)"', clerk.see("/compose")))
    answers = [clerk.post("/compose/keep", **FORM | fields) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len(plain_desk.parts.desk.recent(10)) == 1


def test_of_two_who_save_at_once_one_is_told(desk: OfficeDesk) -> None:
    first, second = desk.officer("小王"), desk.officer("小李")
    begun = desk.parts.desk.write(first, desk.draft("停水。"))
    ours = changed(begun.draft, text="小李改的。", title="")
    desk.parts.desk.write(second, ours, begun.version)
    with pytest.raises(DraftChanged) as told:
        desk.parts.desk.write(first, changed(ours, text="小王改的。"), begun.version)
    assert told.value.theirs.draft.text == "小李改的。"


def test_who_sends_a_draft_as_it_is_sends_no_words_that_another_keeps_in_that_moment(
    desk: OfficeDesk,
) -> None:
    """The other is first to come after the sender's first step, wherever that ends."""
    sender, other, database = desk.officer("小王"), desk.officer("小李"), desk.parts.database
    begun = desk.parts.desk.write(sender, desk.draft("停水。"))
    theirs = changed(begun.draft, text="不停水了。", title="")
    refused: list[str] = []

    def keep_meanwhile(_: object) -> None:
        if next(begins) == 1:
            try:
                desk.parts.desk.write(other, theirs, begun.version)
            except DraftRefused as error:
                refused.append(str(error))

    begins = count()
    event.listen(database.engine, "begin", keep_meanwhile)
    try:
        desk.parts.desk.send(sender, begun.draft, begun.version)
    finally:
        event.remove(database.engine, "begin", keep_meanwhile)
    assert desk.parts.desk.get(begun.id).draft.text == "停水。"
    assert desk.parts.desk.get(begun.id).state is DraftState.CLEARED and refused


def test_who_throws_a_draft_away_throws_nothing_away_that_he_has_not_seen(
    log_in: LogIn, plain_desk: OfficeDesk
) -> None:
    first, second, desk = log_in("小王"), log_in("小李"), plain_desk.parts.desk
    id = kept_draft(first, plain_desk)
    seen, form = hidden_fields(first.see(f"/bulletin/{id}")), opened(second, id)
    second.post("/compose/keep", **FORM | form | {"text": "小李改的。"})
    refused = first.post(f"/bulletin/{id}/discard", **seen)
    assert refused.status_code == 409 and "没有删" in refused.text and "小李改的。" in refused.text
    assert desk.get(id).draft.text == "小李改的。"
    now_seen = hidden_fields(first.see(f"/bulletin/{id}"))
    assert first.post(f"/bulletin/{id}/discard", **now_seen).status_code == 303
    assert desk.find(id) is None


def test_who_had_a_hand_in_it_is_told_and_does_not_agree_to_it(
    log_in: LogIn, plain_desk: OfficeDesk
) -> None:
    desk, boss = plain_desk.parts.desk, plain_desk.officer("老张")
    orange = plain_desk.draft(severity=Severity.ORANGE)
    begun = desk.write(boss, orange)
    theirs = changed(begun.draft, text="上游放水。", title="")
    desk.write(plain_desk.officer("小王"), theirs, begun.version)
    plain_desk.clock.advance(60)
    desk.submit(plain_desk.officer("小王"), orange.id)
    with pytest.raises(DraftRefused, match="另一个人审批"):
        desk.approve(boss, orange.id, desk.get(orange.id).version)
    page = log_in("老张").see(f"/bulletin/{orange.id}")
    assert "<dd>老张、小王</dd>" in page and "批准，马上发" not in page
    keeper = plain_desk.officer("管家")
    desk.approve(keeper, orange.id, desk.get(orange.id).version)
    assert plain_desk.publisher.sign_cleared() == 1


def test_who_only_hands_it_in_is_told_apart_from_who_wrote_it(
    log_in: LogIn, plain_desk: OfficeDesk
) -> None:
    id = kept_draft(log_in("小李"), plain_desk)
    other = log_in("小王")
    other.post("/compose/send", **FORM | opened(other, id))
    assert "<dd>小李，小王交的</dd>" in other.see(f"/bulletin/{id}")


def test_what_waits_tells_why_now_and_not_why_then(log_in: LogIn, plain_desk: OfficeDesk) -> None:
    plain_desk.clock.step(timedelta(hours=-4))
    record = plain_desk.send()
    boss = log_in("老张")
    assert record.state is DraftState.AWAITING
    for page in (boss.see("/"), boss.see(f"/bulletin/{record.id}")):
        assert "会在 21:00 到 07:00 之间响，要另一个人审批" in page and "现在没有了" not in page
    plain_desk.clock.step(timedelta(hours=4))
    for page in (boss.see("/"), boss.see(f"/bulletin/{record.id}")):
        assert "这个原因现在没有了" in page


def test_yesterdays_today_is_pointed_out_before_it_is_agreed_to(
    log_in: LogIn, plain_desk: OfficeDesk
) -> None:
    record = plain_desk.send(text="今天下午两点开会。", severity=Severity.ORANGE)
    path = f"/bulletin/{record.id}"
    left_open = hidden_fields(log_in("老张").see(path))
    plain_desk.clock.advance(24 * 3600)
    boss = log_in("老张")
    told = "这是昨天写的，里面的“今天”“下午”现在可能不对了"
    assert told in boss.see("/") and told in boss.see(f"/listen/{record.id}")
    stale = boss.post(f"{path}/approve", **left_open)
    assert stale.status_code == 409 and told in stale.text
    assert plain_desk.parts.desk.get(record.id).state is DraftState.AWAITING
    assert boss.post(f"{path}/approve", **hidden_fields(boss.see(path))).status_code == 303


def test_a_time_that_is_over_is_pointed_out_before_it_is_agreed_to(
    log_in: LogIn, plain_desk: OfficeDesk
) -> None:
    soon = plain_desk.clock.now() + timedelta(hours=1)
    record = plain_desk.send(severity=Severity.ORANGE, not_before=soon)
    boss, told = log_in("老张"), "批准以后马上就播"
    assert told not in boss.see(f"/bulletin/{record.id}")
    plain_desk.clock.advance(2 * 3600)
    assert told in boss.see(f"/bulletin/{record.id}")


def hidden_fields(page: str) -> dict[str, str]:
    return dict(re.findall(r'name="(seen|day)" value="([^"]*)"', page))


def test_a_cancel_that_has_not_left_the_house_says_so(log_in: LogIn, plain_desk: OfficeDesk) -> None:
    record, clerk = plain_desk.send(), log_in("小王")
    plain_desk.publisher.mark_sent(record.id)
    clerk.post(f"/bulletin/{record.id}/cancel")
    plain_desk.publisher.sign_cleared()
    told = "取消了，取消的命令还没有送出去"
    assert told in clerk.see(f"/bulletin/{record.id}") and told in clerk.see("/")
    off = plain_desk.parts.desk.cancel_of(record.id)
    assert off
    plain_desk.publisher.mark_sent(off.id)
    assert "<b>已取消</b>" in clerk.see(f"/bulletin/{record.id}")
    assert clerk.client.get(f"/bulletin/{record.id}/cancel").status_code == 303, "nobody is asked twice"


def test_every_page_says_since_when_there_is_no_line_to_the_broker_and_how_much_waits(
    plain_desk: OfficeDesk, tmp_path: Path
) -> None:
    made = app_of(plain_desk, tmp_path).extensions["office"]
    since = plain_desk.clock.now() - timedelta(minutes=92)
    cut = Visitor(create_app(replace(made, cut_since=lambda: since), tmp_path))
    assert "断开了" not in cut.see("/login")
    cut.post("/login", name="管家", password=PASSWORD)
    assert "和消息服务器断开了，从今天 08:28起，现在发的送不出去" in cut.see("/register")
    record = plain_desk.send()
    paths = ("/", "/compose", "/register", "/me", "/more", "/more/people", "/foreign", "/drills")
    for path in (*paths, f"/bulletin/{record.id}"):
        assert "1 则签发了还没有送出去" in cut.see(path), path
    plain_desk.publisher.mark_sent(record.id)
    assert "1 则签发了" not in cut.see("/")


def test_who_sends_back_sends_back_what_he_has_seen_and_keeps_his_reason(
    log_in: LogIn, plain_desk: OfficeDesk
) -> None:
    clerk, desk = log_in("小王"), plain_desk.parts.desk
    clerk.send(severity="2", text="上午放水。")
    [before] = desk.recent(10)
    hers = log_in("老张")
    assert f'name="seen" value="{before.version}"' in hers.see(f"/bulletin/{before.id}")
    clerk.post(f"/bulletin/{before.id}/back", seen=before.version)
    clerk.send(id=before.id, severity="2", text="下午放水。")
    for seen in ({"seen": before.version}, {}):
        late = hers.post(f"/bulletin/{before.id}/back", note="写清楚时间", **seen)
        assert late.status_code == 409 and "没有退回" in late.text and "下午放水" in late.text
        assert 'value="写清楚时间"' in late.text
        assert desk.get(before.id).state is DraftState.AWAITING
    now = desk.get(before.id).version
    assert hers.post(f"/bulletin/{before.id}/back", note="写清楚时间", seen=now).status_code == 303
    assert desk.get(before.id).state is DraftState.DRAFT
