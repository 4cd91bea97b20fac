"""What is over for long goes, a little at a time; what is in force never."""

from datetime import timedelta
from pathlib import Path

import pytest
from county.county_office import OfficeDesk
from county.office_site import LogIn
from sqlalchemy import func, select

from broadcaster.bulletin.receipts import ReceiptState as Told
from broadcaster.core.model import Outcome
from broadcaster.county.notices.draft import DraftState
from broadcaster.county.notices.recordings import RecordingStore
from broadcaster.county.notices.retention import DeletedRows, Retention, row_counts
from broadcaster.county.store.office_settings import KeepSettings
from broadcaster.county.store.tables import audit, bulletin, envelope, reach, receipt

KEEP = KeepSettings()


def tidying(desk: OfficeDesk, folder: Path, keep: KeepSettings = KEEP) -> Retention:
    parts = desk.parts
    return Retention(parts.database, desk.clock, keep, RecordingStore(folder), parts.audit)


def rows(desk: OfficeDesk, table: object) -> int:
    query = select(func.count()).select_from(table)  # type: ignore[arg-type]
    return int(desk.parts.database.read(query)[0][0])


def days(desk: OfficeDesk, count: int) -> None:
    desk.clock.step(timedelta(days=count))
    desk.publisher.expire()


def test_receipts_go_first_then_the_bulletin_with_how_it_fared(desk: OfficeDesk, tmp_path: Path) -> None:
    box, record = desk.enrol(), desk.send()
    desk.take(box, box.heard(record.id, desk.clock, Outcome.PLAYED, 30))
    tidy = tidying(desk, tmp_path)
    days(desk, KEEP.receipts_days - 1)
    assert tidy.delete_some() == DeletedRows()
    days(desk, 2)
    assert tidy.delete_some() == DeletedRows(receipts=1)
    assert desk.counts(record.id)["heard"] == 1
    days(desk, KEEP.bulletins_days - KEEP.receipts_days)
    assert tidy.delete_some().bulletins == 1
    assert [rows(desk, table) for table in (bulletin, reach, receipt, envelope)] == [0, 0, 0, 0]


def test_what_a_box_has_signed_goes_with_the_last_receipt_in_it(
    desk: OfficeDesk, tmp_path: Path
) -> None:
    box, gone, live = desk.enrol(), desk.send(), desk.send(life=timedelta(days=6))
    shortest = KEEP.model_copy(update={"bulletins_days": 1})
    desk.take(box, box.signed(*(box.told(one.id, Told.ACCEPTED, desk.clock) for one in (gone, live))))
    days(desk, 2)
    assert tidying(desk, tmp_path, shortest).delete_some().bulletins == 1
    assert (rows(desk, receipt), rows(desk, envelope)) == (1, 1)
    days(desk, 8)
    assert tidying(desk, tmp_path, shortest).delete_some().bulletins == 1
    assert (rows(desk, receipt), rows(desk, envelope)) == (0, 0)


def test_what_is_in_force_on_the_broker_or_not_sent_yet_stays(desk: OfficeDesk, tmp_path: Path) -> None:
    box, shortest = desk.enrol(), KEEP.model_copy(update={"bulletins_days": 0, "receipts_days": 0})
    tidy = tidying(desk, tmp_path, shortest)
    live, gone, draft = desk.send(), desk.send(), desk.draft()
    desk.parts.desk.write(desk.officer("小王"), draft)
    desk.take(box, box.receipt(live.id, Told.ACCEPTED, desk.clock))
    desk.publisher.mark_sent(gone.id)
    desk.parts.desk.cancel(desk.officer("小王"), gone.id)
    desk.publisher.sign_cleared()
    desk.clock.advance(60)
    assert tidy.delete_some() == DeletedRows()
    desk.publisher.mark_cleared(gone.id)
    days(desk, 1)
    assert {record.id for record in desk.parts.desk.recent(10)} == {live.id, gone.id, draft.id}
    assert desk.parts.desk.get(live.id).state is DraftState.EXPIRED
    # The live one had been on no broker; the cancel is in force for a week.
    assert tidy.delete_some().bulletins == 2
    assert [record.id for record in desk.parts.desk.recent(10)] == [draft.id]


def test_it_goes_on_until_nothing_is_left_then_rests_and_tells(
    plain_desk: OfficeDesk, tmp_path: Path, log_in: LogIn
) -> None:
    for _ in range(7):
        plain_desk.send()
    days(plain_desk, KEEP.bulletins_days + 1)
    tidy = tidying(plain_desk, tmp_path)
    for _ in range(4):
        tidy.step()
    assert rows(plain_desk, bulletin) == 0
    page = log_in("参观").see("/more/upkeep")
    assert "通知 7 则" in page and f"留 {KEEP.bulletins_days} 天" in page
    plain_desk.clock.step(timedelta(days=KEEP.audit_days + 1))
    tidy.step()
    assert rows(plain_desk, audit) > 0
    plain_desk.clock.advance(6 * 3600)
    tidy.step()
    assert rows(plain_desk, audit) == 0


def test_who_did_what_is_kept_for_years_and_no_longer(desk: OfficeDesk, tmp_path: Path) -> None:
    desk.parts.audit.note("小王", "发通知")
    days(desk, KEEP.audit_days - 1)
    assert tidying(desk, tmp_path).delete_some().audit_entries == 0
    days(desk, 2)
    assert tidying(desk, tmp_path).delete_some().audit_entries == 1
    assert row_counts(desk.parts.database)["操作记录"] == 0


@pytest.mark.parametrize("name", ["bulletins_days", "audit_days", "receipts_days", "recordings_days"])
def test_nothing_is_thrown_away_by_a_slip_of_the_pen(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        KeepSettings.model_validate({name: 1})
