"""The confirmation of a notice: its sound, its length, its time, and reasons for which it may not be
heard.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from broadcaster.core.errors import RecordingRefused, SoundRefused
from broadcaster.core.model import AiringKind, Script
from broadcaster.core.notice import Notice
from broadcaster.rules.severity_defaults import fill_in
from broadcaster.studio.recordings import GONE
from broadcaster.studio.sound_library import GONE as SOUND_GONE
from broadcaster.web.base import wording
from broadcaster.web.base.language import _, own, together
from broadcaster.web.base.page_context import parts
from broadcaster.web.base.sound_shelf import SoundShelf
from broadcaster.web.pages.hindrances import hindrance

# Of an hour of a timetable, and of these as many as somebody reads.
MOST_LOOKED_AT, MOST_NAMED = 50, 4


@dataclass(frozen=True)
class Confirmation:
    """The preview that somebody sees and hears before he confirms; `sentence` says what confirming does.

    If quiet hours keep it off, `keeps_quiet` says so and `after_quiet` is when they end.
    """

    token: str
    filled_in: Notice
    script: Script
    verses: list[dict[str, Any]]
    sentence: str
    keeps_quiet: str
    after_quiet: datetime | None
    hindrance: list[str]
    valid_until: datetime | None
    """The latest time at which one that is for later may still be heard."""
    holds_up: str = ""
    """The slots that fall due while it sounds and wait for it."""

    @property
    def repeats(self) -> int:
        """The number of times that the script is said."""
        return self.filled_in.repeats or 1


def preview_of(notice: Notice, at: datetime | None = None, heard_seconds: float = 0.0) -> Confirmation:
    """Have it made and shown; nothing is aired. `heard_seconds` is how long it was when it was aired
    before. Raises `BroadcasterError`."""
    from broadcaster.station.station import LIVE_LATENESS

    station, filled_in = parts().station, fill_in(notice, parts().settings)
    recorded_seconds = _recorded_seconds(notice)
    station.warm()
    keeps_quiet = station.why_not(filled_in, at)
    after_quiet = station.after_quiet(filled_in, at) if keeps_quiet else None
    later = after_quiet or at
    script = Script(())
    if not filled_in.recording and (filled_in.text or not filled_in.pieces):
        script = station.script(replace(filled_in, repeats=1, pieces=()))
    if notice.pieces:
        # Hours of sound are not made for whom each piece can be heard as it came.
        token, length = "", _length_of_sounds(notice)
    else:
        token = station.rehearsals.start(notice)
        made_seconds = station.rehearsals.seconds(token)
        length = wording.Length(
            made_seconds
            or heard_seconds
            or wording.estimate_seconds(script, filled_in, parts().settings.station, recorded_seconds),
            exact=made_seconds is not None,
        )
    return Confirmation(
        token,
        filled_in,
        script,
        station.rehearsals.rhymes(script),
        _consequence(filled_in, length, later),
        keeps_quiet,
        after_quiet,
        hindrance(later),
        later and later + LIVE_LATENESS,
        _held_up(filled_in, later or parts().clock.now(), length.seconds),
    )


def _held_up(notice: Notice, begin: datetime, seconds: float) -> str:
    """Loops give way to everything, so they are not told."""
    end = begin + timedelta(seconds=seconds)
    coming = parts().station.upcoming(MOST_LOOKED_AT)
    waits = [
        f"{one.due_at:%H:%M} {own(one.asked_by)}"
        for one in coming
        if begin <= one.due_at < end
        and one.kind is not AiringKind.LOOP
        and one.notice.rank >= notice.rank
    ]
    shown = together(waits[:MOST_NAMED])
    if len(waits) > MOST_NAMED:
        return _("%(slots)s，一共 %(count)s 条", slots=shown, count=len(waits))
    return shown


def _length_of_sounds(notice: Notice) -> wording.Length:
    length = SoundShelf().length(notice)
    if not length.seconds:
        raise SoundRefused(SOUND_GONE)
    return length


def _recorded_seconds(notice: Notice) -> float:
    """The length of a person's recording, said once; 0 for a text."""
    if not notice.recording:
        return 0.0
    recording = parts().station.recordings.find(notice.recording)
    if recording is None:
        raise RecordingRefused(GONE)
    return recording.seconds


def _consequence(notice: Notice, length: wording.Length, at: datetime | None) -> str:
    station, now = parts().station, parts().clock.now()
    by = "recording" if notice.recording else "" if notice.pieces else notice.voice or ""
    by = wording.say_voice(by, station.voices())
    when = wording.say_moment(at, now) if at else ""
    return wording.say_consequence(notice, length, station.status(), now, by, when)
