"""The village's words are listed, heard, changed and removed on the page, and the file keeps its
comments.
"""

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile
from flask.testing import FlaskClient
from rig.fakes import FakeStation
from werkzeug.test import TestResponse

from broadcaster.core.errors import VoiceUnavailable
from broadcaster.core.model import Entry

Post = Callable[..., TestResponse]

FILE = "# 村里的\nplaces:\n  石盆: shi2 peng4  # 村东\nsurnames:\n  单: shan4\n"
SOUND = re.compile(r'<audio controls autoplay src="(/words/sound/[0-9a-f]{40})">')


@pytest.fixture
def lexicon(tmp_path: Path) -> Path:
    path = tmp_path / "lexicon.yaml"
    path.write_text(FILE, encoding="utf-8")
    return path


@pytest.fixture
def station(lexicon: Path, station: FakeStation) -> FakeStation:
    """The page's own, over a lexicon that has words."""
    return station


def test_the_words_are_found_under_more(secretary: FlaskClient) -> None:
    assert 'href="/words"' in secretary.get("/more").text


def test_the_list_shows_every_word_by_its_kind(secretary: FlaskClient) -> None:
    page = secretary.get("/words").text
    words, places, surnames = page.split("<h2>")[1:]
    assert words.startswith("词") and "还没有" in words
    assert places.startswith("地名") and "石盆" in places and "shi2 peng4" in places
    assert surnames.startswith("姓") and "单" in surnames


def test_a_word_is_opened_with_its_reading_and_the_voice_gets_ready(
    secretary: FlaskClient, station: FakeStation
) -> None:
    page = secretary.get("/words/edit?section=places&word=石盆").text
    assert 'value="石盆"' in page and 'value="shi2 peng4"' in page
    assert 'name="section" value="places" checked' in page
    assert "删掉这个词" in page
    assert station.warmed == 1


@pytest.mark.parametrize("query", ["", "?section=towns&word=石盆", "?section=words&word=石盆"])
def test_a_word_that_is_not_in_the_list_opens_an_empty_form(secretary: FlaskClient, query: str) -> None:
    page = secretary.get(f"/words/edit{query}").text
    assert "加一个词" in page and "删掉这个词" not in page


def test_saving_writes_the_file_keeps_its_comments_and_the_box_reads_so(
    secretary: FlaskClient, station: FakeStation, post: Post, lexicon: Path
) -> None:
    answer = post("/words/save", word=" 乐亭 ", said="lao4  ting2", section="places")
    assert (answer.status_code, answer.location) == (303, "/words")
    assert lexicon.read_text(encoding="utf-8") == FILE.replace(
        "# 村东\n", "# 村东\n  乐亭: lao4 ting2\n"
    )
    assert station.studio.learned[-1].places == {"石盆": "shi2 peng4", "乐亭": "lao4 ting2"}
    assert "记下了：乐亭 念 lao4 ting2" in secretary.get("/words").text


def test_removing_takes_the_word_out(
    secretary: FlaskClient, station: FakeStation, post: Post, lexicon: Path
) -> None:
    assert post("/words/remove", word="单", said="", section="surnames").status_code == 303
    assert station.studio.learned[-1].surnames == {}
    assert "单" not in lexicon.read_text(encoding="utf-8")
    assert "删掉了：单" in secretary.get("/words").text


@pytest.mark.parametrize(
    ("path", "fields", "told"),
    [
        ("/words/save", {"word": "乐亭", "said": "lao4"}, "有 2 个字，读音却有 1 个"),
        ("/words/save", {"word": "", "said": "lao4"}, "要写汉字"),
        ("/words/save", {"word": "乐亭", "said": "laoo4 ting2"}, "laoo4"),
        ("/words/remove", {"word": "乐亭", "said": ""}, "没有“乐亭”"),
        ("/words/listen", {"word": "乐亭", "said": "lao4"}, "有 2 个字，读音却有 1 个"),
        ("/words/listen", {"word": "", "said": ""}, "请写上要听的词"),
    ],
)
def test_what_cannot_be_is_told_and_the_form_kept(
    secretary: FlaskClient,
    station: FakeStation,
    post: Post,
    lexicon: Path,
    path: str,
    fields: dict[str, str],
    told: str,
) -> None:
    answer = post(path, section="words", **fields)
    assert answer.status_code == 400
    assert told in answer.text and f'value="{fields["said"]}"' in answer.text
    assert lexicon.read_text(encoding="utf-8") == FILE
    assert station.studio.learned == []


def test_a_word_is_heard_in_the_browser_before_it_is_kept(
    secretary: FlaskClient, station: FakeStation, post: Post, lexicon: Path
) -> None:
    page = post("/words/listen", word="乐亭", said="lao4 ting2", section="words").text
    assert "这样念：lao4 ting2" in page
    found = SOUND.search(page)
    assert found
    answer = secretary.get(found[1])
    assert (answer.status_code, answer.mimetype) == (200, "audio/flac")
    assert soundfile.info(io.BytesIO(answer.data)).duration == pytest.approx(0.1)
    assert lexicon.read_text(encoding="utf-8") == FILE
    assert station.studio.learned == [] and station.announced == []


def test_a_browser_that_asks_for_a_part_gets_it(secretary: FlaskClient, post: Post) -> None:
    found = SOUND.search(post("/words/listen", word="乐亭", said="", section="words").text)
    assert found
    answer = secretary.get(found[1], headers={"Range": "bytes=0-3"})
    assert (answer.status_code, answer.data) == (206, b"fLaC")


def test_the_page_lets_the_browser_play_what_the_box_serves(secretary: FlaskClient) -> None:
    """No media-src of its own: the default of the policy, the box itself, holds for sound too."""
    assert "default-src 'self'" in secretary.get("/words").headers["Content-Security-Policy"]


@pytest.mark.parametrize("key", [40 * "0", "..", "secret", 39 * "0", "%2e%2e%2fbroadcaster.db"])
def test_only_a_clip_that_is_there_is_served(secretary: FlaskClient, key: str) -> None:
    assert secretary.get(f"/words/sound/{key}").status_code == 404


def test_a_voice_that_cannot_speak_is_told(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    station.studio.fail_next = VoiceUnavailable("声音还没有装好")
    answer = post("/words/listen", word="乐亭", said="烙亭", section="words")
    assert answer.status_code == 400
    assert "声音还没有装好" in answer.text and 'value="烙亭"' in answer.text


def test_a_section_that_no_form_of_ours_offers_is_refused(
    secretary: FlaskClient, post: Post, lexicon: Path
) -> None:
    assert post("/words/save", word="乐亭", said="烙亭", section="towns").status_code == 400
    assert lexicon.read_text(encoding="utf-8") == FILE


@pytest.mark.parametrize("path", ["/words/save", "/words/remove", "/words/listen"])
def test_a_reload_of_what_a_form_led_to_leads_to_the_list(secretary: FlaskClient, path: str) -> None:
    answer = secretary.get(path)
    assert (answer.status_code, answer.location) == (303, "/words")


def test_a_change_by_hand_is_shown(secretary: FlaskClient, station: FakeStation, lexicon: Path) -> None:
    lexicon.write_text("words: {旮旯: ga1 la2}", encoding="utf-8")
    assert station.words.entries() == [Entry("words", "旮旯", "ga1 la2")]
    assert "ga1 la2" in secretary.get("/words").text
