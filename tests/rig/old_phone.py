"""A phone of any year: a Chromium driven by its own protocol, for Playwright drives this year's only.

It is touched with a finger, at what is seen: a thing that cannot be reached so cannot be used.
"""

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import websocket
from rig.phone import HEIGHT, SWITCHES, WIDTH
from rig.rig import wait_until

TODAY = 0
OTHER_SWITCHES = [
    *("--headless", "--remote-debugging-port=0", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--hide-scrollbars", "--host-resolver-rules=MAP village.test 127.0.0.1"),
]
WAIT_SECONDS = 20

# Where a finger reaches what has these words, alone before among others; or what lies over it.
REACHED = """words => {
    const all = [...document.querySelectorAll('a, button, summary, .choice')]
        .filter(each => each.textContent.includes(words) && each.getClientRects().length)
        .sort((one, other) => one.textContent.trim().length - other.textContent.trim().length);
    let over = null;
    for (const each of all) {
        each.scrollIntoView({block: 'center'});
        const box = each.getBoundingClientRect();
        const x = box.left + box.width / 2, y = box.top + box.height / 2;
        over = document.elementFromPoint(x, y);
        if (each.contains(over)) return [x, y];
    }
    return over && `${words} is under ${over.outerHTML}`;
}"""
# Where two things to press are so near that a thumb takes both for one.
STUCK = """least => {
    const pressed = 'main button:not(.hidden), main .button, main .choice, main .small';
    const all = [...document.querySelectorAll(pressed)]
        .map(e => ({e, b: e.getBoundingClientRect()})).filter(({b}) => b.width && b.height)
        .filter(({e}) => !e.closest('details:not([open])'));
    const apart = (one, other) => Math.max(
        other.left - one.right, one.left - other.right, other.top - one.bottom, one.top - other.bottom);
    const words = ({e}) => e.textContent.trim();
    return [].concat(...all.map((one, i) => all.slice(i + 1)
        .filter(other => apart(one.b, other.b) < least)
        .map(other => words(one) + '|' + words(other))));
}"""
WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
# The places at the foot that cannot be touched where they stand.
HIDDEN_PLACES = """() => [...document.querySelectorAll('.places a')].filter(e => {
    const box = e.getBoundingClientRect();
    return !e.contains(document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2));
}).map(e => e.textContent.trim())"""


UNFOLD = "() => document.querySelectorAll('details').forEach(each => { each.open = true; })"
LEAST_APART = 4


def program(number: int) -> str:
    """An old one is put there by scripts/setup --test; `TODAY` is Debian's."""
    path = Path(sys.prefix) / f"chromium-{number}/chromium"
    found = shutil.which("chromium") if number == TODAY else shutil.which(path)
    if not found:
        pytest.skip(f"no Chromium {number}: scripts/setup --test found no way to its registry")
    return found


class OldPhone:
    def __init__(self, page: websocket.WebSocket, address: str) -> None:
        self.address, self.errors = address, list[str]()
        self._page, self._numbers = page, count(1)
        for domain in ("Page", "Runtime", "Log"):
            self._ask(f"{domain}.enable")
        size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": True}
        self._ask("Emulation.setDeviceMetricsOverride", **size)
        self._ask("Emulation.setTouchEmulationEnabled", enabled=True)

    def forbid_script(self) -> None:
        self._ask("Emulation.setScriptExecutionDisabled", value=True)

    def ask(self, function: str, *arguments: object) -> Any:
        """What a function of JavaScript answers in the page; None while the page changes."""
        call = f"({function})({', '.join(map(json.dumps, arguments))})"
        try:
            answer = self._ask("Runtime.evaluate", expression=call, returnByValue=True)
        except RuntimeError:
            return None
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def compile(self, script: str) -> str:
        """Why it cannot be run; "" if it can."""
        answer = self._ask("Runtime.compileScript", expression=script, sourceURL="", persistScript=False)
        refused = answer.get("exceptionDetails", {}).get("exception", {})
        return str(refused.get("description", ""))

    def open(self, path: str) -> None:
        with self._new_page():
            self._ask("Page.navigate", url=self.address.rstrip("/") + path)

    def follow(self, words: str) -> None:
        """Touch what leads to another page, and wait for it."""
        with self._new_page():
            self.touch(words)

    def touch(self, words: str) -> None:
        self.press(words)
        self.let_go()

    def press(self, words: str) -> None:
        wait_until(lambda: self.ask(REACHED, words), WAIT_SECONDS)
        place = self.ask(REACHED, words)
        assert isinstance(place, list), place
        point = {"x": round(place[0]), "y": round(place[1])}
        self._ask("Input.dispatchTouchEvent", type="touchStart", touchPoints=[point])

    def let_go(self) -> None:
        self._ask("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def write(self, field: str, text: str) -> None:
        self.ask("(field, text) => { document.querySelector(field).value = text; }", field, text)

    def read(self) -> str:
        shown: str = self.ask("() => document.body.innerText") or ""
        return shown

    def wait_for(self, *words: str) -> None:
        try:
            wait_until(lambda: all(word in self.read() for word in words), WAIT_SECONDS)
        except AssertionError:
            raise AssertionError(f"{words} not in: {self.read()}") from None

    def faults(self) -> list[str]:
        """Of what is shown, then of all that can be unfolded."""
        found = []
        for _ in range(2):
            found += [f"{place} cannot be touched" for place in self.ask(HIDDEN_PLACES)]
            found += [f"{two} stick together" for two in self.ask(STUCK, LEAST_APART)]
            found += ["it scrolls sideways"] * bool(self.ask(WIDE))
            self.ask(UNFOLD)
        return found

    def _ask(self, method: str, **parameters: object) -> dict[str, Any]:
        number = next(self._numbers)
        self._page.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while (told := json.loads(self._page.recv())).get("id") != number:
            if told["method"] == "Runtime.exceptionThrown" or (
                told["method"] == "Log.entryAdded" and told["params"]["entry"]["level"] == "error"
            ):
                self.errors.append(json.dumps(told["params"], ensure_ascii=False))
        if "error" in told:
            raise RuntimeError(told["error"])
        result: dict[str, Any] = told["result"]
        return result

    @contextmanager
    def _new_page(self) -> Iterator[None]:
        self.ask("() => { window.isLeft = true; }")
        yield
        is_there = "() => !window.isLeft && document.readyState === 'complete'"
        wait_until(lambda: self.ask(is_there), WAIT_SECONDS)
        # Before a page is painted a touch on it is thrown away.
        self._ask("Page.captureScreenshot")


@contextmanager
def old_phone(number: int, address: str, folder: Path) -> Iterator[OldPhone]:
    profile = folder / f"chromium-{number}"
    profile.mkdir()
    process = subprocess.Popen(
        [program(number), *SWITCHES, *OTHER_SWITCHES, f"--user-data-dir={profile}", "about:blank"],
        env={**os.environ, "HOME": str(folder), "LANG": "zh_CN.UTF-8"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: _first_tab(profile), WAIT_SECONDS)
        page = websocket.create_connection(
            _first_tab(profile), timeout=WAIT_SECONDS, suppress_origin=True
        )
        with closing(page):
            yield OldPhone(page, address)
    finally:
        process.terminate()
        process.wait(20)


def _first_tab(profile: Path) -> str:
    """Where its page is asked; "" until there is one."""
    port = profile / "DevToolsActivePort"
    if not (port.exists() and port.read_text()):
        return ""
    with urllib.request.urlopen(f"http://127.0.0.1:{port.read_text().split()[0]}/json") as answer:
        tabs = [tab["webSocketDebuggerUrl"] for tab in json.load(answer) if tab["type"] == "page"]
    return tabs[0] if tabs else ""
