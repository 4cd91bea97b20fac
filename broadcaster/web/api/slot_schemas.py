"""Schemas of the API for the timetable."""

from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, Field, JsonValue

from broadcaster.station.station import FOR_GOOD, SlotEntry
from broadcaster.web.api.schemas import Strict

AS_IN_THE_FILE = "the keys of a slot in config/timetable.yaml: text, at, weekdays, every_minutes …"


class SlotPath(BaseModel):
    name: str = Field(min_length=1, max_length=100)


class SlotIn(Strict):
    """A slot; its name is in the address."""

    written: dict[str, JsonValue] = Field(description=AS_IN_THE_FILE)


class NamedSlotIn(SlotIn):
    """A slot with its name, that may be meant to replace another one."""

    replaces: str = Field("", max_length=100)


class PauseIn(Strict):
    until: date | None = Field(
        None, strict=False, description="the first day on which it sounds again; null: for good"
    )

    @property
    def until_day(self) -> date:
        return self.until or FOR_GOOD


class SlotOut(BaseModel):
    """`written` is null for a slot of the file, which is changed there."""

    name: str
    written: dict[str, JsonValue] | None
    texts: list[str]
    paused: bool
    paused_until: date | None = Field(description="null: it is not paused, or for good")
    made_by: str

    @classmethod
    def of(cls, entry: SlotEntry) -> Self:
        slot, until = entry.slot, entry.paused_until
        said = (slot.texts or (slot.text,)) if slot else ()
        return cls(
            name=entry.name,
            written=None if entry.written is None else dict(entry.written),
            texts=[text for text in said if text],
            paused=until is not None,
            paused_until=None if until == FOR_GOOD else until,
            made_by=entry.made_by,
        )


class SlotsOut(BaseModel):
    slots: list[SlotOut]
    in_all: int


class OccurrenceOut(BaseModel):
    due_at: datetime
    why_not: str = Field(description="in Chinese why it will not sound then, or empty")


class OccurrencesOut(BaseModel):
    occurrences: list[OccurrenceOut]
