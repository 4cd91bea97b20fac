"""Reads characters that no phrase covers, by the characters around them or by their usual reading."""

import re
from dataclasses import dataclass

NUMERAL = "零一二三四五六七八九十百千万亿两几数多余半"
VERB = "跑走说做干看写管办来吃过睡学唱听搞变活长玩笑冻热累忙打种收养烧扫弄念读飞开站坐"
ADVERBIALS = (
    "认真|积极|及时|努力|大力|不断|仔细|主动|自觉|耐心|有序|有效|切实|快速|迅速|安全|严格|稳妥|深入|全面|热情|顺利|正确|"
    "成功|坚决|坚定|高效|科学|愉快|高兴|平安|随意|任意|逐步|逐户|逐一|自发|全力|尽力|合理|准确|真正|更好|很好|着急|具体|"
    "明显|普遍|广泛|辛苦|勇敢|郑重|限度|便捷|地毯式|不停|大声|小心|放心|安心|用心|细心|无私|自由|公开|依法|性"
)


@dataclass(frozen=True)
class Context:
    """A reading that a character has behind `before` and in front of `behind` (both patterns)."""

    char: str
    reading: str
    before: str
    behind: str

    def fits(self, clause: str, place: int) -> bool:
        before = re.search(f"(?:{self.before})$", clause[:place])
        return bool(before and re.match(self.behind, clause[place + 1 :]))


# A character, its reading, what stands before it, what stands behind it; the first that fits wins.
CONTEXTS = tuple(
    Context(*row)
    for row in (
        ("只", "zhi1", f"[{NUMERAL}这那每]", "(?!要|有|能|是|会|好)"),
        ("种", "zhong3", f"[{NUMERAL}这那每各某何]", "(?![地植粮菜树田])"),
        (
            "种",
            "zhong4",
            "(?<![个类物品属])",
            "[粮菜树地田麦花草瓜豆玉小土棉药果上下完好植了着的在什啥]|$",
        ),
        (
            "得",
            "dei3",
            "[我你他她您咱们谁人都就还又也总可必家户长]",
            "[去来赶把要给先有到打戴听注交带用看干做找快多早提在跟向让等上下]",
        ),
        ("得", "de5", f"[{VERB}]", ""),
        ("地", "de5", rf"{ADVERBIALS}|(.)\1", "(?![里方面区点头址块上下])"),
        ("着", "zhao2", "", "[火凉急]"),
        (
            "长",
            "zhang3",
            "[村组队县镇乡校楼片户院所站局市省厂班部处科家路河林田格道挥]",
            "(?![度期江城时远途约])",
        ),
        ("长", "zhang3", "", "[大出势得辈高满虫毛苗草]"),
        ("数", "shu3", "", "[一数得着完过]|清楚"),
        ("饮", "yin4", "", "[牲牛马羊驴骡]"),
        ("圈", "juan4", "[猪羊牛鸡马驴出]", ""),
        ("圈", "juan4", "", "[舍里养]"),
        ("落", "la4", "", "在[家车屋学这那]|下了"),
        ("折", "she2", "[摔砸压撞刮弄碰扭吹]", ""),
        ("干", "gan1", "[晒晾烘擦吹风饼阴焙]", ""),
        ("背", "bei1", "", "[着起孩娃粮不回上]"),
        ("撒", "sa1", "", "[谎手网娇欢气野腿]"),
        ("扎", "za1", "", "[紧好牢捆带辫住]|口"),
        ("弹", "tan2", "", "[棉琴唱奏性]|三弦"),
        ("脏", "zang4", "[心肝肾内]", ""),
        ("脏", "zang4", "", "[器腑]"),
        ("中", "zhong4", "", "[毒暑奖标招]|煤气"),
        ("结", "jie1", "[花树苗]", "[果籽瓜枣]"),
        ("空", "kong4", "[有抽没得]", "(?![气调])"),
        ("教", "jiao1", "", "[书孩会给你我他您]|学生|大家"),
        ("量", "liang2", "", "体温|血压|一量|一下|好体|身高|地|尺"),
        ("还", "huan2", "", "[给钱款清债账贷田林书]"),
        ("倒", "dao4", "", "[水污掉土脏药查入进出]|垃圾"),
        ("散", "san3", "", "[养装居户煤放种]"),
        ("看", "kan1", "", "[护守管家门场住瓜]|大门|孩子|牲口|好自家|好孩"),
        ("当", "dang4", "", "[天日晚月成作真]"),
        ("为", "wei2", "[成作做称认以视定设改变分均列评选命确因极较尤颇任]", ""),
        (
            "为",
            "wei2",
            "",
            "[期止主准限首荣例零副组重]|单位|基础|标准|依据|目标|重点|核心|原则|代表|成员|一体|百分之",
        ),
        ("为", "wei2", "以[^，]{1,12}", ""),
        ("行", "hang2", "[银商农建工总分支同本各两三央投]", "(?![动为政人驶走程李])"),
        ("应", "ying1", "", "[该当有在由先及尽须立不]"),
        ("应", "ying4", "", "[急对用征邀聘战付考]"),
        ("弄", "long4", "里|[零一二三四五六七八九十百]", "(?![一几两]?[个点些下])"),
        ("弄", "nong4", "", "(?!堂)"),
        ("累", "lei4", "[很太别不受劳怕真]", "(?![计积])"),
    )
)

# Characters whose other readings live in words alone; by themselves they are read like this.
ALONE = dict(
    pair.split(":")
    for pair in """
    的:de5 了:le5 还:hai2 都:dou1 和:he2 将:jiang1 没:mei2 要:yao4 会:hui4 给:gei3 把:ba3 大:da4
    家:jia1 里:li3 子:zi3 见:jian4 说:shuo1 车:che1 与:yu3 被:bei4 由:you2 从:cong2 这:zhe4 那:na4
    哪:na3 个:ge4 吗:ma5 吧:ba5 呢:ne5 啊:a5 呀:ya5 嘛:ma5 啦:la5 们:men5 下:xia4 过:guo4 来:lai2
    去:qu4 在:zai4 分:fen1 号:hao4 转:zhuan3 万:wan4 石:shi2 什:shen2 么:me5 好:hao3 降:jiang4 幺:yao1
    得:de5 着:zhe5 看:kan4 干:gan4 处:chu4 种:zhong3 只:zhi3 地:di4 发:fa1 长:chang2 圈:quan1 便:bian4
    重:zhong4 数:shu4 行:xing2 卷:juan3 结:jie2 折:zhe2 场:chang3 传:chuan2 背:bei4 倒:dao3 当:dang1
    露:lu4 血:xue4 喝:he1 曲:qu1 朝:chao2 间:jian1 少:shao3 强:qiang2 空:kong1 落:luo4 盛:sheng4
    供:gong1 量:liang4 担:dan1 扎:zha1 中:zhong1 难:nan2 散:san4 奔:ben1 划:hua4 教:jiao1 应:ying1
    正:zheng4 调:tiao2 相:xiang1 几:ji3 片:pian4 系:xi4 省:sheng3 率:lv4 尽:jin4 更:geng4 挑:tiao1
    拧:ning3 冲:chong1 铺:pu1 兴:xing4 切:qie1 似:si4 载:zai4 涨:zhang3 宿:su4 〇:ling2 区:qu1 查:cha2
    撒:sa3 脏:zang1 解:jie3 任:ren4 单:dan1 员:yuan2 乐:le4 曾:ceng2 上:shang4
    """.split()
)


def read_by_context(clause: str, place: int) -> str:
    """The reading that the neighbours decide, or ""."""
    char = clause[place]
    fitting = (each.reading for each in CONTEXTS if each.char == char and each.fits(clause, place))
    return next(fitting, "")
