"""The village's lexicon is changed where an entry stands, and comments and wrong files stay as they
are.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from broadcaster.core.errors import ConfigError, FileUnwritable, WordRefused
from broadcaster.core.model import Entry
from broadcaster.station.lexicon_file import LexiconFile, entries

FILE = """\
words:
  旮旯: ga1 la2  # 角落
places:
  乐亭: lao4 ting2
surnames:
  单: shan4
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "lexicon.yaml"
    path.write_text(FILE, encoding="utf-8")
    return path


@pytest.fixture
def file(path: Path) -> LexiconFile:
    return LexiconFile(path.parent)


def test_an_entry_is_changed_where_it_stands_and_a_new_one_is_a_word(file: LexiconFile) -> None:
    assert file.set(" 乐亭 ", " 烙亭 ") == Entry("places", "乐亭", "烙亭")
    assert file.set("石盆", "shi2   peng4") == Entry("words", "石盆", "shi2 peng4")
    assert file.set("单", "shan4", "surnames").kind == "姓"
    words = {(entry.section, entry.word): entry.said for entry in entries(file.load())}
    assert words == {
        ("words", "旮旯"): "ga1 la2",
        ("words", "石盆"): "shi2 peng4",
        ("places", "乐亭"): "烙亭",
        ("surnames", "单"): "shan4",
    }


def test_comments_stay(file: LexiconFile, path: Path) -> None:
    file.set("旮旯", "ga1 la5")
    assert path.read_text(encoding="utf-8") == FILE.replace("ga1 la2", "ga1 la5")


def test_an_entry_is_removed_from_where_it_stands(file: LexiconFile, path: Path) -> None:
    assert file.remove("乐亭") == Entry("places", "乐亭", "lao4 ting2")
    assert path.read_text(encoding="utf-8") == FILE.replace(
        "places:\n  乐亭: lao4 ting2\n", "places: {}\n"
    )


def test_a_word_that_is_in_two_places_is_only_removed_from_the_one_that_is_named(
    file: LexiconFile,
) -> None:
    file.set("单", "dan1", "words")
    with pytest.raises(WordRefused, match="words surnames"):
        file.remove("单")
    assert file.remove("单", "words").said == "dan1"
    assert file.load().surnames == {"单": "shan4"}


@pytest.mark.parametrize(
    ("word", "said", "section", "told"),
    [
        ("石盆", "shi2", "", "有 2 个字，读音却有 1 个"),
        ("石盆", "shii2 pen2", "", "shii2"),
        ("石盆", "", "", "读音却有 0 个"),
        ("", "shi2", "", "要写汉字"),
        ("ABC", "ei1", "", "要写汉字"),
        ("石: {盆", "shi2 pen2", "", "要写汉字"),
        ("善", "山", "surnames", "不是拼音"),
        ("村" * 21, "村" * 21, "", "最多 20 个字"),
    ],
)
def test_an_entry_that_cannot_be_is_refused_and_the_file_stays(
    file: LexiconFile, path: Path, word: str, said: str, section: str, told: str
) -> None:
    with pytest.raises(WordRefused, match=told):
        file.set(word, said, section)
    assert path.read_text(encoding="utf-8") == FILE


def test_a_word_that_is_not_there_cannot_be_removed(file: LexiconFile) -> None:
    with pytest.raises(WordRefused, match="没有“石盆”"):
        file.remove("石盆")
    with pytest.raises(WordRefused, match="没有“乐亭”"):
        file.remove("乐亭", "words")


@pytest.mark.parametrize("content", ["words: [", "words: {乐亭: lao4}", "wrods: {}"])
def test_a_file_that_is_wrong_already_is_told_and_left(
    file: LexiconFile, path: Path, content: str
) -> None:
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"lexicon\.yaml"):
        file.set("石盆", "shi2 peng4")
    assert path.read_text(encoding="utf-8") == content


def test_a_missing_file_is_made(tmp_path: Path) -> None:
    file = LexiconFile(tmp_path)
    assert file.state() == ()
    file.set("石盆", "shi2 peng4")
    assert entries(file.load()) == [Entry("words", "石盆", "shi2 peng4")]
    assert file.state() != ()


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileUnwritable, match="写不进去"):
        LexiconFile(tmp_path / "nowhere").set("石盆", "shi2 peng4")


def test_rights_and_a_link_stay(file: LexiconFile, path: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "shared.yaml"
    path.rename(elsewhere)
    elsewhere.chmod(0o640)
    path.symlink_to(elsewhere)
    file.set("石盆", "shi2 peng4")
    assert path.is_symlink()
    assert "石盆" in elsewhere.read_text(encoding="utf-8")
    assert elsewhere.stat().st_mode & 0o777 == 0o640
    assert {item.name for item in tmp_path.iterdir()} == {"lexicon.yaml", "shared.yaml"}


def test_many_who_write_at_once_lose_nothing(file: LexiconFile, path: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from broadcaster.station.lexicon_file import LexiconFile\n"
        "for word in sys.argv[2:]: LexiconFile(Path(sys.argv[1])).set(word, word)\n"
    )
    shares = ["山水", "火土", "风云"]
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(path.parent), *share]) for share in shares
    ]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert set("".join(shares)) <= file.load().words.keys()
