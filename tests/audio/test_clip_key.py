"""A clip's key changes with everything that changes the sound, and with nothing else."""

import subprocess
import sys
from dataclasses import fields, replace
from typing import Any

import pytest

from broadcaster.audio.clip_key import SIGNAL_VERSIONS, clip_key, signal_key
from broadcaster.audio.mastering_preset import FLAT, HORN, PRESETS, Preset
from broadcaster.core.model import Break, Line, Syllable
from broadcaster.core.notice import Signal

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
    preset: Preset = HORN,
    soft_start: bool = False,
) -> str:
    return clip_key(line, voice, version, pace, rate_hz, preset, soft_start)


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
        key(preset=FLAT),
        key(soft_start=True),
        key(line=replace(LINE, beats=(2, 2)), pace=120),
        key(line=replace(LINE, beats=(2, 1, 1)), pace=120),
        key(line=replace(LINE, beats=(2, 2)), pace=130),
        key(pace=120),
    }
    assert len(keys) == 14


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
        "from broadcaster.audio.clip_key import clip_key;"
        "from broadcaster.core.model import Line, Syllable;"
        "from broadcaster.audio.mastering_preset import HORN;"
        f"print(clip_key({line}, 'espeak:cmn', '1.51', 1.0, 48000, HORN))"
    )
    keys = {
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    }
    assert len(keys) == 1
    assert len(bytes.fromhex(keys.pop().strip())) == 20


def test_a_signal_has_a_key_for_each_rate_and_loudness() -> None:
    chimes = {signal_key(Signal.CHIME, *how) for how in ((24_000, HORN), (48_000, HORN), (48_000, FLAT))}
    assert len(chimes | {key()}) == 4


def test_every_signal_that_sounds_has_a_key() -> None:
    assert SIGNAL_VERSIONS.keys() == set(Signal) - {Signal.NONE}
    assert len({signal_key(signal, 48_000, HORN) for signal in SIGNAL_VERSIONS}) == 3


@pytest.mark.parametrize("figure", [field.name for field in fields(Preset)])
def test_every_figure_of_a_preset_changes_what_is_named_by_it(figure: str) -> None:
    changed: Any = "other" if figure == "name" else getattr(HORN, figure) + 0.01
    other = replace(HORN, **{figure: changed})
    assert other.version != HORN.version
    assert len({preset.version for preset in PRESETS.values()}) == len(PRESETS)


def test_main_names_and_finds_clips_without_numpy() -> None:
    program = (
        "import sys; import broadcaster.audio.clip_key, broadcaster.audio.clip_store;"
        "print(*{'numpy', 'soundfile', 'soxr'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
