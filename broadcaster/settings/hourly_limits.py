"""Settings by time of day in config/broadcaster.yaml: quiet hours, limits of loops, volume."""

from typing import Any

from pydantic import Field

from broadcaster.settings.values import (
    EVERY_DAY,
    WEEKDAYS,
    Seasons,
    Section,
    Volume,
    Weekdays,
    Windows,
    WindowText,
)


class QuietRule(Section):
    """One rest on these weekdays, in these seasons; a window belongs to the day it begins."""

    name: str = Field(min_length=1, description="said where a notice is kept off the air")
    windows: Windows = Field(description="from-until, until not in it; may go over midnight")
    weekdays: Weekdays = Field(EVERY_DAY, description="the weekdays on which a window begins")
    seasons: Seasons = Field((), description="parts of the year; none is the whole year")


# 噪声污染防治法 (2022), article 88, calls 22:00 to 06:00 night; half an hour more at each end is for
# those who sleep early. 12:30 is after the noon notices that villages have at 12:00.
NIGHT = QuietRule(name="夜里", windows=("21:30-06:30",))
NOON = QuietRule(name="午休", windows=("12:30-14:00",))


class QuietSettings(Section):
    """Quiet hours of the loudspeaker, whoever asks; severity 1 passes them, drills never do."""

    hours: tuple[QuietRule, ...] = Field((NIGHT, NOON), description="the rests; none is never quiet")
    orange_passes: bool = Field(False, description="whether severity 2 passes too")
    county_orange_passes: bool = Field(
        True, description="whether severity 2 passes that two people of the county want at night too"
    )

    def written(self) -> dict[str, Any]:
        """As a file has it, for JSON."""
        rules = self.model_dump(mode="json")
        for rule in rules["hours"]:
            rule["weekdays"] = [WEEKDAYS[day] for day in rule["weekdays"]]
        return rules


class LoopSettings(Section):
    """Limits of loops, so that people can bear them; other airings are neither counted nor held back."""

    most_minutes_an_hour: float = Field(15, ge=0, le=60, description="loops on the air in a clock hour")
    most_minutes_a_day: float = Field(120, ge=0, le=1440, description="loops on the air in a day")
    lowest_gap_minutes: float = Field(
        5, ge=0, le=1440, description="silence between the end of a loop's airing and its next start"
    )


class VolumeByHour(Section):
    """The volume in one part of the day."""

    window: WindowText = Field(description="from-until; may go over midnight")
    percent: Volume = Field(description="per cent of the usual volume")


SOFTER = (
    VolumeByHour(window="06:00-07:00", percent=70),
    VolumeByHour(window="20:00-22:00", percent=70),
)
