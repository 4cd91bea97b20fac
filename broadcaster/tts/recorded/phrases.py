"""Lists the phrases of a folder of recordings: `火灾！请立即撤离.wav`, or any name with its text beside.

Reads names and short texts only, so that the main process can ask.
"""

import hashlib
import json
import re
import zlib
from pathlib import Path

ALARM = "alarm"  # the phrases that `voices install recorded` makes
SOUND_ENDINGS = {".wav", ".flac", ".mp3", ".ogg", ".opus", ".aiff", ".aif"}
# What phones record and libsndfile does not read.
OTHER_ENDINGS = {".m4a", ".aac", ".amr", ".3gp", ".wma"}
TEXT_ENDING = ".txt"
# As they sound after sandhi: the text front end is not needed for them, now or in an emergency.
PHRASES = {
    "火灾！请立即撤离": "huo3zai1 , qing3 li4ji2 che4li2",
    "洪水来了！请往高处转移": "hong2shui3 lai2le5 , qing3 wang3 gao1chu4 zhuan3yi2",
    "地震了！请到空旷的地方去": "di4zhen4 le5 , qing3 dao4 kong1kuang4 de5 di4fang5 qu4",
    "山体滑坡！请马上离开": "shan1ti3 hua2po1 , qing2 ma3shang4 li2kai1",
    "泥石流来了！请往两边的高处跑": "ni2shi2liu2 lai2le5 , qing3 wang3 liang3bian1 de5 gao1chu4 pao3",
    "煤气泄漏！请不要点火，马上离开": "mei2qi4 xie4lou4 , qing3 bu2yao4 dian2huo3 , ma3shang4 li2kai1",
    "大风来了！请待在屋里": "da4feng1 lai2le5 , qing3 dai1zai4 wu1li5",
    "全体村民注意了": "quan2ti3 cun1min2 zhu4yi4 le5",
    "警报解除": "jing3bao4 jie3chu2",
    "这是演习，不是真的": "zhe4shi4 yan3xi2 , bu2shi4 zhen1de5",
    "广播完了": "guang3bo1 wan2le5",
}
SUMS = "sums.json"  # of the recordings that were made, so that a damaged one is known and made again
MOST_LINES = 20  # of a notice in one recording
REVISION = 1  # raised when the same recording comes to sound different, so that clips are made anew


def phrases(folder: Path) -> dict[str, Path]:
    """The words of each recording without their marks, and where it is."""
    found = {same_words(text_of(path)): path for path in _files(folder) if _is_sound(path)}
    found.pop("", None)
    return found


def text_of(recording: Path) -> str:
    """The words of a recording: from the text file of its name if there is one, else its name."""
    try:
        return recording.with_suffix(TEXT_ENDING).read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError):
        return recording.stem


def same_words(text: str) -> str:
    """A text without marks and spaces, in small letters: equal for two ways of writing the same
    words.
    """
    return re.sub(r"[\W_]", "", text).lower()


def unreadable(folder: Path) -> list[Path]:
    """Recordings in a format that has to be converted first."""
    return [path for path in _files(folder) if path.suffix.lower() in OTHER_ENDINGS]


def version(folder: Path) -> str:
    """Changes with the recordings and their texts; reads no sound."""
    parts = [
        (path.name, path.stat().st_size, path.stat().st_mtime_ns)
        for path in _files(folder)
        if _is_sound(path) or path.suffix == TEXT_ENDING
    ]
    return f"{hashlib.sha256(repr(parts).encode()).hexdigest()[:8]}.{REVISION}"


def write_sums(folder: Path) -> None:
    """For recordings that can be made again."""
    (folder / SUMS).write_text(json.dumps(_sums(folder)), encoding="utf-8")


def is_complete(folder: Path) -> bool:
    """True if all of `PHRASES` are as they were made; a release without sums only needs the files to
    exist.
    """
    try:
        there = _sums(folder)
        if not (folder / SUMS).exists():
            return all(there.get(f"{text}.flac") for text in PHRASES)
        expected = json.loads((folder / SUMS).read_text(encoding="utf-8"))
        return bool(expected.items() <= there.items())
    except (OSError, ValueError, AttributeError, TypeError):
        return False


def _sums(folder: Path) -> dict[str, int]:
    """0 of an empty one."""
    return {path.name: zlib.crc32(path.read_bytes()) for path in _files(folder) if _is_sound(path)}


def _is_sound(path: Path) -> bool:
    return path.suffix.lower() in SOUND_ENDINGS


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
