"""The sounds of a column's pieces: found in the library by their names, kept as clips in parts."""

from collections.abc import Iterator
from contextlib import closing
from math import inf

from broadcaster.audio.clip_cut import cut
from broadcaster.audio.clip_key import cut_key
from broadcaster.audio.pcm_file import SoundUnreadable
from broadcaster.audio.render_result import Keeping
from broadcaster.core.errors import LineRefused
from broadcaster.core.model import Clip, Item
from broadcaster.core.piece import PIECE_LABELS, Piece, PieceKind
from broadcaster.settings.schema import Settings
from broadcaster.studio.part_clips import sound_clips
from broadcaster.studio.sound_library import Sound, SoundLibrary, is_key, named


def sound_items(piece: Piece, settings: Settings, keeping: Keeping) -> Iterator[Item | None]:
    """The parts of a piece's sound, within its time; None where more urgent work may go first.

    Raises `LineRefused` for a sound that cannot be had.
    """
    if piece.kind is PieceKind.FOLDER:
        raise LineRefused(f"文件夹“{piece.source}”里没有声音，请先传几个进去。")
    if piece.incoming:
        raise LineRefused(f"{PIECE_LABELS[piece.kind]}要到播的时候才有，这里听不到。")
    library = SoundLibrary(settings.paths.state)
    sound = named(library.all(), piece.source)
    if sound is None:
        raise LineRefused(_lack_of(piece.source, library))
    try:
        yield from _items_of(sound, piece, settings, keeping)
    except SoundUnreadable as error:
        raise LineRefused(f"“{sound.title}”放不了：{error}") from error


def _lack_of(source: str, library: SoundLibrary) -> str:
    if removed := named(library.removed(), source):
        return f"“{removed.title}”这个声音删掉了，请换一个，或者在节目里要回来。"
    called = "时间表里写的" if is_key(source) else f"“{source}”"
    return f"没有{called}这个声音，请在节目里看看名字，或者重新传一遍。"


def _items_of(sound: Sound, piece: Piece, settings: Settings, keeping: Keeping) -> Iterator[Item | None]:
    first = piece.start_seconds
    last = first + piece.minutes * 60.0 if piece.minutes else inf
    end, of_seconds = 0.0, min(last, sound.seconds)
    with closing(sound_clips(sound.key, settings, keeping)) as clips:
        for clip in clips:
            begin, end = end, end + (clip.seconds if clip else 0.0)
            if clip is None or end <= first:
                yield None
                continue
            at = max(first, begin)
            if begin < first or end > last:
                clip = _cut(clip, at - begin, min(last, end) - begin, settings, keeping)
            yield Item(clip, 0.0, sound.title, continuous=True, at_seconds=at, of_seconds=of_seconds)
            if end >= last:
                break


def _cut(clip: Clip, first: float, last: float, settings: Settings, keeping: Keeping) -> Clip:
    rate_hz, key = settings.sound.rate_hz, cut_key(clip.key, first, last)
    kept = keeping.find(key)
    return kept or keeping.keep(key, cut(clip, first, last, rate_hz), rate_hz, may_be_silent=True)
