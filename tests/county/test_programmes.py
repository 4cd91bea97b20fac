"""Sound programmes of the office: sent as they came, signed as columns, ahead of their time, and counted
as boxes fetch them.
"""

import hashlib
import io
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from county.county_office import TOWN, OfficeDesk
from county.office_site import LogIn, Visitor
from county.test_listening import carried
from county.test_office_recordings import spoken
from county.test_tidying import tidying

from broadcaster.bulletin import envelope
from broadcaster.bulletin.bulletin import PAYLOAD_TYPE, Bulletin, read_bulletin, sound_of_library
from broadcaster.bulletin.receipts import ReceiptState as Told
from broadcaster.core.errors import SoundRefused
from broadcaster.core.labels import WAITS_FOR_SOUND
from broadcaster.core.model import Outcome
from broadcaster.core.notice import OfficeLevel, Severity
from broadcaster.county.board.delivery_board import FetchedCounts
from broadcaster.county.notices import recordings
from broadcaster.county.notices.approval_rules import approval_reason
from broadcaster.county.notices.draft import Draft, DraftRefused, DraftState
from broadcaster.county.notices.recordings import RecordingStore
from broadcaster.county.notices.recurring import AHEAD, Schedule
from broadcaster.county.notices.revisions import STANDING

FORM: dict[str, Any] = {"areas": TOWN, "severity": "0", "hours": "6", "form": "column"}
EVENING = Schedule.read("1234567 17:30")


def upload(clerk: Visitor, path: str, data: bytes, **fields: Any) -> Any:
    file = io.BytesIO(data), "县台.wav"
    return clerk.post(path, programme=file, **FORM | {"title": "县台节目"} | fields)


def programme(desk: OfficeDesk, folder: Path, **more: Any) -> Draft:
    sound = RecordingStore(folder).take_sound([spoken(40)], "县台.wav")
    given = {"title": "县台节目", "severity": Severity.DAILY, "pieces": (sound_of_library(sound.key),)}
    return desk.draft("", sound=sound, **given | more)


def signed_of(desk: OfficeDesk) -> list[Bulletin]:
    """What the office has signed, through an address for sounds."""
    publisher = desk.publisher_at("http://office.example/")
    publisher.sign_cleared()
    sheets = publisher.in_force()
    return [read_bulletin(envelope.read(one.envelope, PAYLOAD_TYPE).payload) for one in sheets]


def test_it_is_sent_from_the_page_as_it_came_and_given_from_any_byte(
    log_in: LogIn, plain_desk: OfficeDesk, tmp_path: Path
) -> None:
    sent, clerk = spoken(3), log_in("小王")
    page = upload(clerk, "/compose/check", sent).text
    assert "<audio" in page and "会这样念" not in page
    again = clerk.post("/compose/edit", **carried(page)).text
    assert "已经有一个节目" in again and "已经有一个录音" not in again
    assert clerk.post("/compose/send", **carried(page)).status_code == 303
    [told] = signed_of(plain_desk)
    [record] = plain_desk.parts.desk.recent(10)
    assert "节目，3 秒" in clerk.see(f"/bulletin/{record.id}")
    key = hashlib.blake2b(sent, digest_size=16).hexdigest()
    assert (told.v, told.crit, told.library_key) == (2, ("pieces",), key)
    assert told.audio and told.audio.sha256 == hashlib.sha256(sent).hexdigest()
    notice = told.to_notice("县", OfficeLevel.COUNTY)
    assert (notice.text, notice.title) == ("", "县台节目")
    assert notice.pieces == (sound_of_library(key),) == record.draft.as_sent.pieces
    box = clerk.client.application.test_client()
    path = told.audio.url.removeprefix("http://office.example")
    with box.get(path, headers={"Range": "bytes=1000-"}) as rest:
        assert rest.status_code == 206 and rest.data == sent[1000:]


@pytest.mark.parametrize(
    ("data", "more", "told"),
    [
        (b"this is no sound", {}, "不是"),
        (spoken(), {"title": ""}, "要写标题"),
        (spoken(), {"severity": "4"}, "只能用日常级别"),
        (spoken(), {"drill": "1"}, "录音里加不进去"),
    ],
)
def test_what_is_no_programme_is_told(
    log_in: LogIn, data: bytes, more: dict[str, str], told: str
) -> None:
    answer = upload(log_in("小王"), "/compose/check", data, **more)
    assert answer.status_code == 400 and 'role="alert"' in answer.text and told in answer.text


def test_a_recording_is_not_sent_as_a_programme_nor_the_other_way(log_in: LogIn) -> None:
    clerk = log_in("小王")
    fields = carried(upload(clerk, "/compose/check", spoken()).text)
    answer = clerk.post("/compose/check", **fields | {"form": "sound"})
    assert answer.status_code == 400 and "还没有选录音文件" in answer.text
    assert clerk.post("/compose/check", **fields).status_code == 200


def test_one_that_is_too_large_is_told_with_how_many_minutes_there_may_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recordings, "LARGEST", 10_000)
    with pytest.raises(SoundRefused, match="最多 30 兆：64 kbit/s 的 MP3 有 62 分钟"):
        RecordingStore(tmp_path).take_sound([spoken()], "x.wav")


def test_one_that_outlasts_its_window_is_refused_and_one_into_the_night_wants_two(
    plain_desk: OfficeDesk, tmp_path: Path
) -> None:
    who, draft = plain_desk.officer("小王"), programme(plain_desk, tmp_path, life=timedelta(seconds=30))
    with pytest.raises(DraftRefused, match="到有效期还播不完"):
        plain_desk.parts.desk.preview(who, draft)
    now = plain_desk.clock.now()
    late = programme(plain_desk, tmp_path, not_before=now.replace(hour=20, minute=58, second=50))
    assert "要另一个人审批" in approval_reason(late, now)


def test_a_daily_one_goes_out_before_its_time_once_a_day_until_its_last_day(
    desk: OfficeDesk, tmp_path: Path
) -> None:
    standing, who = desk.parts.recurring, desk.officer("小王")
    tomorrow = desk.clock.now().date() + timedelta(days=1)
    schedule = Schedule.read(f"1234567 17:30 {tomorrow}")
    assert str(schedule).endswith(f" {tomorrow}") and "为止" in schedule.wording
    due = schedule.next_after(desk.clock.now())
    standing.keep(who, "县台", programme(desk, tmp_path), schedule)
    assert standing.issue() == 0
    desk.clock.step(due - AHEAD - desk.clock.now())
    assert (standing.issue(), standing.issue()) == (1, 0)
    [one] = standing.all()
    assert standing.sent_ahead(one) == due and standing.dates(one) == [due + timedelta(days=1)]
    # What went out does not go out again, whatever is done to it meanwhile.
    standing.pause("县台", True)
    standing.pause("县台", False)
    standing.keep(who, "县台", programme(desk, tmp_path), schedule)
    assert standing.issue() == 0
    [told] = signed_of(desk)
    assert told.not_before == due and told.expires == due + timedelta(hours=2)
    desk.clock.step(timedelta(days=1))
    assert standing.issue() == 1
    desk.clock.step(timedelta(days=1))
    [one] = standing.all()
    assert standing.issue() == 0 and "都发完了" in standing.hindrance(one)
    assert [each.content for each in desk.parts.revisions.of(STANDING, "县台")][-1].endswith("40 秒")


@pytest.mark.parametrize("last", ["2026-02-30", "明天"])
def test_a_last_day_that_is_none_is_refused(last: str) -> None:
    with pytest.raises(DraftRefused):
        Schedule.read(f"1 17:30 {last}")


def test_one_whose_last_day_is_over_is_not_set(desk: OfficeDesk, tmp_path: Path) -> None:
    with pytest.raises(DraftRefused, match="一次也轮不到"):
        given = programme(desk, tmp_path), Schedule.read("1234567 17:30 2020-01-01")
        desk.parts.recurring.keep(desk.officer("小王"), "县台", *given)


def test_a_daily_one_is_set_and_changed_on_the_page(log_in: LogIn, plain_desk: OfficeDesk) -> None:
    boss = log_in("老张")
    days = {"days": ["1", "2", "3", "4", "5", "6", "7"], "name": "县台节目"}
    refused = boss.post("/more/standing", **FORM | days, time="17:30")
    assert refused.status_code == 400 and "还没有选节目文件" in refused.text
    last = f"{plain_desk.clock.now().date() + timedelta(days=6)}"
    given = days | {"time": "17:30", "last": last}
    assert upload(boss, "/more/standing", spoken(2), **given).status_code == 303
    page = boss.see("/more/standing/edit?name=县台节目")
    assert "已经有一个节目，2 秒" in page and f'value="{last}"' in page
    [one] = plain_desk.parts.recurring.all()
    assert one.draft.sound and one.draft.is_column and not one.draft.text
    assert upload(boss, "/more/standing/edit", spoken(3), **given).status_code == 303
    [one] = plain_desk.parts.recurring.all()
    assert one.draft.sound and one.draft.sound.seconds == 3


def test_the_sound_of_a_daily_one_is_not_tidied_away(desk: OfficeDesk, tmp_path: Path) -> None:
    store = RecordingStore(tmp_path)
    draft = programme(desk, tmp_path)
    unused = store.take_sound([spoken(2)], "x.wav")
    desk.parts.recurring.keep(desk.officer("小王"), "县台", draft, EVENING)
    long_ago = time.time() - 10 * 365 * 86_400
    for about in (tmp_path / "sounds").glob("*.json"):
        os.utime(about, (long_ago, long_ago))
    assert tidying(desk, tmp_path).delete_some().recordings == 1
    assert draft.sound and store.find(draft.sound.sha256) == draft.sound
    assert store.path(draft.sound).exists() and store.find(unused.sha256) is None


def test_the_board_tells_how_many_boxes_have_it(
    log_in: LogIn, plain_desk: OfficeDesk, tmp_path: Path
) -> None:
    first, second = plain_desk.enrol(), plain_desk.enrol("331121104201", "西山村")
    record = plain_desk.parts.desk.send(plain_desk.officer("小王"), programme(plain_desk, tmp_path))
    signed_of(plain_desk)
    board, clock = plain_desk.parts.board, plain_desk.clock
    assert board.fetched(record.id) == FetchedCounts(0, 0)
    for box in (first, second):
        accepted = box.receipt(record.id, Told.ACCEPTED, clock)
        waits = box.receipt(record.id, Told.DEFERRED, clock, reason=WAITS_FOR_SOUND)
        plain_desk.take(box, accepted, waits)
    assert board.fetched(record.id) == FetchedCounts(0, 2)
    plain_desk.take(first, first.receipt(record.id, Told.ACCEPTED, clock))
    page = log_in("小王").see(f"/bulletin/{record.id}")
    assert "1 个广播站已经下载好了节目，1 个还没有" in page
    plain_desk.take(first, first.heard(record.id, clock, Outcome.PLAYED, 30))
    plain_desk.take(second, second.heard(record.id, clock, Outcome.FAILED, 0))
    assert board.fetched(record.id) == FetchedCounts(1, 0)
    assert plain_desk.parts.desk.get(record.id).state is DraftState.PUBLISHED
