import subprocess
import sys
from dataclasses import replace

from broadcaster.clips.key import chime_key, clip_key
from broadcaster.model import Break, Line, Syllable

LINE = Line(
    written="银行3月开门",
    spoken="银行三月开门",
    syllables=(
        Syllable("银", "yin2", "yin2"),
        Syllable("行", "hang2", "hang2", Break.WORD),
        Syllable("开", "kai1", "kai1"),
        Syllable("门", "men2", "men2", Break.CLAUSE),
    ),
    pause_seconds=0.3,
)


def key(
    line: Line = LINE,
    voice: str = "baker:female",
    version: str = "1",
    pace: float = 1.0,
    rate_hz: int = 48_000,
) -> str:
    return clip_key(line, voice, version, pace, rate_hz)


def with_syllable(syllable: Syllable) -> Line:
    return replace(LINE, syllables=(LINE.syllables[0], syllable, *LINE.syllables[2:]))


def test_everything_that_changes_the_sound_changes_the_key() -> None:
    keys = {
        key(),
        key(line=replace(LINE, spoken="银行四月开门")),
        key(line=with_syllable(Syllable("行", "hang2", "xing2", Break.WORD))),
        key(line=with_syllable(Syllable("行", "hang2", "hang2", Break.PHRASE))),
        key(voice="baker:male"),
        key(version="2"),
        key(pace=0.9),
        key(rate_hz=24_000),
        key(line=replace(LINE, beats=(2, 2)), pace=120),
        key(line=replace(LINE, beats=(2, 1, 1)), pace=120),
        key(line=replace(LINE, beats=(2, 2)), pace=130),
        key(pace=120),
    }
    assert len(keys) == 12


def test_what_is_not_heard_in_the_line_leaves_the_key() -> None:
    same = {
        key(),
        key(line=replace(LINE, written="银行三月开门")),
        key(line=replace(LINE, pause_seconds=2.0)),
        key(line=with_syllable(Syllable("行", "xing2", "hang2", Break.WORD))),
        key(pace=1),
    }
    assert len(same) == 1


def test_key_is_a_file_name_and_the_same_in_every_process() -> None:
    line = "Line('好', '好', (Syllable('好', 'hao3', 'hao3'),))"
    program = (
        "from broadcaster.clips.key import clip_key; from broadcaster.model import Line, Syllable;"
        f"print(clip_key({line}, 'espeak:cmn', '1.51', 1.0, 48000))"
    )
    keys = {
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    }
    assert len(keys) == 1
    assert len(bytes.fromhex(keys.pop().strip())) == 20


def test_the_chime_has_a_key_for_each_rate() -> None:
    assert len({chime_key(24_000), chime_key(48_000), key()}) == 3


def test_main_names_and_finds_clips_without_numpy() -> None:
    program = (
        "import sys; import broadcaster.clips.key, broadcaster.clips.store;"
        "print(*{'numpy', 'soundfile', 'soxr'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
