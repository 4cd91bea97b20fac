"""Changes config/lexicon.yaml entry by entry: each change is atomic, and comments stay."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from broadcaster.core.errors import FileUnwritable, WordRefused, reason_of
from broadcaster.core.model import SECTIONS, Entry
from broadcaster.settings.problems import keys_twice
from broadcaster.settings.schema import LexiconSettings
from broadcaster.settings.schema import load_lexicon as read_lexicon
from broadcaster.settings.yaml_edit import remove_entry, set_entry
from broadcaster.system.atomic_file import atomic_write, exclusive_lock, state_of
from broadcaster.system.last_good_settings import own_change, store_last_good
from broadcaster.text.lexicon import check_entry, load_lexicon

LONGEST_WORD = 20


class LexiconFile:
    """The file; other processes may change it at the same time, and people by hand."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "lexicon.yaml"

    def load(self) -> LexiconSettings:
        """Raises `ConfigError` for a file that is wrong."""
        lexicon = read_lexicon(self._folder)
        load_lexicon(lexicon)
        return lexicon

    def keep(self) -> None:
        """As it is now it is no news to the next start."""
        store_last_good(self._folder, [self._path.name])

    def doubts(self) -> list[str]:
        """The entries that are probably mistakes, though the file can be used."""
        return keys_twice(self._path)

    def state(self) -> tuple[int, ...]:
        """Another one whenever the file is another one."""
        return state_of(self._path)

    def set(self, word: str, said: str, section: str = "") -> Entry:
        """Change an entry, or add one; where no section is named, the one that has it, or the words.

        Raises `WordRefused`, `ConfigError` where the file is wrong already, `FileUnwritable`.
        """
        word, said = word.strip(), " ".join(said.split())
        with self._held() as lexicon:
            holders = [entry.section for entry in entries(lexicon) if entry.word == word]
            entry = Entry(section or next(reversed(holders), "words"), word, said)
            check_entry(entry.section, word, said)
            if len(word) > LONGEST_WORD:
                raise WordRefused(f"一个词最多 {LONGEST_WORD} 个字，“{word[:6]}……”太长了。")
            self._change(lambda text: set_entry(text, entry.section, word, said))
        return entry

    def remove(self, word: str, section: str = "") -> Entry:
        """Take an entry out. Raises the same; `WordRefused` where it is not, or where it is twice."""
        with self._held() as lexicon:
            there = [entry for entry in entries(lexicon) if entry.word == word.strip()]
            found = [entry for entry in there if section in ("", entry.section)]
            if not found:
                raise WordRefused(f"读音表里没有“{word}”。看有哪些：broadcaster lexicon list")
            if len(found) > 1:
                places = " ".join(entry.section for entry in found)
                raise WordRefused(f"“{word}”写在几处：{places}，请用 --section 说清是哪一处。")
            self._change(lambda text: remove_entry(text, found[0].section, found[0].word))
        return found[0]

    @contextmanager
    def _held(self) -> Iterator[LexiconSettings]:
        """The lexicon as it is, while no other process of ours changes it."""
        with ExitStack() as stack:
            try:
                stack.enter_context(exclusive_lock(self._folder))
            except OSError as error:
                raise self._unwritable(error) from error
            yield self.load()

    def _change(self, edit: Callable[[str], str]) -> None:
        path = self._path.resolve()
        try:
            before = path.read_bytes().decode() if path.exists() else ""
            with (
                own_change(self._folder, self._path.name),
                atomic_write(path, path.parent) as unfinished,
            ):
                unfinished.write_bytes(edit(before).encode())
                if path.exists():
                    shutil.copymode(path, unfinished)
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> FileUnwritable:
        return FileUnwritable(
            f"读音表写不进去：{self._path}（{reason_of(error)}）。请检查磁盘的空位和文件的权限。"
        )


def entries(lexicon: LexiconSettings) -> list[Entry]:
    """All of them, section by section, as the file has them."""
    return [
        Entry(section, word, said)
        for section in SECTIONS
        for word, said in getattr(lexicon, section).items()
    ]


def with_entry(lexicon: LexiconSettings, entry: Entry) -> LexiconSettings:
    """A lexicon in which this entry is so, to hear it before it is written."""
    changed = {**getattr(lexicon, entry.section), entry.word: entry.said}
    return lexicon.model_copy(update={entry.section: changed})
