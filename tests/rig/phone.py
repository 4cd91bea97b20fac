"""A phone: a real Chromium without a window, at a phone's size, with a microphone that beeps."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

WIDTH, HEIGHT = 360, 740
SWITCHES = [
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]
NAME, PASSWORD = "王秀英", "shuiku-2026"


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's own; Playwright brings none along."""
    with sync_playwright() as playwright:
        path = shutil.which("chromium")
        assert path, "apt-get install chromium"
        browser = playwright.chromium.launch(executable_path=path, args=SWITCHES)
        yield browser
        browser.close()


def phone(browser: Browser, address: str, javascript: bool = True, **more: Any) -> BrowserContext:
    context = browser.new_context(
        base_url=address,
        viewport={"width": WIDTH, "height": HEIGHT},
        color_scheme="light",
        locale="zh-CN",
        java_script_enabled=javascript,
        has_touch=True,
        is_mobile=True,
        permissions=["microphone"],
        **more,
    )
    context.set_default_timeout(60_000)
    return context


def press(page: Page, button: str) -> None:
    """Also wait for the page that it leads to."""
    with page.expect_navigation():
        page.get_by_role("button", name=button).click()


def make_account(page: Page, code: str) -> None:
    page.goto("/")
    page.get_by_label("一次性代码").fill(code)
    page.get_by_label("名字").fill(NAME)
    page.get_by_label("密码 至少").fill(PASSWORD)
    page.get_by_label("密码再写一遍").fill(PASSWORD)
    press(page, "建账号")


def log_in(page: Page, name: str = NAME, password: str = PASSWORD) -> None:
    page.goto("/login")
    page.get_by_label("名字").fill(name)
    page.get_by_label("密码").fill(password)
    press(page, "登录")
