"""Reads fields of a stranger's XML and collects every mistake, so that all are reported at once."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeVar

from broadcaster.bulletin import areas as area_codes
from broadcaster.bulletin.message_fields import read_moment
from broadcaster.county.foreign.base.proposal import NotImported, in_beijing, limited
from broadcaster.county.foreign.base.safe_xml import Element

MOST_DRAFTS = 50
WITH_OFFSET = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", re.ASCII)
BEIJING_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)

Value = TypeVar("Value")


class Shape:
    """The children of an element in their order, as in `"sent note? code* info+"`."""

    def __init__(self, written: str) -> None:
        self.names = [name.rstrip("?*+") for name in written.split()]
        self.needed = {name.rstrip("+") for name in written.split() if name[-1] not in "?*"}
        self.many = {name[:-1] for name in written.split() if name[-1] in "*+"}

    def wrong(self, element: Element) -> Iterable[str]:
        """Sentences; a foreign namespace's children are no business of ours."""
        found = [one.name for one in element.children if one.namespace == element.namespace]
        counted = Counter(found)
        for name in self.names:
            if name in self.needed and not counted[name]:
                yield f"{element.name} 里缺 {name}。"
            if name not in self.many and counted[name] > 1:
                yield f"{element.name} 里 {name} 写了 {counted[name]} 次，只能一次。"
        for name in sorted(counted.keys() - set(self.names)):
            yield f"{element.name} 里有不认识的 {name[:40]}。"
        places = [self.names.index(name) for name in found if name in self.names]
        if places != sorted(places):
            yield f"{element.name} 里各项的先后不对。"


class FieldReader:
    """The mistakes found so far. The result of a method after a mistake is meaningless."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.remarks: list[str] = []

    def end(self) -> None:
        """Raise `NotImported` if anything was wrong."""
        if self.problems:
            raise NotImported(limited(self.problems))

    def few(self, parts: list[Element]) -> list[Element]:
        """Of which each becomes a draft that a person judges."""
        if len(parts) > MOST_DRAFTS:
            self.problems.append(f"{parts[0].name} 有 {len(parts)} 段，最多 {MOST_DRAFTS} 段。")
        return parts[:MOST_DRAFTS]

    def shape(self, element: Element, shape: Shape) -> None:
        self.problems.extend(shape.wrong(element))

    def text(self, element: Element, name: str) -> str:
        """Of a child that must say something."""
        text = element.text_of(name)
        if element.all(name) and not text:
            self.problems.append(f"{name} 是空的。")
        return text

    def matching(self, element: Element, name: str, pattern: re.Pattern[str], what: str) -> str:
        text = self.text(element, name)
        if text and not pattern.fullmatch(text):
            self.problems.append(f"{name}“{text[:50]}”不对，要是{what}。")
        return text

    def choice(self, element: Element, name: str, known: Mapping[str, Value]) -> Value | None:
        """Of the first; its shape says whether there may be more."""
        text = self.text(element, name)
        self._check_known(name, text, known)
        return known.get(text)

    def choices(self, element: Element, name: str, known: Mapping[str, object]) -> None:
        for one in element.all(name):
            self._check_known(name, one.text.strip(), known)

    def _check_known(self, name: str, text: str, known: Mapping[str, object]) -> None:
        if text and text not in known:
            self.problems.append(f"{name}“{text[:30]}”不认识，只能是 {'、'.join(known)}。")

    def moment(self, element: Element, name: str) -> datetime | None:
        """Of CAP: with its offset, nothing else."""
        return self.with_offset(name, self.text(element, name))

    def with_offset(self, name: str, text: str) -> datetime | None:
        if text and not WITH_OFFSET.fullmatch(text):
            return self._bad_time(name, text, "2026-05-01T08:00:00+08:00，要带时区")
        return self._moment(name, text, text, "2026-05-01T08:00:00+08:00")

    def beijing_moment(self, element: Element, name: str) -> datetime | None:
        """Of the national message: without a zone, and Beijing's."""
        text = self.text(element, name)
        if text and not BEIJING_TIME.fullmatch(text):
            return self._bad_time(name, text, "2026-05-01 08:00:00，不带时区")
        return self._moment(name, text, text + "+08:00", "2026-05-01 08:00:00")

    def _moment(self, name: str, text: str, whole: str, example: str) -> datetime | None:
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(whole)
            read_moment(moment)
        except ValueError:
            return self._bad_time(name, text, example)
        return moment

    def _bad_time(self, name: str, text: str, example: str) -> datetime | None:
        self.problems.append(f"{name}“{text[:40]}”不是时间，要写成 {example}。")
        return None

    def order(self, start: datetime | None, end: datetime | None) -> None:
        if start and end and start >= end:
            self.problems.append(f"{in_beijing(start)} 开始，却在 {in_beijing(end)} 就结束了。")

    def areas(self, codes: Iterable[str]) -> tuple[str, ...]:
        """Trimmed, each once."""
        found: dict[str, None] = {}
        for code in codes:
            try:
                found[area_codes.trim(code)] = None
            except area_codes.AreaUnknown as error:
                self.problems.append(str(error))
        return tuple(found)
