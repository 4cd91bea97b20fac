"""One box on a sound card that records, and one Chromium, for all tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect
from rig.phone import chromium, log_in, make_account, phone
from rig.rig import FakeRig, Sink
from rig.village import RunningBox, Village

from broadcaster.daemon.control_socket import ask

# As long as `phone` waits for everything else.
expect.set_options(timeout=60_000)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def fake_rig(tmp_path_factory: pytest.TempPathFactory, fakecard_plugin: Path) -> FakeRig:
    return FakeRig(tmp_path_factory.mktemp("fake"), fakecard_plugin)


@pytest.fixture(scope="package")
def village(tmp_path_factory: pytest.TempPathFactory, fake_rig: FakeRig) -> Village:
    return Village(tmp_path_factory.mktemp("village"), fake_rig.environment)


@pytest.fixture(scope="package")
def box(village: Village, browser: Browser) -> Iterator[RunningBox]:
    """It has its first account."""
    running = RunningBox(village)
    try:
        with phone(browser, running.page) as context:
            make_account(context.new_page(), running.code)
        yield running
    finally:
        running.end()


@pytest.fixture(scope="package")
def logged_in(browser: Browser, box: RunningBox) -> StorageState:
    """What a phone keeps once its owner has logged in."""
    with phone(browser, box.page) as context:
        log_in(context.new_page())
        return context.storage_state()


@pytest.fixture
def page(browser: Browser, box: RunningBox, village: Village, logged_in: StorageState) -> Iterator[Page]:
    """A phone whose owner has logged in; nothing of his is left on the air."""
    with phone(browser, box.page, storage_state=logged_in) as context:
        page = context.new_page()
        page.goto("/")
        yield page
    list(ask(village.state, {"do": "stop", "asked_by": "test"}) or ())


@pytest.fixture
def sink(page: Page, fake_rig: FakeRig) -> Sink:
    return Sink(fake_rig)
