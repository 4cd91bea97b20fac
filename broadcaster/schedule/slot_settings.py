"""Schema of config/timetable.yaml: slots, and days off that the village sets itself."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PrivateAttr,
    StringConstraints,
    model_validator,
)

from broadcaster.core.notice import Notice, Severity, Way, WhenQuiet, read, settable
from broadcaster.core.piece import Piece
from broadcaster.schedule import day_expressions
from broadcaster.schedule.piece_settings import PieceSettings, SoundFields, Text
from broadcaster.settings.notice_schema import takes_notice
from broadcaster.settings.values import (
    CLOCK_TIME,
    EVERY_DAY,
    Seasons,
    Section,
    SignalName,
    StyleName,
    VoiceName,
    Weekdays,
    Windows,
    is_date,
    just_one_or_many,
    one_or_many,
)


def _time_word(text: str) -> str:
    if not CLOCK_TIME.fullmatch(text):
        day_expressions.read_sun_time(text)
    return text


def _moment(text: str) -> str:
    day, _, time = text.replace("T", " ").partition(" ")
    if not (is_date(day) and CLOCK_TIME.fullmatch(time)):
        raise ValueError(f'写法不对：{text}，要写成 "2026-12-01 09:00"')
    return f"{day} {time:0>5}"


def _date(text: str) -> str:
    if not is_date(text):
        raise ValueError(f"没有这样的日期：{text}，要写成 2026-12-01")
    return text


def _cron(text: str) -> str:
    # Imported by those who use it: a village without cron pays nothing.
    from cronsim import CronSim, CronSimError

    try:
        if len(text.split()) != 5:
            raise CronSimError
        next(CronSim(text, datetime(2000, 1, 1)))  # noqa: DTZ001
    except (CronSimError, StopIteration) as error:
        raise ValueError(f'写法不对：{text}，要写成“分 时 日 月 星期”，例如 "30 7 * * 1-5"') from error
    return text


def _read_as(read: Callable[[str], object]) -> AfterValidator:
    """Keeps the words as they are written, once they can be read."""

    def check(text: str) -> str:
        read(text)
        return text

    return AfterValidator(check)


def _market(value: object) -> object:
    """[3, 8] is 逢3逢8."""
    if isinstance(value, list | tuple | int) and not isinstance(value, bool):
        return "".join(f"逢{digit}" for digit in (value if isinstance(value, list | tuple) else [value]))
    return value


OneOrMany = BeforeValidator(just_one_or_many)
Times = Annotated[tuple[Annotated[str, AfterValidator(_time_word)], ...], BeforeValidator(one_or_many)]
Moments = Annotated[tuple[Annotated[str, AfterValidator(_moment)], ...], OneOrMany]
Dates = Annotated[tuple[Annotated[str, _read_as(day_expressions.read_date_word)], ...], OneOrMany]
PlainDates = Annotated[tuple[Annotated[str, AfterValidator(_date)], ...], OneOrMany]
LunarDays = Annotated[tuple[Annotated[str, _read_as(day_expressions.read_lunar_day)], ...], OneOrMany]
Terms = Annotated[tuple[Annotated[str, _read_as(day_expressions.read_term_day)], ...], OneOrMany]
Market = Annotated[str, BeforeValidator(_market)]
Zones = Annotated[tuple[Annotated[str, StringConstraints(min_length=1)], ...], OneOrMany]
DayKind = Literal["放假日", "工作日", "节假日", "补班日"]


# As people write them in the file; the pieces of a column under the names of what they are.
SHAPES = {
    "severity": Severity,
    "chime": SignalName,
    "voice": VoiceName,
    "style": StyleName,
    "zones": Zones,
    "pieces": None,
}


@takes_notice(Way.SLOT, SHAPES)
class SlotSettings(SoundFields):
    """One entry of the timetable: the texts and sounds, the times of the day, the days, and how it is
    said.
    """

    name: str = Field(min_length=1, description="shown on the page and in the journal")
    text: Text | None = Field(None, description="what is said, before any sound")
    texts: tuple[Text, ...] = Field((), description="a playlist: each occurrence says the next one")
    column: tuple[PieceSettings, ...] = Field((), max_length=50, description="words and sounds in turn")

    at: Times = ()
    every_minutes: int = Field(0, ge=0, le=1440, description="0: not a loop")
    windows: Windows = ()
    once: Moments = ()
    cron: Annotated[str, AfterValidator(_cron)] | None = None

    weekdays: Weekdays = EVERY_DAY
    dates: Dates = ()
    lunar: LunarDays = ()
    leap_month: bool = Field(False, description="whether a lunar day is due in a leap month too")
    market: Market | None = None
    market_calendar: Literal["农历", "公历"] = "农历"
    terms: Terms = ()
    holidays: DayKind | None = None
    seasons: Seasons = ()
    valid_from: Annotated[str, AfterValidator(_date)] | None = None
    valid_until: Annotated[str, AfterValidator(_date)] | None = None

    late_minutes: float = Field(10, ge=0, le=1440, description="later than this it is EXPIRED")
    enabled: bool = True
    _place: str = PrivateAttr("")

    @property
    def notice(self) -> Notice:
        """The fields of the notice beside its text."""
        own = settable(Way.SLOT).keys() - {"text", "pieces"}
        return replace(read(self.model_dump(mode="json", include=own)), pieces=self.pieces)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Its sound, or its column. Raises `ValueError` for what cannot be."""
        sound = self.sound
        return (sound,) if sound else tuple(one.piece for one in self.column)

    @property
    def place(self) -> str:
        """The place in the file, for a sentence about the slot."""
        return self._place or f"“{self.name}”"

    def found_at(self, place: str) -> Self:
        """The same, knowing where it is written."""
        found = self.model_copy()
        found._place = place
        return found

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        for wrong in self._contradictions():
            raise ValueError(wrong)
        return self

    def _contradictions(self) -> Iterator[str]:
        sound = self.sound
        if sound and self.column:
            yield f"{sound.kind} 和 column 只写一种；要接着放几样，都写进 column"
        if sound and sound.problem:
            yield sound.problem.removesuffix("。")
        says_nothing = not (self.text or self.texts or self.pieces)
        if says_nothing and "column" in self.model_fields_set:
            yield "column 是空的，请写上要放的几段，或者去掉它"
        if self.texts and self.pieces:
            yield "texts（轮流说的几段话）不能和声音写在一起，请改成 text"
        if not self.pieces and bool(self.text) == bool(self.texts):
            yield "text（要说的话）和 texts（轮流说的几段话）要写而且只写一种，或者写 audio 这样的声音"
        if sum(map(bool, (self.at, self.every_minutes, self.once, self.cron))) != 1:
            yield "at（定时）、every_minutes（循环）、once（只一次）和 cron 要写而且只写一种"
        if bool(self.every_minutes) != bool(self.windows):
            yield "every_minutes 和 windows 要一起写"
        if self.every_minutes and self.notice.when_quiet is WhenQuiet.WAIT:
            yield "循环不能写 when_quiet: wait，攒下的会一起播；请去掉这一项"
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            yield f"valid_until（{self.valid_until}）早于 valid_from（{self.valid_from}），请改一个"
        if not self.weekdays:
            yield "weekdays 是空的，哪天也不播；每天都播就去掉这一项"
        if self.market is not None:
            day_expressions.read_market(self.market)


class HolidaySettings(Section):
    """Days off and working weekends that the village writes itself, before the box knows them."""

    days_off: PlainDates = ()
    workdays: PlainDates = ()


class TimetableSettings(Section):
    """All of config/timetable.yaml that can be used; `problems` says what cannot."""

    slots: tuple[SlotSettings, ...] = ()
    holidays: HolidaySettings = HolidaySettings()
    problems: tuple[str, ...] = ()
