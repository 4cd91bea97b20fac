"""The page in English: its own words are translated, the village's are marked as Chinese."""

import ast
import re
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient
from rig.fakes import FakeStation
from web.every_page import furnish, walk

from broadcaster import web
from broadcaster.core.clock import Clock
from broadcaster.core.labels import OUTCOMES, SIGNALS
from broadcaster.core.model import SECTIONS
from broadcaster.settings.schema import Settings, WebSettings
from broadcaster.settings.values import WEEKDAYS
from broadcaster.store.database.tables import DATABASE
from broadcaster.store.store import open_store
from broadcaster.web.app import create_app
from broadcaster.web.base import wording
from broadcaster.web.base.language import HAN

WEB = Path(web.__file__).parent
CATALOGUE = WEB / "translations" / "en" / "LC_MESSAGES"
SHOWN = {"aria-label", "title", "alt", "placeholder", "content"}
VOID = {"meta", "link", "input", "img", "br", "line", "rect", "circle"}
# Where Chinese is meant: what programs, files and paper get, and what is spoken; who has no session has
# no language.
CHINESE = {
    *("api/endpoints.py", "api/schemas.py", "api/slots.py", "api/slot_schemas.py"),
    *(
        "api/recordings.py",
        "api/sounds.py",
        "api/exports.py",
        "api/problem_details.py",
        "api/metrics.py",
    ),
    *("base/idempotency.py", "pages/journal_csv.py", "pages/notice_templates.py"),
    *("server/server.py", "server/tls.py", "server/certificate.py", "server/security_headers.py"),
}
PYTHON = sorted(str(path.relative_to(WEB)) for path in WEB.rglob("*.py"))


class Page(HTMLParser):
    """The words of a page: those in elements marked as Chinese, and all others."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.chinese: list[str] = []
        self.others: list[str] = []
        self.language = ""
        self.feed(page)
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        language = given.get("lang") or ""
        if tag == "html":
            self.language = language
        marked = language.startswith("zh") if language else bool(self.open and self.open[-1][1])
        shown = [value or "" for name, value in attrs if name in SHOWN or name.startswith("data-")]
        if tag == "input" and given.get("type", "text") not in ("hidden", "radio", "checkbox"):
            shown.append(given.get("value") or "")
        (self.chinese if marked else self.others).extend(shown)
        if tag not in VOID:
            self.open.append((tag, marked))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        (self.chinese if self.open and self.open[-1][1] else self.others).append(data.strip())


@pytest.fixture
def station(settings: Settings, station: FakeStation) -> Iterator[Any]:
    with open_store(settings.paths.state / DATABASE, Clock(settings.station.zone)) as store:
        furnish(station, settings, store)
        yield station


def catalogue() -> Catalog:
    with (CATALOGUE / "messages.po").open("rb") as file:
        return read_po(file, locale="en")


def messages(of: Catalog) -> dict[tuple[str, str | None], str]:
    """By text and context; of what is compiled babel reads a context as bytes."""
    said = {}
    for one in of:
        context = one.context.decode() if isinstance(one.context, bytes) else one.context
        said[str(one.id), context] = str(one.string)
    return {key: words for key, words in said.items() if key[0]}


def test_no_page_in_english_has_a_chinese_word_of_its_own(
    secretary: FlaskClient, station: FakeStation
) -> None:
    known = {text for text, _ in messages(catalogue())} - {"中文", "什么时候"}
    assert secretary.get("/language/en?back=/record?page=1").location == "/record?page=1"
    pages = dict(walk(secretary, station))
    assert len(pages) > 60
    for name, page in pages.items():
        read = Page(page)
        assert read.language == "en", name
        assert [words for words in read.others if HAN.search(words)] == [], name
        assert not known & {words for words in read.chinese if HAN.search(words)}, name


@pytest.mark.parametrize("path", ["/login?password=1", "/nothing", "/start"])
def test_who_has_not_logged_in_reads_english_too(app: Flask, path: str) -> None:
    client = app.test_client()
    client.get("/language/en")
    read = Page(client.get(path, follow_redirects=True).text)
    assert read.language == "en"
    assert [words for words in read.others if HAN.search(words)] == []


def test_it_is_chinese_until_somebody_chooses_whatever_the_browser_wants(client: FlaskClient) -> None:
    english = {"Accept-Language": "en-GB,en;q=0.9"}
    assert '<html lang="zh-CN">' in client.get("/login", headers=english).text
    page = client.get("/language/en?back=/login", follow_redirects=True).text
    assert '<html lang="en">' in page and "Log in" in page
    page = client.get("/language/zh?back=/login", follow_redirects=True, headers=english).text
    assert '<html lang="zh-CN">' in page and "登录" in page


def test_the_setting_lets_the_browser_choose_until_somebody_does(
    station: FakeStation, settings: Settings
) -> None:
    asking = settings.model_copy(update={"web": WebSettings(language_of_browser=True)})
    client = create_app(station, asking).test_client()
    for wanted, found in (("en-GB,en;q=0.9", "en"), ("zh-CN,en;q=0.5", "zh-CN"), ("fr", "zh-CN")):
        page = client.get("/login", headers={"Accept-Language": wanted}).text
        assert f'<html lang="{found}">' in page, wanted
    client.get("/language/zh")
    assert '<html lang="zh-CN">' in client.get("/login", headers={"Accept-Language": "en"}).text


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example", "/\\evil.example", "", "/\n/a"]
)
def test_the_switch_leads_to_no_other_host(client: FlaskClient, back: str) -> None:
    assert client.get("/language/en", query_string={"back": back}).location == "/"


def test_a_language_that_is_none_changes_nothing(client: FlaskClient) -> None:
    assert client.get("/language/fr").status_code == 404
    client.set_cookie("broadcaster_language", "../../etc")
    assert '<html lang="zh-CN">' in client.get("/login").text


def test_the_switch_is_at_the_foot_of_each_page_that_can_be_opened_again(
    secretary: FlaskClient, station: FakeStation
) -> None:
    for name, page in walk(secretary, station):
        if "{" not in name and name != "/bar":
            assert 'href="/language/en?back=' in page, name
    assert "/language/" not in secretary.post("/say").text


def test_programs_are_answered_in_chinese(secretary: FlaskClient) -> None:
    secretary.get("/language/en")
    assert secretary.get("/api/v1/status").json["detail"] == "请先登录。"  # type: ignore[index]


def test_a_phone_in_english_and_one_in_chinese_each_see_their_own(
    app: Flask, secretary: FlaskClient, station: FakeStation
) -> None:
    for code, word in (("en", b"On the air"), ("zh", "正在播出".encode("unicode_escape"))):
        secretary.get(f"/language/{code}")
        stream = secretary.get("/live/stream?of=home")
        assert word in next(iter(stream.iter_encoded()))
        stream.close()


def test_the_catalogue_has_every_message_translated_and_no_stale_one() -> None:
    mappings = tomllib.loads((WEB.parent.parent / "pyproject.toml").read_text(encoding="utf-8"))
    methods = [(one["pattern"], one["method"]) for one in mappings["tool"]["babel"]["mappings"]]
    found = {(text, context) for _, _, text, _, context in extract_from_dir(WEB, methods)}
    labels = extract_from_file("python", WEB.parent / "core" / "notice.py", keywords={"said": None})
    found |= {(text, context) for _, text, _, context in labels}
    said = messages(catalogue())
    assert said.keys() == found, "run scripts/translate"
    assert [key for key, words in said.items() if not words or HAN.search(words)] == []
    blank = re.compile(r"%\(\w+\)s")
    for (text, _), words in said.items():
        assert set(blank.findall(text)) == set(blank.findall(words)), text


def test_what_the_page_reads_is_what_the_catalogue_says() -> None:
    with (CATALOGUE / "messages.mo").open("rb") as file:
        compiled = read_mo(file)
    assert messages(compiled) == messages(catalogue()), "run scripts/translate"


def test_words_of_the_floor_are_in_the_catalogue() -> None:
    assert {*SIGNALS, *WEEKDAYS, *SECTIONS.values(), *OUTCOMES.values()} <= set(wording.FLOOR_WORDS)


@pytest.mark.parametrize("place", [place for place in PYTHON if place not in CHINESE])
def test_no_sentence_of_a_page_is_left_out_of_the_catalogue(place: str) -> None:
    said, tree = messages(catalogue()), ast.parse((WEB / place).read_text(encoding="utf-8"))
    known = {text for text, _ in said} | MEANT_CHINESE
    left = {text for text in _literals(tree) if HAN.search(text)} - known
    assert left == set()


# Values of the settings and of the database, words to recognise, and what goes to WeChat or paper.
MEANT_CHINESE = {
    *(
        "令牌 ",
        "放假日",
        "工作日",
        "节假日",
        "补班日",
        "十一二三四五六七八九",
        "赶集",
        "中文",
        "村",
        HAN.pattern,
    ),
    *("【", "广播】", "年", "月", "日", "的录音 ", "日 ", "播出记录-", "逢"),
}


def _literals(tree: ast.AST) -> Iterator[str]:
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    logged = {
        id(node.args[0])
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and node.args and ast.unparse(node.func).startswith("logger.")
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) not in docs | logged:
                yield node.value
