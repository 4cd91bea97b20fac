"""A bulletin into CAP 1.2, which comes back as it went."""

from datetime import UTC, timedelta
from typing import Any

import pytest
from county.foreign_messages import ALERT, NOON, SAMPLES, with_samples

from broadcaster.bulletin.bulletin import Audio, Bulletin, BulletinKind, new_bulletin_id
from broadcaster.core.notice import Severity
from broadcaster.county.foreign.base.proposal import ForeignDraft, Reference
from broadcaster.county.foreign.cap_export import CapSender, NotExported, write_cap
from broadcaster.county.foreign.message_reader import read_foreign

SENDER = CapSender("county@qingtian.example", "青田县应急管理局", {"331121": "青田县"})


def draft(data: bytes) -> ForeignDraft:
    (only,) = read_foreign(data, NOON)
    return only


def bulletin(**given: Any) -> Bulletin:
    fields: dict[str, Any] = {
        "id": new_bulletin_id(),
        "seq": 7,
        "issued": NOON.replace(microsecond=250),
        "not_before": NOON + timedelta(hours=1),
        "expires": NOON + timedelta(hours=6),
        "kind": BulletinKind.NOTICE,
        "severity": Severity.BLUE,
        "areas": ("331121", "331122104200"),
        "title": "停水通知",
        "text": "今天下午停水 <三小时> & 停电。\n请备好水。",
    }
    return Bulletin(**fields | given)


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("kind", [BulletinKind.NOTICE, BulletinKind.DRILL, BulletinKind.TEST])
def test_a_bulletin_comes_back_as_it_went(kind: BulletinKind, severity: Severity) -> None:
    sent = bulletin(kind=kind, severity=severity)
    found = draft(write_cap(sent, SENDER))
    for name in ("kind", "severity", "title", "text", "areas", "not_before", "expires"):
        assert getattr(found, name) == getattr(sent, name)
    assert (found.source_id, found.sender, found.sender_name, found.sent) == (
        *(sent.id, SENDER.id, SENDER.name),
        NOON,
    )


def test_a_cancel_comes_back_with_what_it_cancels() -> None:
    old = bulletin(kind=BulletinKind.DRILL)
    sent = bulletin(kind=BulletinKind.CANCEL, cancels=old.id, text="", title="取消")
    found = draft(write_cap(sent, SENDER, old))
    assert found.cancels == (Reference(SENDER.id, old.id, NOON),)
    assert (found.kind, found.areas, found.source_id) == (BulletinKind.CANCEL, old.areas, sent.id)


def test_a_verse_is_exported_as_its_text_and_a_sound_by_its_address() -> None:
    assert draft(write_cap(bulletin(text="", verse="天干物燥，\n小心火烛。"), SENDER)).text == (
        "天干物燥，\n小心火烛。"
    )
    audio = Audio("0" * 64, 1234, "https://county.example/a.mp3")
    found = draft(write_cap(bulletin(text="", audio=audio), SENDER))
    assert found.text == "停水通知"
    assert "附带的文件没有取：录音。" in found.remarks


def test_what_cap_cannot_say_is_not_exported() -> None:
    cancel = bulletin(kind=BulletinKind.CANCEL, cancels=new_bulletin_id(), text="")
    for given in (None, bulletin()):
        with pytest.raises(NotExported):
            write_cap(cancel, SENDER, given)
    with pytest.raises(NotExported):
        write_cap(bulletin(), CapSender("two words", "青田县"))


def test_a_draft_keeps_the_rules_of_a_bulletin() -> None:
    text = ALERT.replace("<description>", "<description>\t&#13;\u2028")
    odd = draft(text.replace("暴雨橙色预警", "\n暴\n雨").encode())
    made = bulletin(title=odd.title, text=odd.text, areas=odd.areas, severity=odd.severity)
    assert (made.title, made.text) == ("暴 雨", "今天下午有暴雨。\n请不要到河边去。")


@with_samples
def test_what_is_exported_is_valid_by_the_schema() -> None:
    from lxml import etree

    schema = etree.XMLSchema(etree.parse(str(SAMPLES / "cap" / "CAP-v1.2-schema.xsd")))
    old = bulletin()
    audio = Audio("0" * 64, 1234, "https://county.example/a.mp3")
    for data in (
        write_cap(old, SENDER),
        write_cap(bulletin(text="", audio=audio, issued=NOON.astimezone(UTC)), SENDER),
        write_cap(bulletin(kind=BulletinKind.CANCEL, cancels=old.id, text=""), SENDER, old),
    ):
        schema.assertValid(etree.fromstring(data))
