"""A village without a network: the office writes a stick, its box reads it, and its word comes home."""

import io
import json
import shutil
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from county.county_office import NEXT_VILLAGE, PASSWORD, SENTENCE, TOWN, VILLAGE, OfficeDesk, a_draft
from county.office_site import LogIn
from county.test_office_recordings import spoken
from link.link_rig import LinkBox, until

from broadcaster.bulletin.enrolment import Enrolment
from broadcaster.commands.arguments import main
from broadcaster.core.notice import Severity
from broadcaster.county.keys.key_folder import KeyFolder
from broadcaster.county.notices.draft import Draft
from broadcaster.county.notices.publisher import Publisher
from broadcaster.county.notices.recordings import RecordingStore
from broadcaster.county.office.office_process import OpenOffice, broker_address, open_desk
from broadcaster.county.store.officers import OfficeRole

NOWHERE = "http://127.0.0.1:1"


@dataclass
class FileBox(LinkBox):
    """A box that was enrolled by its county's file."""

    given: Enrolment | None = None

    def enrolment(self) -> Enrolment:
        assert self.given
        return self.given


@pytest.fixture(scope="module")
def begun_today(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("today") / "county"
    roots = [folder.parent / f"root-{number}.key" for number in (1, 2, 3)]
    KeyFolder.create(folder, "331121", "青田县", roots, lambda _: SENTENCE, datetime.now(UTC))
    (folder / "broker").mkdir()
    (folder / "broker" / "authority.pem").write_text("-----BEGIN CERTIFICATE-----\n", encoding="ascii")
    return folder


@pytest.fixture
def office(begun_today: Path, tmp_path: Path) -> Path:
    shutil.copytree(begun_today, tmp_path / "county")
    return tmp_path / "county"


def publish(desk: OpenOffice, *drafts: Draft) -> list[str]:
    parts, folder = desk.parts, desk.folder
    signer = folder.unlock(SENTENCE)
    given = parts.database, parts.register, parts.clock, signer, folder.trust, NOWHERE
    publisher = Publisher(*given)
    who = parts.officers.add("小王", OfficeRole.CLERK, Severity.ORANGE, PASSWORD)
    sent = [parts.desk.write(who, draft).id for draft in drafts]
    for id in sent:
        with parts.database.transaction() as connection:
            cleared(connection, id)
    assert publisher.sign_cleared() == len(drafts)
    folder.keep_snapshot(publisher.snapshot())
    return sent


def cleared(connection: Any, id: str) -> None:
    """At any hour of the day."""
    from sqlalchemy import update

    from broadcaster.county.notices.draft import DraftState
    from broadcaster.county.store.tables import bulletin

    values = {"state": DraftState.CLEARED, "approved_by": "老张"}
    connection.execute(update(bulletin).where(bulletin.c.id == id).values(values))


def called(capsys: pytest.CaptureFixture[str], *words: object) -> Any:
    assert main(["county", str(words[0]), "--json", *map(str, words[1:])]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_stick_brings_all_that_is_in_force_and_the_board_hears_of_it(
    office: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    with open_desk(office) as desk:
        register = desk.parts.register
        made, _ = register.add(VILLAGE, "洞背村")
        pinned = desk.folder.pin, desk.folder.keyring.to_bytes(), broker_address(desk)
        given = register.enrolment_file(made.id, *pinned)
        box = FileBox(tmp_path / "box", cast(Any, None), name=made.id, given=given)
        register.set_key(made.id, box.membership.public_key)
        sound = RecordingStore(office).take([spoken()], "书记讲话")
        words = a_draft("今天下午停水。", title="停水", areas=(TOWN,))
        recorded = a_draft("", title="书记讲话", areas=(VILLAGE,), sound=sound)
        elsewhere = a_draft("别的村停电。", title="别村", areas=(NEXT_VILLAGE,))
        sent = publish(desk, words, recorded, elsewhere)
        wrote = called(capsys, "stick", stick, "--village", VILLAGE, "--office", office)
        assert wrote == {"bulletins": 2, "sounds": 1, "receipts": 0}
        with box.running() as life:
            taken = life.link.read_stick(stick)
            assert (taken["bulletins"], taken["accepted"], taken["problems"]) == (2, 2, ())
            until(lambda: set(life.heard()) == set(sent[:2]))
            until(lambda: life.receipts_kept() >= 6)
            life.link.read_stick(stick)
        # The old ones go when it is written anew; what came home stays until it is taken in.
        wrote = called(capsys, "stick", stick, "--village", NEXT_VILLAGE, "--office", office)
        assert wrote["bulletins"] == 2 and wrote["sounds"] == 0 and wrote["receipts"] > 0
        assert len(list((stick / "cb" / "bulletins").iterdir())) == 2
        assert called(capsys, "receipts", stick, "--office", office)["refused"] == 0
        counts = desk.parts.board.counts(sent)
        assert [counts[id].to_json()["heard"] for id in sent] == [1, 1, 0]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nowhere",), "没有 nowhere 这个文件夹"),
        ((".", "--village", "331122104200"), "不在"),
        ((".", "--village", "x"), "不是区划代码"),
    ],
)
def test_what_is_no_stick_or_no_village_of_ours_is_told(
    office: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], told: str
) -> None:
    assert main(["county", "stick", *words, "--office", str(office)]) == 2
    assert told in capsys.readouterr().err


def test_the_page_gives_the_same_as_a_zip(log_in: LogIn, plain_desk: OfficeDesk) -> None:
    id = plain_desk.send().id
    clerk = log_in("小王")
    assert "stick.zip" in clerk.see("/more/receipts")
    with clerk.client.get("/more/receipts/stick.zip") as answer:
        names = zipfile.ZipFile(io.BytesIO(answer.data)).namelist()
    [highest] = plain_desk.publisher.listing().highest.values()
    assert [name for name in names if name.endswith(f"{id}.json")] == [
        f"cb/bulletins/{highest:010}-{id}.json"
    ]
    assert log_in("参观").client.get("/more/receipts/stick.zip").status_code == 403
