"""Finds the syllables that lose their tone: words by a table, places and endings by rule."""

import re
from collections.abc import Iterator

# The last syllable is neutral, though pypinyin gives it its full tone (after 现代汉语词典's dots).
WORDS = frozenset(
    """
    丈人 上去 上司 上来 上边 下去 下巴 下来 下边 世故 东西 主意 主顾 义气 乡下 买卖 事情 云头
    云彩 交情 亲戚 人家 价钱 休息 伙计 伺候 体面 作料 俗气 做作 停当 兄弟 先生 公公 关系 养活 写写
    冤枉 凉快 出去 出息 出来 分寸 利索 利落 别扭 别的 刺猬 前边 力气 动动 动弹 动静 勤快 包子 包袱
    厉害 厚道 叔叔 口袋 叨叨 叫唤 右边 吆呼 吆喝 合计 名堂 名字 名气 后边 吓唬 吩咐 听听 吵吵 告诉
    和气 咳嗽 哆嗦 哥哥 哪里 唠叨 商量 啰嗦 喇叭 喜欢 喷嚏 嗓子 嘀咕 嘱咐 嘴巴 回去 回来 因为 在乎
    地方 坏处 坐坐 埋怨 壮实 外甥 外边 夜里 大人 大夫 大爷 太太 央告 头发 女婿 奴才 奶奶 好处 妈妈
    妥帖 妥当 妯娌 妹妹 姐姐 姑姑 姑娘 姑爷 委屈 姥爷 娃娃 婶婶 媳妇 嫁妆 嫂嫂 学学 学生 学生们 官司
    宝宝 客人 客气 害处 宽敞 寡妇 对付 将就 小气 少爷 少爷们 尝尝 尸首 尺寸 屁股 属相 左边 差事
    巴掌 巴结 师傅 师傅们 师父 帐篷 帮帮 干净 年头 年成 庄家 庄稼 应付 应酬 底下 开通 张罗 当铺 徒弟
    心思 心疼 志气 念念 恶心 惦记 想想 戒指 扁担 扎实 打发 打听 打扮 打算 打量 扫帚 扫扫 找找 抓挠
    折磨 抬举 抱怨 招呼 招牌 指望 指甲 提防 擦擦 收成 收拾 故事 教训 数数 斧头 新媳妇 新鲜 早上 时候
    时辰 明白 星星 晃悠 晌午 晚上 月亮 月份 有些 朋友 朋友们 木匠 本事 机灵 枇杷 架势 查查 柴火
    核桃 棉花 模样 模糊 樱桃 欺负 歇息 歇歇 比方 毛病 洗洗 消息 消消 清楚 溜达 漂亮 潮气 火候 火烧
    灯笼 灵便 炮仗 点心 烟筒 烧饼 热闹 照顾 爷爷 爸爸 爽利 爽快 牌楼 牲口 状元 狐狸 猩猩 玄乎 玩意
    玩玩 琢磨 瓦匠 甘蔗 甜头 生意 生日 用处 用用 痛快 皮实 盘算 盘缠 直溜 相公 相声 眉毛 看看
    眨巴 眼睛 瞧瞧 知道 石匠 石榴 码头 砖头 砚台 硬朗 祖宗 神气 福气 秀才 秀气 称呼 稀松 稀罕 稳当
    窗户 窝囊 窝棚 窟窿 笑话 笤帚 答应 算盘 管管 篱笆 簸箕 粮食 精神 糊涂 糟践 糟蹋 累赘 结实 老人家
    老婆 老实 老家伙 耳朵 耽搁 耽误 聊聊 聪明 胡同 胳膊 能耐 脊梁 脑袋 脾气 自在 舅舅 舒服 芝麻 苍蝇
    苗条 苦头 葡萄 蘑菇 蚂蚱 行当 行李 街坊 衙门 衣服 裁缝 见识 规矩 认识 记性 试试 说说 读读 谈谈
    谢谢 豆腐 豆腐渣 走走 起来 踏实 转悠 转转 过来 运气 这些 这边 这里 进去 进来 迷糊 透亮 通融 造化
    道士 那些 那边 那里 部分 里边 铁匠 铺盖 门道 问问 闺女 阔气 队伍 难为 露水 顺当 顺溜 风筝 马虎
    骆驼 高粱 麻烦 困难 多少
    """.split()
)

PLACES = re.compile(
    "(?:[村家院屋地田手心县镇乡城区省市组队班厂店车水河坑井山沟锅嘴眼夜房棚圈群兜箱袋桶](里)(?![面程外应边])"
    "|[路地街身手脸头山车墙桌床树房河岸门天世心嘴坟炕肩](上)(?![午级报交涨升任班学课下海述面门]))"
)
# 子 keeps its tone where it means a child, a person or a particle of matter.
ENDING = re.compile(
    "(?<![男女父母弟电分原王才君学莲棋量粒离质因游赤孝骄孔孟老太天臣亲，、：])(子)(?![女弟孙宫公夜午时])"
)


# 个 that counts, 面 that says where, 过 behind what one can have done before.
COUNTING = re.compile("[零一二三四五六七八九十百千万两几这那哪半](个)(?![体别性税头])")
SIDE = re.compile("[里外前后上下东西南北左右](面)(?![积粉条料部试对向临貌包食])")
HAVE_DONE = frozenset("去来看听说吃喝做到见用住当干种养学办领拿买卖写读问试得有提讲打")


def neutral_places(words: list[str]) -> Iterator[int]:
    """Places in the joined words whose syllables are neutral."""
    text = "".join(words)
    start = 0
    for word in words:
        for end in range(2, len(word) + 1):
            if word[end - 2 : end] in WORDS or word[max(0, end - 3) : end] in WORDS:
                yield start + end - 1
        if len(word) > 1:
            yield from (start + match.start(1) for match in ENDING.finditer(word) if match.start(1))
        start += len(word)
        if word[-1] == "过" and text[max(0, start - 2)] in HAVE_DONE:
            yield start - 1
    for pattern in (PLACES, COUNTING, SIDE):
        yield from (match.start(match.lastindex or 0) for match in pattern.finditer(text))
