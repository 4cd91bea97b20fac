"""A village's page on the county's site: real broker, real office, real box, heard at its card."""

import io
import re
import wave
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from bulletin.county_rig import VILLAGE
from rig.far_office import HTTPS, KEEPER, PASSWORD, TOKEN, FarOffice, Visitor, hidden
from rig.rig import FakeRig, Sink, wait_until
from rig.village import RunningBox, Village

NAME, OWN_PASSWORD = "王秀英", "shuiku-2026"
TEXT = "三二一。"


@pytest.fixture(scope="module")
def fake_rig(tmp_path_factory: pytest.TempPathFactory, fakecard_plugin: Path) -> FakeRig:
    return FakeRig(tmp_path_factory.mktemp("fake"), fakecard_plugin)


@pytest.fixture(scope="module")
def box(
    tmp_path_factory: pytest.TempPathFactory, fake_rig: FakeRig, office: FarOffice
) -> Iterator[tuple[str, RunningBox]]:
    """Enrolled, connected, its page carried; it has no account yet."""
    village = Village(tmp_path_factory.mktemp("village"), fake_rig.environment)
    village.configure(station={"name": "洞背村"})
    name = office.enrol(village.state, VILLAGE, "洞背村")
    office.carry(name)
    running = RunningBox(village)
    wait_until(lambda: office.parts.register.get(name).online)
    yield name, running
    running.end()


@pytest.fixture(scope="module")
def secretary(box: tuple[str, RunningBox], office: FarOffice) -> Visitor:
    """Has made the first account from afar, by the code that the box told at home, and is logged in."""
    name, running = box
    visitor, root = office.visitor(), f"/village/{name}"
    fields = {"name": NAME, "password": OWN_PASSWORD, "again": OWN_PASSWORD, "code": running.code}
    made = visitor.post(f"{root}/start", f"{root}/", **fields)
    assert (made.status_code, made.location) == (303, f"{root}/"), made.text
    return visitor


@pytest.fixture
def root(box: tuple[str, RunningBox]) -> str:
    return f"/village/{box[0]}"


def beep(seconds: float, rate_hz: int = 8_000) -> bytes:
    """A WAV as a telephone's recorder makes it."""
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes((b"\x00\x20" * 10 + b"\x00\xe0" * 10) * round(rate_hz * seconds / 20))
    return content.getvalue()


def rehearsed(secretary: Visitor, root: str, text: str, **more: str) -> dict[str, str]:
    """What the button 确认播出 will send."""
    wish = {"severity": "0", "when": "now", "chime": "none", "frame": "none", "repeats": "1"}
    asked = hidden(secretary.see(f"{root}/say")) | wish | {"text": text} | more
    return hidden(secretary.shown(f"{root}/say", f"{root}/say", **asked))


def test_what_is_said_from_afar_is_heard_in_the_village(
    secretary: Visitor, root: str, fake_rig: FakeRig
) -> None:
    sink = Sink(fake_rig)
    said = secretary.post(f"{root}/say/air", f"{root}/", **rehearsed(secretary, root, TEXT))
    assert (said.status_code, said.location) == (303, f"{root}/"), said.text
    wait_until(sink.heard)
    wait_until(lambda: "播完了" in secretary.see(f"{root}/"))
    assert TEXT.rstrip("。") in secretary.see(f"{root}/record")
    deeds = secretary.see(f"{root}/more/deeds")
    assert "播出" in deeds and "经县里" in deeds and NAME in deeds


def test_stop_from_afar_silences_the_village(secretary: Visitor, root: str, fake_rig: FakeRig) -> None:
    sink = Sink(fake_rig)
    long = rehearsed(secretary, root, "请大家注意用电安全。", repeats="20")
    secretary.post(f"{root}/say/air", f"{root}/", **long)
    wait_until(sink.heard)
    stopped = secretary.post(f"{root}/stop", f"{root}/say")
    assert stopped.status_code == 303
    assert "停了“请大家注意用电安全。”" in secretary.see(f"{root}/")
    wait_until(lambda: "现在没有播出" in secretary.see(f"{root}/"))


def test_the_figures_for_monitoring_want_a_token_from_afar_whoever_asks(
    secretary: Visitor, root: str
) -> None:
    here = {"REMOTE_ADDR": "127.0.0.1"}
    asked = secretary.get(f"{root}/metrics", environ_base=here)
    assert asked.status_code == 401, "the office's machine is not the village's"


def test_a_rehearsal_and_a_recording_go_over_the_county_in_pieces(secretary: Visitor, root: str) -> None:
    confirm = secretary.shown(
        f"{root}/say",
        f"{root}/say",
        **{"severity": "0", "when": "now", "chime": "none", "frame": "none", "repeats": "1"},
        text=TEXT,
    )
    address = re.search(r'src="([^"]+/say/sound/[^"]+)"', confirm)
    assert address
    sound = secretary.get(address[1])
    assert sound.data[:4] == b"RIFF" and len(sound.data) == int(sound.headers["Content-Length"])


def test_a_recording_goes_to_the_village_in_pieces(secretary: Visitor, root: str) -> None:
    page = secretary.see(f"{root}/voice")
    token = TOKEN.search(page)
    assert token
    sent = secretary.client.post(
        f"{root}/voice/take",
        base_url=HTTPS,
        headers={"Referer": HTTPS + root},
        data={"csrf_token": token[1], "title": "喊话", "recording": (io.BytesIO(beep(20)), "a.wav")},
    )
    assert sent.status_code == 303, sent.text
    assert "喊话" in secretary.see(f"{root}/voice")


def test_who_speaks_live_from_afar_is_heard(secretary: Visitor, root: str, fake_rig: FakeRig) -> None:
    sink, client = Sink(fake_rig), secretary.client
    token = TOKEN.search(secretary.see(f"{root}/more/me"))
    assert token
    headers = {"Referer": HTTPS + root, "X-CSRFToken": token[1]}
    begun = client.post(f"{root}/talk/begin", base_url=HTTPS, headers=headers, data={"severity": "0"})
    assert begun.json
    talk, spoken = begun.json["id"], list[str]()
    block = beep(0.2, 48_000)[44:]

    def speak() -> int:
        told = client.post(
            f"{root}/talk/{talk}/{len(spoken)}",
            base_url=HTTPS,
            headers=headers,
            data=block,
            content_type="application/octet-stream",
        )
        assert told.json
        spoken.append(told.json["stage"])
        Event().wait(0.15)
        return spoken.count("speak")

    wait_until(lambda: speak() >= 5)
    over = client.post(f"{root}/talk/{talk}/end", base_url=HTTPS, headers=headers).json
    assert over and over["stage"] == "over" and over["seconds"] > 0
    assert sink.heard()


def test_a_slot_is_kept_in_the_village_from_afar(secretary: Visitor, root: str) -> None:
    check = secretary.shown(
        f"{root}/timetable/check",
        f"{root}/timetable/new",
        **{"name": "晚安", "text": "大家晚安。", "kind": "at", "at": "20:30", "severity": "0"},
    )
    kept = secretary.post(f"{root}/timetable/save", f"{root}/timetable/new", **hidden(check))
    assert kept.status_code == 303, kept.text
    assert "晚安" in secretary.see(f"{root}/timetable")


def test_the_home_page_says_by_which_way_it_is_seen(
    secretary: Visitor, root: str, box: tuple[str, RunningBox]
) -> None:
    assert "经县里的网站" in secretary.see(f"{root}/")


def test_every_link_and_cookie_of_a_village_stays_below_its_own_address(
    secretary: Visitor, root: str
) -> None:
    for path in ("/", "/say", "/timetable", "/record", "/more", "/talk", "/words", "/voice"):
        page = secretary.see(root + path)
        for address in re.findall(r'(?:href|action|src)="(/[^"]*)"', page):
            assert address.startswith(f"{root}/"), (path, address)
        assert f'data-root="{root}"' in page
    cookies = [*(secretary.client._cookies or {}).values()]
    assert {(one.path, one.key, one.secure) for one in cookies} == {(root, "__Secure-broadcaster", True)}


def test_who_may_not_at_home_may_not_from_afar(office: FarOffice, root: str, secretary: Visitor) -> None:
    stranger = office.visitor()
    assert stranger.get(f"{root}/").location == f"{root}/login"
    wrong = stranger.shown(f"{root}/login", f"{root}/login", name=NAME, password="not-it-2026")
    assert "不对" in wrong
    right = stranger.post(f"{root}/login", f"{root}/login", name=NAME, password=OWN_PASSWORD)
    assert right.status_code == 303


def test_an_officer_of_the_county_is_nobody_in_the_village(office: FarOffice, root: str) -> None:
    officer = office.visitor()
    assert officer.post("/login", "/login", name=KEEPER, password=PASSWORD).status_code == 303
    assert officer.get(f"{root}/").location == f"{root}/login"
