"""A recording from the page to the boxes: taken in, signed by its digest, given by HTTP."""

import hashlib
import io
import os
import re
import threading
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from county.county_office import PASSWORD, TOWN, OfficeDesk
from county.office_site import LogIn, Visitor, app_of
from county.test_listening import carried
from flask import Flask
from werkzeug.datastructures import FileStorage
from werkzeug.serving import make_server
from werkzeug.test import stream_encode_multipart

from broadcaster.audio.decode import NOT_SOUND
from broadcaster.bulletin import envelope
from broadcaster.bulletin.bulletin import Audio, read_bulletin
from broadcaster.core.errors import RecordingRefused
from broadcaster.county.notices.draft import DraftRefused, DraftState
from broadcaster.county.notices.publisher import Publisher
from broadcaster.county.notices.recordings import RecordingStore
from broadcaster.link.county_sounds import CountySounds
from broadcaster.link.recording_download import PendingRecording
from broadcaster.link.recording_download import RecordingDownloads as BoxSounds
from broadcaster.studio.recordings import Recording, Recordings
from broadcaster.studio.sound_library import SoundLibrary

FORM: dict[str, Any] = {"areas": TOWN, "severity": "4", "hours": "6", "form": "sound"}


def spoken(seconds: int = 2) -> bytes:
    """Loud enough to be a voice."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes((b"\x00\x20" * 10 + b"\x00\xe0" * 10) * 400 * seconds)
    return file.getvalue()


def upload(clerk: Visitor, data: bytes, **fields: Any) -> Any:
    file = io.BytesIO(data), "phone.wav"
    return clerk.post("/compose/check", recording=file, **FORM | {"title": "书记讲话"} | fields)


@contextmanager
def served(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def fetched(audio: Audio, address: str, state: Path, desk: OfficeDesk) -> list[Recording]:
    """What a box keeps of it, fetched by its own code."""
    box, told = Recordings(state), list[str]()

    def came(id: str, key: str, problem: str) -> None:
        told.append(problem)
        sounds.wake()

    library = CountySounds(SoundLibrary(state), state, desk.clock)
    sounds = BoxSounds(box, library, state, desk.clock, came, 60.0)
    there = Audio(audio.sha256, audio.size, audio.url.replace("http://office.example", address))
    now = desk.clock.now()
    sounds.want(PendingRecording("id", "书记讲话", there, now, now + timedelta(hours=1)))
    sounds.step()
    assert told == [""]
    return box.all()


def test_a_recording_is_signed_by_its_digest_and_a_box_takes_it_in(
    log_in: LogIn, plain_desk: OfficeDesk, tmp_path: Path
) -> None:
    clerk = log_in("小王")
    page = upload(clerk, spoken()).text
    assert "<audio" in page and "会这样念" not in page
    assert clerk.post("/compose/send", **carried(page)).status_code == 303
    [record] = plain_desk.parts.desk.recent(10)
    assert "录音，2 秒" in clerk.see(f"/bulletin/{record.id}")
    assert plain_desk.publisher.sign_cleared() == 0
    assert "不知道到哪里取" in plain_desk.parts.desk.get(record.id).note
    publisher: Publisher = plain_desk.publisher_at("http://office.example/")
    plain_desk.parts.desk.submit(plain_desk.officer("小王"), record.id)
    assert publisher.sign_cleared() == 1
    [sheet] = publisher.in_force()
    signed = envelope.read(sheet.envelope, "application/vnd.broadcaster.bulletin+json")
    audio = read_bulletin(signed.payload).audio
    assert audio
    with clerk.client.application.test_client().get(
        audio.url.removeprefix("http://office.example")
    ) as given:
        assert hashlib.sha256(given.data).hexdigest() == audio.sha256
        assert len(given.data) == audio.size
    with served(clerk.client.application) as address:
        [box_has] = fetched(audio, address, tmp_path / "box", plain_desk)
    assert box_has.seconds == pytest.approx(2, abs=0.3)
    again = clerk.see(f"/compose?again={record.id}")
    assert "已经有一个录音" in again and "书记讲话" in again


def test_a_recording_goes_on_through_a_change_of_the_form(log_in: LogIn, plain_desk: OfficeDesk) -> None:
    clerk = log_in("小王")
    fields = carried(upload(clerk, spoken()).text)
    form = clerk.post("/compose/edit", **fields).text
    assert "已经有一个录音" in form
    assert clerk.post("/compose/check", **fields | {"title": "改了"}).status_code == 200


@pytest.mark.parametrize(
    ("data", "more", "told"),
    [
        (b"this is no sound", {}, NOT_SOUND),
        (b"", {}, "没有收到录音"),
        (spoken(), {"title": ""}, "要写标题"),
        (spoken(), {"drill": "1"}, "录音里加不进去"),
    ],
)
def test_what_cannot_be_sent_is_told(
    log_in: LogIn, plain_desk: OfficeDesk, data: bytes, more: dict[str, str], told: str
) -> None:
    answer = upload(log_in("小王"), data, **more)
    assert answer.status_code == 400 and 'role="alert"' in answer.text and told in answer.text


def test_an_officer_hands_in_so_much_a_day_and_the_keeper_can_see_it(plain_desk: OfficeDesk) -> None:
    uploads, clock = plain_desk.parts.upload_limits, plain_desk.clock
    reached = [uploads.note("小王", 40_000_000) for _ in range(5)]
    assert reached == [False, False, False, True, False]
    with pytest.raises(RecordingRefused, match="明天再交"):
        uploads.check("小王")
    uploads.check("小李")
    clock.advance(24 * 3600)
    uploads.check("小王")


def test_no_file_is_told(log_in: LogIn) -> None:
    answer = log_in("小王").post("/compose/check", **FORM | {"title": "x"})
    assert answer.status_code == 400 and "还没有选录音" in answer.text


def test_an_office_whose_address_nobody_knows_takes_none(plain_desk: OfficeDesk, tmp_path: Path) -> None:
    clerk = Visitor(app_of(plain_desk, tmp_path, address=""))
    clerk.post("/login", name="小王", password=PASSWORD)
    answer = upload(clerk, spoken())
    assert answer.status_code == 400 and "office.yaml 里没有写 address" in answer.text


def test_only_a_recording_may_be_longer_than_a_megabyte(log_in: LogIn) -> None:
    clerk = log_in("小王")
    assert clerk.post("/compose/keep", text="字" * 600_000).status_code == 413
    token = re.search('name="csrf_token" value="([^"]+)"', clerk.see("/"))
    assert token
    file = FileStorage(io.BytesIO(spoken(90)), "phone.wav", "recording")
    sent = FORM | {"title": "讲话", "csrf_token": token[1], "recording": file}
    # In memory: the client of the tests leaves its own temporary file open.
    body, _, boundary = stream_encode_multipart(sent, use_tempfile=False)
    kind = f"multipart/form-data; boundary={boundary}"
    answer = clerk.client.post(
        "/compose/check",
        data=cast(io.BytesIO, body).getvalue(),
        content_type=kind,
        follow_redirects=True,
    )
    assert answer.status_code == 200 and "<audio" in answer.text


@pytest.mark.parametrize("name", ["0" * 64, "x", "..%2f..%2foffice.db"])
def test_what_is_not_there_is_given_to_nobody(log_in: LogIn, name: str) -> None:
    client = log_in("小王").client.application.test_client()
    assert client.get(f"/sound/{name}.flac").status_code == 404


def test_recordings_that_nothing_uses_go_and_what_is_in_force_stays(tmp_path: Path) -> None:
    sounds = RecordingStore(tmp_path)
    used, unused = (sounds.take([spoken(seconds)], "x") for seconds in (1, 2))
    long_ago = time.time() - 1000
    for about in (tmp_path / "sounds").iterdir():
        os.utime(about, (long_ago, long_ago))
    assert sounds.remove_but({used.sha256}, long_ago - 1) == 0
    assert sounds.remove_but({used.sha256}, long_ago + 1) == 1
    assert sounds.find(used.sha256) == used and sounds.find(unused.sha256) is None
    assert re.fullmatch("[0-9a-f]{32}.flac", sounds.path(used).name)


def test_words_and_a_recording_are_not_one_bulletin(plain_desk: OfficeDesk, tmp_path: Path) -> None:
    sound = RecordingStore(tmp_path).take([spoken()], "x")
    with pytest.raises(DraftRefused, match="只能发一样"):
        plain_desk.parts.desk.write(plain_desk.officer("小王"), plain_desk.draft(sound=sound))
    kept = plain_desk.draft("", title="讲话", sound=sound)
    record = plain_desk.parts.desk.write(plain_desk.officer("小王"), kept)
    assert record.state is DraftState.DRAFT and record.draft.sound == sound
