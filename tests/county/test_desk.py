"""From the first word to the counted receipts, over both databases."""

import threading
from datetime import timedelta

import pytest
from county.county_office import NEXT_VILLAGE, OTHER_VILLAGE, TOWN, VILLAGE, OfficeDesk

from broadcaster.bulletin.bulletin import BulletinKind
from broadcaster.bulletin.keyring import Trust
from broadcaster.bulletin.receipts import ReceiptState as Told
from broadcaster.bulletin.refusals import Refusal
from broadcaster.bulletin.replay_guard import Accepted, ReplayGuard
from broadcaster.bulletin.snapshot import read_snapshot
from broadcaster.bulletin.trusted_time import Now
from broadcaster.bulletin.verify import verify
from broadcaster.core.model import Outcome
from broadcaster.core.notice import OfficeLevel, Severity
from broadcaster.county.notices.draft import DraftRefused, DraftState
from broadcaster.county.store.delivery_state import DeliveryState


def now(desk: OfficeDesk) -> Now:
    return Now(desk.clock.now(), True, desk.clock.now())


def judged(desk: OfficeDesk, seen: ReplayGuard, village: str = VILLAGE) -> list[Accepted]:
    """What a box of this village takes up of all that is in force."""
    trust = Trust.pin(desk.folder.keyring.to_bytes(), desk.folder.pin, desk.clock.now())
    taken = []
    for sheet in desk.publisher.in_force():
        verdict = verify(sheet.envelope, trust, seen, village, now(desk))
        if isinstance(verdict, Accepted):
            seen.note(verdict)
            taken.append(verdict)
    return taken


def test_what_is_sent_is_signed_so_that_a_box_takes_it_up(desk: OfficeDesk) -> None:
    record = desk.send(repeats=2)
    assert record.state is DraftState.PUBLISHED
    [taken] = judged(desk, ReplayGuard())
    assert (taken.bulletin.id, taken.bulletin.repeat) == (record.id, 2)
    assert taken.issuer.name == "青田县"
    assert not judged(desk, ReplayGuard(), OTHER_VILLAGE)


def test_each_bulletin_has_the_next_number_of_the_key(desk: OfficeDesk) -> None:
    for _ in range(3):
        desk.send()
    numbers = [accepted.bulletin.seq for accepted in judged(desk, ReplayGuard())]
    assert numbers == [1, 2, 3]


def test_an_orange_one_waits_for_a_second_person(desk: OfficeDesk) -> None:
    record = desk.send(severity=Severity.ORANGE)
    assert record.state is DraftState.AWAITING and not desk.publisher.in_force()
    with pytest.raises(DraftRefused, match="不能审批"):
        desk.parts.desk.approve(desk.officer("小王"), record.id, record.version)
    desk.parts.desk.approve(desk.officer("老张"), record.id, record.version)
    assert desk.publisher.sign_cleared() == 1
    done = desk.parts.desk.get(record.id)
    assert (done.state, done.written_by, done.approved_by) == (DraftState.PUBLISHED, "小王", "老张")


def test_what_was_sent_back_can_be_changed_and_sent_again(desk: OfficeDesk) -> None:
    record = desk.send(severity=Severity.ORANGE)
    back = desk.parts.desk.send_back(desk.officer("老张"), record.id, "改成黄色", record.version)
    told = f"{desk.clock.now():%m月%d日 %H:%M} 老张退回来改：改成黄色"
    assert (back.state, back.note) == (DraftState.DRAFT, told)
    changed = desk.draft(id=record.id, severity=Severity.YELLOW)
    assert desk.parts.desk.send(desk.officer("小王"), changed).state is DraftState.CLEARED


def test_what_was_cleared_by_day_is_not_signed_at_night(desk: OfficeDesk) -> None:
    record = desk.parts.desk.send(desk.officer("小王"), desk.draft())
    desk.clock.step(timedelta(hours=14))
    assert desk.publisher.sign_cleared() == 0
    back = desk.parts.desk.get(record.id)
    assert back.state is DraftState.DRAFT and "21:00" in back.note


def test_two_who_approve_at_once_send_one(desk: OfficeDesk) -> None:
    record = desk.send(severity=Severity.ORANGE)
    refused = []

    def approve(name: str) -> None:
        try:
            desk.parts.desk.approve(desk.officer(name), record.id, record.version)
        except DraftRefused as error:
            refused.append(str(error))

    both = [threading.Thread(target=approve, args=(name,)) for name in ("老张", "管家")]
    for one in both:
        one.start()
    for one in both:
        one.join(60)
    assert refused == ["这一则已经批准，正在发。"]


def test_a_cancel_takes_it_back_in_one_hop(desk: OfficeDesk) -> None:
    record = desk.send()
    seen = ReplayGuard()
    judged(desk, seen)
    desk.clock.advance(60)
    desk.parts.desk.cancel(desk.officer("小李"), record.id)
    assert desk.publisher.sign_cleared() == 1
    assert desk.parts.desk.get(record.id).state is DraftState.CANCELLED
    [off] = judged(desk, seen)
    assert (off.bulletin.kind, off.bulletin.cancels) == (BulletinKind.CANCEL, record.id)
    with pytest.raises(DraftRefused, match="已经取消"):
        desk.parts.desk.cancel(desk.officer("小王"), record.id)


def test_a_cancelled_one_is_taken_off_the_broker_if_it_was_there(desk: OfficeDesk) -> None:
    record = desk.send()
    desk.publisher.mark_sent(record.id)
    desk.parts.desk.cancel(desk.officer("小王"), record.id)
    desk.publisher.sign_cleared()
    [sheet] = desk.publisher.to_clear()
    assert (sheet.id, sheet.envelope) == (record.id, b"")
    desk.publisher.mark_cleared(record.id)
    assert not desk.publisher.to_clear()


def test_what_waits_for_approval_is_cancelled_without_a_word_to_boxes(desk: OfficeDesk) -> None:
    record = desk.send(severity=Severity.ORANGE)
    desk.parts.desk.cancel(desk.officer("小王"), record.id)
    assert desk.publisher.sign_cleared() == 0
    assert desk.parts.desk.get(record.id).state is DraftState.CANCELLED
    with pytest.raises(DraftRefused, match="已经取消"):
        desk.parts.desk.approve(desk.officer("老张"), record.id, record.version)


def test_what_is_over_expires(desk: OfficeDesk) -> None:
    record = desk.send(life=timedelta(hours=1))
    desk.clock.step(timedelta(hours=1))
    assert desk.publisher.expire() == 1
    assert desk.parts.desk.get(record.id).state is DraftState.EXPIRED
    assert not desk.publisher.in_force()


def test_heads_name_what_is_in_force_and_answer_a_nonce(desk: OfficeDesk) -> None:
    record, gone = desk.send(), desk.send()
    desk.parts.desk.cancel(desk.officer("小王"), gone.id)
    desk.publisher.sign_cleared()
    answer = desk.publisher.signed(desk.publisher.listing(), "n" * 16)
    snapshot = read_snapshot(answer, desk.folder.trust, now(desk))
    assert record.id in snapshot.in_force and gone.id not in snapshot.in_force
    assert list(snapshot.highest.values()) == [3]
    assert snapshot.tells_time_to("n" * 16)


def test_a_drill_is_signed_as_one(desk: OfficeDesk) -> None:
    desk.send(kind=BulletinKind.DRILL)
    [taken] = judged(desk, ReplayGuard())
    assert taken.bulletin.to_notice("青田县", taken.issuer.office).drill


def test_receipts_are_counted_as_they_come(desk: OfficeDesk) -> None:
    first, second = desk.enrol(), desk.enrol(NEXT_VILLAGE, "上村")
    desk.enrol(OTHER_VILLAGE, "别处")
    record = desk.send()
    assert desk.counts(record.id)["sent"] == 2
    clock, id = desk.clock, record.id
    desk.take(first, first.receipt(id, Told.ACCEPTED, clock), first.receipt(id, Told.ON_THE_AIR, clock))
    assert desk.counts(id) == {
        **{"sent": 2, "reached": 1, "accepted": 1, "on_the_air": 1},
        **{"heard": 0, "partly": 0, "failed": 0, "silent": 1, "cancelled": 0},
    }
    desk.take(first, first.heard(id, clock, Outcome.PLAYED, 30))
    desk.take(second, second.heard(id, clock, Outcome.CUT_SHORT, 12))
    counts = desk.counts(id)
    assert (counts["heard"], counts["partly"], counts["silent"]) == (1, 1, 0)
    [town] = desk.parts.board.towns(id)
    assert town.code == TOWN
    places = desk.parts.board.places(record.id, town.code)
    assert [place.name for place in places] == ["洞背村", "上村"]
    assert "12/30 秒" in places[1].wording
    heading, whole, _ = desk.parts.board.to_csv(id, "停水", clock.zone).splitlines()
    assert heading.endswith("播了几秒,共几秒,开始响,时间")
    at = f"{clock.now():%Y-%m-%d %H:%M:%S}"
    assert whole == f"停水,331121104200,洞背村,{first.id},播完了,,30,30,{at},{at}"


def test_what_was_cancelled_before_it_sounded_is_cancelled_and_did_not_fail(desk: OfficeDesk) -> None:
    box, record = desk.enrol(), desk.send()
    desk.parts.desk.cancel(desk.officer("小王"), record.id)
    desk.publisher.sign_cleared()
    desk.take(box, box.heard(record.id, desk.clock, Outcome.CANCELLED, 0))
    counts = desk.counts(record.id)
    assert (counts["cancelled"], counts["failed"], counts["reached"]) == (1, 0, 1)


def test_an_older_receipt_that_comes_late_changes_nothing(desk: OfficeDesk) -> None:
    box, record = desk.enrol(), desk.send()
    early = box.receipt(record.id, Told.ACCEPTED, desk.clock)
    desk.take(box, box.heard(record.id, desk.clock, Outcome.PLAYED, 30))
    desk.take(box, early)
    assert desk.parts.board.places(record.id)[0].stage is DeliveryState.HEARD


def test_a_receipt_twice_is_kept_once(desk: OfficeDesk) -> None:
    box, record = desk.enrol(), desk.send()
    receipt = box.receipt(record.id, Told.ACCEPTED, desk.clock)
    desk.take(box, receipt, receipt)
    desk.take(box, receipt)
    assert desk.counts(record.id)["accepted"] == 1


def test_receipts_that_are_signed_together_count_each_for_itself(desk: OfficeDesk) -> None:
    box, one, other = desk.enrol(), desk.send(), desk.send()
    clock = desk.clock
    told = [box.told(record.id, Told.ACCEPTED, clock) for record in (one, other)]
    together = box.signed(*told, box.told(one.id, Told.ON_THE_AIR, clock))
    assert desk.take(box, together) == 1
    assert desk.take(box, together, box.heard(other.id, clock, Outcome.PLAYED, 30)) == 2
    desk.take(box, together)
    counts = desk.counts(one.id), desk.counts(other.id)
    assert [(count["on_the_air"], count["heard"]) for count in counts] == [(1, 0), (0, 1)]


def test_a_second_copy_of_a_bulletin_does_not_undo_what_was_heard(desk: OfficeDesk) -> None:
    box, record = desk.enrol(), desk.send()
    desk.take(box, box.heard(record.id, desk.clock, Outcome.PLAYED, 30))
    again = box.receipt(record.id, Told.REFUSED, desk.clock, refusal=Refusal.ALREADY_SEEN)
    assert desk.take(box, again) == 1
    assert desk.counts(record.id)["heard"] == 1


def test_a_later_field_goes_out_once_every_box_that_it_is_for_reads_it(desk: OfficeDesk) -> None:
    boxes = [desk.enrol(), desk.enrol(village="331121104202", name="周岙村")]

    def sent() -> tuple[int, str]:
        record = desk.send(contact="13800001111")
        [taken] = [one for one in judged(desk, ReplayGuard()) if one.bulletin.id == record.id]
        return taken.bulletin.v, taken.bulletin.to_notice("", OfficeLevel.COUNTY).contact

    assert sent() == (1, "")
    desk.publisher.note_versions({boxes[0].id: 2})
    assert sent() == (1, "")
    desk.publisher.note_versions({box.id: 2 for box in boxes})
    assert sent() == (2, "13800001111")
    desk.publisher.note_versions({boxes[1].id: 1})
    assert sent() == (1, "")


def test_a_field_that_a_box_passed_over_is_told(desk: OfficeDesk) -> None:
    box, record = desk.enrol(), desk.send()
    desk.take(box, box.receipt(record.id, Told.ACCEPTED, desk.clock, ignored=("contact", "scent")))
    [place] = desk.parts.board.places(record.id)
    assert "不认识这几项，没有管：联系人电话、scent" in place.wording


def test_a_refusal_is_told_with_its_sentence(desk: OfficeDesk) -> None:
    box, record = desk.enrol(), desk.send()
    desk.take(box, box.receipt(record.id, Told.REFUSED, desk.clock, refusal=Refusal.REVOKED_KEY))
    assert "签名的钥匙已经作废" in desk.parts.board.places(record.id)[0].wording
    assert desk.counts(record.id)["failed"] == 1


def test_a_receipt_signed_by_another_box_is_not_counted(desk: OfficeDesk) -> None:
    box, other, record = desk.enrol(), desk.enrol(NEXT_VILLAGE, "上村"), desk.send()
    forged = other.heard(record.id, desk.clock, Outcome.PLAYED, 30)
    assert desk.take(box, forged) == 0
    box.key = other.key
    assert desk.take(box, box.heard(record.id, desk.clock, Outcome.PLAYED, 30)) == 0
    assert desk.take(box, b"{}") == 0
    assert desk.counts(record.id)["silent"] == 2


def test_a_box_that_joined_later_is_on_the_board_when_it_speaks(desk: OfficeDesk) -> None:
    record = desk.send()
    late = desk.enrol()
    desk.take(late, late.heard(record.id, desk.clock, Outcome.PLAYED, 30))
    assert desk.counts(record.id)["heard"] == 1
