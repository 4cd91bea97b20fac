"""A village's phones: Chromium of 2018 and 2019, and a browser whose script is switched off."""

import platform
from collections.abc import Iterator
from pathlib import Path

import pytest
from rig.old_phone import TODAY, OldPhone, old_phone
from rig.phone import NAME, PASSWORD
from rig.rig import FakeRig, Sink, wait_until
from rig.village import RunningBox, Village, running

from broadcaster.daemon.control_socket import ask

pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64", reason="old Chromiums are built for 64-bit PCs only"
)
TEXT = "收鸡蛋的来了，在村口。"
PLACES = "() => [...document.querySelectorAll('.places a')].map(each => each.textContent)"
TWO_THAT_TOUCH = """() => {
    document.querySelector('main').innerHTML = '<p><button>播</button><button>不播</button></p>';
}"""


def assert_fit(phone: OldPhone, has_places: bool = True) -> None:
    assert bool(phone.ask(PLACES)) == has_places
    assert phone.faults() == []


def log_in(phone: OldPhone) -> None:
    phone.open("/login")
    phone.write("#name", NAME)
    phone.write("#password", PASSWORD)
    phone.follow("登录")


@pytest.fixture
def sink(village: Village, box: RunningBox, fake_rig: FakeRig) -> Iterator[Sink]:
    yield Sink(fake_rig)
    list(ask(village.state, {"do": "stop", "asked_by": "test"}) or ())


def test_the_first_account_is_made_on_a_phone_of_2018(tmp_path: Path) -> None:
    village = Village(tmp_path, {})
    village.configure(sound={"device": "silent"}, station={"first_notice": ""})
    with running(village) as box, old_phone(65, box.page, tmp_path) as phone:
        phone.open("/")
        for field, words in (("#code", box.code), ("#name", NAME)):
            phone.write(field, words)
        for field in ("#password", "#again"):
            phone.write(field, PASSWORD)
        assert_fit(phone, has_places=False)
        phone.follow("建账号")
        phone.wait_for("账号建好了", "紧急广播")
        assert phone.errors == []


@pytest.mark.parametrize(("number", "script"), [(65, True), (79, True), (TODAY, False)])
def test_a_notice_is_said_and_stopped_and_a_slot_made(
    number: int, script: bool, box: RunningBox, sink: Sink, tmp_path: Path
) -> None:
    with old_phone(number, box.page, tmp_path) as phone:
        if not script:
            phone.forbid_script()
        log_in(phone)
        assert_fit(phone)
        phone.follow("说一段话")
        phone.write("#text", TEXT * 3)
        assert_fit(phone)
        phone.follow("看一遍、听一听")
        assert_fit(phone, has_places=False)
        assert sink.heard() == b""
        phone.follow("确认播出")
        wait_until(sink.heard)
        if not script:
            phone.open("/")
        phone.wait_for("正在播出")
        stop(phone, script)
        phone.wait_for("现在没有播出")
        for place in ("记录", "更多", "时间表"):
            phone.follow(place)
            assert_fit(phone)
        make_slot(phone, f"鸡蛋{number}")
        phone.follow("首页")
        phone.wait_for("接下来", f"鸡蛋{number}")
        for page in ("/talk", "/voice"):
            phone.open(page)
            assert ("关掉了脚本" in phone.read()) != script
        assert phone.errors == []


def stop(phone: OldPhone, script: bool) -> None:
    """One touch; without script the bar is a page of its own in a frame."""
    if script:
        phone.touch("停播")
    else:
        phone.open("/bar")
        phone.follow("停播")
    phone.wait_for("停了", "接着播")
    if not script:
        phone.open("/")


def make_slot(phone: OldPhone, name: str) -> None:
    phone.follow("加一条")
    phone.write("#text", TEXT)
    phone.write("#name", name)
    phone.write("[name=at]", "06:45")
    assert_fit(phone)
    phone.follow("下一步")
    assert_fit(phone)
    phone.follow("保存")
    phone.wait_for(name, "06:45")


def test_a_phone_of_2018_speaks_live_and_records_where_it_may(
    box: RunningBox, fake_rig: FakeRig, sink: Sink, tmp_path: Path
) -> None:
    """The browser's microphone beeps; over plain http there is none."""
    with old_phone(65, box.page, tmp_path) as phone:
        log_in(phone)
        phone.open("/talk")
        phone.touch("打开话筒")
        phone.press("按住讲话")
        phone.wait_for("请讲，大喇叭正在播")
        before = len(fake_rig.captured())
        wait_until(lambda: len(fake_rig.captured()) > before + 2 * 96_000)
        phone.let_go()
        phone.wait_for("讲完了")
        assert max(fake_rig.captured()[before + 96_000 :]) > 0
        phone.open("/voice")
        phone.touch("按一下，开始录")
        phone.wait_for("正在录：2 秒")
        phone.touch("录好了，停")
        phone.wait_for("点下面的“交上去”")
        phone.follow("交上去")
        phone.wait_for("已经存好了")
        phone.address = box.page.replace("127.0.0.1", "village.test")
        log_in(phone)
        phone.open("/talk")
        phone.wait_for("这里用不了话筒", "https 开头的地址")
        phone.open("/voice")
        assert "选一个录音" in phone.read() and "按一下，开始录" not in phone.read()
        assert phone.errors == []


def test_what_sticks_together_is_seen(box: RunningBox, tmp_path: Path) -> None:
    with old_phone(65, box.page, tmp_path) as phone:
        phone.open("/login")
        phone.ask(TWO_THAT_TOUCH)
        assert phone.faults()[0] == "播|不播 stick together"
