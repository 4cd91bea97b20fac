"""Table of surnames with an unusual reading, and rules that tell if a character stands there as a
surname.
"""

import re
from collections.abc import Iterator

from broadcaster.text.word_boundaries import is_word

SURNAMES = dict(
    pair.split(":")
    for pair in """
    单:shan4 解:xie4 查:zha1 仇:qiu2 区:ou1 曾:zeng1 盖:ge3 召:shao4 任:ren2 朴:piao2 缪:miao4
    翟:zhai2 肖:xiao1 卜:bu3 种:chong2 覃:qin2 阚:kan4 祭:zhai4 牟:mu4 逄:pang2 郇:huan2 郗:xi1
    仉:zhang3
    """.split()
) | {"尉迟": "yu4 chi2", "万俟": "mo4 qi2", "长孙": "zhang3 sun1"}
# Common in other words too: a surname only before a title.
BEFORE_TITLES = dict(
    pair.split(":") for pair in "华:hua4 宁:ning4 纪:ji3 葛:ge3 乐:yue4 柏:bai3 燕:yan1".split()
)
# No verbs and no words of their own, so that 请单小红… is a name even without a title.
NEVER_VERBS = frozenset("单仇朴缪翟肖卜覃阚牟逄郇郗仉")

# Given names that are words too: 村民解建国 is a person, 村民种玉米 is not.
GIVEN_NAMES = frozenset(
    """
    建国 建军 建华 建设 建民 建新 建平 建中 国庆 国强 国华 爱国 爱民 爱军 卫国 卫东 保国 和平 光荣
    光辉 光明 解放 胜利 新民 新生 新华 志强 志刚 志坚 志远 自强 自立 永生 永久 永恒 长生 长江 长城
    黎明 东方 东海 海洋 海燕 海波 春生 春风 春雷 春梅 秋生 秋菊 冬梅 红梅 红旗 红军 文明 文化 文静
    文武 英雄 英明 英俊 天明 天宝 天成 天佑 大海 大伟 大山 大力 小明 小花 小龙 小虎 小平 金山 金龙
    金宝 金凤 玉宝 玉兰 玉山 玉成 玉石 桂花 桂林 荷花 梅花 彩云 彩霞 晓东 晓明 清明 清华 清河 素云
    淑芬 秀丽 美丽 美玉 宝贵 宝山 福生 福田 富贵 富强 发展 万里 百川 庆丰 振兴 振华 兴旺 高峰 高山
    长春 勇敢 坚强 立新 立业 立春 成功 成才 学习 学文 学军 进步 跃进 前进 先进 向阳 向前 向东 朝阳
    太平 安平 安康 安宁 平安
    """.split()
)

TITLES = (
    "党支部书记|支部书记|副书记|书记|村支书|支书|副主任|主任|村长|队长|组长|会计|出纳|委员|老师|师傅|大爷|大娘|大妈|大叔|"
    "大婶|大哥|大姐|大嫂|爷爷|奶奶|叔叔|阿姨|医生|大夫|护士|校长|所长|站长|局长|镇长|乡长|县长|市长|院长|厂长|经理|老板|"
    "同志|先生|女士|小姐|同学|律师|法官|警官|民警|教授|主席|部长|处长|科长|班长|连长|营长|记者|家人|老汉|嫂子|婶子|某"
)
BEFORE = (
    "村民|同志|书记|主任|支书|村长|队长|组长|会计|老师|师傅|医生|大夫|护士|校长|所长|站长|局长|镇长|乡长|县长|市长|院长|"
    "记者|通讯员|党员|干部|志愿者|居民|民警|员工|姓|叫|名叫|业主|户主|学生|老人|主席|部长|摄影|编辑|联系人|负责人"
)
AFTER_NAME = (
    rf"(?=(?:{TITLES})|[，。、：；！？]|$|说|讲|表示|介绍|告诉|和|与|及|等|家|的|在|为|向|把|给|从|被|是|"
    "一家|电话|手机|到|来|去|[一二三四五六七八九十])"
)


SPEAKS = "说|表示|介绍|告诉|讲|认为|指出|补充|坦言"


def find_surnames(clause: str, more: dict[str, str]) -> Iterator[tuple[int, str, str]]:
    """The surnames in a clause: the position, the characters and the reading of each."""
    known = BEFORE_TITLES | SURNAMES | more
    for match in re.finditer("|".join(sorted(known, key=len, reverse=True)), clause):
        place, name = match.start(), match[0]
        if len(name) > 1 or _is_surname(
            clause, place, only_titles=name in BEFORE_TITLES and name not in more
        ):
            yield place, name, known[name]


def _is_surname(clause: str, place: int, only_titles: bool) -> bool:
    char, before, behind = clause[place], clause[:place], clause[place + 1 :]
    if before and is_word(before[-1] + char):
        return False
    if re.match(TITLES, behind):
        return True
    if only_titles:
        return False
    if before.endswith(("老", "小")):
        return bool(re.match("$|[，。说讲家和你您的]", behind))
    named = re.match(rf"([\u3400-\u9fff]{{1,2}}?){AFTER_NAME}", behind)
    called = re.search(rf"(?:{BEFORE})(?:是|为|：|，)?$", before)
    if not before and re.match(rf"[\u3400-\u9fff]{{1,2}}(?:{SPEAKS})", behind):
        return not _holds_word(char + re.split(SPEAKS, behind, maxsplit=1)[0])
    free = char in NEVER_VERBS and (not before or before.endswith(("请", "让", "叫", "找", "和", "、")))
    return bool(named and (called or free)) and not _holds_word(char + (named[1] if named else ""))


def _holds_word(name: str) -> bool:
    if name[1:] in GIVEN_NAMES:
        return False
    return is_word(name) or any(is_word(name[place : place + 2]) for place in range(len(name) - 1))
