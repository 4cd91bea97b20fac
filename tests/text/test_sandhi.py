"""Tones change as they do in speech."""

import pytest

from broadcaster.text.frontend import Frontend
from broadcaster.text.g2p import pronounce
from broadcaster.text.lexicon import Lexicon
from broadcaster.text.sandhi import sound


def sounded(clause: str) -> str:
    return " ".join(sound(pronounce(clause, Lexicon({}, {}))))


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("一天", "yi4 tian1"),
        ("一年", "yi4 nian2"),
        ("一个", "yi2 ge5"),
        ("一定", "yi2 ding4"),
        ("一千一百一十一", "yi4 qian1 yi4 bai3 yi1 shi2 yi1"),
        ("一万", "yi2 wan4"),
        ("一月一日", "yi1 yue4 yi1 ri4"),
        ("第一", "di4 yi1"),
        ("一号楼", "yi1 hao4 lou2"),
        ("星期一", "xing1 qi1 yi1"),
        ("二零一九年", "er4 ling2 yi1 jiu3 nian2"),
        ("看一看", "kan4 yi5 kan4"),
        ("一小时", "yi4 xiao3 shi2"),
        ("一元钱", "yi4 yuan2 qian2"),
        ("一等奖", "yi1 deng2 jiang3"),
        ("统一", "tong3 yi1"),
        ("一比一千", "yi1 bi3 yi4 qian1"),
        ("一一一", "yi1 yi1 yi1"),
    ],
)
def test_tone_of_one(clause: str, expected: str) -> None:
    assert sounded(clause) == expected


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("不去", "bu2 qu4"),
        ("不断", "bu2 duan4"),
        ("不串门", "bu2 chuan4 men2"),
        ("不来", "bu4 lai2"),
        ("不好", "bu4 hao3"),
        ("去不去", "qu4 bu5 qu4"),
        ("对不起", "dui4 bu5 qi3"),
    ],
)
def test_tone_of_not(clause: str, expected: str) -> None:
    assert sounded(clause) == expected


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("你好", "ni2 hao3"),
        ("领导", "ling2 dao3"),
        ("展览馆", "zhan2 lan2 guan3"),
        ("小老虎", "xiao3 lao2 hu3"),
        ("五百", "wu2 bai3"),
        ("九点", "jiu2 dian3"),
        ("老板买水果", "lao2 ban2 mai3 shui2 guo3"),
        ("你好，老板", "ni2 hao3 lao2 ban3"),
    ],
)
def test_third_tones_in_a_row(clause: str, expected: str) -> None:
    assert sounded(clause) == expected


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("大喇叭", "da4 la3 ba5"),
        ("亲戚朋友", "qin1 qi5 peng2 you5"),
        ("爸爸", "ba4 ba5"),
        ("大爷", "da4 ye5"),
        ("庄稼", "zhuang1 jia5"),
        ("知道", "zhi1 dao5"),
        ("村里", "cun1 li5"),
        ("里面", "li3 mian5"),
        ("方面", "fang1 mian4"),
        ("下面条", "xia4 mian4 tiao2"),
        ("三个人", "san1 ge5 ren2"),
        ("那个人", "na4 ge5 ren2"),
        ("个人", "ge4 ren2"),
        ("两个个体户", "liang3 ge5 ge4 ti3 hu4"),
        ("去过武汉", "qu4 guo5 wu3 han4"),
        ("吃过饭", "chi1 guo5 fan4"),
        ("通过", "tong1 guo4"),
        ("过年", "guo4 nian2"),
        ("经过村口", "jing1 guo4 cun1 kou3"),
        ("公里", "gong1 li3"),
        ("路上", "lu4 shang5"),
        ("进来", "jin4 lai5"),
        ("乡亲们", "xiang1 qin1 men5"),
        ("孩子", "hai2 zi5"),
        ("电子", "dian4 zi3"),
    ],
)
def test_neutral_tones(clause: str, expected: str) -> None:
    assert sounded(clause) == expected


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("事儿", "shi4 er5"),
        ("小孩儿", "xiao3 hai2 er5"),
        ("胡同儿", "hu2 tong4 er5|hu2 tong5 er5"),
        ("干活儿", "gan4 huo2 er5"),
        ("女儿", "nv3 er2"),
        ("儿子", "er2 zi5"),
        ("幼儿园", "you4 er2 yuan2"),
    ],
)
def test_er_is_an_ending_except_where_it_means_a_child(clause: str, expected: str) -> None:
    assert sounded(clause) in expected.split("|")


def test_the_dictionary_reading_is_kept_beside_the_sounded_one(plain_reader: Frontend) -> None:
    syllables = plain_reader.lines("一个小组不去")[0].syllables
    assert [one.pinyin for one in syllables] == ["yi1", "ge4", "xiao3", "zu3", "bu4", "qu4"]
    assert [one.sounded for one in syllables] == ["yi2", "ge5", "xiao2", "zu3", "bu2", "qu4"]
