"""What comes on a stick obeys the same checks, and nothing outside its folder is read or written."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from bulletin.county_rig import OTHER_TOWN, TOWN, County, signed
from link.link_rig import LinkBox, cancel, notice, told_zone, until

from broadcaster.bulletin import strict_json
from broadcaster.bulletin.keys import new_key
from broadcaster.bulletin.receipts import ReceiptState
from broadcaster.link.usb_transfer import StickUnreadable


@pytest.fixture
def box(tmp_path: Path, county: County) -> LinkBox:
    return LinkBox(tmp_path / "box", county)


@pytest.fixture
def cb(tmp_path: Path) -> Path:
    (tmp_path / "stick" / "cb" / "bulletins").mkdir(parents=True)
    return tmp_path / "stick" / "cb"


def put(cb: Path, name: str, data: bytes) -> None:
    (cb / "bulletins" / name).write_bytes(data)


def test_a_stick_brings_keys_heads_and_bulletins_and_takes_receipts_home(
    box: LinkBox, county: County, cb: Path
) -> None:
    new = new_key()
    (cb / "keyring.json").write_bytes(county.replace_key(TOWN, new))
    told, dropped = notice(areas=(TOWN,)), notice(seq=1)
    last = notice(seq=2)
    snapshot = county.snapshot(told, last, at=datetime.now(told_zone()))
    (cb / "heads.json").write_bytes(snapshot.signed(county.key).to_bytes())
    put(cb, "1.json", signed(told, new))
    put(cb, "2.json", signed(dropped, county.key))
    put(cb, "3.json", signed(notice(areas=(OTHER_TOWN,), seq=3), county.key))
    with box.running() as life:
        taken = life.link.read_stick(cb.parent)
        assert (taken["bulletins"], taken["accepted"], taken["problems"]) == (3, 1, ())
        until(lambda: life.heard() == [told.id])
        until(lambda: life.receipts_kept() == 5)
        again = life.link.read_stick(cb.parent)
        assert (again["bulletins"], again["accepted"], again["had"]) == (3, 0, 1)
        assert life.link.read_stick(cb)["receipts"] == life.link.status()["receipts_waiting"]
    files = sorted((cb / "outbox" / box.name).iterdir())
    receipts = box.read(file.read_bytes() for file in files)
    assert [one.state for one in receipts if one.bulletin == told.id][-1] is ReceiptState.ENDED
    assert {one.bulletin for one in receipts if one.state is ReceiptState.REFUSED} >= {dropped.id}


def test_a_stick_cancels_too(box: LinkBox, county: County, cb: Path) -> None:
    told = notice()
    put(cb, "1.json", signed(cancel(told.id, seq=2), county.key))
    put(cb, "2.json", signed(told, county.key))
    with box.running() as life:
        assert life.link.read_stick(cb)["accepted"] == 1
        assert life.heard() == []


def test_links_devices_and_what_is_too_big_are_not_read(
    box: LinkBox, county: County, cb: Path, tmp_path: Path
) -> None:
    good = tmp_path / "good.json"
    good.write_bytes(signed(notice(), county.key))
    (cb / "bulletins" / "link.json").symlink_to(good)
    (cb / "bulletins" / "up.json").symlink_to("../../../good.json")
    os.mkfifo(cb / "bulletins" / "pipe.json")
    (cb / "bulletins" / "folder.json").mkdir()
    put(cb, "huge.json", b" " * 10_000_000)
    (cb / "keyring.json").symlink_to(good)
    with box.running() as life:
        taken = life.link.read_stick(cb)
        assert (taken["bulletins"], taken["accepted"]) == (1, 0)
        assert life.heard() == []
    assert "太大" in life.link._inbox.county.last_refusal


def test_a_folder_that_is_a_link_is_no_stick(box: LinkBox, cb: Path, tmp_path: Path) -> None:
    (tmp_path / "cb").symlink_to(cb)
    with box.running() as life, pytest.raises(StickUnreadable, match="没有 cb 文件夹"):
        life.link.read_stick(tmp_path)


def test_an_outbox_that_is_a_link_is_not_written_through(
    box: LinkBox, county: County, cb: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (cb / "outbox").symlink_to(elsewhere)
    put(cb, "1.json", signed(notice(), county.key))
    with box.running() as life:
        taken = life.link.read_stick(cb)
        assert taken["accepted"] == 1 and "写不到盘上" in taken["problems"][0]
    assert list(elsewhere.iterdir()) == []


def test_a_keyring_of_strangers_is_refused_and_told(box: LinkBox, cb: Path) -> None:
    (cb / "keyring.json").write_bytes(County().keyring())
    (cb / "heads.json").write_bytes(strict_json.write({"payloadType": "x"}))
    with box.running() as life:
        assert len(life.link.read_stick(cb)["problems"]) == 2


def test_a_late_copy_of_what_was_heard_is_not_told_as_a_refusal(
    box: LinkBox, county: County, cb: Path
) -> None:
    told, missed = notice(), notice(seq=2, areas=(TOWN,))
    put(cb, "1.json", signed(told, county.key))
    with box.running() as life:
        life.link.read_stick(cb)
        until(lambda: box.told_of(life, told)[-1:] == [ReceiptState.ENDED])
        box.clock.ahead = timedelta(hours=7)
        put(cb, "2.json", signed(missed, county.key))
        life.link.read_stick(cb)
        life.link.do(lambda inbox: inbox.log.forget(box.clock.now()))
        life.link.read_stick(cb)
        assert box.told_of(life, told)[-1] is ReceiptState.ENDED
        assert box.told_of(life, missed) == [ReceiptState.REFUSED]
        assert life.heard() == [told.id]
