"""Receipts that came home on a stick: the same checks, and an archive that is safe to open."""

import io
import os
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from county.county_office import NEXT_VILLAGE, OfficeDesk, PretendBox
from county.office_site import LogIn

from broadcaster.bulletin.bulletin import new_bulletin_id
from broadcaster.bulletin.keys import new_key
from broadcaster.bulletin.receipts import LARGEST
from broadcaster.core.model import Outcome
from broadcaster.county.board import receipt_import
from broadcaster.county.board.receipt_import import (
    ReceiptsUnreadable,
    import_receipts,
    in_folder,
    in_upload,
)


@pytest.fixture
def told(plain_desk: OfficeDesk) -> tuple[PretendBox, str, bytes]:
    """A box, a bulletin, and the receipt that it was heard."""
    box, record = plain_desk.enrol(), plain_desk.send()
    return box, record.id, box.heard(record.id, plain_desk.clock, Outcome.PLAYED, 30)


def packed(kind: str, files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
            for name, data in files.items():
                package.writestr(name, data)
    else:
        with tarfile.open(fileobj=made, mode="w") as package:
            for name, data in files.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                package.addfile(entry, io.BytesIO(data))
    return made.getvalue()


def test_a_folder_is_taken_in_and_links_are_not_followed(
    plain_desk: OfficeDesk, told: tuple[PretendBox, str, bytes], tmp_path: Path
) -> None:
    box, id, receipt = told
    other = plain_desk.enrol(NEXT_VILLAGE, "上村")
    outbox = tmp_path / "stick" / "cb" / "outbox" / box.id
    outbox.mkdir(parents=True)
    (outbox / "1.json").write_bytes(receipt)
    (outbox / "2.json").write_bytes(b"{}")
    (outbox / "3.txt").write_bytes(receipt)
    os.mkfifo(outbox / "4.json")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "5.json").write_bytes(other.heard(id, plain_desk.clock, Outcome.PLAYED, 30))
    (outbox / "6.json").symlink_to(elsewhere / "5.json")
    (outbox.parent / "linked").symlink_to(elsewhere)
    done = import_receipts(plain_desk.parts.database, plain_desk.clock, in_folder(tmp_path / "stick"))
    assert (done.receipts, done.genuine, done.others) == (1, 1, 1)
    counts = plain_desk.counts(id)
    assert (counts["heard"], counts["reached"]) == (1, 1)


def test_no_such_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReceiptsUnreadable, match="没有"):
        list(in_folder(tmp_path / "none"))


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_an_archive_is_read_whatever_its_names_say(
    plain_desk: OfficeDesk, told: tuple[PretendBox, str, bytes], kind: str
) -> None:
    _, id, receipt = told
    package = packed(kind, {"../../etc/1.json": receipt, "/2.json": receipt, "3.exe": receipt})
    assert (
        import_receipts(
            plain_desk.parts.database, plain_desk.clock, in_upload(f"all.{kind}", package)
        ).genuine
        == 2
    )
    assert plain_desk.counts(id)["heard"] == 1


def test_links_and_bombs_in_archives_come_to_nothing() -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as package:
        link = tarfile.TarInfo("1.json")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        package.addfile(link)
    assert not list(in_upload("a.tar", made.getvalue()))
    [piece] = in_upload("a.zip", packed("zip", {"1.json": b"0" * 20_000_000}))
    assert len(piece) == LARGEST + 1


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_what_is_broken_or_too_much_is_told(kind: str) -> None:
    with pytest.raises(ReceiptsUnreadable, match="损坏"):
        list(in_upload(f"a.{kind}", packed(kind, {"1.json": os.urandom(9_000)})[:4_000]))
    many = {f"{number}.json": b"" for number in range(receipt_import.MOST_FILES + 2)}
    with pytest.raises(ReceiptsUnreadable, match="超过 20000 个"):
        list(in_upload(f"a.{kind}", packed(kind, many)))
    with pytest.raises(ReceiptsUnreadable, match="太大"):
        list(in_upload(f"a.{kind}", bytes(receipt_import.LARGEST_ARCHIVE + 1)))


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"x" * 50_000])
def test_what_is_no_receipt_is_called_none(plain_desk: OfficeDesk, data: bytes) -> None:
    done = import_receipts(plain_desk.parts.database, plain_desk.clock, in_upload("1.json", data))
    assert (done.receipts, done.genuine, done.others) == (0, 0, 1)
    assert done.sentence.startswith("里面没有回执")


def test_the_whole_of_an_honest_stick_brings_no_false_receipt(
    plain_desk: OfficeDesk, log_in: LogIn, told: tuple[PretendBox, str, bytes]
) -> None:
    box, _, receipt = told
    with (
        log_in("管家").client.get("/more/receipts/stick.zip") as sent,
        zipfile.ZipFile(io.BytesIO(sent.data)) as stick,
    ):
        files = {name: stick.read(name) for name in stick.namelist()}
    files["cb/keyring.json"] = plain_desk.folder.keyring.to_bytes()
    files[f"cb/outbox/{box.id}/1.json"] = receipt
    done = import_receipts(
        plain_desk.parts.database, plain_desk.clock, in_upload("a.tar", packed("tar", files))
    )
    assert done.files == len(files) > 2 and (done.receipts, done.genuine, done.refused) == (1, 1, 0)
    assert "不是登记过的广播站签的" not in done.sentence
    assert f"另外 {done.others} 个文件不是回执" in done.sentence


def test_a_receipt_that_another_box_signed_is_refused(
    plain_desk: OfficeDesk, told: tuple[PretendBox, str, bytes]
) -> None:
    box, id, _ = told
    other = plain_desk.enrol(NEXT_VILLAGE, "上村")
    box.key = other.key
    forged = box.heard(id, plain_desk.clock, Outcome.PLAYED, 30)
    assert import_receipts(plain_desk.parts.database, plain_desk.clock, [forged]).genuine == 0


def test_a_stick_accuses_no_box_and_who_hands_it_in_is_told(
    plain_desk: OfficeDesk, log_in: LogIn, told: tuple[PretendBox, str, bytes]
) -> None:
    """Anybody can write a file that names a village's box."""
    box, id, receipt = told
    genuine = box.heard(new_bulletin_id(), plain_desk.clock, Outcome.PLAYED, 30)
    box.key = new_key()
    forged = box.heard(id, plain_desk.clock, Outcome.PLAYED, 30)
    done = import_receipts(
        plain_desk.parts.database, plain_desk.clock, [forged, b"junk", genuine, receipt]
    )
    assert (done.receipts, done.genuine, done.others) == (3, 2, 1)
    assert "1 份不是登记过的广播站签的" in done.sentence
    assert "没有计入的：1 份说的不是本平台发的通知" in done.sentence
    assert plain_desk.parts.doubts.of(box.id, None) == []
    assert "没有计入" not in log_in("管家").see(f"/register/{box.id}")


def test_the_page_takes_several_files(
    log_in: LogIn, plain_desk: OfficeDesk, told: tuple[PretendBox, str, bytes]
) -> None:
    box, id, receipt = told
    clerk = log_in("小王")
    assert "cb/outbox" in clerk.see("/more/receipts")
    later = box.heard(id, plain_desk.clock, Outcome.PLAYED, 30)
    files: Any = [(io.BytesIO(receipt), "1.json"), (io.BytesIO(later), "2.json")]
    assert clerk.post("/more/receipts", files=files).status_code == 303
    assert "读了 2 份回执，2 份是真的" in clerk.see("/more/receipts")
    assert plain_desk.counts(id)["heard"] == 1
    assert plain_desk.parts.audit.recent(1)[0].what == "导入回执"
    broken: Any = (io.BytesIO(b"no archive"), "a.tar")
    answer = clerk.post("/more/receipts", files=broken)
    assert answer.status_code == 400 and "不是回执" in answer.text
    assert clerk.post("/more/receipts").status_code == 400
    assert log_in("参观").post("/more/receipts").status_code == 403
