"""CAP 1.2 into a draft, or every problem at once."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from county.foreign_messages import ALERT, INFO, NOON, SAMPLES, mutations, with_samples

from broadcaster.bulletin.bulletin import BulletinKind
from broadcaster.core.notice import Severity
from broadcaster.county.foreign.base.proposal import ForeignDraft, NotImported, Reference
from broadcaster.county.foreign.base.safe_xml import read_xml
from broadcaster.county.foreign.cap import read_cap

REFERENCE = "<references>met@qingtian.example,QT-2026-16,2026-05-01T10:00:00+08:00</references>"
# With one of almost everything.
FULL = ALERT.replace(
    "<scope>Public</scope>", "<source>a</source><scope>Public</scope><code>b</code><note>c</note>"
).replace(
    " <effective>",
    "<audience>d</audience><eventCode><valueName>e</valueName><value>f</value></eventCode><effective>",
).replace(
    " <area>",
    "<web>https://a.example</web><contact>g</contact>"
    "<parameter><valueName>h</valueName><value>i</value></parameter>"
    "<resource><resourceDesc>j</resourceDesc><mimeType>image/png</mimeType></resource> <area>",
).replace("<urgency>", "<responseType>Avoid</responseType><urgency>")  # fmt: skip
SIGNATURE = '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo/></Signature>'


def drafts(text: str | bytes, now: datetime = NOON) -> tuple[ForeignDraft, ...]:
    return read_cap(read_xml(text if isinstance(text, bytes) else text.encode()), now)


def draft(text: str | bytes, now: datetime = NOON) -> ForeignDraft:
    (only,) = drafts(text, now)
    return only


def problems(text: str | bytes) -> list[str]:
    with pytest.raises(NotImported) as caught:
        drafts(text)
    return caught.value.problems


def changed(*changes: tuple[str, str]) -> str:
    text = ALERT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def without(name: str) -> str:
    (line,) = [line for line in ALERT.splitlines() if line.strip().startswith(f"<{name}>")]
    return ALERT.replace(line, "")


def test_an_alert_becomes_a_draft() -> None:
    assert draft(ALERT) == ForeignDraft(
        standard="CAP 1.2",
        source_id="QT-2026-17",
        sender="met@qingtian.example",
        sender_name="青田县气象局",
        sent=NOON - timedelta(minutes=1),
        kind=BulletinKind.NOTICE,
        severity=Severity.ORANGE,
        title="暴雨橙色预警",
        text="今天下午有暴雨。\n请不要到河边去。",
        areas=("331121104",),
        not_before=NOON,
        expires=NOON + timedelta(hours=6),
    )


@pytest.mark.parametrize(
    ("word", "severity"),
    [("Extreme", 1), ("Severe", 2), ("Moderate", 3), ("Minor", 4), ("Unknown", 0)],
)
def test_five_words_are_five_severities(word: str, severity: int) -> None:
    found = draft(changed(("Severe", word)))
    assert found.severity == severity
    assert any("级别" in remark for remark in found.remarks) == (word == "Unknown")


@pytest.mark.parametrize(
    ("status", "kind"), [("Actual", "notice"), ("Exercise", "drill"), ("Test", "test")]
)
def test_an_exercise_is_a_drill(status: str, kind: str) -> None:
    assert draft(changed(("Actual", status))).kind == kind


@pytest.mark.parametrize("status", ["System", "Draft"])
def test_what_a_system_says_to_itself_is_not_taken(status: str) -> None:
    assert status in problems(changed(("Actual", status)))[0]


@pytest.mark.parametrize("kind", ["Ack", "Error"])
def test_an_answer_is_not_taken(kind: str) -> None:
    (only,) = problems(changed(("<msgType>Alert", f"<msgType>{kind}")))
    assert kind in only


def test_a_cancel_names_what_it_cancels() -> None:
    cancel = changed(("<msgType>Alert", "<msgType>Cancel"), ("<info>", f"{REFERENCE}<info>"))
    found = draft(cancel)
    assert (found.kind, found.text, found.replaces) == (BulletinKind.CANCEL, "", ())
    assert found.cancels == (Reference("met@qingtian.example", "QT-2026-16", NOON - timedelta(hours=2)),)
    assert found.areas == ("331121104",)


def test_a_cancel_may_say_nothing_else() -> None:
    found = draft(changed(("<msgType>Alert", "<msgType>Cancel"), (INFO, REFERENCE)))
    assert (found.title, found.expires, len(found.cancels)) == ("取消", None, 1)
    assert found.remarks == ("没有能用的区划代码，请选发给哪里。",)


def test_an_update_says_what_it_stands_in_for_and_cancels_nothing() -> None:
    found = draft(changed(("<msgType>Alert", "<msgType>Update"), ("<info>", f"{REFERENCE}<info>")))
    assert (found.kind, found.cancels) == (BulletinKind.NOTICE, ())
    assert [one.id for one in found.replaces] == ["QT-2026-16"]
    assert "另外取消" in found.remarks[0]


@pytest.mark.parametrize("kind", ["Update", "Cancel"])
def test_without_references_nothing_is_cancelled(kind: str) -> None:
    (only,) = problems(changed(("<msgType>Alert", f"<msgType>{kind}")))
    assert "references" in only


def test_references_are_whole_triples() -> None:
    broken = "<references>QT-2026-16 a,b,2026-05-01T10:00:00Z</references>"
    found = problems(changed(("<msgType>Alert", "<msgType>Cancel"), (INFO, broken)))
    assert len(found) == 2


def test_a_cancel_of_somebody_elses_alert_is_remarked() -> None:
    other = REFERENCE.replace("met@qingtian.example", "met@elsewhere.example")
    found = draft(changed(("<msgType>Alert", "<msgType>Cancel"), (INFO, other)))
    assert "met@elsewhere.example" in found.remarks[0]


@pytest.mark.parametrize("scope", ["Restricted", "Private"])
def test_what_is_for_few_is_not_for_a_loudspeaker(scope: str) -> None:
    found = problems(changed(("<scope>Public", f"<scope>{scope}")))
    assert "喇叭" in found[0]
    assert "却没有写" in found[1]


@pytest.mark.parametrize(
    "written",
    [
        "2026-05-01T18:00:00Z",
        "2026-05-01T18:00:00,08:00",
        "2026-05-01T18:00:00.5+08:00",
        "2026-05-01T18:00:00",
        "2026-05-01 18:00:00+08:00",
        "2026-02-30T18:00:00+08:00",
        "2026-05-01T18:00:00+25:00",
        "0001-01-01T00:00:00+08:00",
        "２０２６-05-01T18:00:00+08:00",
    ],
)
def test_a_time_is_written_in_one_way(written: str) -> None:
    (only,) = problems(changed(("2026-05-01T18:00:00+08:00", written)))
    assert only.startswith("expires“")


def test_the_offset_counts() -> None:
    found = draft(changed(("2026-05-01T18:00:00+08:00", "2026-05-01T10:00:00-00:00")))
    assert found.expires == datetime(2026, 5, 1, 10, 0, tzinfo=UTC)


def test_the_warning_is_said_before_what_it_warns_of() -> None:
    onset = "<onset>2026-05-01T16:00:00+08:00</onset><expires>"
    found = draft(changed(("<expires>", onset)))
    assert found.not_before == NOON
    assert found.remarks == ("事情预计在 2026-05-01 16:00 开始。",)


@pytest.mark.parametrize(
    ("expires", "word"),
    [("2026-05-01T12:00:30+08:00", "过期"), ("2026-05-09T12:00:00+08:00", "48 小时")],
)
def test_an_end_that_our_rules_do_not_let_pass_is_remarked(expires: str, word: str) -> None:
    found = draft(changed(("2026-05-01T18:00:00+08:00", expires)), NOON + timedelta(minutes=1))
    assert word in found.remarks[0]


def test_no_end_is_for_the_clerk_to_say() -> None:
    found = draft(without("expires"))
    assert found.expires is None
    assert "什么时候为止" in found.remarks[0]


def test_an_end_before_the_start_is_refused() -> None:
    (only,) = problems(changed(("2026-05-01T18:00:00", "2026-05-01T11:00:00")))
    assert "就结束了" in only


def test_what_is_wrong_in_another_language_is_wrong_too() -> None:
    english = INFO.replace("zh-CN", "en").replace("2026-05-01T18:00:00+08:00", "6 pm")
    (only,) = problems(changed(("<info>", f"{english}<info>")))
    assert "6 pm" in only


def test_chinese_goes_first_wherever_it_stands() -> None:
    english = INFO.replace("zh-CN", "en").replace("今天下午有暴雨。", "Heavy rain.")
    found = draft(changed(("<info>", f"{english}<info>")))
    assert found.text.startswith("今天")
    assert found.remarks == ("另外 1 段 info 不是中文，没有取。",)


def test_without_chinese_somebody_must_translate() -> None:
    found = draft(changed(("zh-CN", "en"), ("今天下午有暴雨。", "Rain."), ("请不要到河边去。", "Stay.")))
    assert (found.text, "译成中文" in found.remarks[0]) == ("Rain.\nStay.", True)


def test_each_part_of_an_alert_is_a_draft_of_its_own() -> None:
    mild = INFO.replace("Severe", "Minor").replace("331121104000", "331121105000")
    found = drafts(ALERT.replace("</alert>", f"{mild}</alert>"))
    assert [(one.severity, one.areas) for one in found] == [
        (Severity.ORANGE, ("331121104",)),
        (Severity.BLUE, ("331121105",)),
    ]


def test_an_area_without_a_code_is_for_the_clerk_to_choose() -> None:
    found = draft(changed(("CN-GB2260-12", "UGC")))
    assert found.areas == ()
    assert "高市乡" in found.remarks[0]


def test_a_wrong_area_code_is_told() -> None:
    (only,) = problems(changed(("331121104000", "331121000200")))
    assert "331121000200" in only


def test_a_signature_is_never_taken_for_authority() -> None:
    found = draft(ALERT.replace("</alert>", f"{SIGNATURE}</alert>"))
    assert "没有核对" in found.remarks[0]
    assert replace(found, remarks=()) == draft(ALERT)


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_an_older_cap_is_told_by_its_name(version: str) -> None:
    old = {"1.1": "urn:oasis:names:tc:emergency:cap:1.1", "1.0": "http://www.incident.com/cap/1.0"}
    text = changed(("urn:oasis:names:tc:emergency:cap:1.2", old[version]))
    assert problems(text) == [f"这是 CAP {version}，请对方发 CAP 1.2。"]


def test_something_else_is_told_by_what_it_is() -> None:
    assert "feed" in problems("<feed xmlns='urn:atom'/>")[0]


@pytest.mark.parametrize(
    "name", ["identifier", "sent", "msgType", "category", "event", "urgency", "certainty", "severity"]
)
def test_what_is_missing_is_told(name: str) -> None:
    (only,) = problems(without(name))
    assert f"缺 {name}" in only


def test_everything_wrong_is_told_at_once() -> None:
    text = changed(
        ("QT-2026-17", "QT 17"),
        ("2026-05-01T11:59:00+08:00", "gestern"),
        ("Severe", "Terrible"),
        ("<event>", "<wind>8</wind><event>"),
        ("<category>Met</category>", ""),
        ("<scope>Public</scope>", "<scope>Public</scope><scope>Public</scope>"),
    )
    found = "\n".join(problems(text))
    for word in ("QT 17", "gestern", "Terrible", "wind", "category", "scope 写了 2 次"):
        assert word in found


def test_the_order_of_the_schema_holds() -> None:
    event = " <event>暴雨</event>\n"
    (only,) = problems(changed((event, ""), ("</info>", event + "</info>")))
    assert "先后" in only


def test_a_flood_of_problems_is_told_shortly() -> None:
    codes = "".join(
        f"<geocode><valueName>CN-GB2260-12</valueName><value>{number}</value></geocode>"
        for number in range(3000)
    )
    found = problems(changed(("</area>", codes + "</area>")))
    assert len(found) == 21


def test_no_more_drafts_come_than_a_person_judges() -> None:
    (only,) = problems(ALERT.replace("</alert>", INFO * 50 + "</alert>"))
    assert "51 段" in only


def test_a_flood_of_remarks_is_told_shortly() -> None:
    many = " ".join(f"other,{number},2026-05-01T10:00:00+08:00" for number in range(1000))
    cancel = changed(("<msgType>Alert", "<msgType>Cancel"), (INFO, f"<references>{many}</references>"))
    found = draft(cancel)
    assert (len(found.cancels), len(found.remarks)) == (1000, 22)
    assert found.remarks[-1] == "没有能用的区划代码，请选发给哪里。"


def test_nothing_to_say_is_refused() -> None:
    assert "没有可以播的内容" in problems(ALERT.replace(INFO, ""))[0]
    silent = changed(
        ("<description>今天下午有暴雨。</description>", ""),
        ("<instruction>请不要到河边去。</instruction>", ""),
        ("<headline>暴雨橙色预警</headline>", ""),
    )
    assert "没有可以播的内容" in problems(silent)[0]


def test_a_mutated_alert_is_a_draft_or_the_named_error() -> None:
    for data in mutations(ALERT.encode(), 1000):
        try:
            assert drafts(data)
        except NotImported as refused:
            assert refused.problems


def sample_matrix() -> list[Path]:
    return sorted(SAMPLES.glob("cap/*/*.xml"))


@with_samples
def test_the_alerts_of_three_countries_and_their_broken_ones() -> None:
    assert len(sample_matrix()) == 18
    for path in sample_matrix():
        if path.stem == "invalid_schema":
            assert problems(path.read_bytes())
            continue
        found = draft(path.read_bytes(), datetime(2024, 5, 1, tzinfo=UTC))
        signed = any("签名" in remark for remark in found.remarks)
        assert signed == (path.stem != "no_signature")
        assert found.text and found.expires and not found.areas


def altered(data: bytes) -> Iterator[bytes]:
    """Each element of it once gone, twice, last of its parent, of another name, and of another text."""
    from lxml import etree

    for number in range(1, len(list(etree.fromstring(data).iter()))):
        for alter in ("gone", "twice", "last", "named", "said"):
            root = etree.fromstring(data)
            one = list(root.iter())[number]
            parent = one.getparent()
            if alter == "gone":
                parent.remove(one)
            elif alter == "twice":
                one.addnext(deepcopy(one))
            elif alter == "last":
                parent.append(one)
            elif alter == "named":
                one.tag += "s"
            elif not len(one):
                one.text = "瞎写"
            yield etree.tostring(root)


@with_samples
def test_whatever_the_schema_refuses_is_refused() -> None:
    from lxml import etree

    schema = etree.XMLSchema(etree.parse(str(SAMPLES / "cap" / "CAP-v1.2-schema.xsd")))
    for whole in (ALERT, FULL):
        schema.assertValid(etree.fromstring(whole.encode()))
    broken = [data for data in altered(FULL.encode()) if not schema.validate(etree.fromstring(data))]
    assert len(broken) > 80
    for data in broken:
        assert problems(data)
