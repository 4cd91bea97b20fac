"""Text that a converter broke is repaired, and other brackets stay."""

import pytest

from broadcaster.text.mojibake import repair


@pytest.mark.parametrize(
    ("garbled", "whole"),
    [
        ("人民網(wǎng)電(diàn)", "人民網電"),
        ("龍?zhí)┥鐓^(qū)在家", "龍泰社區在家"),
        ("進(jìn)口必?cái)r、身份", "進口必攔、身份"),
        ("日?qǐng)?bào)匯總", "日報匯總"),
        ("總?cè)丝、", "總人口、"),
        ("總戶?shù)，總長(zhǎng)", "總戶数，總長"),
        ("四聯(lián)!必(zé)任制", "四聯保”責任制"),
    ],
)
def test_what_the_converter_broke_is_repaired(garbled: str, whole: str) -> None:
    assert repair(f"電(diàn)，{garbled}") == f"電，{whole}"


@pytest.mark.parametrize(
    "text", ["高血压(160/95)", "来了吗?好(ok)", "张三(zs)", "乡(镇)干部", "社区(村)"]
)
def test_other_brackets_stay(text: str) -> None:
    assert repair(text) == text
    assert repair(f"電(diàn){text}") == f"電{text}"


def test_a_lost_character_is_spoken_as_one_that_sounds_like_it() -> None:
    assert len(repair("電(diàn)，好?lái)。")) == len("電，好来。")
