"""Tells by its content what a file is: the ffmpeg demuxer for it, or a sentence that names what it is
instead of sound. Names of files say nothing: phones and sites give them as they like.
"""

import re
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from broadcaster.core.errors import SoundRefused

ENOUGH_BYTES = 192 * 1024
# A sync word of eleven bits stands every 2,000 bytes by chance; three frames end to end do not.
FRAMES = 3

# A place in the file, and the bytes there.
Mark = tuple[int, bytes]
# The same, and the demuxer. It is named to ffmpeg, for left to guess it also opens
# play lists, which name other files.
CONTAINERS = [
    (8, b"WAVE", "wav"),
    (8, b"AVI ", "avi"),
    (0, b"OggS", "ogg"),
    (0, b"#!AMR", "amr"),
    (0, b"\x1a\x45\xdf\xa3", "matroska"),
    (0, b"fLaC", "flac"),
    (4, b"ftyp", "mov"),
    (4, b"moov", "mov"),
    (4, b"mdat", "mov"),
    (4, b"wide", "mov"),
    (4, b"skip", "mov"),
    (4, b"free", "mov"),
    (8, b"AIFF", "aiff"),
    (8, b"AIFC", "aiff"),
    (0, b"caff", "caf"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (0, b"MAC ", "ape"),
    (0, b"wvpk", "wv"),
    (0, b"TTA1", "tta"),
    (0, b".snd", "au"),
    (0, b"FLV\x01", "flv"),
    (0, b".RMF", "rm"),
    (0, b"\x00\x00\x01\xba", "mpeg"),
    (0, b"DSD ", "dsf"),
    (0, b"\x0b\x77", "ac3"),
]
FOREIGN: list[tuple[Mark, str]] = [
    ((0, b"\xff\xd8\xff"), "这是一张照片"),
    ((0, b"\x89PNG"), "这是一张图片"),
    ((0, b"GIF8"), "这是一张图片"),
    ((0, b"BM"), "这是一张图片"),
    ((8, b"WEBP"), "这是一张图片"),
    ((4, b"ftyphei"), "这是一张照片"),
    ((4, b"ftypmif1"), "这是一张照片"),
    ((4, b"ftypavif"), "这是一张图片"),
    ((0, b"PK\x03\x04"), "这是压缩包，或者 Word、Excel 这样的文档"),
    ((0, b"Rar!"), "这是压缩包，要先解开"),
    ((0, b"7z\xbc\xaf"), "这是压缩包，要先解开"),
    ((0, b"\x1f\x8b"), "这是压缩包，要先解开"),
    ((0, b"%PDF"), "这是 PDF 文档"),
    ((0, b"\xd0\xcf\x11\xe0"), "这是 Office 文档"),
    ((0, b"MZ"), "这是一个程序"),
    ((0, b"\x7fELF"), "这是一个程序"),
    ((0, b"MThd"), "这是 MIDI 乐谱，里面没有声音"),
]
LOCKED: list[Mark] = [
    (0, b"CTENFDAM"),
    (0, b"\x7c\xd5\x32\xeb\x86\x02\x7f\x4b"),
    (0, b"\x05\x28\xbc\x96\xe9\xe4\x5a\x43"),
    (0, b"yeelion-kuwo"),
    (4, b"ftypM4P"),
]
# Downloads of players that lock the sound itself and leave no mark in it.
LOCKED_ENDINGS = (
    *(".ncm", ".qmc0", ".qmc3", ".qmcflac", ".qmcogg", ".mflac", ".mflac0", ".mgg", ".mgg1"),
    *(".kgm", ".kgma", ".vpr", ".kwm", ".xm", ".bkcmp3", ".bkcflac", ".tkm", ".x2m", ".x3m"),
)
LOCKED_SAID = "这是音乐软件加了锁的下载，别的机器放不出来，请另外找一个没有加锁的 mp3。"
WECHAT_SAID = "这是微信语音的原始文件（SILK），放不出来。请在微信里放出来，用录音机另录一遍。"
PLAY_LIST_SAID = "这是播放列表，里面只有地址，没有声音，请传声音文件本身。"
PAGE_SAID = "这是一个网页，不是声音，多半是没有下载成功。请重新下载声音文件，再传一遍。"
TEXT_SAID = "这是文字，不是声音。要念的文字，请写在通知里；要放的声音，请选 mp3、m4a、wav 一类的文件。"
EMPTY_SAID = "这个文件是空的，里面什么也没有，请重新下载或者重新录一遍。"
UNKNOWN_SAID = "认不出这是什么文件，可能坏了，或者加了锁。请另外找一个 mp3、m4a 或者 wav。"
OTHER = "，不是声音。请选 mp3、m4a、wav 一类的声音文件。"


def demuxer_of(path: Path, name: str = "") -> str:
    """ffmpeg's demuxer for a file that came under this name. Raises `SoundRefused`."""
    with path.open("rb") as file:
        begin = file.read(ENOUGH_BYTES)
        if behind := _id3_bytes(begin):
            file.seek(behind)
            begin = file.read(ENOUGH_BYTES)
    if found := _container(begin) or _frames(begin):
        return found
    raise SoundRefused(_said(begin, name) if begin or not behind else UNKNOWN_SAID)


def is_locked(name: str) -> bool:
    return name.lower().endswith(LOCKED_ENDINGS)


def _container(begin: bytes) -> str:
    foreign = (mark for mark, _ in FOREIGN)
    if _any_at(begin, foreign) or _any_at(begin, LOCKED):
        return ""
    found = (demuxer for place, mark, demuxer in CONTAINERS if begin[place:].startswith(mark))
    in_packets = {begin[at : at + 1] for at in (0, 188, 376)} == {b"G"}
    return next(found, "") or ("mpegts" if in_packets else "")


def _any_at(begin: bytes, marks: Iterable[Mark]) -> bool:
    return any(begin[place:].startswith(mark) for place, mark in marks)


def _said(begin: bytes, name: str) -> str:
    if not begin:
        return EMPTY_SAID
    if _any_at(begin, LOCKED) or is_locked(name):
        return LOCKED_SAID
    if b"#!SILK" in begin[:10]:
        return WECHAT_SAID
    for mark, what in FOREIGN:
        if _any_at(begin, [mark]):
            return what + OTHER
    return _said_of_text(begin[:4096]) or UNKNOWN_SAID


def _said_of_text(begin: bytes) -> str:
    """A sentence if these are letters in some coding; empty if they are not."""
    text = begin.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] == b"<" and re.search(rb"<(!doctype|html|head|body|\?xml|script|div|meta)", text, re.I):
        return PAGE_SAID
    if text.startswith((b"#EXTM3U", b"[playlist]")):
        return PLAY_LIST_SAID
    if begin[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return TEXT_SAID
    if any(byte < 32 and byte not in b"\t\r\n\f\x1b" for byte in begin):
        return ""
    for cut in range(4):  # the last letter may be cut off
        for coding in ("utf-8", "gb18030"):
            try:
                begin[: len(begin) - cut].decode(coding)
                return TEXT_SAID
            except UnicodeDecodeError:
                continue
    return ""


def _id3_bytes(begin: bytes) -> int:
    """The length of all ID3v2 tags in front of the sound (id3.org, ID3v2.4, 3.1): one has pictures."""
    length = 0
    while begin[length : length + 3] == b"ID3" and len(begin) >= length + 10:
        size = 0
        for byte in begin[length + 6 : length + 10]:
            size = size << 7 | byte & 0x7F
        length += 10 + size + (10 if begin[length + 5] & 0x10 else 0)
    return length


def _frames(begin: bytes) -> str:
    """The demuxer for frames of MPEG audio or ADTS, also behind rubbish."""
    for found in islice(re.finditer(rb"\xff[\xe0-\xff]", begin), 20_000):
        at, count, demuxer = found.start(), 0, ""
        while count < FRAMES and (frame := _frame(begin[at : at + 7])) and demuxer in ("", frame[0]):
            demuxer, count = frame[0], count + 1
            at += frame[1]
        # A very short file has no three.
        if count == FRAMES or (count and found.start() == 0 and at >= len(begin)):
            return demuxer
    return ""


# Kilobits by the version (1, or 2 and 2.5) and the layer: ISO/IEC 11172-3, 2.4.2.3, and 13818-3.
BIT_RATES = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
RATES_HZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def _frame(head: bytes) -> tuple[str, int] | None:
    """The demuxer and the bytes of the frame that begins so; None if none does."""
    if len(head) < 7 or head[0] != 0xFF:
        return None
    if head[1] & 0xF6 == 0xF0:
        length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        return ("aac", length) if length > 7 and head[2] >> 2 & 15 < 13 else None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    bits, rate = head[2] >> 4, head[2] >> 2 & 3
    if head[1] & 0xE0 != 0xE0 or version == 1 or layer == 4 or bits in (0, 15) or rate == 3:
        return None
    kilobits = BIT_RATES[1 if version == 3 else 2, layer][bits - 1]
    rate_hz, padding = RATES_HZ[version][rate], head[2] >> 1 & 1
    if layer == 1:
        return "mp3", (12_000 * kilobits // rate_hz + padding) * 4
    samples = 576 if layer == 3 and version != 3 else 1152
    return "mp3", samples * 125 * kilobits // rate_hz + padding
