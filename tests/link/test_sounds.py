"""Recordings of the county: heard if they are what was signed, fetched by HTTP or brought on a stick."""

import hashlib
import io
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest
import soundfile
from bulletin.county_rig import County, signed
from link.link_rig import Life, LinkBox, notice, until

from broadcaster.bulletin.bulletin import Audio, Bulletin
from broadcaster.core.model import Outcome
from broadcaster.web.server.certificate import CertificatePair, own_certificate


@pytest.fixture(scope="module")
def sound() -> bytes:
    file = io.BytesIO()
    beep = 0.2 * np.sin(np.arange(16_000) * 0.2)
    soundfile.write(file, beep, 16_000, format="WAV")
    return file.getvalue()


@pytest.fixture
def box(tmp_path: Path, county: County) -> LinkBox:
    return LinkBox(tmp_path / "box", county)


@contextmanager
def serving(
    content: bytes, failing: int = 0, own: CertificatePair | None = None
) -> Iterator[tuple[str, list[str]]]:
    """Its address and what was asked; the first times it breaks off in the middle."""
    asked: list[str] = []

    class Files(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            broken = len(asked) <= failing
            self.wfile.write(content[:100] if broken else content)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Files) as server:
        if own:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(own.certificate, own.key)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http{'s' * bool(own)}://127.0.0.1:{server.server_port}/1.wav", asked
        finally:
            server.shutdown()
            thread.join()


def of(sound: bytes, url: str = "http://127.0.0.1:1/x") -> Bulletin:
    return notice(text="", audio=Audio(hashlib.sha256(sound).hexdigest(), len(sound), url))


def outcome(life: Life, told: Bulletin) -> Outcome:
    until(lambda: life.receipts_kept() >= 2)
    until(lambda: (kept := life.station.bulletins.find(told.id)) and kept.stage == "settled")
    row = life.station.past(told.id)
    return row.outcome if row else Outcome.FAILED


def give(life: Life, data: bytes, folder: Path) -> None:
    (folder / "cb" / "bulletins").mkdir(parents=True, exist_ok=True)
    (folder / "cb" / "bulletins" / "1.json").write_bytes(data)
    life.link.read_stick(folder)


def test_a_recording_is_fetched_and_heard(
    box: LinkBox, county: County, sound: bytes, tmp_path: Path
) -> None:
    with serving(sound) as (url, _), box.running() as life:
        told = of(sound, url)
        give(life, signed(told, county.key), tmp_path)
        assert outcome(life, told) is Outcome.PLAYED
        (kept,) = life.station.recordings.all()
        assert kept.title == told.title


def test_an_office_with_a_certificate_of_its_own_gives_it_too(
    box: LinkBox, county: County, sound: bytes, tmp_path: Path
) -> None:
    own = own_certificate(tmp_path, ("elsewhere.example",))
    with serving(sound, own=own) as (url, _), box.running() as life:
        told = of(sound, url)
        give(life, signed(told, county.key), tmp_path)
        assert outcome(life, told) is Outcome.PLAYED


def test_a_line_that_breaks_is_tried_again_and_is_no_full_disk(
    box: LinkBox, county: County, sound: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(sound, failing=2) as (url, asked), box.running() as life:
        told = of(sound, url)
        give(life, signed(told, county.key), tmp_path)
        assert outcome(life, told) is Outcome.PLAYED
    assert len(asked) == 3
    assert "下载不下来" in caplog.text and "磁盘" not in caplog.text


def test_a_disk_that_is_full_for_a_while_is_tried_again(
    box: LinkBox, county: County, sound: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old = box.state / "recordings" / "old.flac"
    old.parent.mkdir(parents=True)
    with old.open("wb") as file:
        file.truncate(600 * 1024 * 1024)
    with serving(sound) as (url, _), box.running() as life:
        told = of(sound, url)
        give(life, signed(told, county.key), tmp_path)
        until(lambda: "存的录音太多" in caplog.text)
        old.unlink()
        assert outcome(life, told) is Outcome.PLAYED


def test_one_that_never_came_ends_with_its_reason(
    box: LinkBox, county: County, sound: bytes, tmp_path: Path
) -> None:
    with box.running() as life:
        told = of(sound)
        give(life, signed(told, county.key), tmp_path)
        box.clock.ahead = timedelta(days=2)
        assert outcome(life, told) is Outcome.FAILED
        (*_, last) = box.read(one.envelope for one in life.station.bulletins.receipts(10))
        assert "录音下载不下来（那台机器上的服务没有开）" in last.reason


@pytest.mark.parametrize("change", [lambda one: one[:-1] + b"!", lambda one: one + b"!", lambda _: b"!"])
def test_one_that_is_not_what_was_signed_is_not_heard(
    box: LinkBox, county: County, sound: bytes, tmp_path: Path, change: object
) -> None:
    assert callable(change)
    with serving(change(sound)) as (url, _), box.running() as life:
        told = of(sound, url)
        give(life, signed(told, county.key), tmp_path)
        assert outcome(life, told) is Outcome.FAILED
        assert life.heard() == [] and life.station.recordings.all() == []


@pytest.mark.parametrize("sound_is_changed", [False, True])
def test_a_stick_brings_it_along(
    box: LinkBox, county: County, sound: bytes, tmp_path: Path, sound_is_changed: bool
) -> None:
    told = of(sound)
    folder = tmp_path / "cb" / "audio"
    folder.mkdir(parents=True)
    assert told.audio
    (folder / told.audio.sha256).write_bytes(sound[:-1] + b"!" if sound_is_changed else sound)
    with box.running() as life:
        give(life, signed(told, county.key), tmp_path)
        wanted = Outcome.FAILED if sound_is_changed else Outcome.PLAYED
        assert outcome(life, told) is wanted
        assert life.heard() == ([] if sound_is_changed else [told.id])
