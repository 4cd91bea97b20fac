"""Makes a sound file of the same words in every ready voice, each announced by its name."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from broadcaster.core.errors import BroadcasterError, VoiceUnavailable
from broadcaster.core.model import Item, Programme
from broadcaster.core.notice import Notice, Signal
from broadcaster.studio.studio import Studio
from broadcaster.tts.base.engine import VoiceEntry

PAUSE_SECONDS = 1.5


@dataclass(frozen=True)
class AuditionEntry:
    """One voice in the file: its position and length; `refused` is the reason if it is missing.

    `making_seconds` is how long rendering took here and now, with the loading of the voice; next to
    nothing for sounds that were rendered before.
    """

    voice: str
    start_seconds: float
    seconds: float
    announced: bool
    making_seconds: float
    refused: str = ""


@dataclass(frozen=True)
class Audition:
    """One programme of all voices, and what is in it."""

    programme: Programme
    rows: tuple[AuditionEntry, ...]

    def table(self) -> list[str]:
        """For a person: where each voice begins."""
        return [_told(row) for row in self.rows]


def hear_voices(studio: Studio, entries: Iterable[VoiceEntry], text: str) -> Audition:
    """Raises `BroadcasterError` when no voice can say it: the first one's reason."""
    items: list[Item] = []
    rows: list[AuditionEntry] = []
    for entry in entries:
        if not entry.ready:
            continue
        begun, start = time.monotonic(), sum((item.seconds for item in items), 0.0)
        try:
            programme, announced = _made(studio, entry, text)
        except BroadcasterError as error:
            rows.append(
                AuditionEntry(entry.name, start, 0.0, False, time.monotonic() - begun, str(error))
            )
            continue
        making_seconds = time.monotonic() - begun
        rows.append(AuditionEntry(entry.name, start, programme.seconds, announced, making_seconds))
        items += programme.items
        items[-1] = Item(items[-1].clip, PAUSE_SECONDS)
    if not items:
        nobody = "没有能用的声音，请看：broadcaster voices list"
        raise VoiceUnavailable(rows[0].refused if rows else nobody)
    return Audition(Programme("", tuple(items)), tuple(rows))


def _made(studio: Studio, entry: VoiceEntry, text: str) -> tuple[Programme, bool]:
    """With the voice's name before it; without where it cannot say that, as a recording cannot."""
    notice = Notice(text, voice=entry.name, opening=f"{entry.title}。", closing="", chime=Signal.NONE)
    if entry.title:
        try:
            return studio.programme(studio.settle(notice), alone=True), True
        except BroadcasterError:
            pass
    plain = Notice(text, voice=entry.name, opening="", closing="", chime=Signal.NONE)
    return studio.programme(studio.settle(plain), alone=True), False


def _told(row: AuditionEntry) -> str:
    if row.refused:
        return f"      {row.voice}  没有：{row.refused}"
    minutes, seconds = divmod(int(row.start_seconds), 60)
    name = "" if row.announced else "，没报名字"
    return (
        f"{minutes:02}:{seconds:02} {row.voice}  {row.seconds:.1f} 秒{name}，"
        f"做了 {row.making_seconds:.1f} 秒"
    )
