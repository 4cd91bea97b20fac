"""Ways to write a slot wrongly: one entry of the timetable each, and what it gets wrong."""

from collections.abc import Iterator
from dataclasses import dataclass

# What each key may look like, so that a slot has it and is right otherwise.
GOOD = {
    "name": "村里的事",
    "text": "今天停水。",
    "texts": "[今天停水。, 明天停电。]",
    "at": "'07:30'",
    "every_minutes": "10",
    "windows": "['08:00-09:00']",
    "once": "'2026-12-01 09:00'",
    "cron": "'30 7 * * 1-5'",
    "weekdays": "周一",
    "dates": "12-01",
    "lunar": "正月十五",
    "leap_month": "true",
    "market": "逢三逢八",
    "market_calendar": "公历",
    "terms": "芒种",
    "holidays": "放假日",
    "seasons": "05-01至09-30",
    "valid_from": "2026-12-01",
    "valid_until": "2026-12-31",
    "late_minutes": "5",
    "when_quiet": "wait",
    "drill": "true",
    "severity": "3",
    "repeats": "2",
    "opening": "注意了",
    "closing": "播完了",
    "chime": "钟声",
    "voice": "baker:female",
    "pace": "0.9",
    "zones": "[东街]",
    "volume": "50",
    "enabled": "true",
}

# What people write that the key does not mean.
WRONG = {
    "name": ["''", "12", "null"],
    "text": ["''", "'😀'", "12345", "Hello", "……", "null"],
    "texts": ["[]", "['']", "[12]", "[今天停水。, Hello]", "'!'"],
    "at": [
        *("'25:00'", "'7.30'", "'07：30'", "七点半", "'24:00'", "'7:5'", "'07:60'", "7:30pm", "'-1:00'"),
        *(
            "早上",
            "日出前",
            "日出前1000分钟",
            "月出",
            "['07:30', 早上]",
            "[]",
            "''",
            "9999",
            "7.5",
            "-5",
        ),
    ],
    "every_minutes": ["0", "-5", "1441", "五", "2.5", "10分钟", "''", "null"],
    "windows": [
        *("'08:00'", "'08:00~09:00'", "'8点-9点'", "'08:00-25:00'", "'08:00-09:00-10:00'", "[]"),
        *("'-'", "上午", "8", "'24:00-08:00'", "''", "['08:00-09:00', 下午]", "null"),
    ],
    "once": [
        *("'2026-12-01'", "'12-01 09:00'", "'2026-13-01 09:00'", "'2026-02-30 09:00'", "明天", "[]"),
        *(
            "'2026-12-01 25:00'",
            "'2026/12/01 09:00'",
            "2026",
            "'2026-12-01 09:00 am'",
            "'20261201 09:00'",
        ),
    ],
    "cron": [
        *(
            "'* * * *'",
            "'60 7 * * *'",
            "'30 24 * * *'",
            "'30 7 32 * *'",
            "'30 7 * 13 *'",
            "'30 7 * * 8'",
        ),
        *(
            "每天",
            "''",
            "'* * * * * *'",
            "'@daily'",
            "'30 7 31 2 *'",
            "7",
            "'a b c d e'",
            "'*/0 * * * *'",
        ),
    ],
    "weekdays": [
        "周八",
        "星期一",
        "周一到周五",
        "1",
        "[]",
        "[周一, 周十]",
        "工作日",
        "Monday",
        "''",
        "周一,周二",
    ],
    "dates": [
        *("13-01", "02-30", "2027-02-29", "12月1日", "1", "'12/01'", "每月32日", "每月0日", "每周一"),
        *("'2026-1-1'", "每月", "''", "[12-01, 0-0]", "今天"),
    ],
    "lunar": [
        *(
            "正月三十一",
            "十三月初一",
            "初十一",
            "除夕夜",
            "正月",
            "腊八",
            "1-15",
            "正月十五前天",
            "闰六月初一",
        ),
        *("正月十五前0.5天", "''", "[初一, 初二十]", "15", "元宵", "正月十五后100天"),
    ],
    "leap_month": ["闰", "2", "''", "[true]"],
    "market": ["三八集", "逢", "''", "周三", "逢十一", "[3, 18]", "{三: 八}", "逢A", "true"],
    "market_calendar": ["阴历", "阳历", "''", "1", "lunar"],
    "terms": ["芒种节", "芒重", "''", "芒种前", "芒种前百天", "6", "[芒种, 夏致]", "惊蟄"],
    "holidays": ["春节", "周末", "''", "true", "[放假日]", "节日", "上班"],
    "seasons": [
        "夏天",
        "05-01",
        "'05-01~09-30'",
        "05-01至13-01",
        "02-30至03-01",
        "5月至9月",
        "''",
        "至",
    ],
    "valid_from": ["明天", "2026-13-01", "'12-01'", "''", "2026", "'2026-12-01 09:00'", "2027-02-29"],
    "valid_until": ["永远", "2026-02-30", "'12-01'", "''", "2026", "2026.12.01", "2027-00-01"],
    "late_minutes": ["-1", "1441", "十", "''", "'5分钟'", ".nan", ".inf", "null", "[5]"],
    "when_quiet": ["等", "yes", "''", "later", "1", "不播"],
    "drill": ["演练", "2", "''", "[]"],
    "severity": ["5", "-1", "红", "''", "1.5", "[1]", "red", "null"],
    "repeats": ["0", "21", "-1", "两遍", "1.5", "''", "[2]"],
    "opening": ["12", "true", "[注意了]", "{a: b}"],
    "closing": ["12", "true", "[播完了]", "{a: b}"],
    "chime": ["锣", "钟", "''", "1", "chime", "[钟声]"],
    "voice": ["female", "baker", "'baker: female'", "BAKER:female", "''", "1", "':'"],
    "pace": ["0.6", "1.5", "0", "-1", "快", "''", "'1.0x'", ".nan"],
    "zones": ["['']", "''", "1", "[东街, 2]", "{东街: 1}", "[[东街]]"],
    "volume": ["-1", "101", "大", "''", "50%", "1.5", "[50]"],
    "enabled": ["停用", "2", "''", "null", "[true]"],
}

# What breaks the file as YAML, or makes another shape of the value; {} is the key.
SHAPES = [
    *("{}: {{a: 1}}", "{}: {{a: {{b: [1, 2]}}}}", "{}: [[1]]", "{}: !!python/name:os.system x"),
    *(
        "{}: 'never closed",
        '{}: "never closed',
        "{}: [1, 2",
        "{}: {{a: 1",
        "{}: @x",
        "{}: `x`",
        "{}: *nobody",
    ),
    *("{}: a: b", "{}: %x", "{}：没有空格", "{}: ]", "{}: &a [*a]", "{}:\n\t- 1"),
]


@dataclass(frozen=True)
class Mistake:
    """An entry, and whether the file is still YAML with it."""

    lines: str
    yaml: bool = True


def mistakes() -> Iterator[Mistake]:
    """Every kind, each in an entry that is right but for it."""
    for key, values in WRONG.items():
        yield from (Mistake(_entry(key, f"{key}: {value}")) for value in values)
    for key in GOOD:
        yield Mistake(_entry(key, f"{key}: {GOOD[key]}\n    {key}: {GOOD[key]}"))
        yield Mistake(_entry(key, f"{key}: {GOOD[key]}\n    {key[:-1]}: 1"))
        yield from (Mistake(_entry(key, shape.format(key)), yaml=False) for shape in SHAPES)


def _entry(key: str, line: str) -> str:
    keys = {"name": "", "text": GOOD["text"], "at": GOOD["at"]}
    if key == "texts":
        del keys["text"]
    if key in ("every_minutes", "windows", "once", "cron"):
        del keys["at"]
    if key in ("every_minutes", "windows"):
        keys |= {"every_minutes": "10", "windows": GOOD["windows"]}
    keys.pop(key, None)
    lines = [f"{name}: {value}" if value else "name: NAME" for name, value in keys.items()]
    return "  - " + "\n    ".join([*lines, line]) + "\n"
