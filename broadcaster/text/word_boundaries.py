"""Decides what counts as one word, for breaks, third tones and the readings of phrases."""

from functools import cache

from broadcaster.text import dictionary, reading_tables
from broadcaster.text.neutral_tone import WORDS as NEUTRAL
from broadcaster.text.polyphones import READINGS

# Words of village notices that jieba's corpus lacks or holds too seldom.
VOCABULARY = frozenset(
    """
    一公里 下周 下月 下水道 专班 业主 业委会 两委 两组 个人信息 中国网 中秋节 中雨 串门 义诊 乏力
    习近平 乡亲们 乡医 乡政府 乡村振兴 乱倒 乱堆 乱扔 乱放 井水 井盖 交通局 京津冀 代办 代缴 代购
    低保 住户 保洁 保洁员 信用卡 信访办 修路 值守 停水 停电 停车场 健康码 儿媳 儿媳妇 元宵节 充值
    党务 党员大会 党员干部 党旗 入库 入户 全乡 全力以赴 全天候 全村 全覆盖 全镇 公交车 公众号 公示
    关爱 兴隆县 养殖户 养老 养老保险 养老金 兽医 农业局 农保 农机 农用车 冠状病毒 冬至 冰雹 冷水
    准时 出入口 刷单 副主任 副主席 副书记 副支书 副村长 副组长 劝返 劝返点 务工 包户 包联 区委 医保
    医护 医护人员 卫健委 卫生室 卫生所 友谊 双滦区 反诈 取暖 取款 口粮 口罩 台帐 台账 司法所 各户
    各村 各组 吉林 同志们 周一 周三 周五 周六 周四 周日 咱们村 哈尔滨市 唐山 喷药 围巾 围挡 国庆
    图片来源 土产 坑塘 垃圾分类 垃圾桶 垃圾点 堆放 堤坝 墒情 复兴区 复印件 复合肥 夏收 夏至 外来人员
    多云 大喇叭 大棚 大队部 大集 大雾 天气预报 失主 奖品 如有 如遇 姥爷 威县 孩子们 守住 安全带 定州
    定时 定点 宣传栏 家长会 密切接触者 密接 寒潮 寻人 封闭管理 将于 小两口 小喇叭 小姐 小孩儿 小朋友
    小红帽 小老虎 小雪 居家隔离 山沟 山洪 巡逻车 工钱 师傅 平方 幼儿园 广播员 广播稿 应急局
    应急指挥部 廊坊 廊坊市 开学 张家口 彩礼 征地 循环播放 微信 微信公众号 微信群 志愿服务 快递
    快递员 怀来 急救 总体战 恭喜 您好 惊蛰 户口本 手套 手表 执勤 承包地 承德 承德市 抄表 护林员 报销
    招工 拜年 拨打 捐献 捡到 换班 插座 搬迁 摄像头 支书 收割 收购价 收费站 改厕 攻坚战 放学 放慢
    救治 教育局 敲门 文化广场 文明 文明户 新华区 新型冠状病毒 新媒体 施肥 旱情 明早 明晚 明白纸
    星期一 星期三 星期二 星期五 星期六 星期四 星期天 春播 春耕 晚上好 晴天 晾晒 暴雪 曲周县 最低气温
    最后一公里 最多 最高气温 服务队 未成年人 本周 本村 本镇 机井 村东 村东头 村两委 村务 村北 村医
    村南 村口 村委 村干部 村支书 村民代表 村民大会 村西 村西头 村部 村部大院 条锈病 林业局 校车 梨树
    检修 检查点 检查站 检测点 检疫 楼栋 楼道 歉收 武安市 残疾证 每亩 每家 每户 每斤 每袋 民政局
    民政所 水井 水利局 水水 水管 水表 水费 汇款 沧州 沧州市 河北日报 河沟 沼气 洒水 洪水 浇水 测温
    测量体温 海岛 消杀 消毒液 消防 涉县 清扫 清明 清洁能源 清运 滑坡 滚动播报 滚动播放 火情 火源
    火警 灭火 灭火器 点火 烟花 烟花爆竹 烧纸 烧荒 煤改气 煤改电 煤气 燃放 燃气 爆竹 父老乡亲 版面
    牡丹江 物业 物业公司 猪瘟 献县 玉米 玩耍 环境卫生 用电 电信诈骗 电动车 电灯 电线 电表 疫情
    疫情防控 病虫 登记表 白云 白粉病 白菜 白酒 百分之 盖章 督导 督查 石家庄市 确权 确诊 社保 社保卡
    祖母 祝愿 祝福 禁烧 禽流感 秋收 种植户 秦皇岛 空气源 突击队 立春 立秋 站岗 第一时间 第一线 筑牢
    简短 管控 粉笔 粮仓 粮站 精准 精细化 紧急通知 红白事 红袖标 红袖章 红马甲 约为 缴费 网格 网格化
    网格员 美丽乡村 群控 群治 群防 群防群控 群防群治 老两口 老伴 老伴儿 老公 老太太 老小 老虎 联保
    联控 联防 联防联控 聚餐 肺炎 脚掌 脱粒 脱贫 自来水 花草 苗情 若有 草料 虫害 蚊虫 蚜虫 行程码
    街道办 衡水 计生办 认领 证件 诈骗 诊所 诊疗 请勿 请客 请战书 请注意 谢谢 财政所 赤城 赤霉病 走失
    赶集 超速 路段 辛集 返乡 进村 送货 通告 避险 邮局 邯山区 邯郸 邯郸市 邱县 配送 酒驾 酒鬼 野草
    镇政府 长城网 门卫 门市部 门锁 阜城县 防控 防溺水 防火 防疫 阳历 阴天 阻击战 陌生人 限号 限行
    除夕 除草 险阻 随地 雄安 集市 雪景 霜冻 非洲猪瘟 预备队 预案 领到 领导小组 食用油 验证码 高速口
    鱼肉 鸡肉 鸡鸭 鹿泉 鹿泉区 麦收 鼓掌
    """.split()
)


# What a word of ours counts as, where jieba's corpus holds it more seldom: 2,700 times.
OUR_COST = 10.0


def is_word(word: str) -> bool:
    """True if any table holds it as one word."""
    return cost(word) is not None


def cost(word: str) -> float | None:
    """The improbability of the word, -ln of its share of a corpus; None if no table holds it."""
    known = _costs().get(word)
    if known is not None:
        return known
    return dictionary.RARE_PHRASE_COST if dictionary.is_phrase(word) or _is_doubled(word) else None


@cache
def _costs() -> dict[str, float]:
    table = dict(reading_tables.read_words())
    for word in (*READINGS, *VOCABULARY, *NEUTRAL):
        table[word] = min(OUR_COST, table.get(word, OUR_COST))
    return table


def _is_doubled(word: str) -> bool:
    """平平安安 is 平安 said twice."""
    return len(word) == 4 and word[0] == word[1] and word[2] == word[3] and is_word(word[::2])
