"""Boxes come in by a code once, are replaced and retired; areas come and go as CSV."""

from dataclasses import replace
from datetime import timedelta

import pytest
from county.county_office import BROKER, NEXT_VILLAGE, VILLAGE, OfficeDesk

from broadcaster.bulletin.areas import AreaUnknown
from broadcaster.bulletin.enrolment import Enrolment
from broadcaster.bulletin.keys import new_key, public
from broadcaster.bulletin.receipts import ReceiptState as Told
from broadcaster.county.register.enrollees import OpenAccess
from broadcaster.county.register.one_time_code import RegisterRefused
from broadcaster.county.register.register import BoxState


def test_a_code_enrols_one_box_once(desk: OfficeDesk) -> None:
    made, code = desk.parts.register.add(VILLAGE, "洞背村")
    assert made.state is BoxState.INVITED
    box = desk.enrol_by(code.upper().replace("-", " "))
    read = Enrolment.from_bytes(box.enrolment.to_bytes())
    assert (read.box, read.area, read.root) == (f"{VILLAGE}-1", VILLAGE, desk.folder.pin)
    assert desk.parts.register.get(box.id).state is BoxState.ENROLLED
    with pytest.raises(RegisterRefused, match="另一台机器用过了"):
        desk.enrol_by(code)


def test_the_same_box_comes_again_by_its_code_or_a_new_one(desk: OfficeDesk) -> None:
    """Its answer was lost, its files were damaged, it was retired by mistake."""
    made, code = desk.parts.register.add(VILLAGE, "洞背村")
    box = desk.enrol_by(code)
    again = desk.enrol_by(code, box.key)
    assert again.id == made.id and again.enrolment.password != box.enrolment.password
    assert desk.enrol_by(desk.parts.register.replace(made.id), box.key).id == made.id
    desk.parts.register.retire(made.id)
    assert desk.enrol_by(desk.parts.register.replace(made.id), box.key).id == made.id
    record = desk.send()
    assert desk.take(box, box.receipt(record.id, Told.ACCEPTED, desk.clock)) == 1


def test_a_code_outlives_its_use_by_no_day(desk: OfficeDesk) -> None:
    _, code = desk.parts.register.add(VILLAGE, "洞背村")
    box = desk.enrol_by(code)
    desk.clock.step(timedelta(days=8))
    with pytest.raises(RegisterRefused, match="过期"):
        desk.enrol_by(code, box.key)


def test_a_box_that_moves_is_told_where_it_stands_and_keeps_its_code(desk: OfficeDesk) -> None:
    """Else one card that was copied would be two villages."""
    box, (_, code) = desk.enrol(), desk.parts.register.add(NEXT_VILLAGE, "上村")
    with pytest.raises(RegisterRefused, match=r"已经登记为洞背村.*box\.pem"):
        desk.enrol_by(code, box.key)
    desk.parts.register.retire(box.id)
    assert desk.enrol_by(code, box.key).id == f"{NEXT_VILLAGE}-1"


def test_a_code_that_is_wrong_or_old_enrols_nobody(desk: OfficeDesk) -> None:
    _, code = desk.parts.register.add(VILLAGE, "洞背村")
    with pytest.raises(RegisterRefused, match="没有这个登记码"):
        desk.enrol_by("aaaa-bbbb-cccc")
    with pytest.raises(RegisterRefused, match=r"12 个字母和数字.*再复制一遍"):
        desk.enrol_by(code[:-2])
    desk.clock.step(timedelta(days=8))
    with pytest.raises(RegisterRefused, match="过期"):
        desk.enrol_by(code)


def test_a_key_that_is_none_does_not_use_the_code_up(desk: OfficeDesk) -> None:
    _, code = desk.parts.register.add(VILLAGE, "洞背村")
    with pytest.raises(RegisterRefused, match="公钥不对"):
        desk.parts.register.enrol(code, "00", desk.folder.pin, b"{}", BROKER)
    desk.enrol_by(code)


def test_a_broker_without_its_authority_is_told_and_the_code_stays_good(desk: OfficeDesk) -> None:
    _, code = desk.parts.register.add(VILLAGE, "洞背村")
    given = public(new_key()).keyval["public"], desk.folder.pin, b"{}", replace(BROKER, authority="")
    with pytest.raises(RegisterRefused, match="证书不对"):
        desk.parts.register.enrol(code, *given)
    desk.enrol_by(code)


def test_a_broker_that_lets_nobody_in_leaves_the_code_good(desk: OfficeDesk) -> None:
    class Shut(OpenAccess):
        def admit(self, box: str, area: str, password: str) -> None:
            raise RegisterRefused("消息服务器没有开。")

    _, code = desk.parts.register.add(VILLAGE, "洞背村")
    register = desk.parts.register
    desk.parts = replace(
        desk.parts, register=type(register)(desk.parts.database, desk.clock, "331121", Shut())
    )
    with pytest.raises(RegisterRefused, match="没有开"):
        desk.enrol_by(code)
    desk.parts = replace(desk.parts, register=register)
    desk.enrol_by(code)


def test_a_replaced_box_speaks_by_its_new_key_from_its_first_number(desk: OfficeDesk) -> None:
    old, record = desk.enrol(), desk.send()
    for _ in range(3):
        desk.take(old, old.receipt(record.id, Told.ACCEPTED, desk.clock))
    new = desk.enrol_by(desk.parts.register.replace(old.id))
    assert new.id == old.id
    assert desk.take(new, new.receipt(record.id, Told.ON_THE_AIR, desk.clock)) == 1
    assert desk.counts(record.id)["on_the_air"] == 1
    assert desk.take(old, old.receipt(record.id, Told.ACCEPTED, desk.clock)) == 0


def test_a_retired_box_is_sent_nothing_and_believed_nothing(desk: OfficeDesk) -> None:
    box = desk.enrol()
    desk.parts.register.retire(box.id)
    record = desk.send()
    assert desk.counts(record.id)["sent"] == 0
    assert desk.take(box, box.receipt(record.id, Told.ACCEPTED, desk.clock)) == 0


def test_a_box_without_a_network_is_enrolled_by_a_file_and_its_key_typed_in(desk: OfficeDesk) -> None:
    made, code = desk.parts.register.add(VILLAGE, "洞背村")
    given = desk.folder.pin, desk.folder.keyring.to_bytes(), BROKER
    file = desk.parts.register.enrolment_file(made.id, *given)
    assert Enrolment.from_bytes(file.to_bytes()).box == made.id
    with pytest.raises(RegisterRefused):
        desk.enrol_by(code)
    desk.parts.register.set_key(made.id, public(new_key()).keyval["public"])
    assert desk.parts.register.get(made.id).state is BoxState.ENROLLED


def test_two_boxes_of_a_village_have_names_of_their_own(desk: OfficeDesk) -> None:
    assert desk.enrol().id != desk.enrol().id


def test_areas_go_out_and_come_in_as_they_were(desk: OfficeDesk) -> None:
    register = desk.parts.register
    assert register.import_areas("代码,名称\n331121104000,高市乡\n331121104200,洞背村\n") == 2
    assert register.names() == {"331121104": "高市乡", "331121104200": "洞背村"}
    written = register.export_areas()
    assert register.import_areas(written) == 2
    assert register.import_areas("331121104000\t高市镇") == 1
    assert register.names()["331121104"] == "高市镇"


@pytest.mark.parametrize("text", ["331122104,别县", "331121104,高市乡\n12345,错", "331121104"])
def test_a_list_with_one_wrong_line_changes_nothing(desk: OfficeDesk, text: str) -> None:
    with pytest.raises((RegisterRefused, AreaUnknown)):
        desk.parts.register.import_areas(text)
    assert desk.parts.register.names() == {}


@pytest.mark.parametrize("text", ["", "\n", "ab", "代码,名称\n"])
def test_a_list_without_an_area_is_refused_with_what_it_should_hold(desk: OfficeDesk, text: str) -> None:
    with pytest.raises(RegisterRefused, match=r"一个地方也没有.*12 位"):
        desk.parts.register.import_areas(text)


def test_all_lines_that_are_wrong_are_told_at_once(desk: OfficeDesk) -> None:
    lines = ["331121104,高市乡", "12345,错", *(f"3311221042{n:02},别县" for n in range(8)), "331121105,"]
    with pytest.raises(RegisterRefused, match=r"“12345,错”.*331122104200,别县.*还有 5 行"):
        desk.parts.register.import_areas("\n".join(lines))


def test_a_box_of_another_county_or_of_no_village_is_refused(desk: OfficeDesk) -> None:
    with pytest.raises(RegisterRefused, match="不在"):
        desk.parts.register.add("331122104200", "别县")
    with pytest.raises(RegisterRefused, match="12 位"):
        desk.parts.register.add("331121104000", "高市乡")
