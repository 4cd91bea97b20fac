"""What the model is given for a line."""

import pytest
from rig.spoken import baker_folder, line

from broadcaster.core.model import Break, Line, Syllable
from broadcaster.tts.baker.symbols import BakerSymbols


@pytest.fixture(scope="module")
def table() -> BakerSymbols:
    return BakerSymbols(baker_folder() / "symbols.json")


def spelt(table: BakerSymbols, spoken: Line) -> str:
    return " ".join(table.symbols(spoken))


def test_a_line_stands_between_silences_and_ends_its_clause(table: BakerSymbols) -> None:
    assert spelt(table, line("ni3 hao3")) == "sil n i3 #0 h ao3 #3 sil eos"


def test_breaks_follow_their_syllables(table: BakerSymbols) -> None:
    breaks = {0: Break.WORD, 1: Break.PHRASE, 2: Break.CLAUSE}
    expected = "sil z ai4 #1 zh e4 #2 l i3 #3 t ing2 #3 sil eos"
    assert spelt(table, line("zai4 zhe4 li3 ting2", breaks)) == expected


@pytest.mark.parametrize(
    ("sounded", "expected"),
    [
        ("zhi1", "zh iii1"),
        ("zi5", "z ii5"),
        ("wen2", "^ uen2"),
        ("lv4", "l v4"),
        ("lve4", "l ve4"),
        ("quan2", "q van2"),
        ("yuan4", "^ van4"),
        ("er4", "^ er4"),
        ("liu4", "l iou4"),
        ("gui4", "g uei4"),
    ],
)
def test_spelling_turns_into_what_is_heard(table: BakerSymbols, sounded: str, expected: str) -> None:
    assert spelt(table, line(sounded)) == f"sil {expected} #3 sil eos"


def test_er_colours_the_syllable_before_it(table: BakerSymbols) -> None:
    flower = Line("花儿", "花儿", (Syllable("花", "hua1", "hua1"), Syllable("儿", "er5", "er5")))
    assert spelt(table, flower) == "sil h ua1 er5 #3 sil eos"


def test_er_at_the_start_is_a_syllable_of_its_own(table: BakerSymbols) -> None:
    alone = Line("儿", "儿", (Syllable("儿", "er5", "er5"),))
    assert spelt(table, alone) == "sil ^ er5 #3 sil eos"


def test_a_letter_of_several_syllables_is_said_in_one_go(table: BakerSymbols) -> None:
    letter = Syllable("W", "da2 bu5 liu5", "da2 bu5 liu5", Break.WORD)
    after = Syllable("区", "qu1", "qu1")
    expected = "sil d a2 #0 b u5 #0 l iou5 #1 q v1 #3 sil eos"
    assert spelt(table, Line("W区", "W区", (letter, after))) == expected


@pytest.mark.parametrize(
    ("sounded", "expected"),
    [("n2", "^ en2"), ("hng5", "h eng5"), ("ê4", "^ ei4"), ("m2", "m u2"), ("len2", "l eng2")],
)
def test_rare_syllables_fall_to_their_nearest(table: BakerSymbols, sounded: str, expected: str) -> None:
    assert spelt(table, line(sounded)) == f"sil {expected} #3 sil eos"


@pytest.mark.parametrize("sounded", ["?", "biang2", "lün2", "ni", "ABC", "好"])
def test_nothing_that_stands_for_a_syllable_is_too_odd(table: BakerSymbols, sounded: str) -> None:
    assert len(table.numbers(line(sounded))) == 6
