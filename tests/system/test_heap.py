"""Main after logins: what a password's check takes goes back to the machine."""

import http.cookiejar
import re
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode, urljoin

import psutil
import pytest
from rig.rig import FakeRig
from rig.village import RunningBox, Village

ACCOUNT = {"name": "王秀英", "password": "shuiku-2026"}
LOGINS, AT_ONCE = 60, 20
MOST_MORE_MEGABYTES = 12


@pytest.fixture
def box(village: Village, fake_rig: FakeRig) -> Iterator[RunningBox]:
    running = RunningBox(village)
    yield running
    running.end()


def send(page: str, path: str, **fields: str) -> str:
    """Fill in a form from a phone that was never there; where it led to."""
    cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    phone = urllib.request.build_opener(cookies)
    with phone.open(urljoin(page, path)) as answer:
        token = re.search(r'name="csrf_token" value="([^"]+)"', answer.read().decode())
    assert token
    with phone.open(
        urljoin(page, path), urlencode(fields | {"csrf_token": token[1]}).encode()
    ) as answer:
        return str(answer.url)


def test_logins_on_all_of_the_pages_threads_leave_main_as_small_as_it_was(box: RunningBox) -> None:
    send(box.page, "/start", code=box.code, again=ACCOUNT["password"], **ACCOUNT)
    main = psutil.Process(box.process.pid)
    before = main.memory_info().rss
    with ThreadPoolExecutor(AT_ONCE) as phones:
        led_to = list(phones.map(lambda _: send(box.page, "/login", **ACCOUNT), range(LOGINS)))
    assert led_to == [box.page] * LOGINS
    assert main.memory_info().rss - before < MOST_MORE_MEGABYTES * 1e6
