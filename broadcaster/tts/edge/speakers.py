"""The list of speakers of the online service: one that ships, and the service's own once it was fetched.

Light: main lists the voices without the library that reaches them.
"""

import json
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from broadcaster.core.errors import reason_of

logger = logging.getLogger(__name__)

LIST_FILE = "speakers.json"


@dataclass(frozen=True)
class Speaker:
    """`short_name` is the service's (`zh-CN-XiaoxiaoNeural`), `note` says in Chinese how it sounds."""

    short_name: str
    note: str

    @property
    def name(self) -> str:
        """`edge:xiaoxiao`."""
        return "edge:" + self.short_name.rpartition("-")[2].removesuffix("Neural").lower()


SHIPPED = (
    Speaker("zh-CN-XiaoxiaoNeural", "普通话，女声，温和清楚，念通知最合适"),
    Speaker("zh-CN-XiaoyiNeural", "普通话，女声，活泼"),
    Speaker("zh-CN-YunjianNeural", "普通话，男声，浑厚有力"),
    Speaker("zh-CN-YunxiNeural", "普通话，男声，年轻明快"),
    Speaker("zh-CN-YunxiaNeural", "普通话，男孩的声音"),
    Speaker("zh-CN-YunyangNeural", "普通话，男声，新闻播音"),
    Speaker("zh-CN-liaoning-XiaobeiNeural", "东北话（辽宁），女声"),
    Speaker("zh-CN-shaanxi-XiaoniNeural", "陕西话，女声"),
    Speaker("zh-HK-HiuGaaiNeural", "粤语（香港），女声"),
    Speaker("zh-HK-HiuMaanNeural", "粤语（香港），女声"),
    Speaker("zh-HK-WanLungNeural", "粤语（香港），男声"),
    Speaker("zh-TW-HsiaoChenNeural", "台湾国语，女声"),
    Speaker("zh-TW-HsiaoYuNeural", "台湾国语，女声"),
    Speaker("zh-TW-YunJheNeural", "台湾国语，男声"),
)

# By the longest beginning of the short name.
SPEECHES = {
    "zh-CN-henan-": "河南话",
    "zh-CN-liaoning-": "东北话（辽宁）",
    "zh-CN-shaanxi-": "陕西话",
    "zh-CN-shandong-": "山东话",
    "zh-CN-sichuan-": "四川话",
    "zh-CN-": "普通话",
    "zh-HK-": "粤语（香港）",
    "zh-TW-": "台湾国语",
    "zh-": "中文",
}
SEXES = {"Female": "女声", "Male": "男声"}


class SpeakerList:
    """The list in a folder; it is there once the online voices were switched on."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LIST_FILE

    @property
    def enabled(self) -> bool:
        return self._path.exists()

    def speakers(self) -> dict[Speaker, bool]:
        """Everybody known, shipped ones first, and whether the service still offers them."""
        offered = self._read()
        if not offered:
            return dict.fromkeys(SHIPPED, True)
        known = {speaker.short_name: speaker for speaker in (*offered, *SHIPPED)}
        return {speaker: speaker in offered for speaker in known.values()}

    def store(self, speakers: Iterable[Speaker]) -> None:
        """Store what the service offers; nobody means that it was not asked. Raises OSError."""
        content = [[speaker.short_name, speaker.note] for speaker in speakers]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._path.with_suffix(f".{os.getpid()}")
        unfinished.write_text(json.dumps(content, ensure_ascii=False, indent=0), encoding="utf-8")
        unfinished.replace(self._path)

    def _read(self) -> list[Speaker]:
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
            return [Speaker(str(short_name), str(note)) for short_name, note in content]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError) as error:
            logger.warning("声音的清单 %s 读不出来，用程序自带的：%s", self._path, reason_of(error))
            return []


def chinese_speakers(offered: Iterable[Mapping[str, object]]) -> list[Speaker]:
    """Those of the service's own list who speak Chinese."""
    notes = {speaker.short_name: speaker.note for speaker in SHIPPED}
    found = []
    for voice in offered:
        short_name = str(voice.get("ShortName", ""))
        if short_name.startswith("zh-") and short_name.endswith("Neural"):
            note = notes.get(short_name) or _note(short_name, str(voice.get("Gender", "")))
            found.append(Speaker(short_name, note))
    return found


def _note(short_name: str, gender: str) -> str:
    speech = next(words for start, words in SPEECHES.items() if short_name.startswith(start))
    return "，".join(filter(None, (speech, SEXES.get(gender))))
