"""A changed lexicon has another fingerprint, and the same one the same."""

import subprocess
import sys

from broadcaster.settings.schema import LexiconSettings
from broadcaster.text.fingerprint import fingerprint


def test_the_same_lexicon_has_the_same_fingerprint() -> None:
    assert fingerprint(LexiconSettings()) == fingerprint(LexiconSettings())


def test_a_changed_entry_changes_it() -> None:
    one, other = (LexiconSettings(words={"乐亭": said}) for said in ("lao4 ting2", "le4 ting2"))
    assert fingerprint(one) != fingerprint(other)


def test_it_loads_no_dictionary() -> None:
    probe = (
        "import sys; from broadcaster.text import fingerprint, speakable, lexicon;"
        "print({'numpy', 'jieba', 'pypinyin', 'g2pM', 'opencc'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
