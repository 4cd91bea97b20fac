"""A notice as its script: opening, body as often as it repeats, closing."""

from dataclasses import replace

from broadcaster.model import Line, Notice, Script, Style
from broadcaster.script.feet import beats
from broadcaster.script.reader import Reader
from broadcaster.settings import StationSettings

# People look up at the first and open the window by the second.
OPENING_PAUSE_SECONDS = 0.8
# As the end of a sentence rests: time for the rhyme to be heard.
VERSE_PAUSE_SECONDS = 0.55


def compose(notice: Notice, station: StationSettings, reader: Reader) -> Script:
    """The lines in speaking order; `TextRefused` when the body cannot be said."""
    body = reader.lines(notice.text) if notice.style is Style.PLAIN else _verses(notice, reader)
    between = _with_last_pause(body, station.repeat_pause_seconds)
    opening = _part(station.opening if notice.opening is None else notice.opening, reader)
    opening = opening and _with_last_pause(opening, OPENING_PAUSE_SECONDS) * station.opening_repeats
    closing = _part(station.closing if notice.closing is None else notice.closing, reader)
    said = opening + between * ((notice.repeats or 1) - 1) + body + closing
    return Script(_with_last_pause(said, 0.0))


def _verses(notice: Notice, reader: Reader) -> tuple[Line, ...]:
    """The body with even pauses in its verses; in 快板 they are on the beat."""
    lines = reader.lines_with_verses(notice.text)
    verse = [line.place_in_verse > 0 for line in lines]
    to_beat = notice.style is Style.KUAIBAN
    return tuple(
        replace(line, pause_seconds=VERSE_PAUSE_SECONDS, beats=beats(line) if to_beat else ())
        if is_verse
        else line
        for line, is_verse in zip(lines, verse, strict=True)
    )


def _part(text: str, reader: Reader) -> tuple[Line, ...]:
    return reader.lines(text) if text.strip() else ()


def _with_last_pause(lines: tuple[Line, ...], seconds: float) -> tuple[Line, ...]:
    return (*lines[:-1], replace(lines[-1], pause_seconds=seconds))
