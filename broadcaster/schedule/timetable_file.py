"""Loads config/timetable.yaml slot by slot: good slots run, bad ones are reported by name and line."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from broadcaster.core.errors import SlotRefused, reason_of
from broadcaster.core.project_folders import CONFIG_FOLDER
from broadcaster.schedule.slot_settings import HolidaySettings, SlotSettings, TimetableSettings
from broadcaster.settings import yaml_lines
from broadcaster.settings.problems import did_you_mean, reason, twice
from broadcaster.settings.schema import BLANK, is_blank


def load_timetable(folder: Path = CONFIG_FOLDER) -> TimetableSettings:
    """Read timetable.yaml; never raises for what stands in it."""
    return load_timetable_file(folder / "timetable.yaml")


def load_timetable_file(path: Path) -> TimetableSettings:
    """The same for a file of any name; a missing one is an empty timetable."""
    if not path.exists():
        return TimetableSettings()
    try:
        text = yaml_lines.read_text(path)
        if is_blank(text):
            return TimetableSettings(problems=(f"{path.name} {BLANK}",))
        return _TimetableReading(path.name).read(text)
    except OSError as error:
        return TimetableSettings(problems=(f"{path.name} 读不出来：{reason_of(error)}，请检查权限。",))


def read_slot(written: Mapping[str, Any]) -> SlotSettings:
    """One slot from the keys that it is written with. Raises `SlotRefused` with all that is wrong."""
    try:
        return SlotSettings.model_validate(dict(written))
    except ValidationError as error:
        raise SlotRefused([_by_field(detail) for detail in error.errors()]) from error


def _by_field(detail: ErrorDetails) -> tuple[str, str]:
    """The key, and what is wrong without it; a key that is not known is named in the sentence."""
    place = detail["loc"]
    if not place or detail["type"] == "extra_forbidden":
        return "", reason(detail, SlotSettings)
    return str(place[0]), reason({**detail, "loc": ()}, SlotSettings)


HINT = "请检查缩进、引号、括号和冒号后面的空格"


class _TimetableReading:
    """One reading of one file: what was good and what was wrong so far."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._slots: list[SlotSettings] = []
        self._holidays = HolidaySettings()
        self._problems: list[tuple[int, str]] = []

    def read(self, text: str) -> TimetableSettings:
        try:
            self._read_file(yaml_lines.parse(text))
        except yaml_lines.Unreadable as error:
            self._read_entries(text, error)
        problems = tuple(problem for _, problem in sorted(self._problems))
        return TimetableSettings(slots=tuple(self._slots), holidays=self._holidays, problems=problems)

    def _read_file(self, lined: yaml_lines.Lined) -> None:
        content = {} if lined.content is None else lined.content
        if not isinstance(content, dict):
            return self._tell(1, "", "要写成一组“键: 值”，以 slots: 开头")
        for key in content.keys() - {"slots", "holidays"}:
            wrong = f"{key}：没有这一项{did_you_mean(str(key), ['slots', 'holidays'])}"
            self._tell(lined.line_of((str(key),)), "", wrong)
        for place in lined.twice:
            if place[0] != "slots" or len(place) == 1:
                self._tell(lined.line_of(place), "", twice(place))
        slots = content.get("slots") or []
        if not isinstance(slots, list):
            self._tell(lined.line_of(("slots",)), "", "slots 要写成列表，每条前面一个“- ”")
            slots = []
        for number, slot in enumerate(slots):
            self._read_slot(slot, lined, ("slots", number))
        self._read_holidays(content.get("holidays"), lined)
        return None

    def _read_entries(self, text: str, whole: yaml_lines.Unreadable) -> None:
        """The file is not YAML: each entry by itself may be."""
        rest, entries = yaml_lines.split_entries(text, "slots")
        for first_line, entry in entries:
            try:
                lined = yaml_lines.parse(entry, first_line)
            except yaml_lines.Unreadable as error:
                self._tell(error.line, _name_in(entry), f"不是正确的 YAML，{HINT}")
                continue
            content = lined.content[0] if isinstance(lined.content, list) else None
            self._read_slot(content, lined, (0,))
        try:
            self._read_file(yaml_lines.parse(rest))
        except yaml_lines.Unreadable as error:
            self._tell(error.line, "", f"不是正确的 YAML，{HINT}")
        if not self._problems:
            self._tell(whole.line, "", f"不是正确的 YAML，{HINT}")

    def _read_slot(self, slot: Any, lined: yaml_lines.Lined, place: yaml_lines.Place) -> None:
        name = str(slot.get("name") or "") if isinstance(slot, dict) else ""
        before = len(self._problems)
        for again in lined.twice:
            if again[: len(place)] == place:
                self._tell(lined.line_of(again), name, twice(again))
        try:
            made = SlotSettings.model_validate(slot)
        except ValidationError as error:
            for detail in error.errors():
                line = lined.line_of((*place, *_without_types(detail["loc"])))
                self._tell(line, name, reason(detail, SlotSettings))
            return
        if len(self._problems) == before:
            self._slots.append(made.found_at(self._where(lined.line_of(place), name)))

    def _read_holidays(self, content: Any, lined: yaml_lines.Lined) -> None:
        try:
            self._holidays = HolidaySettings.model_validate(content or {})
        except ValidationError as error:
            for detail in error.errors():
                line = lined.line_of(("holidays", *detail["loc"]))
                self._tell(line, "holidays", reason(detail, HolidaySettings))

    def _tell(self, line: int, name: str, what: str) -> None:
        self._problems.append((line, f"{self._where(line, name)}：{what}"))

    def _where(self, line: int, name: str) -> str:
        return f"{self._file} 第 {line} 行" + (f"“{name[:30]}”" if name else "")


def _name_in(entry: str) -> str:
    found = re.search(r"name:\s*([^\n,}]+)", entry)
    return found[1].strip("\"' ") if found else ""


def _without_types(place: tuple[int | str, ...]) -> tuple[int | str, ...]:
    return tuple(part for part in place if not (isinstance(part, str) and part.startswith("function")))
