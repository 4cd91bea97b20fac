"""The command `broadcaster lexicon`: shows, sets, removes and plays entries of the village's lexicon."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from broadcaster.commands.box import air
from broadcaster.commands.console import Arguments, ask_box, load_config, report
from broadcaster.commands.notice_options import add_sink
from broadcaster.core.errors import WordRefused
from broadcaster.core.model import SECTIONS, Entry

if TYPE_CHECKING:
    from broadcaster.settings.schema import LexiconSettings


def add_to(group: Any, add: Any) -> None:
    listed = add(group, "list", show, "有哪些词，怎么念")
    listed.add_argument("word", nargs="?", metavar="词", help="只看这一个")
    changed = add(group, "set", set_word, "记下一个词怎么念，广播站马上照着念")
    changed.add_argument("word", metavar="词")
    changed.add_argument("said", metavar="读音", help="拼音，如 'lao4 ting2'；或者同音字，如 烙亭")
    removed = add(group, "remove", remove_word, "删掉一个词")
    removed.add_argument("word", metavar="词")
    heard = add(group, "listen", listen, "听一个词现在怎么念，或者换个读音怎么念")
    heard.add_argument("word", metavar="词")
    heard.add_argument("said", nargs="?", metavar="读音", help="试一个还没记下的读音，要和 -o 一起用")
    heard.add_argument("-o", "--output", type=Path, metavar="文件", help="写成声音文件，不上大喇叭")
    add_sink(heard)
    heard.set_defaults(no_wait=False)
    sections = "，".join(f"{section} {kind}" for section, kind in SECTIONS.items())
    for parser in (changed, removed, heard):
        parser.add_argument("--section", choices=list(SECTIONS), metavar="分组", help=sections)


def show(arguments: Arguments) -> int:
    from broadcaster.station.lexicon_file import LexiconFile, entries

    lexicon = LexiconFile(arguments.config).load()
    shown = [entry for entry in entries(lexicon) if arguments.word in (None, entry.word)]
    if not shown and arguments.word:
        raise WordRefused(f"读音表里没有“{arguments.word}”。看有哪些：broadcaster lexicon list")
    lines = [f"{entry.word}  {entry.said}  （{entry.kind}）" for entry in shown]
    report([asdict(entry) for entry in shown], "\n".join(lines) or "读音表是空的。", arguments)
    return 0


def set_word(arguments: Arguments) -> int:
    from broadcaster.station.lexicon_file import LexiconFile

    entry = LexiconFile(arguments.config).set(arguments.word, arguments.said, arguments.section or "")
    box_note = _tell_box(arguments)
    sentence = f"记下了：{entry.word} 念 {entry.said}（{entry.kind}）。{box_note}"
    report({"set": asdict(entry)}, sentence, arguments)
    return 0


def remove_word(arguments: Arguments) -> int:
    from broadcaster.station.lexicon_file import LexiconFile

    entry = LexiconFile(arguments.config).remove(arguments.word, arguments.section or "")
    box_note = _tell_box(arguments)
    report({"removed": asdict(entry)}, f"删掉了：{entry.word}（{entry.kind}）。{box_note}", arguments)
    return 0


def listen(arguments: Arguments) -> int:
    """On the air as it is read now, or into a file, with another reading if one is given."""
    from broadcaster.station.village_lexicon import heard_alone

    entry = _entry(arguments)
    if arguments.output is None:
        if entry.said:
            raise WordRefused("还没记下的读音不上大喇叭。请加 -o 文件名.wav 听文件，或者先记下来。")
        return air(heard_alone(entry), arguments)
    from broadcaster.audio.export import check_writable, write_sound
    from broadcaster.daemon.assembly import open_studio
    from broadcaster.station.lexicon_file import with_entry
    from broadcaster.text.lexicon import check_entry

    check_writable(arguments.output)
    config = load_config(arguments.config)
    if entry.said:
        check_entry(entry.section, entry.word, entry.said)
        config = replace(config, lexicon=with_entry(config.lexicon, entry))
    with open_studio(config) as studio:
        programme = studio.programme(studio.settle(heard_alone(entry)))
    seconds = write_sound(arguments.output, programme, config.settings.sound.rate_hz)
    content = {"file": str(arguments.output), "seconds": round(seconds, 3), "word": entry.word}
    report(content, f"已写入 {arguments.output}，{seconds:.1f} 秒。", arguments)
    return 0


def _entry(arguments: Arguments) -> Entry:
    from broadcaster.station.lexicon_file import LexiconFile

    lexicon = LexiconFile(arguments.config).load()
    section = arguments.section or _section_of(lexicon, arguments.word)
    return Entry(section, arguments.word.strip(), " ".join((arguments.said or "").split()))


def _section_of(lexicon: LexiconSettings, word: str) -> str:
    from broadcaster.station.lexicon_file import entries

    return next((entry.section for entry in entries(lexicon) if entry.word == word.strip()), "words")


def _tell_box(arguments: Arguments) -> str:
    """Have the running box read by the file now."""
    answers = ask_box({"do": "refresh_words"}, arguments.config)
    if answers is None:
        return "广播站启动以后就照这样念。"
    fault = next(answers, {}).get("fault", "")
    return str(fault) or "广播站已经照这样念了。"
