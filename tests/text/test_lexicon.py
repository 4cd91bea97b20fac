"""A word is said as the village's lexicon writes it, the longest entry first."""

import pytest

from broadcaster.core.errors import ConfigError
from broadcaster.settings.schema import LexiconSettings
from broadcaster.text.frontend import Frontend
from broadcaster.text.lexicon import load_lexicon


def first_sounds(settings: LexiconSettings, text: str) -> str:
    return " ".join(syllable.pinyin for syllable in Frontend(settings).lines(text)[0].syllables)


@pytest.mark.parametrize("said", ["lao4 ting2", "lào tíng", "烙亭", " LAO4 ting2 "])
def test_a_word_is_said_as_the_village_writes_it(said: str) -> None:
    assert first_sounds(LexiconSettings(places={"乐亭": said}), "乐亭县") == "lao4 ting2 xian4"


def test_the_longest_entry_wins() -> None:
    settings = LexiconSettings(places={"大城": "dai4 cheng2"}, words={"大城市": "da4 cheng2 shi4"})
    assert first_sounds(settings, "大城市").startswith("da4")
    assert first_sounds(settings, "大城县").startswith("dai4")


def test_an_entry_wins_over_a_surname() -> None:
    settings = LexiconSettings(words={"单主任": "dan1 zhu3 ren4"})
    assert first_sounds(settings, "单主任来了").startswith("dan1")


def test_a_surname_of_the_village_is_used_before_a_title() -> None:
    settings = LexiconSettings(surnames={"盛": "sheng4", "黑": "he4"})
    assert first_sounds(settings, "黑书记讲话").startswith("he4")
    assert first_sounds(settings, "黑板").startswith("hei1")


def test_toned_and_numbered_pinyin_mean_the_same() -> None:
    lexicon = load_lexicon(LexiconSettings(words={"绿女": "lǜ nü3", "儿子": "ér zi"}))
    assert lexicon.words == {"绿女": ("lv4", "nv3"), "儿子": ("er2", "zi5")}


def test_all_bad_entries_are_reported_at_once() -> None:
    settings = LexiconSettings(
        words={"乐亭": "lao4", "蔚县": "yu4 xiaan4"},
        places={"ABC": "ei1"},
        surnames={"单": "善", "解": ""},
    )
    with pytest.raises(ConfigError) as caught:
        load_lexicon(settings)
    assert len(caught.value.problems) == 5
    assert "words.乐亭：有 2 个字，读音却有 1 个" in caught.value.problems[0]
    assert "xiaan4" in caught.value.problems[1]
    assert "要写汉字" in caught.value.problems[2]
