"""The language of the pages: Chinese as it is written in them, or English by the catalogue
`translations/en` (Flask-Babel).

The village's own words stay as they are in both, marked as Chinese where the page is English.
"""

import re
from collections.abc import Iterable, Mapping

from flask import Blueprint, Flask, current_app, g, has_request_context, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import Babel, gettext
from markupsafe import Markup

from broadcaster.web.base.phone_cookie import YEAR_SECONDS, named, place

CHINESE, ENGLISH = "zh", "en"
LANGUAGES = {CHINESE: "中文", ENGLISH: "English"}
HTML_LANG = {CHINESE: "zh-CN", ENGLISH: "en"}
COOKIE = "broadcaster_language"
HAN = re.compile("[\u3400-\u9fff]")
# A path of this page, and nothing that a browser takes for another host.
BACK = re.compile(r"/(?![/\\])[^\\\x00-\x20]*")

pages = Blueprint("language", __name__)


@pages.get("/language/<any(zh, en):code>")
def choose(code: str) -> ResponseReturnValue:
    """Remember the language on this phone, and go back to the page that was shown."""
    back = request.args.get("back", "")
    answer = redirect(request.script_root + (back if BACK.fullmatch(back) else "/"), 303)
    answer.set_cookie(
        named(COOKIE),
        code,
        max_age=YEAR_SECONDS,
        path=place(),
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )
    return answer


def teach_languages(
    app: Flask, ask_browser: bool = False, offered: Mapping[str, str] = LANGUAGES
) -> None:
    """Let pages of the app say things in those that are offered, Chinese among them; `ask_browser` is
    what counts before anybody chose.
    """
    app.config.update(LANGUAGE_OF_BROWSER=ask_browser, LANGUAGES=offered)
    app.extensions["language"] = Babel(app, default_locale=CHINESE, locale_selector=chosen)
    app.jinja_env.filters["own"] = own
    app.jinja_env.globals.update(zh=zh, languages=offered)
    app.context_processor(lambda: {"language": chosen(), "html_lang": HTML_LANG[chosen()]})


def chosen() -> str:
    """The language of the page that is being made; programs are answered in Chinese."""
    if not has_request_context():
        return CHINESE
    if "language" not in g:
        g.language = _choose()
    language: str = g.language
    return language


def N_(text: str) -> str:
    """The text, for the catalogue: it is said later, by `_`."""
    return text


def _(text: str, **words: object) -> str:
    """The text in the language of the page; its words are escaped where one of them is marked up."""
    said: str = gettext(text)
    if any(isinstance(word, Markup) for word in words.values()):
        return Markup(said) % words
    return said % words if words else said


def together(words: Iterable[str], between: str = N_("、")) -> str:
    """The words in a row."""
    row, mark = list(words), _(between)
    return Markup(mark).join(row) if any(isinstance(one, Markup) for one in row) else mark.join(row)


def own(text: str) -> str:
    """Words of the village's own: as they are, marked as Chinese on an English page."""
    if isinstance(text, Markup) or not zh(text):
        return text
    return Markup('<span lang="zh-CN">{}</span>').format(text)


def zh(text: str = "村") -> str:
    """The attribute of an element whose words stay Chinese on an English page, as far as they are."""
    return Markup(' lang="zh-CN"') if chosen() == ENGLISH and HAN.search(text or "") else ""


def _choose() -> str:
    if request.path.startswith(("/api/", "/metrics")):
        return CHINESE
    kept = request.cookies.get(named(COOKIE), "")
    offered = current_app.config["LANGUAGES"]
    if kept in offered:
        return kept
    if current_app.config["LANGUAGE_OF_BROWSER"]:
        return (request.accept_languages.best_match(["zh-CN", *offered]) or CHINESE)[:2]
    return CHINESE
