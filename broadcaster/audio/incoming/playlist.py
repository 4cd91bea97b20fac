"""Finds the stream behind an address: the address itself, or the first that a play list there names."""

import http.client
import re
from http.client import HTTPResponse
from urllib.error import HTTPError
from urllib.parse import quote, urljoin, urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    UnknownHandler,
)

from broadcaster.core.errors import SoundRefused, reason_of
from broadcaster.core.piece import ADDRESSES

ANSWER_SECONDS = 8.0
MOST_BYTES = 65_536
AGENT = "broadcaster"
LISTS = re.compile(r"mpegurl|scpls|pls\+xml|m3u")
LIST_NAMES = (".m3u", ".m3u8", ".pls")
LIST_MARKS = (b"#extm3u", b"[playlist]")
PAGE_MARKS = (b"<!doctype html", b"<html")
# Of HLS: what it names are the parts of one stream, which ffmpeg takes.
PARTS_MARK = "#EXT-X-"
PLS_FILE = re.compile(r"(?im)^\s*file\d+\s*=\s*(\S+)")
RESERVED = ":/?#[]@!$&'()*+,;=%"


def stream_address(address: str) -> str:
    """A play list of M3U or PLS is followed once: what it names is a stream, or nothing.

    Any host may be named, also in the local network: the county's own station stands there as a rule,
    and who may write the timetable may say anything over the horns. Raises `SoundRefused` with what is
    there instead.
    """
    address = quote(address, safe=RESERVED)
    try:
        with _opener().open(
            Request(address, headers={"User-Agent": AGENT}), timeout=ANSWER_SECONDS
        ) as answer:
            return _stream_of(answer, address)
    except HTTPError as error:
        raise SoundRefused(f"对方说没有（{error.code}）") from error
    except http.client.HTTPException:
        # Old stations answer "ICY 200 OK", which is no HTTP; ffmpeg knows them.
        return address
    except (OSError, ValueError) as error:
        raise SoundRefused(reason_of(error)) from error


def _opener() -> OpenerDirector:
    """HTTP alone, also where it leads on to another address: no file of this machine, no FTP."""
    opener = OpenerDirector()
    for handler in (
        ProxyHandler(),
        HTTPHandler(),
        HTTPSHandler(),
        HTTPRedirectHandler(),
        HTTPErrorProcessor(),
        HTTPDefaultErrorHandler(),
        UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _stream_of(answer: HTTPResponse, address: str) -> str:
    kind = answer.headers.get_content_type()
    head = answer.read1(MOST_BYTES)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:64].lower()
    if kind == "text/html" or start.startswith(PAGE_MARKS):
        raise SoundRefused("这个地址打开的是网页，不是声音")
    named = urlsplit(answer.url).path.lower().endswith(LIST_NAMES)
    if not (named or LISTS.search(kind) or start.startswith(LIST_MARKS)):
        return address
    while len(head) < MOST_BYTES and (more := answer.read1(MOST_BYTES)):
        head += more
    words = head.decode("utf-8", "replace")
    return address if PARTS_MARK in words else _first_of(words, answer.url)


def _first_of(words: str, base: str) -> str:
    lines = (line.strip() for line in words.splitlines())
    for entry in PLS_FILE.findall(words) or [line for line in lines if line and line[0] != "#"]:
        found = quote(urljoin(base, entry), safe=RESERVED)
        if found.startswith(ADDRESSES):
            return found
    raise SoundRefused("这个播放列表里没有能转播的地址")
