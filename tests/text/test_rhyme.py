"""Finals, tracks and tones of what lines end in."""

import pytest

from broadcaster.core.model import Break, Line, Syllable
from broadcaster.text.rhyme import TRACKS, final_of, rhyme, with_marks


def said(*syllables: tuple[str, str]) -> Line:
    """A line of (character, sounded) pairs, all of one word."""
    return Line(
        "",
        "",
        tuple(Syllable(text, sounded, sounded, Break.NONE) for text, sounded in syllables),
    )


@pytest.mark.parametrize(
    ("track", "sounded"),
    [
        ("发花", "ba1 ya2 xia4 wa1 hua1"),
        ("梭坡", "ge1 bo1 wo3 duo1"),
        ("乜斜", "ye4 jie1 xue3 yue4 lve4"),
        ("一七", "yi1 yu2 lv4 ju2 zhi1 si4 ri4 er2"),
        ("姑苏", "wu3 zhu4 shu1"),
        ("怀来", "lai2 kuai4 wai4"),
        ("灰堆", "fei1 shui3 wei2 gui4"),
        ("遥条", "hao3 yao4 qiao2"),
        ("油求", "shou3 you3 liu2 qiu1"),
        ("言前", "an1 yan2 tian1 wan3 duan3 yuan2 xuan3 juan3"),
        ("人辰", "ren2 yin1 xin1 wen2 lun2 yun2 qun2"),
        ("江阳", "fang4 yang2 xiang1 wang2 shuang1"),
        ("中东", "feng1 ying2 xing2 weng1 hong2 yong4 qiong2 zhong1"),
    ],
)
def test_every_final_is_on_its_track(track: str, sounded: str) -> None:
    assert {rhyme(said(("字", one))).track for one in sounded.split()} == {track}


def test_no_final_is_on_two_tracks() -> None:
    finals = [final for row in TRACKS.values() for final in row.split()]
    assert len(finals) == len(set(finals)) == 37


def test_a_sound_without_a_final_is_on_no_track() -> None:
    assert final_of("hng5") == "ng"
    assert rhyme(said(("哼", "hng5"))).track == ""


@pytest.mark.parametrize(
    ("sounded", "track"),
    [
        ("ba4", "小言前儿"),
        ("gai4", "小言前儿"),
        ("ban3", "小言前儿"),
        ("wei4", "小人辰儿"),
        ("wen4", "小人辰儿"),
        ("zi4", "小人辰儿"),
        ("qiu2", "小油求儿"),
    ],
)
def test_a_coloured_ending_is_on_a_small_track(sounded: str, track: str) -> None:
    found = rhyme(said(("字", sounded), ("儿", "er5")))
    assert (found.text, found.track) == ("字儿", track)


def test_son_is_no_coloured_ending() -> None:
    assert rhyme(said(("女", "nv3"), ("儿", "er2"))).track == "一七"


def test_a_particle_leaves_the_rhyme_to_the_syllable_before_it() -> None:
    found = rhyme(said(("跑", "pao3"), ("了", "le5")))
    assert (found.text, found.track, found.tone) == ("跑", "遥条", "轻")


@pytest.mark.parametrize(("tone", "level"), [("1", "平"), ("2", "平"), ("3", "仄"), ("4", "仄")])
def test_the_tone_is_level_or_oblique(tone: str, level: str) -> None:
    assert rhyme(said(("字", "ma" + tone))).tone == level


@pytest.mark.parametrize(
    ("sounded", "written"),
    [("shui3", "shuǐ"), ("liu2", "liú"), ("lv4", "lǜ"), ("dou1", "dōu"), ("xue4", "xuè"), ("de5", "de")],
)
def test_the_mark_stands_on_the_right_vowel(sounded: str, written: str) -> None:
    assert with_marks(sounded) == written
