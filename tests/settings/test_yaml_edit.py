"""A program's change in a person's YAML changes one entry and nothing else, or nothing at all."""

from collections.abc import Callable

import pytest
import yaml

from broadcaster.core.errors import FileUnwritable
from broadcaster.core.project_folders import CONFIG_FOLDER
from broadcaster.settings.yaml_edit import remove_entry, set_entry

FILE = """\
# 怎么念
# 第二行

# 村里的词
words:
  大队部: da4 dui4 bu4  # 老叫法
  旮旯: ga1 la2

# 地名
places:
    乐亭: lao4 ting2
    "蔚县": 'yu4 xian4'   # 张家口
"""


def test_a_changed_entry_changes_nothing_else() -> None:
    assert set_entry(FILE, "words", "大队部", "大对不") == FILE.replace("da4 dui4 bu4", "大对不")
    changed = set_entry(FILE, "places", "蔚县", "yu4 xian2")
    assert changed == FILE.replace("'yu4 xian4'", "yu4 xian2")


def test_a_new_entry_stands_last_in_its_section_indented_as_the_others() -> None:
    assert set_entry(FILE, "words", "石盆", "shi2 peng4") == FILE.replace(
        "旮旯: ga1 la2\n", "旮旯: ga1 la2\n  石盆: shi2 peng4\n"
    )
    assert set_entry(FILE, "places", "石盆", "shi2 peng4") == FILE + "    石盆: shi2 peng4\n"


def test_a_section_that_is_not_there_comes_last() -> None:
    assert set_entry(FILE, "surnames", "单", "shan4") == FILE + "\nsurnames:\n  单: shan4\n"
    assert set_entry("", "words", "石盆", "shi2 peng4") == "words:\n  石盆: shi2 peng4\n"
    assert set_entry("words:\n  a: b", "places", "c", "d") == "words:\n  a: b\n\nplaces:\n  c: d\n"


def test_an_entry_goes_with_its_own_comment_and_leaves_every_other() -> None:
    assert remove_entry(FILE, "words", "大队部") == FILE.replace(
        "  大队部: da4 dui4 bu4  # 老叫法\n", ""
    )
    # A library that writes anew would take "# 地名" along.
    assert remove_entry(FILE, "words", "旮旯") == FILE.replace("  旮旯: ga1 la2\n", "")
    assert remove_entry(FILE, "places", "蔚县").endswith("    乐亭: lao4 ting2\n")


@pytest.mark.parametrize(
    "file", ["words:\n  # 这里\n  a: b\n# 那里\n", "words: {a: b}\n", "words: {a: b, a: c}"]
)
def test_a_section_whose_last_entry_goes_can_be_filled_again(file: str) -> None:
    emptied = remove_entry(file, "words", "a")
    assert yaml.safe_load(emptied) == {"words": {}}
    assert ("# 这里" in emptied) == ("# 这里" in file)
    assert yaml.safe_load(set_entry(emptied, "words", "c", "d")) == {"words": {"c": "d"}}


@pytest.mark.parametrize(
    ("file", "after_setting", "after_removing"),
    [
        ("places: {乐亭: lao4 ting2}", {"乐亭": "lao4 ting2", "c": "d"}, {}),
        ("places: {乐亭: lao4 ting2, a: b}", {"乐亭": "lao4 ting2", "a": "b", "c": "d"}, {"a": "b"}),
        ("places: {a: b, 乐亭: lao4 ting2 }", {"乐亭": "lao4 ting2", "a": "b", "c": "d"}, {"a": "b"}),
        ("{places: {乐亭: 烙亭}}", {"乐亭": "烙亭", "c": "d"}, {}),
        ("places:\n  乐亭: >-\n    lao4\n    ting2\n", {"乐亭": "lao4 ting2", "c": "d"}, {}),
        ("places:\n  ? 乐亭\n  : 烙亭\n  a: b\n", {"乐亭": "烙亭", "a": "b", "c": "d"}, {"a": "b"}),
    ],
)
def test_other_ways_to_write_yaml_are_changed_rightly_or_not_at_all(
    file: str, after_setting: dict[str, str], after_removing: dict[str, str]
) -> None:
    changes: list[tuple[Callable[[], str], dict[str, str]]] = [
        (lambda: set_entry(file, "places", "c", "d"), after_setting),
        (lambda: remove_entry(file, "places", "乐亭"), after_removing),
    ]
    for change, wanted in changes:
        try:
            changed = change()
        except FileUnwritable as error:
            assert "写法特别" in str(error)
        else:
            assert yaml.safe_load(changed) == {"places": wanted}


def test_what_is_written_for_an_empty_section_is_kept_in_it() -> None:
    assert set_entry("words:\n# 地名\nplaces: {}\n", "words", "a", "b") == (
        "words:\n  a: b\n# 地名\nplaces: {}\n"
    )


def test_an_entry_that_refers_to_another_is_left_alone() -> None:
    file = "words: &village\n  a: b\nplaces: *village\n"
    with pytest.raises(FileUnwritable, match="写法特别"):
        set_entry(file, "places", "a", "c")


def test_a_duplicate_is_changed_where_it_counts_and_removed_everywhere() -> None:
    file = "words:\n  a: b\n  c: d\n  a: e\n"
    assert set_entry(file, "words", "a", "x") == "words:\n  a: b\n  c: d\n  a: x\n"
    assert remove_entry(file, "words", "a") == "words:\n  c: d\n"


@pytest.mark.parametrize("value", ["yes", "1", "a: b", "a # b", "[a]", "'", '"', "null", "烙亭"])
def test_a_value_comes_back_as_it_was_given(value: str) -> None:
    assert yaml.safe_load(set_entry(FILE, "words", "石盆", value))["words"]["石盆"] == value


def test_windows_line_ends_stay() -> None:
    file = FILE.replace("\n", "\r\n")
    changed = remove_entry(set_entry(file, "words", "石盆", "shi2 peng4"), "words", "大队部")
    assert "\n" not in changed.replace("\r\n", "")
    assert "  石盆: shi2 peng4\r\n" in changed
    assert changed.count("\r\n") == file.count("\r\n")


def test_every_entry_of_the_shipped_file_can_be_changed_and_removed_and_nothing_else_moves() -> None:
    file = (CONFIG_FOLDER / "lexicon.yaml").read_text(encoding="utf-8")
    for section, entries in yaml.safe_load(file).items():
        for word in entries:
            changed = set_entry(file, section, word, "石盆")
            pairs = zip(file.splitlines(), changed.splitlines(), strict=True)
            assert [line for line, new in pairs if line != new] == [f"  {word}: {entries[word]}"]
            assert len(remove_entry(file, section, word).splitlines()) == len(file.splitlines()) - 1
