"""Verses in texts as people write them, found and judged."""

import re
from pathlib import Path

import pytest
import yaml
from rig.verses import CLAPPERS, GREETINGS, STRAW, VISITS, WATER

from broadcaster.core.project_folders import PROJECT_FOLDER
from broadcaster.text.beat_division import beats
from broadcaster.text.frontend import Frontend
from broadcaster.text.rhyme_scheme import Fit, Scheme, judge, verses
from broadcaster.text.verse_report import as_values, report

SAMPLES = PROJECT_FOLDER.parent / "shared" / "samples"


def schemes(reader: Frontend, text: str) -> list[Scheme]:
    return [judge(verse) for verse in verses(reader.lines_with_verses(text))]


def one(reader: Frontend, text: str) -> Scheme:
    (scheme,) = schemes(reader, text)
    return scheme


@pytest.mark.parametrize(
    ("text", "letters", "misses"),
    [
        (VISITS, "AA", ()),
        (GREETINGS, "AAA", ()),
        (WATER, "AABB", ()),
        (STRAW, "AABC", (4,)),
        ("陌生电话不要接\n陌生链接不要点\n个人信息不乱填\n转账汇款要当面", "ABBB", ()),
        ("出门要把口罩戴\n回家洗手真是好", "AB", (2,)),
        ("小孩儿\n玩球儿", "AB", (2,)),
        ("一块板儿\n没有心眼儿", "AA", ()),
    ],
)
def test_the_scheme_and_the_lines_that_miss(
    plain_reader: Frontend, text: str, letters: str, misses: tuple[int, ...]
) -> None:
    scheme = one(plain_reader, text)
    assert (scheme.letters, scheme.misses) == (letters, misses)


def test_an_odd_line_may_stay_without_a_rhyme(plain_reader: Frontend) -> None:
    third = one(plain_reader, STRAW).endings[2]
    assert (third.rhyme.sounded, third.fit) == ("bao3", Fit.FREE)


def test_verses_in_quotes_are_found_in_prose(plain_reader: Frontend) -> None:
    text = (
        "“串的都是亲戚门,害的都是自己人”“电话问候到,亲人心意到,拜年不要到处跑”……"
        "春节期间,一则短视频在网络爆红,让众多网友为之点赞。\n"
    )
    assert [each.letters for each in schemes(plain_reader, text)] == ["AA", "AAA"]
    said = plain_reader.lines_with_verses(text)
    assert [line.place_in_verse for line in said][:6] == [1, 2, 1, 2, 3, 0]


def test_a_verse_between_prose_is_found_and_nothing_is_lost(plain_reader: Frontend) -> None:
    text = f"乡亲们请注意，现在广播防火宣传。\n{WATER}有事请打12345。"
    said = plain_reader.lines_with_verses(text)
    assert [line.place_in_verse for line in said if line.place_in_verse] == [1, 2, 3, 4]
    written = re.sub(r"\W", "", "".join(line.written for line in said))
    assert written == re.sub(r"\W", "", text)


@pytest.mark.parametrize(
    "text",
    [
        "明天上午停水。",
        "请大家加强防护，千万别出门串亲戚，电话问候、视频问候一样能表达祝福。",
        "通知\n全体村民请注意\n明天上午要停水\n村委会\n3月15日",
        "要做到“万众一心，众志成城”，打好这一仗。",
        "他们是“信息员、宣传员、战斗员”，也是服务员。",
    ],
)
def test_prose_is_no_verse(plain_reader: Frontend, text: str) -> None:
    assert schemes(plain_reader, text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (WATER, [(2, 2, 2, 1)] * 4),
        (GREETINGS, [(2, 2, 1, 0), (2, 2, 1, 0), (2, 2, 2, 1)]),
        (CLAPPERS, [(2, 2, 1, 2), (2, 2, 1, 0)]),
        ("小孩儿\n玩球儿", [(2, 0), (2, 0)]),
        ("不串门\n不聚餐", [(2, 1), (2, 1)]),
    ],
)
def test_the_rhyme_falls_on_a_beat(
    plain_reader: Frontend, text: str, expected: list[tuple[int, ...]]
) -> None:
    assert [beats(line) for line in plain_reader.lines_with_verses(text)] == expected


def test_every_sound_has_its_place_on_a_beat(plain_reader: Frontend) -> None:
    for line in plain_reader.lines_with_verses(STRAW + WATER + GREETINGS + "保护自己和家人的安全\n"):
        assert sum(beats(line)) == len(line.sounds)
        assert len(beats(line)) % 2 == 0


def test_the_report_names_the_line_its_sound_and_what_would_rhyme(plain_reader: Frontend) -> None:
    text = report([one(plain_reader, STRAW)])
    assert "韵式 AABC" in text
    assert "第 4 句没押上：“袋”念 dài，怀来辙；应该押发花辙" in text
    assert "韵都押上了" in report([one(plain_reader, VISITS)])


def test_a_program_gets_every_line_with_its_pinyin(plain_reader: Frontend) -> None:
    (values,) = as_values([one(plain_reader, STRAW)])
    assert (values["scheme"], values["misses"]) == ("AABC", [4])
    last = values["lines"][-1]
    assert (last["rhyme_pinyin"], last["track"], last["tone"]) == ("dài", "怀来", "仄")
    assert last["pinyin"].endswith("má dài")


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not beside this checkout")
def test_every_verse_of_the_samples_is_found_and_no_notice_is_one(reader: Frontend) -> None:
    for sample in yaml.safe_load((SAMPLES / "notices.yaml").read_text(encoding="utf-8")):
        found = schemes(reader, sample["text"])
        assert len(found) == (sample["kind"] == "verse"), sample["id"]


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not beside this checkout")
@pytest.mark.parametrize("path", sorted(Path(SAMPLES).glob("news_*.txt")), ids=lambda path: path.stem)
def test_articles_are_not_full_of_verses(path: Path) -> None:
    from broadcaster.settings.schema import LexiconSettings

    article = path.read_text(encoding="utf-8")
    found = schemes(Frontend(LexiconSettings(), len(article)), article)
    assert len(found) <= 2
    if path.stem == "news_hebei_daily":
        assert [each.letters for each in found] == ["AA", "AAA"]
