"""The national message into a draft, with the traps that platforms of the field set; and its package."""

import io
import tarfile
from datetime import UTC, datetime, timedelta

import pytest
from county.foreign_messages import (
    ALERT,
    BEIJING,
    EBDID,
    EBM,
    EBMID,
    EBRID,
    NOON,
    SAMPLES,
    mutations,
    with_samples,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from broadcaster.bulletin.bulletin import BulletinKind
from broadcaster.core.notice import Severity
from broadcaster.county.foreign.base.proposal import ForeignDraft, NotImported, Reference
from broadcaster.county.foreign.base.safe_xml import LARGEST_XML
from broadcaster.county.foreign.ebm.package import MOST_FILES
from broadcaster.county.foreign.message_reader import LARGEST_MESSAGE, read_foreign

OTHER_ID = f"{EBRID}202605010006"
RELATED = f"<RelatedInfo><EBMID>{OTHER_ID}</EBMID></RelatedInfo><MsgBasicInfo>"
MESSAGE = f"EBDB_{EBDID}.xml"
SIGNATURE = f"EBDS_EBDB_{EBDID}.xml"
SIGNED = b"<Signature><SignatureValue>AAAA</SignatureValue></Signature>"


def draft(data: str | bytes, now: datetime = NOON, name: str = "") -> ForeignDraft:
    (only,) = read_foreign(data if isinstance(data, bytes) else data.encode(), now, name)
    return only


def problems(data: str | bytes) -> list[str]:
    with pytest.raises(NotImported) as caught:
        draft(data)
    return caught.value.problems


def changed(*changes: tuple[str, str]) -> str:
    text = EBM
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


def package(files: dict[str, bytes], *others: tarfile.TarInfo) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as tar:
        for name, data in files.items():
            info = member(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        for other in others:
            tar.addfile(other)
    return written.getvalue()


def test_a_message_becomes_a_draft() -> None:
    assert draft(EBM) == ForeignDraft(
        standard="GD/J 082-2018",
        source_id=EBMID,
        sender=EBRID,
        sender_name="丽水市应急广播中心",
        sent=NOON - timedelta(minutes=1),
        kind=BulletinKind.NOTICE,
        severity=Severity.ORANGE,
        title="暴雨预警",
        text="今天下午有暴雨。",
        areas=("331121", "331122104", "331123104200"),
        not_before=NOON,
        expires=NOON + timedelta(hours=6),
    )


def test_a_time_without_a_zone_is_beijings_wherever_this_runs() -> None:
    found = draft(EBM)
    assert found.not_before == datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
    assert found.not_before.utcoffset() == timedelta(hours=8)


@pytest.mark.parametrize(
    "written",
    [
        "2026-05-01T18:00:00",
        "2026-05-01 18:00:00+08:00",
        "1777629600",
        "2026-05-01",
        "2026-13-01 18:00:00",
    ],
)
def test_another_writing_of_a_time_is_refused(written: str) -> None:
    (only,) = problems(changed(("2026-05-01 18:00:00", written)))
    assert only.startswith("EndTime“")


def test_the_layout_of_2016_is_read_and_remarked() -> None:
    short = EBRID[:18]
    text = changed((EBRID, short), ("SendTime", "SentTime"))
    found = draft(text)
    assert (found.sent, found.sender) == (NOON - timedelta(minutes=1), short)
    assert len(found.source_id) == 30
    assert "2016" in found.remarks[0]


def test_both_times_of_sending_must_agree() -> None:
    other = "<SentTime>2026-05-01 03:59:00</SentTime><EventType>"
    assert problems(changed(("<EventType>", other))) == ["SendTime 和 SentTime 不一样。"]
    same = other.replace("03:", "11:")
    assert draft(changed(("<EventType>", same))) == draft(EBM)


@pytest.mark.parametrize("version", ["1", "1.0", "1.0000"])
def test_versions_as_platforms_write_them(version: str) -> None:
    text = changed(
        ("<EBDVersion>1<", f"<EBDVersion>{version}<"), ("<EBMVersion>1<", f"<EBMVersion>{version}<")
    )
    assert draft(text) == draft(EBM)


def test_another_version_is_refused() -> None:
    assert "2.0" in problems(changed(("<EBDVersion>1<", "<EBDVersion>2.0<")))[0]


def test_the_standards_own_slips_are_read() -> None:
    twice = ("<EBDVersion>1</EBDVersion>", "<EBDVersion>1</EBDVersion><EBDVersion>1</EBDVersion>")
    outside = (f"<EBMID>{EBMID}</EBMID>\n<MsgBasicInfo>", "<MsgBasicInfo>")
    found = draft(changed(twice, outside, ("<EBM>", f"<EBMID>{EBMID}</EBMID><EBM>")))
    assert found.source_id == EBMID
    assert "外面" in found.remarks[0]


def test_what_stands_twice_must_say_the_same() -> None:
    twice = "<Severity>2</Severity><Severity>4</Severity>"
    (only,) = problems(changed(("<Severity>2</Severity>", twice)))
    assert "Severity" in only


def test_a_namespace_that_a_vendor_added_does_no_harm() -> None:
    assert draft(changed(("<EBD>", '<EBD xmlns="urn:vendor" xmlns:xs="urn:other">'))) == draft(EBM)


@pytest.mark.parametrize(("number", "kind"), [(1, "notice"), (3, "drill"), (4, "drill"), (5, "drill")])
def test_message_types(number: int, kind: str) -> None:
    found = draft(changed(("<MsgType>1", f"<MsgType>{number}")))
    assert found.kind == kind
    assert bool(found.remarks) == (number in (3, 4))


@pytest.mark.parametrize("number", ["0", "6", "01", "x"])
def test_an_unknown_message_type_is_refused(number: str) -> None:
    (only,) = problems(changed(("<MsgType>1", f"<MsgType>{number}")))
    assert "MsgType" in only


@pytest.mark.parametrize("number", range(5))
def test_severities_are_ours(number: int) -> None:
    assert draft(changed(("<Severity>2", f"<Severity>{number}"))).severity == number


def test_a_cancel_names_what_it_cancels() -> None:
    found = draft(changed(("<MsgType>1", "<MsgType>2"), ("<MsgBasicInfo>", RELATED)))
    assert (found.kind, found.text) == (BulletinKind.CANCEL, "")
    assert found.cancels == (Reference(EBRID, OTHER_ID),)
    assert found.areas == ("331121", "331122104", "331123104200")


def test_a_cancel_needs_no_content() -> None:
    text = changed(("<MsgType>1", "<MsgType>2"), ("<MsgBasicInfo>", RELATED))
    start, end = text.index("<MsgContent>"), text.index("</EBM>\n")
    found = draft(text[:start] + text[end:])
    assert (found.title, found.areas, len(found.cancels)) == ("取消", (), 1)


@pytest.mark.parametrize("related", ["", RELATED.replace(OTHER_ID, EBMID)])
def test_a_cancel_of_nothing_is_refused(related: str) -> None:
    text = changed(("<MsgType>1", "<MsgType>2"), ("<MsgBasicInfo>", related or "<MsgBasicInfo>"))
    assert "取消哪一则" in problems(text)[0]


def test_a_cancel_of_another_platforms_message_is_remarked() -> None:
    other = RELATED.replace(EBRID, "1" + EBRID[1:])
    found = draft(changed(("<MsgType>1", "<MsgType>2"), ("<MsgBasicInfo>", other)))
    assert "别的平台" in found.remarks[0]


def test_full_codes_and_chinese_commas_are_read() -> None:
    codes = "331121000000， 331122104000,\n331121"
    found = draft(changed(("331121,331122104,331123104200", codes)))
    assert found.areas == ("331121", "331122104")


@pytest.mark.parametrize("code", ["000000000000", "33112", "33112110420012", "33112A"])
def test_a_wrong_area_code_is_told(code: str) -> None:
    (only,) = problems(changed(("331122104", code)))
    assert code in only


def test_sounds_are_named_and_not_taken() -> None:
    sound = "<Auxiliary><AuxiliaryType>2</AuxiliaryType><AuxiliaryDesc>a.mp3</AuxiliaryDesc></Auxiliary>"
    found = draft(changed(("<ProgramNum>", sound + "<ProgramNum>")))
    assert found.remarks == ("附带的声音“a.mp3”没有取，村里用合成的声音念文字。",)
    silent = changed(("<ProgramNum>", sound + "<ProgramNum>"), ("今天下午有暴雨。", ""))
    assert "没有可以念的文字" in "".join(problems(silent))


def test_other_languages_are_left_and_remarked() -> None:
    tibetan = "<MsgContent><LanguageCode>bod</LanguageCode><MsgTitle>a</MsgTitle></MsgContent>"
    found = draft(changed(("<MsgContent>", tibetan + "<MsgContent>")))
    assert (found.text, found.remarks) == (
        "今天下午有暴雨。",
        ("另外 1 段 MsgContent 不是中文，没有取。",),
    )


@pytest.mark.parametrize("kind", ["EBMStateRequest", "ConnectionCheck", "EBDResponse"])
def test_another_file_of_the_platform_is_told_by_its_type(kind: str) -> None:
    (only,) = problems(changed(("<EBDType>EBM", f"<EBDType>{kind}")))
    assert kind in only


def test_everything_wrong_is_told_at_once() -> None:
    text = changed(
        (EBDID, "12"),
        ("<Severity>2", "<Severity>9"),
        ("<EventType>11B03</EventType>", ""),
        ("2026-05-01 18:00:00", "tonight"),
        ("331122104", "33"),
        ("331121,", "1,"),
    )
    found = "\n".join(problems(text))
    for word in ("EBDID", "Severity", "EventType", "EndTime", "“1”"):
        assert word in found


def test_a_message_without_its_basics_is_refused() -> None:
    start, end = EBM.index("<MsgBasicInfo>"), EBM.index("<MsgContent>")
    assert "EBM 里缺 MsgBasicInfo，不知道是通知还是取消。" in problems(EBM[:start] + EBM[end:])


def test_a_package_is_read_without_its_signature_counting() -> None:
    whole = package({MESSAGE: EBM.encode(), SIGNATURE: SIGNED})
    found = draft(whole, name=f"EBDT_{EBDID}.tar")
    assert found.remarks == ("包里有签名文件，没有核对，不能当作凭据。",)
    assert found.text == draft(EBM).text


def test_a_broken_signature_file_is_told() -> None:
    zeros = b"<Signature>" + b"&#x0;" * 100 + b"</Signature>"
    found = draft(package({MESSAGE: EBM.encode(), SIGNATURE: zeros}))
    assert found.remarks[0].startswith("签名文件是坏的")


def test_no_signature_file_is_told() -> None:
    assert "没有签名文件" in draft(package({MESSAGE: EBM.encode()})).remarks[0]


def test_names_that_disagree_with_the_number_inside_are_told() -> None:
    files = {"EBDB_" + "1" * 41 + ".xml": EBM.encode()}
    found = draft(package(files), name="EBDT_" + "2" * 41 + ".tar")
    assert sum("EBDID" in remark for remark in found.remarks) == 2


def test_sounds_in_the_package_are_named_and_left() -> None:
    whole = package({"./" + MESSAGE: EBM.encode(), SIGNATURE: SIGNED, "EBDR_a.mp3": b"0" * 2_000_000})
    assert draft(whole).remarks[-1] == "包里别的文件没有取：EBDR_a.mp3。"


@pytest.mark.parametrize(
    "bad",
    [
        member("../EBDI_1.xml"),
        member("/etc/EBDI_1.xml"),
        member("a\\..\\EBDI_1.xml"),
        member("EBDI_1.xml", tarfile.SYMTYPE, "/etc/passwd"),
        member("EBDI_1.xml", tarfile.LNKTYPE, MESSAGE),
        member("EBDI_1.xml", tarfile.CHRTYPE),
        member("EBDI_1.xml", tarfile.FIFOTYPE),
        member("EBDI_1.xml", tarfile.GNUTYPE_SPARSE),
    ],
    ids=lambda info: f"{info.name}-{info.type.decode()}",
)
def test_what_a_package_must_not_hold(bad: tarfile.TarInfo) -> None:
    found = problems(package({MESSAGE: EBM.encode()}, bad))
    assert found[0].startswith(("包里有不该有的东西", "不是完整的 tar 包"))


def test_a_package_of_too_much_is_refused() -> None:
    many = {f"{number}.xml": b"" for number in range(MOST_FILES + 1)}
    assert "超过" in problems(package(many))[0]
    assert "太大" in problems(b"\0" * (LARGEST_MESSAGE + 1))[0]
    assert "太大" in problems(package({MESSAGE: b" " * (LARGEST_XML + 1)}))[0]


def test_a_size_below_zero_ends_too() -> None:
    whole = bytearray(package({MESSAGE: EBM.encode()}))
    whole[124:136] = b"\xff" * 10 + b"\xfa\x00"
    whole[148:156] = b" " * 8
    whole[148:156] = f"{sum(whole[:512]):06o}\0 ".encode()
    assert problems(bytes(whole))


@pytest.mark.parametrize("files", [{}, {"a.xml": b""}, {MESSAGE: b"", f"EBDB_{'1' * 41}.xml": b""}])
def test_a_package_holds_one_message(files: dict[str, bytes]) -> None:
    assert "要有一个" in problems(package(files))[0]


def test_the_same_name_twice_is_refused() -> None:
    assert "两个" in problems(package({MESSAGE: EBM.encode(), f"x/{MESSAGE}": EBM.encode()}))[0]


@pytest.mark.parametrize("data", [b"", b" \n", b"PK\x03\x04", b"\x1f\x8b\x08", "通知".encode()])
def test_another_file_is_refused(data: bytes) -> None:
    assert len(problems(data)) == 1


def test_the_kind_of_file_is_found_out() -> None:
    assert draft(ALERT).standard == "CAP 1.2"
    assert draft(EBM.replace("utf-8", "gbk").encode("gbk")).title == "暴雨预警"


@pytest.mark.parametrize("data", [EBM.encode(), package({MESSAGE: EBM.encode(), SIGNATURE: SIGNED})])
def test_a_mutated_message_is_a_draft_or_the_named_error(data: bytes) -> None:
    for mutated in mutations(data, 1000):
        try:
            assert read_foreign(mutated, NOON)
        except NotImported as refused:
            assert refused.problems


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=2000), st.integers(0, 511))
def test_any_bytes_are_a_draft_or_the_named_error(data: bytes, place: int) -> None:
    whole = package({MESSAGE: EBM.encode()})
    for given_bytes in (data, whole[:place] + data + whole[place + len(data) :]):
        try:
            assert read_foreign(given_bytes, NOON)
        except NotImported as refused:
            assert refused.problems


@with_samples
def test_the_example_of_the_standard() -> None:
    data = (SAMPLES / "ebm" / "ebm_sample.xml").read_bytes()
    found = draft(data, datetime(2017, 1, 1, tzinfo=BEIJING))
    assert (found.severity, found.areas, found.title) == (Severity.RED, ("34",), "气象预警")
    assert found.expires == datetime(2017, 1, 1, 14, 37, 44, tzinfo=BEIJING)
    assert found.remarks == ()
