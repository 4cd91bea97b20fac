"""The key of a programme: a digest of everything that changes it, such as the settled notice, the voice
and the lexicon.
"""

import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from broadcaster.audio.clip_key import CLAPPERS_VERSION, SIGNAL_VERSIONS, signal_key
from broadcaster.audio.mastering_preset import PRESETS
from broadcaster.core.errors import BroadcasterError, TextRefused, VoiceUnavailable
from broadcaster.core.notice import SPECS, Notice, Signal, Style, plain
from broadcaster.rules.severity_defaults import settle
from broadcaster.settings.schema import LexiconSettings, Settings
from broadcaster.text.fingerprint import LexiconVersion
from broadcaster.text.speakable import check_numbers, check_speakable, settled_tempo
from broadcaster.tts.catalogue import Catalogue
from broadcaster.tts.fallback import Cascade

# Every key is made of these. Any other field that is heard is part of it where it is set, so that a new
# one changes no key that was made before.
ALWAYS = ("text", "opening", "closing", "repeats", "pace", "chime", "voice")
OF_STYLE = ("style", "beats_per_minute")
NOT_KEPT = "现场讲话没有录下来，不能再播。"
SOUNDS_LATER = "这一版还不会放栏目里的声音，请先只写要说的话。"


class Recipes:
    """By the station's settings, voices and lexicon; any thread. `words` are those to read by now."""

    def __init__(
        self, settings: Settings, lexicon: LexiconSettings, catalogue: Catalogue, cascade: Cascade
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._cascade = cascade
        self._preset = PRESETS[settings.sound.preset]
        self.words = LexiconVersion.of(lexicon)

    def settled(self, notice: Notice, now: float) -> Notice:
        """The notice with everything that it left to the station filled in, at a monotonic moment.

        Raises `TextRefused` for what cannot be spoken and `VoiceUnavailable` for a voice that was
        asked for by name and is not to be had here; the station's own is stood in for.
        """
        filled_in = self.filled_in(notice)
        if notice.voice:
            self._catalogue.version(notice.voice)
        else:
            self.best(filled_in, now)
        return filled_in

    def filled_in(self, notice: Notice) -> Notice:
        """The same for a voice that may be gone by now: another one will speak. Raises `TextRefused`."""
        if notice.talk:
            raise TextRefused(NOT_KEPT)
        if notice.pieces:
            raise TextRefused(SOUNDS_LATER)
        check_numbers(notice)
        if notice.recording:
            return settle(replace(notice, opening="", closing="", style=Style.PLAIN), self._settings)
        check_speakable(notice.text, self._settings.station.longest_text)
        tempo = settled_tempo(notice, self._settings.station)
        return replace(settle(notice, self._settings), beats_per_minute=tempo)

    def best(self, notice: Notice, now: float) -> Notice:
        """The notice in the best voice that is not left alone, so that what was made in a stand-in is
        made again when the wished voice is back. Raises `VoiceUnavailable` if there is none.
        """
        errors: list[VoiceUnavailable] = []
        for voice in self._cascade.order(notice.voice or "", now):
            try:
                self._catalogue.version(voice)
                return replace(notice, voice=voice)
            except VoiceUnavailable as error:
                errors.append(error)
        raise errors[0]

    def keys(self, notices: Iterable[Notice]) -> set[str]:
        """Of each in its wished voice, and in those that may have stood in for it."""
        keys = set()
        for notice in notices:
            with suppress(BroadcasterError):
                filled_in = self.filled_in(notice)
                for voice in self._cascade.voices(filled_in.voice or ""):
                    with suppress(VoiceUnavailable):
                        keys.add(self.key(replace(filled_in, voice=voice)))
        return keys

    def key(self, notice: Notice, words: LexiconVersion | None = None) -> str:
        """A hash of all that the programme of a settled notice is made from; `words` may be others."""
        station = self._settings.station
        heard = vars(notice) | {"chime": self.signal_key(notice.chime) or None}
        parts = [
            *(heard[name] for name in ALWAYS),
            self._catalogue.version(notice.voice or ""),
            station.opening_repeats,
            station.repeat_pause_seconds,
            (words or self.words).version,
            self._preset.version,
            self._settings.sound.rate_hz,
        ]
        for name, value in plain(notice).items():
            if SPECS[name].in_sound and name not in (*ALWAYS, *OF_STYLE):
                parts += [name, value]
        if notice.style is not Style.PLAIN:
            parts += [notice.style, notice.beats_per_minute, CLAPPERS_VERSION]
        return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()[:32]

    def signal_key(self, signal: Signal | None) -> str:
        """ "" of none."""
        if signal not in SIGNAL_VERSIONS:
            return ""
        return signal_key(signal, self._settings.sound.rate_hz, self._preset)
