"""Makes the script of a notice: opening, body as often as it repeats, closing."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, tee

from broadcaster.core.model import Line
from broadcaster.core.notice import Notice, Signal, Style
from broadcaster.settings.schema import StationSettings
from broadcaster.text.beat_division import beats
from broadcaster.text.frontend import Frontend

# People look up at the first and open the window by the second.
OPENING_PAUSE_SECONDS = 0.8
# As the end of a sentence rests: time for the rhyme to be heard.
VERSE_PAUSE_SECONDS = 0.55


def compose_lines(notice: Notice, station: StationSettings, reader: Frontend) -> Iterator[Line]:
    """The lines in speaking order, each read when it is wanted, so that a long text begins as soon as a
    short one. Raises `TextRefused` at once when the body cannot be said.
    """
    opening = _part(station.opening if notice.opening is None else notice.opening, reader)
    plain, soon = notice.style is Style.PLAIN, notice.chime is Signal.NONE and not opening
    read = reader.each_line(notice.text, soon) if plain else _verses(notice, reader)
    if notice.say_contact and notice.contact:
        read = chain(read, _read_when_reached(f"联系人电话：{notice.contact}。", reader))
    body = chain([next(read)], read)
    closing = station.closing if notice.closing is None else notice.closing
    openings = [*_with_last_pause(opening, OPENING_PAUSE_SECONDS)] * station.opening_repeats
    openings = [replace(line, matter=False) for line in openings]
    text = _repeated(body, notice.repeats or 1, station.repeat_pause_seconds)
    return _with_last_pause(chain(openings, text, _read_when_reached(closing, reader)), 0.0)


def _repeated(body: Iterator[Line], times: int, pause_seconds: float) -> Iterator[Line]:
    for _ in range(times - 1):
        body, again = tee(body)
        yield from _with_last_pause(again, pause_seconds)
    yield from body


def _verses(notice: Notice, reader: Frontend) -> Iterator[Line]:
    """The body with even pauses in its verses; in 快板 they are on the beat."""
    to_beat = notice.style is Style.KUAIBAN
    for line in reader.lines_with_verses(notice.text):
        if line.place_in_verse:
            on_beats = beats(line) if to_beat else ()
            line = replace(line, pause_seconds=VERSE_PAUSE_SECONDS, beats=on_beats)
        yield line


def _part(text: str, reader: Frontend) -> tuple[Line, ...]:
    return reader.lines(text) if text.strip() else ()


def _read_when_reached(text: str, reader: Frontend) -> Iterator[Line]:
    yield from _part(text, reader)


def _with_last_pause(lines: Iterable[Line], seconds: float) -> Iterator[Line]:
    previous: Line | None = None
    for line in lines:
        if previous:
            yield previous
        previous = line
    if previous:
        yield replace(previous, pause_seconds=seconds)
