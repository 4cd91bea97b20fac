"""Who has a shell on the box lets in who forgot his password; with the box running, and without."""

import json
import os
import pty
from contextlib import AbstractContextManager
from subprocess import Popen

import pytest
from rig.village import RunningBox, Village

from broadcaster.core.clock import Clock
from broadcaster.core.people import Role
from broadcaster.settings.schema import Settings
from broadcaster.store.database.tables import DATABASE
from broadcaster.store.store import Store, open_store

NAME, PASSWORD = "王秀英", "shuiku-2026"


def opened(village: Village) -> AbstractContextManager[Store]:
    return open_store(village.state / DATABASE, Clock(Settings().station.zone))


@pytest.fixture
def peopled(village: Village) -> Village:
    with opened(village) as store:
        store.accounts.create(store.accounts.one_time_code() or "", NAME, PASSWORD)
        store.accounts.add("李二", Role.VIEWER)
    return village


def given(village: Village) -> str:
    done = village.call("people", "reset", NAME, "--json")
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["password"])


def test_people_are_listed_and_a_password_reset_without_a_running_box(peopled: Village) -> None:
    listed = peopled.call("people", "list")
    assert listed.stdout.splitlines() == ["王秀英  书记", "李二  只看"]
    password = given(peopled)
    with opened(peopled) as store:
        assert store.accounts.check(NAME, password)
        assert not store.accounts.check(NAME, PASSWORD)
        assert store.deeds.recent(1)[0].what == "重设密码"


def test_the_running_box_does_the_same_and_takes_it_at_once(peopled: Village) -> None:
    box = RunningBox(peopled)
    try:
        assert "王秀英" in peopled.call("people", "list").stdout
        password = given(peopled)
        refused = peopled.call("people", "reset", "没有这人")
        assert refused.returncode == 2 and "没有叫“没有这人”的账号" in refused.stderr
    finally:
        box.end()
    with opened(peopled) as store:
        assert store.accounts.check(NAME, password)


def test_before_the_first_start_it_says_so(village: Village) -> None:
    refused = village.call("people", "list")
    assert refused.returncode == 2
    assert "还没有启动过" in refused.stderr and len(refused.stderr.splitlines()) == 1


def test_in_a_terminal_the_start_shows_the_address_as_a_picture_for_phones(village: Village) -> None:
    ours, theirs = pty.openpty()
    with Popen(village.command("run"), env=village.environment, stdout=theirs) as box:
        os.close(theirs)
        told = b""
        while "下一次定时播出".encode() not in told:
            told += os.read(ours, 4096)
        box.terminate()
    os.close(ours)
    lines = told.decode().splitlines()
    picture = [line for line in lines if "▀" in line or "▄" in line or "█" in line]
    assert len(picture) > 10
    assert "手机页面" in lines[lines.index(picture[0]) - 1]


def test_a_box_speaks_and_serves_although_its_certificate_is_none(village: Village) -> None:
    wrong = village.folder / "wrong.pem"
    wrong.write_text("no certificate")
    keys = {"https_port": 0, "certificate": str(wrong), "key": str(wrong)}
    village.configure(web={"host": "127.0.0.1", "port": 0, "local_name": "", **keys})
    box = RunningBox(village)
    try:
        assert any("web.certificate" in line for line in box.lines)
        assert box.page.startswith("http://")
    finally:
        assert box.end() == 0
