"""Removes pinyin that a web converter put in brackets behind characters, and repairs the characters that
it broke.

Such pages come from a GBK text that was handled byte by byte: `報` becomes `報(bào)`. Where the
converter was one byte out of step it took the second half of one character and the first of the next for
a character, and its bracket swallowed a byte: 龍泰社區 → `龍?zhí)┥鐓^(qū)`. The reading it wrote (執
zhí, 88 CC) gives that byte back, and with it the characters behind.
"""

import re
from collections.abc import Iterable, Iterator

from broadcaster.text import dictionary
from broadcaster.text.lexicon import numbered
from broadcaster.text.simplify import simplified
from broadcaster.text.word_boundaries import is_word

HAN = "\u3400-\u9fff"
PINYIN = "[a-zāáǎàōóǒòēéěèīíǐìūúǔùǖǘǚǜüńňǹḿ]{1,6}"
TONED = re.compile("[āáǎàōóǒòēéěèīíǐìūúǔùǖǘǚǜ]")
BEHIND = re.compile(rf"([{HAN}])[(（]({PINYIN})[)）]")
OUT_OF_STEP = re.compile(
    rf"([{HAN}])[?？]({PINYIN})[)）](?:[?？]({PINYIN})[)）]|([^\s(（)）,，。、?？]{{0,8}}))"
)


def repair(text: str) -> str:
    """The text as it was before the converter; one without such brackets is left alone."""
    if not any(TONED.search(pinyin) for _, pinyin in BEHIND.findall(text)):
        return text
    text = OUT_OF_STEP.sub(_back_in_step, text)
    text = _mend_short(text)
    return BEHIND.sub(_without_pinyin, text)


def _without_pinyin(match: re.Match[str]) -> str:
    known = {reading[:-1] for reading in dictionary.readings(match[1])}
    is_pinyin = TONED.search(match[2]) or numbered(match[2])[:-1] in known
    return match[1] if is_pinyin else match[0]


def _back_in_step(match: re.Match[str]) -> str:
    """`X?py)…` with the swallowed byte found again, or a character that sounds like py."""
    before, pinyin, second_pinyin, behind = match.groups()
    half = before.encode("gbk", "ignore")[1:]
    for lost, _ in _completed(half, numbered(pinyin), range(0x81, 0xFF)):
        if second_pinyin:
            mended = _completed(bytes([lost]), numbered(second_pinyin), range(0x40, 0xFF))
            return before + next((char for _, char in mended), "")
        return before + _decode_all(before, bytes([lost]) + behind.encode("gbk", "ignore"))
    return before + _sounding(before, numbered(pinyin)) + (behind or "")


def _mend_short(text: str) -> str:
    """`聯(lián)!必(zé)` → `聯(lián)保”責(zé)`: a lead byte is missing."""
    parts = re.split(rf"([(（]{PINYIN}[)）])", text)
    for index in range(2, len(parts) - 1, 2):
        run, reading = parts[index], numbered(parts[index + 1][1:-1])
        if (
            1 <= len(run) <= 4
            and reading not in dictionary.readings(run[-1])
            and TONED.search(parts[index + 1])
        ):
            parts[index] = _one_byte_on(parts[index - 2][-1:], run, reading) or run
    return "".join(parts)


def _one_byte_on(before: str, run: str, reading: str) -> str:
    stream = run.replace("!", "！").replace(",", "，").encode("gbk", "ignore")
    for trail, _ in _completed(stream[-1:], reading, range(0x40, 0xFF)):
        rest = (stream[1:] + bytes([trail])).decode("gbk", "ignore")
        firsts = (char for lead in range(0xB0, 0xF8) if (char := _decode(bytes([lead]) + stream[:1])))
        return _first_that_fits(before, firsts) + rest
    return ""


def _completed(half: bytes, reading: str, bytes_behind: Iterable[int]) -> Iterator[tuple[int, str]]:
    """The bytes that make, behind half a character, one of that reading."""
    for byte in bytes_behind:
        char = _decode(half + bytes([byte]))
        if len(char) == 1 and reading in dictionary.readings(char):
            yield byte, char


def _decode_all(before: str, stream: bytes) -> str:
    """The stream's characters; a half one at its end is completed to a word where one fits."""
    decoded = stream.decode("gbk", "ignore")
    if not stream or len(decoded.encode("gbk")) == len(stream):
        return decoded
    halves = (_decode(stream[-1:] + bytes([trail])) for trail in range(0xA1, 0xFF))
    return decoded + _first_that_fits((before + decoded)[-1], filter(None, halves))


def _sounding(before: str, reading: str) -> str:
    """A common character of that reading, one that makes a word with the one before if possible."""
    common = (_decode(bytes([lead, trail])) for lead in range(0xB0, 0xD8) for trail in range(0xA1, 0xFF))
    alike = [char for char in common if char and dictionary.readings(char)[0] == reading]
    return _first_that_fits(before, alike) or (alike or [""])[0]


def _first_that_fits(before: str, candidates: Iterable[str]) -> str:
    return next((char for char in candidates if is_word(simplified(before + char))), "")


def _decode(pair: bytes) -> str:
    return pair.decode("gbk", "ignore")
