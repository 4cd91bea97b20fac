"""The last resort, with the real library: pinyin in, Mandarin out, never English."""

import json

import pyloudnorm
import pytest
from rig.spoken import baker_folder, first_words, joined, line

from broadcaster.core.errors import LineRefused
from broadcaster.core.model import Break, Line, Syllable
from broadcaster.tts.espeak.release import version
from broadcaster.tts.espeak.voice import EspeakVoice


@pytest.fixture(scope="module")
def voice() -> EspeakVoice:
    return EspeakVoice()


TONES = {1: "55", 2: "35", 3: "214", 4: "51", 5: "11"}


@pytest.mark.parametrize(("tone", "contour"), TONES.items())
def test_a_tone_number_is_a_tone_and_not_an_english_number(
    voice: EspeakVoice, tone: int, contour: str
) -> None:
    phonemes = voice.phonemes(f"ma{tone}")
    assert contour in phonemes and "(en)" not in phonemes


@pytest.mark.parametrize(
    "sound",
    ["nv3", "lve4", "er2", "er5", "n2", "ng4", "m2", "hm5", "hng5", "ê4", "ei1", "zhi1", "yo1", "weng1"],
)
def test_rare_sounds_are_said(voice: EspeakVoice, sound: str) -> None:
    assert joined(voice.speak(line(sound))).any()


def test_every_syllable_of_the_offline_voice_is_said_in_chinese(voice: EspeakVoice) -> None:
    known = json.loads((baker_folder() / "symbols.json").read_text(encoding="utf-8"))
    unsaid = []
    for base in known["pinyin_dict"]:
        try:
            joined(voice.speak(line(f"{base}1")))
        except LineRefused:
            unsaid.append(base)
    assert unsaid == []


def test_a_sound_that_is_no_chinese_refuses_the_line(voice: EspeakVoice) -> None:
    with pytest.raises(LineRefused, match="wong1"):
        joined(voice.speak(line("wong1")))


def test_a_letters_name_of_several_syllables_is_said(voice: EspeakVoice) -> None:
    letter = Line("W", "W", (Syllable("W", "da2 bu5 liu5", "da2 bu5 liu5"),))
    assert len(joined(voice.speak(letter))) > len(joined(voice.speak(line("da2"))))


def test_a_clause_inside_a_line_is_heard_as_a_pause(voice: EspeakVoice) -> None:
    words = "qing3 zhu4 yi4 ting2 shui3"
    parted = joined(voice.speak(line(words, {2: Break.CLAUSE})))
    assert len(parted) > len(joined(voice.speak(line(words)))) + 0.1 * voice.rate_hz


def test_two_voices_in_one_process_do_not_mix(voice: EspeakVoice) -> None:
    other = EspeakVoice()
    lengths = [len(joined(each.speak(first_words(7)))) for each in (voice, other, voice)]
    # The library wavers on purpose: no two of its sounds are the same to the sample.
    assert lengths == pytest.approx([lengths[0]] * 3, rel=0.01)


def test_the_version_is_the_librarys_and_cheap(voice: EspeakVoice) -> None:
    assert voice.version == version()


@pytest.mark.parametrize("count", [7, 15, 30])
def test_the_level_is_what_the_voice_says_it_is(voice: EspeakVoice, count: int) -> None:
    sound = joined(voice.speak(first_words(count))).astype(float)
    level = pyloudnorm.Meter(voice.rate_hz).integrated_loudness(sound)
    assert level == pytest.approx(voice.level_lufs, abs=1.0)
