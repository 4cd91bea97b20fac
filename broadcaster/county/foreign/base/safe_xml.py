"""Parses XML from strangers safely: elements and their text, or the mistake; no DTD, no entities, no
network.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from xml.parsers import expat

from broadcaster.county.foreign.base.proposal import NotImported

# A national alert with the outline of a country is 880 kB.
LARGEST_XML = 1_000_000
# CAP and EBD need six. Every level is a call in who walks the tree.
DEEPEST = 20
MOST_ELEMENTS = 20_000
BEGINS_XML = (b"<", codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
DECLARED = re.compile(rb"""<\?xml[^>]{0,60}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,20})["']""")
# Control characters, which a Bulletin's text cannot hold though XML can; letters of no width; and the
# marks that turn the direction of writing: a clerk would approve other words than are said.
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
# gb2312 and gbk are part of gb18030; vendors of the national platforms write all three. A declaration
# that can be read byte by byte is not in UTF-16: .NET writes it so over UTF-8.
READ_AS = {
    "utf-8": "utf-8",
    "us-ascii": "utf-8",
    "iso-8859-1": "iso-8859-1",
    "utf-16": "utf-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
}


@dataclass
class Element:
    """One element; `text` is its own, in one piece, with nothing in it that a reader cannot see."""

    namespace: str
    name: str
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def all(self, name: str) -> list[Element]:
        """Its children of this name, in its own namespace."""
        return [one for one in self.children if (one.namespace, one.name) == (self.namespace, name)]

    def text_of(self, name: str) -> str:
        """The first such child's text, "" where there is none."""
        return next((one.text.strip() for one in self.all(name)), "")


def is_xml(data: bytes) -> bool:
    return data.removeprefix(codecs.BOM_UTF8).lstrip().startswith(BEGINS_XML)


def read_xml(data: bytes) -> Element:
    """The root. Raises `NotImported`."""
    if len(data) > LARGEST_XML:
        raise NotImported([f"文件太大：{len(data) / 1e6:.1f} MB，最多 {LARGEST_XML / 1e6:.0f} MB。"])
    text = decoded(data)
    # Looked for in the text, so that expat never meets one, whatever its version does with it. XML has
    # one spelling of it.
    if "<!DOCTYPE" in text:
        raise NotImported(["文件里有 DTD（<!DOCTYPE>），可能是攻击，不读。"])
    return _Tree().read(text)


def decoded(data: bytes) -> str:
    """The text, with everything in it. Raises `NotImported`."""
    found = DECLARED.match(data.removeprefix(codecs.BOM_UTF8))
    declared = found.group(1).decode("ascii").lower() if found else "utf-8"
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if not wide and declared not in READ_AS:
        raise NotImported([f"不认识的文字编码 {declared}，请用 UTF-8。"])
    try:
        return data.decode("utf-16" if wide else READ_AS[declared]).removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise NotImported([f"文字编码不是 {declared}，文件可能损坏。"]) from None


class _Tree:
    """Builds the elements while expat reads; it stops at the first that is too deep or too many."""

    def __init__(self) -> None:
        self._open = [Element("", "")]
        self._texts: list[list[str]] = [[]]
        self._count = 0

    def read(self, text: str) -> Element:
        parser = expat.ParserCreate("utf-8", " ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._add_text
        try:
            parser.Parse(text.encode("utf-8"), True)
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code) or "?"
            raise NotImported([f"不是完整的 XML，第 {error.lineno} 行：{reason}。"]) from None
        except UnicodeEncodeError:
            raise NotImported(["文件里有不成字的编码。"]) from None
        return self._open[0].children[0]

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) > DEEPEST or self._count > MOST_ELEMENTS:
            raise NotImported([f"XML 的层数超过 {DEEPEST}，或者元素超过 {MOST_ELEMENTS} 个，不读。"])
        namespace, _, local = name.rpartition(" ")
        element = Element(UNSEEN.sub("", namespace), local)
        self._open[-1].children.append(element)
        self._open.append(element)
        self._texts.append([])

    def _end(self, name: str) -> None:
        self._open.pop().text = UNSEEN.sub("", "".join(self._texts.pop()))

    def _add_text(self, text: str) -> None:
        self._texts[-1].append(text)
