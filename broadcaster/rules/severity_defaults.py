"""Fills in what a notice leaves open, from the defaults of its severity and of the station."""

from dataclasses import replace

from broadcaster.core.notice import FASTEST, SLOWEST, Notice, Signal
from broadcaster.settings.schema import Settings

# With the silence behind them.
SIGNAL_SECONDS = {Signal.CHIME: 2.5, Signal.ALERT: 3.2, Signal.SIREN: 3.8, Signal.NONE: 0.0}


def fill_in(notice: Notice, settings: Settings) -> Notice:
    """The notice with everything filled in that it left to the station. A column that has no text of its
    own begins with its first piece: signal, opening and closing of the station are for notices.
    """
    if notice.pieces and not notice.text:
        opening, closing = notice.opening or "", notice.closing or ""
        notice = replace(notice, opening=opening, closing=closing, chime=notice.chime or Signal.NONE)
    station = settings.station
    defaults = settings.severity.of(notice.severity)
    chime = defaults.chime or station.chime
    pace = min(max(round(station.pace * defaults.pace, 3), SLOWEST), FASTEST)
    return replace(
        notice,
        voice=notice.voice or station.voice,
        pace=pace if notice.pace is None else notice.pace,
        repeats=defaults.repeats if notice.repeats is None else notice.repeats,
        opening=station.opening if notice.opening is None else notice.opening,
        closing=station.closing if notice.closing is None else notice.closing,
        chime=chime if notice.chime is None else notice.chime,
    )
