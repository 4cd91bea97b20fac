"""Settles notices: fills them in, finds the voice, and makes the key of the programme, a digest of
everything that changes it.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache

from broadcaster.audio.clip_key import CLAPPERS_VERSION, SIGNAL_VERSIONS, signal_key
from broadcaster.audio.mastering_preset import PRESETS
from broadcaster.core.errors import BroadcasterError, TextRefused, VoiceUnavailable
from broadcaster.core.model import SettledNotice
from broadcaster.core.notice import SPECS, Notice, Signal, Style, plain
from broadcaster.rules.severity_defaults import fill_in
from broadcaster.settings.schema import LexiconSettings, Settings
from broadcaster.studio.stretches import made_ahead
from broadcaster.text.fingerprint import LexiconVersion
from broadcaster.text.speakable import check_numbers, check_speakable, settled_tempo
from broadcaster.tts.catalogue import Catalogue
from broadcaster.tts.fallback import Cascade

# Every key is made of these. Any other field that is heard is part of it where it is set, so that a new
# one changes no key that was made before.
ALWAYS = ("text", "opening", "closing", "repeats", "pace", "chime", "voice")
OF_STYLE = ("style", "beats_per_minute")
# Raised when the programme of a column is made otherwise, or says more of its items.
COLUMN_VERSION = 2
NOT_KEPT = "现场讲话没有录下来，不能再播。"


# The studio looks through the slots of a day every second: more than a village has, by two voices.
REMEMBERED = 2_000


class Recipes:
    """By the station's settings, voices and lexicon; any thread. `words` are those to read by now.

    A notice is filled in once, and its key reckoned once as long as its voice and the lexicon stay.
    """

    def __init__(
        self, settings: Settings, lexicon: LexiconSettings, catalogue: Catalogue, cascade: Cascade
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._cascade = cascade
        self._preset = PRESETS[settings.sound.preset]
        self.words = LexiconVersion.of(lexicon)
        self._filled_in: Callable[[Notice], Notice] = lru_cache(REMEMBERED)(self._fill_in)
        self._settled: Callable[[Notice, str, str, str], SettledNotice]
        self._settled = lru_cache(REMEMBERED)(self._settle)

    def settle(self, notice: Notice, now: float) -> SettledNotice:
        """The notice with all that it left to the station filled in, at a monotonic moment.

        Raises `TextRefused` for what cannot be spoken and `VoiceUnavailable` for a voice that was
        asked for by name and is not to be had here; the station's own is stood in for.
        """
        settled = self.settle_accepted(notice)
        if notice.voice:
            self._catalogue.version(notice.voice)
        else:
            self.best(settled, now)
        return settled

    def settle_accepted(self, notice: Notice) -> SettledNotice:
        """The same for a voice that may be gone by now: another one will speak. Raises `TextRefused`."""
        filled_in = self._filled_in(notice)
        try:
            return self._first_of(self._cascade.voices(filled_in.voice or ""), filled_in)
        except VoiceUnavailable:
            return SettledNotice(filled_in, "", "")

    def best(self, settled: SettledNotice, now: float) -> SettledNotice:
        """The same in the best voice that is not left alone, so that what was made in a stand-in is
        made again when the wished voice is back. Raises `VoiceUnavailable` if there is none.
        """
        return self._first_of(self._cascade.order(settled.notice.voice or "", now), settled.notice)

    def in_voice(self, notice: Notice, voice: str, words: LexiconVersion | None = None) -> SettledNotice:
        """A notice that is filled in, spoken by this voice; `words` may be others.

        Raises `VoiceUnavailable`.
        """
        version = self._catalogue.version(voice)
        return self._settled(notice, voice, version, (words or self.words).version)

    def keys(self, notices: Iterable[Notice]) -> set[str]:
        """Of each in its wished voice, and in those that may have stood in for it."""
        keys = set()
        for notice in notices:
            with suppress(BroadcasterError):
                filled_in = self._filled_in(notice)
                for voice in self._cascade.voices(filled_in.voice or ""):
                    with suppress(VoiceUnavailable):
                        keys |= {self.in_voice(part, voice).key for part in made_ahead(filled_in)}
        return keys

    def _first_of(self, voices: list[str], notice: Notice) -> SettledNotice:
        errors: list[VoiceUnavailable] = []
        for voice in voices:
            try:
                return self.in_voice(notice, voice)
            except VoiceUnavailable as error:
                errors.append(error)
        raise errors[0]

    def _fill_in(self, notice: Notice) -> Notice:
        if notice.talk:
            raise TextRefused(NOT_KEPT)
        check_numbers(notice)
        if notice.recording:
            return fill_in(replace(notice, opening="", closing="", style=Style.PLAIN), self._settings)
        for words in _words(notice):
            check_speakable(words, self._settings.station.longest_text)
        tempo = settled_tempo(notice, self._settings.station)
        return replace(fill_in(notice, self._settings), beats_per_minute=tempo)

    def _settle(self, notice: Notice, voice: str, version: str, words: str) -> SettledNotice:
        """By the versions of the voice and of the lexicon."""
        station = self._settings.station
        heard = vars(notice) | {"voice": voice, "chime": self.signal_key(notice.chime) or None}
        parts = [
            *(heard[name] for name in ALWAYS),
            version,
            station.opening_repeats,
            station.repeat_pause_seconds,
            words,
            self._preset.version,
            self._settings.sound.rate_hz,
        ]
        for name, value in plain(notice).items():
            if SPECS[name].in_sound and name not in (*ALWAYS, *OF_STYLE):
                parts += [name, value]
        if notice.pieces:
            parts.append(COLUMN_VERSION)
        if notice.style is not Style.PLAIN:
            parts += [notice.style, notice.beats_per_minute, CLAPPERS_VERSION]
        digest = hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()
        return SettledNotice(notice, voice, digest[:32])

    def signal_key(self, signal: Signal | None) -> str:
        """ "" of none."""
        if signal not in SIGNAL_VERSIONS:
            return ""
        return signal_key(signal, self._settings.sound.rate_hz, self._preset)


def _words(notice: Notice) -> list[str]:
    """All that is said; a column of sounds alone says nothing."""
    said = [piece.source for piece in notice.pieces if piece.spoken]
    return [notice.text, *said] if notice.text or not notice.pieces else said
