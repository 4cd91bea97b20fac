"""Characters of many readings, places, surnames and letters are said rightly."""

import pytest

from broadcaster.settings.schema import load_lexicon as load_shipped_entries
from broadcaster.text.g2p import pronounce
from broadcaster.text.lexicon import Lexicon, load_lexicon

BARE = Lexicon({}, {})

# The character in brackets is the one in question.
POLYPHONES = """
    打扫猪[圈] juan4|粮食要晒[干] gan1|今天[撒]化肥 sa3|牛羊[散]养 san3|开花[结]果 jie1
    小心[中]暑 zhong4|不要上[当] dang4|把口袋[扎]紧 za1|[脏]水不要乱倒 zang1|脏水不要乱[倒] dao4
    [弹]棉花 tan2|[背]着孩子 bei1|腿摔[折]了 she2|认真[地]打扫 de5|给牲口[饮]水 yin4
    注意[饮]水安全 yin3|你[得]去卫生室 dei3|他跑[得]快 de5|[数]一数 shu3|钥匙[落]在家里 la4
    内[蒙]来的 meng3|[会]计开会 kuai4|家[长]看好孩子 zhang3|[了]解情况 liao3|[种]地 zhong4
    两[种]办法 zhong3|食物[中]毒 zhong4|到银[行]取钱 hang2|一[行]人 xing2|[着]火了 zhao2
    目[的]是什么 di4|归[还]农具 huan2|[还]有 hai2|[重]点人群 zhong4|[重]庆 chong2|[长]江 chang2
    大米[便]宜 pian2|挑扁[担] dan5|二百[只]羊 zhi1|[只]有一个 zhi3|[供]电所 gong1|[应]急处置 ying4
    [应]该参加 ying1|高[血]压 xue4|放鞭[炮] pao4|新[冠]肺炎 guan1|覆盖[率] lv4|秸秆[还]田 huan2
    [看]护孩子 kan1|[看]病 kan4|[剥]玉米 bao1|理[发]店 fa4|抽[空]来 kong4|测[量]体温 liang2
    [和]面 huo2|淹[没] mo4|没[收] shou1|[挨]打 ai2|尽[力] li4|[薄]膜 bo2|[提]防 di1|各[乡]镇 xiang1
    [弄]干净 nong4|没[弄]明白 nong4|多[弄]点柴火 nong4|新华路四十[弄]二号 long4
"""
PLACES = """
    [乐]亭县 lao4|[蔚]县 yu4|井[陉] xing2|[行]唐 xing2|[大]城县 dai4|[大]城市 da4|[鄚]州 mao4
    [任]丘市 ren2|[任]泽区 ren2|东[光]县 guang1|[单]县 shan4|[浚]县 xun4|洪[洞] tong2|繁[峙] shi4
    [涡]阳 guo1|[泊]头 bo2|[长]安区 chang2|[燕]郊 yan1|[曲]阳 qu1|[曲]周 qu1
"""
NAMES = """
    [单]书记 shan4|[解]主任 xie4|[查]大爷 zha1|[仇]会计 qiu2|[区]老师 ou1|[曾]书记 zeng1|[盖]大夫 ge3
    [召]师傅 shao4|[任]村长 ren2|[朴]大娘 piao2|[缪]医生 miao4|[翟]书记 zhai2|[肖]主任 xiao1
    [卜]老师 bu3|[种]师傅 chong2|[覃]大夫 qin2|[阚]书记 kan4|[祭]会计 zhai4|村民[单]小红 shan4
    村民[解]建国同志 xie4|老[仇]，你来 qiu2|村民[任]小红 ren2|请[单]小红到村委会来 shan4
    [尉]迟书记 yu4
"""
NO_NAMES = """
    村民[解]决了问题 jie3|村民[查]看水表 cha2|村民[盖]房子 gai4|书记[召]开会议 zhao4|主任[任]命 ren4
    小[区]居民 qu1|村民[种]玉米 zhong4|[单]位职工 dan1|村民[单]独居住 dan1|新[区]主任 qu1
    [曾]经参加 ceng2|请[查]收 cha2|检[查]组长 cha2|请[单]位负责人 dan1
"""


def cases(table: str) -> list[tuple[str, str]]:
    entries = (entry.strip() for line in table.strip().split("\n") for entry in line.split("|"))
    return [(marked, reading) for marked, _, reading in (entry.rpartition(" ") for entry in entries)]


def reading_of(marked: str, lexicon: Lexicon) -> str:
    place = marked.index("[")
    units = [
        unit
        for word in pronounce(marked.replace("[", "").replace("]", ""), lexicon)
        for unit in word.units
    ]
    return [reading for char, reading in units if char not in "，"][place]


@pytest.mark.parametrize(("marked", "reading"), cases(POLYPHONES))
def test_polyphones_of_notices(marked: str, reading: str) -> None:
    assert reading_of(marked, BARE) == reading


@pytest.mark.parametrize(("marked", "reading"), cases(PLACES))
def test_places_of_the_shipped_lexicon(marked: str, reading: str) -> None:
    assert reading_of(marked, load_lexicon(load_shipped_entries())) == reading


@pytest.mark.parametrize(("marked", "reading"), cases(NAMES))
def test_surnames_where_a_person_is_meant(marked: str, reading: str) -> None:
    assert reading_of(marked, BARE) == reading


@pytest.mark.parametrize(("marked", "reading"), cases(NO_NAMES))
def test_no_surname_where_none_is_meant(marked: str, reading: str) -> None:
    assert reading_of(marked, BARE) == reading


@pytest.mark.parametrize("clause", ["𬭎鿍䂖〇呣", "㐀㐁", "龘靐齉", "一一一一", "不不"])
def test_rare_characters_get_one_syllable_each(clause: str) -> None:
    units = [unit for word in pronounce(clause, BARE) for unit in word.units]
    assert "".join(char for char, _ in units) == clause
    assert all(reading[-1] in "12345" for _, reading in units)


def test_letters_are_said_by_their_names_and_wifi_as_a_word() -> None:
    units = [unit for word in pronounce("冀A的WiFi和W", BARE) for unit in word.units]
    assert ("A", "ei1") in units
    assert ("WiFi", "wai1 fei4") in units
    assert ("W", "da2 bu5 liu5") in units
