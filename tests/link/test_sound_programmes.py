"""Sound programmes of the county: fetched ahead of their time, over lines that are cut and boxes that
are killed, kept once, aired from the village's own library, and told of as they were heard.
"""

import hashlib
import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from bulletin.county_rig import County, signed
from link.link_rig import Life, LinkBox, Office, notice, told_zone, until
from link.test_sounds import give
from rig.broker import BrokerRig
from rig.rig import FakeRig
from rig.village import RunningBox, Village

from broadcaster.bulletin.bulletin import Audio, Bulletin, sound_of_library
from broadcaster.bulletin.receipts import Receipt, ReceiptState
from broadcaster.core.labels import WAITS_FOR_SOUND
from broadcaster.core.model import Airing, JournalEntry, Outcome
from broadcaster.core.notice import Severity, plain_value
from broadcaster.link import recording_download
from broadcaster.link.county_sounds import KEPT
from broadcaster.link.membership import load_membership

RATE_HZ, SECONDS, LONG_SECONDS, TITLE = 16_000, 2, 20, "县台节目"
COUNTY_NAME = "青田县应急管理局"


@pytest.fixture(scope="module")
def tone() -> bytes:
    return beep(SECONDS)


def beep(seconds: int) -> bytes:
    file = io.BytesIO()
    moments = np.arange(seconds * RATE_HZ) / RATE_HZ
    samples = 0.2 * np.sin(2 * np.pi * 500 * moments)
    soundfile.write(file, samples, RATE_HZ, "PCM_16", format="WAV")
    return file.getvalue()


@pytest.fixture
def lone(tmp_path: Path, county: County) -> LinkBox:
    return LinkBox(tmp_path / "box", county)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No box waits for a moment of its own, nor long for a line that hangs."""
    monkeypatch.setattr(recording_download, "SPREAD_SECONDS", 0.0)
    monkeypatch.setattr(recording_download, "TIMEOUT_SECONDS", 2.0)


@dataclass
class Server:
    """An office's sounds; `asked` has the first byte that each request wanted. To the first `broken`
    requests it gives nothing from byte `at` on: the line is cut, or hangs until `free` is set, and then
    is cut or `goes_on`.
    """

    content: bytes
    broken: int = 0
    at: int = 30_000
    hangs: bool = False
    goes_on: bool = False
    asked: list[int] = field(default_factory=list)
    url: str = ""
    free: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator["Server"]:
        server = self

        class Sounds(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                first = int(self.headers.get("Range", "bytes=0-")[6:-1])
                server.asked.append(first)
                self.send_response(206 if first else 200)
                size = len(server.content)
                if first:
                    self.send_header("Content-Range", f"bytes {first}-{size - 1}/{size}")
                self.send_header("Content-Length", str(size - first))
                self.end_headers()
                is_broken = len(server.asked) <= server.broken
                with suppress(OSError):
                    self.wfile.write(server.content[first : server.at if is_broken else size])
                    if is_broken and server.hangs:
                        server.free.wait(120)
                    if is_broken and server.goes_on:
                        self.wfile.write(server.content[server.at :])

            def log_message(self, *_: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Sounds) as http:
            self.url = f"http://127.0.0.1:{http.server_port}/1.sound"
            thread = threading.Thread(target=http.serve_forever)
            thread.start()
            try:
                yield self
            finally:
                self.free.set()
                http.shutdown()
                thread.join()


def key_of(sound: bytes) -> str:
    return hashlib.blake2b(sound, digest_size=16).hexdigest()


def programme(sound: bytes, url: str = "http://127.0.0.1:1/x", **more: Any) -> Bulletin:
    now = datetime.now(told_zone())
    pieces = [plain_value(sound_of_library(key_of(sound)))]
    given: dict[str, Any] = {"text": "", "title": TITLE, "severity": Severity.DAILY}
    given |= {"issued": now, "not_before": now, "expires": now + timedelta(hours=6)}
    given |= {"audio": Audio(hashlib.sha256(sound).hexdigest(), len(sound), url)}
    return notice(**given | {"more": {"pieces": pieces}, "crit": ("pieces",), "v": 2} | more)


def told(life: Life, of: Bulletin) -> list[Receipt]:
    kept = life.box.read(one.envelope for one in life.station.bulletins.receipts(1_000))
    return [one for one in kept if one.bulletin == of.id]


def settled(life: Life, of: Bulletin) -> Callable[[], bool]:
    def look() -> bool:
        row = life.station.bulletins.find(of.id)
        return row is not None and row.stage == "settled"

    return look


def test_it_is_fetched_ahead_over_a_line_that_is_cut_and_waits_in_the_library(
    lone: LinkBox, county: County, tone: bytes, tmp_path: Path, at_once: None
) -> None:
    later = datetime.now(told_zone()).replace(microsecond=0) + timedelta(hours=3)
    with Server(tone, broken=2).running() as server, lone.running() as life:
        sent = programme(tone, server.url, not_before=later, expires=later + timedelta(hours=2))
        give(life, signed(sent, county.key), tmp_path)
        until(lambda: life.station.status().waiting)
        [sound] = life.station.sounds.all()
        [waiting] = life.station.status().waiting
        until(lambda: len(told(life, sent)) == 3)
    assert server.asked == [0, 30_000, 30_000]
    assert (sound.key, sound.title) == (key_of(tone), f"{COUNTY_NAME}/{TITLE}")
    assert sound.seconds == pytest.approx(SECONDS, abs=0.1)
    assert waiting.notice.title == f"{COUNTY_NAME}：{TITLE}" and waiting.due_at == later
    assert waiting.notice.pieces == (sound_of_library(sound.key),) and not waiting.notice.text
    assert waiting.firm and waiting.expires_at == sent.expires
    states = [(one.state, one.reason) for one in told(life, sent)]
    accepted = (ReceiptState.ACCEPTED, "")
    assert states == [accepted, (ReceiptState.DEFERRED, WAITS_FOR_SOUND), accepted]
    assert not list((lone.state / "county" / "downloads").iterdir())


def test_what_a_power_cut_left_of_it_is_gone_on_with_and_damaged_bytes_are_fetched_anew(
    lone: LinkBox, county: County, tone: bytes, tmp_path: Path, at_once: None
) -> None:
    with Server(tone, broken=99, hangs=True).running() as server:
        sent = programme(tone, server.url)
        part = lone.state / "county" / "downloads" / hashlib.sha256(tone).hexdigest()
        with lone.running() as life:
            give(life, signed(sent, county.key), tmp_path)
            until(lambda: part.exists() and part.stat().st_size == 30_000)
        server.broken = 0
        server.asked.clear()
        part.write_bytes(tone[:29_000] + b"\0" * 1_000)
        with lone.running() as life:
            until(settled(life, sent), 60)
            [*_, last] = told(life, sent)
    assert server.asked == [30_000, 0]
    assert last.heard and last.heard.outcome is Outcome.PLAYED


def test_a_second_day_with_the_same_sound_fetches_nothing_and_it_goes_a_week_after_the_last(
    lone: LinkBox, county: County, tone: bytes, tmp_path: Path, at_once: None
) -> None:
    other = tone[:-2]
    with Server(tone).running() as server, Server(other).running() as next_server:
        with lone.running() as life:
            for number in (1, 2):
                sent = programme(tone, server.url, seq=number)
                give(life, signed(sent, county.key), tmp_path)
                until(settled(life, sent))
            assert server.asked == [0]
            lone.clock.ahead = KEPT + timedelta(hours=7)
            now = lone.clock.now()
            times = {"issued": now, "not_before": now, "expires": now + timedelta(hours=1)}
            sent = programme(other, next_server.url, seq=3, **times)
            give(life, signed(sent, county.key), tmp_path)
            until(settled(life, sent))
            assert [one.key for one in life.station.sounds.all()] == [key_of(other)]
            assert [one.key for one in life.station.sounds.removed()] == [key_of(tone)]
            back = programme(tone, server.url, seq=4, **times)
            give(life, signed(back, county.key), tmp_path)
            until(settled(life, back))
            assert server.asked == [0]


def test_what_the_village_has_put_into_its_own_folder_stays(
    lone: LinkBox, county: County, tone: bytes, tmp_path: Path, at_once: None
) -> None:
    other = tone[:-2]
    with Server(tone).running() as server, lone.running() as life:
        sent = programme(tone, server.url)
        give(life, signed(sent, county.key), tmp_path)
        until(settled(life, sent))
        life.station.sounds.rename(key_of(tone), "我们村/县台节目")
        lone.clock.ahead = KEPT + timedelta(hours=7)
        server.content = other
        now = lone.clock.now()
        times = {"issued": now, "not_before": now, "expires": now + timedelta(hours=1)}
        sent = programme(other, server.url, seq=2, **times)
        give(life, signed(sent, county.key), tmp_path)
        until(settled(life, sent))
        assert {one.key for one in life.station.sounds.all()} == {key_of(tone), key_of(other)}


def test_one_that_did_not_come_says_why_and_a_cancelled_one_is_fetched_no_more(
    lone: LinkBox, county: County, tone: bytes, tmp_path: Path, at_once: None
) -> None:
    with lone.running() as life:
        sent = programme(tone)
        give(life, signed(sent, county.key), tmp_path)
        until(lambda: told(life, sent))
        lone.clock.ahead = timedelta(hours=7)
        until(settled(life, sent))
        [*_, last] = told(life, sent)
        assert last.heard and last.heard.outcome is Outcome.FAILED
        assert "录音下载不下来（那台机器上的服务没有开）" in last.reason
    lone.clock.ahead = timedelta(0)
    with Server(tone, broken=99, hangs=True).running() as server, lone.running() as life:
        sent = programme(tone, server.url, seq=2)
        give(life, signed(sent, county.key), tmp_path)
        until(lambda: server.asked)
        off = notice(kind="cancel", cancels=sent.id, text="", title="取消", seq=3)
        give(life, signed(off, county.key), tmp_path)
        until(settled(life, sent))
        assert life.link.downloads._next() is None


def test_an_urgent_recording_goes_before_a_programme_that_is_on_its_way(
    lone: LinkBox, county: County, tone: bytes, tmp_path: Path, at_once: None
) -> None:
    later = datetime.now(told_zone()).replace(microsecond=0) + timedelta(hours=3)
    long = tone * 50
    with (
        Server(long, broken=1, hangs=True, goes_on=True).running() as slow,
        Server(tone).running() as quick,
        lone.running() as life,
    ):
        sent = programme(long, slow.url, not_before=later, expires=later + timedelta(hours=2))
        give(life, signed(sent, county.key), tmp_path)
        until(lambda: slow.asked)
        audio = Audio(hashlib.sha256(tone).hexdigest(), len(tone), quick.url)
        urgent = notice(text="", audio=audio, severity=Severity.ORANGE, seq=2)
        give(life, signed(urgent, county.key), tmp_path)
        slow.free.set()
        until(settled(life, urgent))
        until(lambda: life.station.sounds.all())
    assert quick.asked == [0]
    [begun, gone_on_with] = slow.asked
    assert begun == 0 and slow.at <= gone_on_with < len(long)


def test_a_stick_brings_it(lone: LinkBox, county: County, tone: bytes, tmp_path: Path) -> None:
    sent = programme(tone)
    folder = tmp_path / "cb" / "audio"
    folder.mkdir(parents=True)
    (folder / hashlib.sha256(tone).hexdigest()).write_bytes(tone)
    with lone.running() as life:
        give(life, signed(sent, county.key), tmp_path)
        until(settled(life, sent))
        assert life.heard() == [sent.id]
        assert [one.key for one in life.station.sounds.all()] == [key_of(tone)]


def test_a_sound_that_is_not_the_one_that_is_named_is_not_aired(
    lone: LinkBox, county: County, tone: bytes, tmp_path: Path, at_once: None
) -> None:
    with Server(tone).running() as server, lone.running() as life:
        pieces = [plain_value(sound_of_library("0" * 32))]
        sent = programme(tone, server.url, more={"pieces": pieces})
        give(life, signed(sent, county.key), tmp_path)
        until(settled(life, sent))
        assert life.heard() == [] and life.station.sounds.all() == []


@pytest.mark.parametrize(
    ("seconds", "outcome"), [(LONG_SECONDS, Outcome.PLAYED), (LONG_SECONDS / 2, Outcome.CUT_SHORT)]
)
def test_a_receipt_tells_a_column_that_was_skipped_or_ended_by_its_window_as_partly_heard(
    lone: LinkBox, county: County, tmp_path: Path, seconds: float, outcome: Outcome
) -> None:
    tone = beep(LONG_SECONDS)
    later = datetime.now(told_zone()).replace(microsecond=0) + timedelta(hours=3)
    with Server(tone).running() as server, lone.running() as life:
        life.link.downloads._folder.mkdir(parents=True)
        part = life.link.downloads._folder / hashlib.sha256(tone).hexdigest()
        part.write_bytes(tone[:-1])
        sent = programme(tone, server.url, not_before=later, expires=later + timedelta(hours=2))
        give(life, signed(sent, county.key), tmp_path)
        until(lambda: life.station.status().waiting)
        [airing] = life.station.status().waiting
        life.link._ended(_end_of(airing, seconds))
        until(settled(life, sent))
        [*_, last] = told(life, sent)
    assert server.asked == [len(tone) - 1]
    assert last.heard and last.heard.outcome is outcome
    assert last.heard.seconds_due == pytest.approx(LONG_SECONDS, abs=0.1)
    assert last.heard.times == (outcome is Outcome.PLAYED)


def _end_of(airing: Airing, seconds: float) -> JournalEntry:
    now = datetime.now(told_zone())
    return JournalEntry(airing, Outcome.PLAYED, "时间到了", "", now, now, seconds, seconds)


@pytest.mark.slow
def test_the_real_box_is_killed_while_it_fetches_goes_on_from_that_byte_and_airs_it_around_an_alert(
    village: Village,
    fake_rig: FakeRig,
    broker: BrokerRig,
    county: County,
    office: Office,
    tmp_path: Path,
) -> None:
    tone = beep(LONG_SECONDS)
    papers = LinkBox(tmp_path / "papers", county, broker, "programme-box")
    file = tmp_path / "enrolment.json"
    file.write_bytes(replace(papers.enrolment()).to_bytes())
    box = RunningBox(village)
    with Server(tone, broken=1, hangs=True).running() as server:
        try:
            assert village.call("link", "enrol", str(file)).returncode == 0
            papers.membership = load_membership(village.state)
            sent = office.publish(programme(tone, server.url))
            part = village.state / "county" / "downloads" / hashlib.sha256(tone).hexdigest()
            until(lambda: part.exists() and part.stat().st_size == 30_000, 120)
            box.process.kill()
            box.end()
            box = RunningBox(village)
            until(lambda: ReceiptState.ON_THE_AIR in papers.states(office.client, sent), 120)
            alert = office.publish(notice(text="停水了。", severity=1, seq=2))
            until(lambda: ReceiptState.ENDED in papers.states(office.client, alert), 180)
            until(lambda: ReceiptState.ENDED in papers.states(office.client, sent), 120)
        finally:
            assert box.end() == 0
    assert server.asked == [0, 30_000]
    [*_, last] = papers.receipts(office.client, sent)
    assert last.heard and last.heard.outcome is Outcome.PLAYED
    assert "让过路" in last.reason
    assert last.heard.seconds_played == pytest.approx(LONG_SECONDS, abs=1.0)
    heard = np.abs(np.frombuffer(fake_rig.captured(), np.int16))
    assert np.count_nonzero(heard > 500) > LONG_SECONDS * RATE_HZ * 0.5
