"""The village's lexicon in the running box: entries are shown, changed, and previewed before they are
saved.
"""

import logging
import threading
from dataclasses import dataclass, replace
from pathlib import Path

from broadcaster.core.errors import BroadcasterError, WordRefused
from broadcaster.core.model import Entry
from broadcaster.core.notice import Notice, Signal
from broadcaster.settings.schema import LexiconSettings
from broadcaster.station.lexicon_file import LexiconFile, entries, with_entry
from broadcaster.studio.studio_contract import StudioContract
from broadcaster.text.lexicon import check_entry
from broadcaster.text.plausible_reading import check_near

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PronunciationPreview:
    """A word as it will sound: the key of its clip, and the pinyin after sandhi."""

    key: str
    sounded: str


class Wordbook:
    """The lexicon that the box reads by; it follows the file, whoever changes it. Any thread."""

    def __init__(self, file: LexiconFile, lexicon: LexiconSettings, studio: StudioContract) -> None:
        self._file = file
        self._lexicon = lexicon
        self._studio = studio
        self._state = file.state()
        self._lock = threading.Lock()
        self._fault = self._doubt()

    @property
    def fault(self) -> str:
        """A sentence in Chinese on why the file is not read by, or ""."""
        if self._fault:
            self.refresh()
        return self._fault

    def entries(self) -> list[Entry]:
        self.refresh()
        return entries(self._lexicon)

    def set(self, word: str, said: str, section: str = "") -> Entry:
        """Raises `WordRefused`, `ConfigError`, `FileUnwritable`; then nothing has changed."""
        entry = self._file.set(word, said, section)
        self.refresh()
        return entry

    def set_near(self, word: str, said: str, section: str = "") -> Entry:
        """The same, for a program: what is far from how the characters are read is for people, who hear
        it first."""
        check_near(word, said)
        return self.set(word, said, section)

    def remove(self, word: str, section: str = "") -> Entry:
        """Raises the same."""
        entry = self._file.remove(word, section)
        self.refresh()
        return entry

    def refresh(self) -> None:
        """Read by the file if it is not the one that was read; a wrong one is left, and told."""
        with self._lock:
            state = self._file.state()
            if state == self._state:
                return
            self._state = state
            try:
                lexicon = self._file.load()
                self._studio.learn(lexicon)
                self._lexicon, self._fault = lexicon, self._doubt()
                logger.warning("读音表改过，照新的念了")
                self._file.keep()
            except BroadcasterError as error:
                problem = str(error).splitlines()[0]
                logger.warning("读音表写错了，还按原来的念：%s", problem)
                self._fault = f"读音表写错了，还按原来的念。{problem}"

    def _doubt(self) -> str:
        doubts = self._file.doubts()
        return f"读音表里有不清楚的：{'；'.join(doubts)}。" if doubts else ""

    def listen(self, word: str, said: str = "", section: str = "") -> PronunciationPreview:
        """Make a word as it would sound with this reading, or as it sounds now; blocks while it is made.

        Raises `BroadcasterError`.
        """
        entry = Entry(section or "words", word.strip(), " ".join(said.split()))
        lexicon = self._lexicon
        if entry.said:
            check_entry(entry.section, entry.word, entry.said)
            lexicon = with_entry(lexicon, entry)
        if not entry.word:
            raise WordRefused("请写上要听的词。")
        # After a signal a line has no soft start, which would take half of a short word.
        notice = replace(heard_alone(entry), chime=Signal.CHIME)
        programme = self._studio.sample(notice, lexicon)
        lines = self._studio.script(replace(notice, voice=programme.voice), lexicon).lines
        sounded = " ".join(syllable.sounded for line in lines for syllable in line.syllables)
        return PronunciationPreview(programme.items[-1].clip.key, sounded)

    def sound(self, key: str) -> Path | None:
        """The FLAC file of what was heard; None when it is gone."""
        clip = self._studio.find_clip(key)
        return clip.path if clip else None


def heard_alone(entry: Entry) -> Notice:
    """A notice that says the word and nothing else; a surname only counts before a title."""
    text = f"{entry.word}书记" if entry.section == "surnames" else entry.word
    return Notice(text, title=entry.word, chime=Signal.NONE, opening="", closing="")
