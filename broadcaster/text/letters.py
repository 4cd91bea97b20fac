"""Says Latin letters by their names, in Mandarin syllables that a Mandarin voice can say."""

NAMES = {
    letter: name
    for entry in """
    A ei1|B bi4|C xi1|D di4|E yi4|F ai2 fu5|G ji4|H ei2 qi5|I ai4|J jie4|K kei4|L ai2 lou5|M ai2 mu5
    |N en1|O ou1|P pi4|Q kou4|R a4|S ai2 si5|T ti4|U you1|V wei4|W da2 bu5 liu5|X ai2 ke5 si5
    |Y wai4|Z zei4
    """.split("|")
    for letter, _, name in [entry.strip().partition(" ")]
}

WORDS = {"wifi": "wai1 fei4", "ok": "ou1 kei4"}


def say_letters(run: str) -> tuple[tuple[str, str], ...]:
    """A run of letters as units with their syllables: each letter, or a word that everybody says."""
    if run.lower() in WORDS:
        return ((run, WORDS[run.lower()]),)
    return tuple((letter, NAMES[letter.upper()]) for letter in run)
