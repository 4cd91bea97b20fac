"""A word is heard on the phone as the loudspeaker will say it: the real box, asked over HTTP."""

import http.cookiejar
import io
import re
import urllib.parse
import urllib.request
from collections.abc import Iterator

import pytest
import soundfile
from village import RunningBox, Village


class Browser:
    """Keeps its cookies and sends a page's token, as a browser without JavaScript does."""

    def __init__(self, page: str) -> None:
        self._page = page
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(cookies)

    def get(self, path: str) -> bytes:
        with self._opener.open(urllib.parse.urljoin(self._page, path)) as answer:
            content: bytes = answer.read()
        return content

    def post(self, path: str, seen_on: str, **fields: str) -> str:
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.get(seen_on).decode())
        assert token
        form = urllib.parse.urlencode(fields | {"csrf_token": token[1]}).encode()
        with self._opener.open(urllib.parse.urljoin(self._page, path), form) as answer:
            return str(answer.read().decode())


@pytest.fixture
def box(village: Village) -> Iterator[RunningBox]:
    running = RunningBox(village)
    yield running
    running.end()


@pytest.fixture
def browser(box: RunningBox) -> Browser:
    browser = Browser(box.page)
    code = next(line for line in box.lines if "一次性代码" in line)[-8:]
    account = {"code": code, "name": "王秀英", "password": "shuiku-2026", "again": "shuiku-2026"}
    assert "说一段话" in browser.post("/start", "/start", **account)
    return browser


def test_a_word_is_heard_changed_and_then_said_so_by_the_loudspeaker(
    village: Village, browser: Browser
) -> None:
    entry = {"word": "石盆", "said": "shi2 peng4", "section": "places"}
    page = browser.post("/words/listen", "/words/edit", **entry)
    assert "这样念：shi2 peng4" in page
    sound = re.search(r'src="(/words/sound/[0-9a-f]+)"', page)
    assert sound
    heard = soundfile.read(io.BytesIO(browser.get(sound[1])), dtype="int16")[0].tobytes()
    assert not (village.folder / "lexicon.yaml").exists()
    assert "记下了：石盆" in browser.post("/words/save", "/words/edit", **entry)
    path = village.folder / "said.wav"
    village.call("render", "石盆", "-o", str(path))
    assert soundfile.read(path, dtype="int16")[0].tobytes().endswith(heard)
    assert "shi2 peng4" in browser.get("/words").decode()
