"""Schemas of the API for notices, status, journal, voices and lexicon."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal, Self, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from broadcaster.core.model import Airing, Entry, Line, Outcome
from broadcaster.core.notice import SPECS, Notice, OfficeLevel, Way, read, settable
from broadcaster.settings.notice_schema import takes_notice
from broadcaster.station.station import JournalFilter, JournalRow, OnAirStatus, Status, VoiceEntry

SeverityNumber = Literal[0, 1, 2, 3, 4]


class Strict(BaseModel):
    """Nothing is guessed: a field that is not known, or of another type, is wrong."""

    model_config = ConfigDict(extra="forbid", strict=True)


@takes_notice(Way.API)
class NoticeIn(Strict):
    """A notice. What is left out goes by the severity and the station's settings."""

    text: str = Field(
        "", max_length=SPECS["text"].longest, description="may be left out where there are pieces"
    )

    @model_validator(mode="after")
    def says_something(self) -> Self:
        if not (self.text or getattr(self, "pieces", None)):
            raise PydanticCustomError("nothing_said", "要说的话是空的：请写 text，或者 pieces。")
        return self

    def notice(self, office: OfficeLevel) -> Notice:
        said = self.model_dump(include=set(settable(Way.API)), exclude_defaults=True)
        return replace(read(said, Way.API), office=office)


class ScheduledNoticeIn(NoticeIn):
    """A notice and its time."""

    at: AwareDatetime | None = Field(
        None, strict=False, description="a moment within a month, with its offset; null is now"
    )


class IdempotencyHeader(BaseModel):
    """With the same key, however often it is sent, a notice is aired once."""

    key: str = Field(
        "",
        alias="Idempotency-Key",
        max_length=200,
        description="any text that is new for each notice, such as a UUID; remembered for a year",
    )


class AiringPath(BaseModel):
    airing_id: str = Field(max_length=100)


class LexiconEntryPath(BaseModel):
    section: Literal["words", "places", "surnames"]
    word: str = Field(max_length=20)


MOST_WAITING = 100
Row = TypeVar("Row")


class PronunciationIn(Strict):
    said: str = Field(
        min_length=1, max_length=200, description="pinyin (lao4 ting2) or other characters"
    )


class CountQuery(BaseModel):
    count: int = Field(5, ge=1, le=100)


class RowsQuery(BaseModel):
    """The rows wanted of a long list."""

    count: int = Field(500, ge=1, le=500)
    skip: int = Field(0, ge=0, le=1_000_000)

    def of(self, rows: Sequence[Row]) -> Sequence[Row]:
        return rows[self.skip : self.skip + self.count]


class HistoryQuery(BaseModel):
    """The journal lines wanted, newest first."""

    count: int = Field(20, ge=1, le=200)
    skip: int = Field(0, ge=0, le=1_000_000)
    since: AwareDatetime | None = Field(None, description="due or heard from then on")
    until: AwareDatetime | None = Field(None, description="due or heard before then")
    outcome: Outcome | None = None
    asked_by: str = Field("", max_length=100)
    text: str = Field("", max_length=100)

    def wanted(self) -> JournalFilter:
        return JournalFilter(self.since, self.until, self.outcome, self.asked_by, self.text)


class AiringOut(BaseModel):
    """Something that waits, sounds, or comes by the timetable. Not `kept`: the disk took nothing when it
    was accepted, so a power cut would end it."""

    id: str
    title: str
    text: str
    severity: SeverityNumber
    drill: bool = False
    kind: str
    asked_by: str
    due_at: datetime
    kept: bool = True

    @classmethod
    def of(cls, airing: Airing) -> Self:
        notice = airing.notice
        return cls(
            id=airing.id,
            title=notice.title,
            text=notice.text,
            severity=notice.severity.value,
            drill=notice.drill,
            kind=airing.kind.value,
            asked_by=airing.asked_by,
            due_at=airing.due_at,
            kept=airing.kept,
        )


class PieceOut(BaseModel):
    """The piece of a column that sounds, by its number from 1; of a sound its title, the place in it and
    the place at which it ends, 0 where that is not known."""

    number: int
    of: int
    title: str
    seconds: float
    of_seconds: float

    @classmethod
    def of_status(cls, on_air: OnAirStatus) -> Self | None:
        piece = on_air.piece
        if piece is None:
            return None
        seconds, of_seconds = round(piece.seconds, 1), round(piece.of_seconds, 1)
        return cls(
            number=piece.number,
            of=on_air.pieces,
            title=piece.title,
            seconds=seconds,
            of_seconds=of_seconds,
        )


class OnAirOut(AiringOut):
    seconds_played: float = 0.0
    seconds_due: float = Field(default=0.0, description="grows until its sound is made")
    made: bool = True
    piece: PieceOut | None = None


class StatusOut(BaseModel):
    """The box at this moment; `fault` is a sentence in Chinese, or empty. So is `waits_for_card`: why
    what is due does not sound yet."""

    on_air: OnAirOut | None
    waiting: list[AiringOut] = Field(description=f"the first {MOST_WAITING} of them")
    waiting_in_all: int
    fault: str
    loops_stopped: bool
    loops_stopped_at: datetime | None = None
    loops_stopped_by: str = Field(default="", description="who did it, where that is known")
    waits_for_card: str = ""
    held: list[str] = Field(default=[], description="ids of what waits until the clock is trusted")

    @classmethod
    def of(cls, status: Status) -> Self:
        on_air = status.on_air
        sounding = OnAirOut.of(on_air.airing) if on_air else None
        if sounding and on_air:
            sounding.seconds_played = round(on_air.seconds_played, 1)
            sounding.seconds_due = round(on_air.seconds_due, 1)
            sounding.made = on_air.made
            sounding.piece = PieceOut.of_status(on_air)
        return cls(
            on_air=sounding,
            waiting=[AiringOut.of(airing) for airing in status.waiting[:MOST_WAITING]],
            waiting_in_all=len(status.waiting),
            fault=status.fault,
            loops_stopped=status.loops_stopped,
            loops_stopped_at=status.loops_stopped_at,
            loops_stopped_by=status.loops_stopped_by,
            waits_for_card=status.waits_for_card,
            held=sorted(status.held),
        )


class UpcomingOut(BaseModel):
    airings: list[AiringOut]


class HistoryLineOut(BaseModel):
    """The result of one airing; `text` is its start."""

    id: str
    title: str
    text: str
    severity: SeverityNumber
    drill: bool = False
    kind: str
    asked_by: str
    due_at: datetime
    started_at: datetime | None
    ended_at: datetime
    seconds_played: float
    seconds_due: float
    outcome: Outcome
    reason: str
    voice: str

    @classmethod
    def of(cls, row: JournalRow) -> Self:
        fields = {**vars(row), "id": row.airing_id, "severity": row.severity.value, "drill": row.drill}
        return cls.model_validate(fields | {"kind": row.kind.value})


class HistoryOut(BaseModel):
    lines: list[HistoryLineOut]


class VolumeIn(Strict):
    """Per cent of full scale, from the next notice on; red and orange are never below their least."""

    volume: int = Field(ge=0, le=100)


class StopOut(BaseModel):
    ended: int = Field(description="how many airings that ended, sounding or waiting")


class LineOut(BaseModel):
    written: str
    spoken: str
    sounded: list[str] = Field(description="the pinyin of each syllable as it is said")
    pause_seconds: float

    @classmethod
    def of(cls, line: Line) -> Self:
        sounded = [syllable.sounded for syllable in line.syllables]
        pause = line.pause_seconds
        return cls(written=line.written, spoken=line.spoken, sounded=sounded, pause_seconds=pause)


class ScriptOut(BaseModel):
    lines: list[LineOut]


class VoiceOut(BaseModel):
    name: str
    title: str
    ready: bool
    state: str

    @classmethod
    def of(cls, entry: VoiceEntry) -> Self:
        return cls(name=entry.name, title=entry.title, ready=entry.ready, state=entry.state)


class VoicesOut(BaseModel):
    voices: list[VoiceOut]


class LexiconEntryOut(BaseModel):
    section: str
    word: str
    said: str

    @classmethod
    def of(cls, entry: Entry) -> Self:
        return cls(section=entry.section, word=entry.word, said=entry.said)


class LexiconOut(BaseModel):
    words: list[LexiconEntryOut]
    in_all: int
