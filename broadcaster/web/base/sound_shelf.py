"""The library of sounds as pages show it: pieces of a slot by title and length, and the slots that use
a sound.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, partial
from itertools import groupby

from broadcaster.core.notice import Notice
from broadcaster.core.piece import Order, Piece, PieceKind
from broadcaster.rules.length_estimate import estimated_lengths
from broadcaster.schedule.slot_settings import SlotSettings
from broadcaster.studio.missing_sounds import Missing, missing_sounds
from broadcaster.studio.sound_lengths import seconds_of
from broadcaster.studio.sound_library import Sound, folder_of, is_key, named
from broadcaster.web.base.language import N_, _, own, together
from broadcaster.web.base.page_context import parts
from broadcaster.web.base.wording import Length, say_moment

LONGEST_WORDS = 60
ORDERS = {
    Order.IN_ORDER: N_("按名字，从头放"),
    Order.SHUFFLE: N_("打乱，放完一轮再重来"),
    Order.CONTINUE: N_("接着上回的放"),
}

LACKING = {
    Missing.SOUND: N_("声音“%(name)s”没有了，请换一个。"),
    Missing.FOLDER: N_("文件夹“%(name)s”里没有声音。"),
    Missing.STAND_IN: N_("没有叫“%(name)s”的声音，放不了的时候没有换的。"),
}


@dataclass(frozen=True)
class SoundUse:
    """A slot that airs a sound, and in words what it does once the sound is gone."""

    slot: str
    without: str


class SoundShelf:
    """The sounds as they are while one page is made; read once, where a page asks at all."""

    @cached_property
    def sounds(self) -> Sequence[Sound]:
        return parts().station.sounds.all()

    @cached_property
    def folders(self) -> dict[str, list[Sound]]:
        """Those of each folder by title; "" is none."""
        by_title = sorted(self.sounds, key=lambda sound: (folder_of(sound.title), sound.title))
        found = groupby(by_title, lambda sound: folder_of(sound.title))
        return {folder: list(sounds) for folder, sounds in found}

    def find(self, piece: Piece) -> Sound | None:
        """The sound that it is, not its stand-in."""
        return named(self.sounds, piece.source) if piece.kind is PieceKind.AUDIO else None

    def seconds(self, notice: Notice) -> float:
        return estimated_lengths(parts().settings, partial(seconds_of, sounds=self.sounds))(notice)

    def length(self, notice: Notice) -> Length:
        """Exact where nothing is said, and everything is there and chosen."""
        open_ended = any(piece.spoken or _is_drawn(piece) for piece in notice.pieces)
        exact = not notice.text and not open_ended and not list(self.lacking(notice.pieces))
        return Length(self.seconds(notice), exact)

    def length_of(self, pieces: Sequence[Piece], text: str = "") -> Length:
        return self.length(Notice(text, pieces=tuple(pieces)))

    def title(self, piece: Piece) -> str:
        """A piece as people call it."""
        match piece.kind:
            case PieceKind.AUDIO:
                return self.title_of(piece.source)
            case PieceKind.TEXT:
                words = " ".join(piece.source.split())
                return words if len(words) <= LONGEST_WORDS else words[: LONGEST_WORDS - 2] + "……"
        return piece.source

    def title_of(self, name: str) -> str:
        """Of a sound that was removed too, by which people know what is meant."""
        sound = named(self.sounds, name)
        if sound is None and is_key(name):
            sound = named(self._removed, name)
        return sound.title if sound else name

    def stand_in(self, piece: Piece) -> Sound | None:
        return named(self.sounds, piece.stand_in)

    @cached_property
    def _titles(self) -> Counter[str]:
        return Counter(sound.title for sound in self.sounds)

    def has_namesake(self, sound: Sound) -> bool:
        return self._titles[sound.title] > 1

    def taken(self, sound: Sound) -> str:
        """The moment at which it was sent."""
        now = parts().clock.now()
        return say_moment(datetime.fromtimestamp(sound.taken_at, now.tzinfo), now)

    def told_apart(self, sound: Sound) -> str:
        """Its title, and of two of one name when each came."""
        return f"{sound.title}（{self.taken(sound)}）" if self.has_namesake(sound) else sound.title

    @cached_property
    def _removed(self) -> Sequence[Sound]:
        return parts().station.sounds.removed()

    def say(self, piece: Piece) -> str:
        name = own(self.title(piece))
        match piece.kind:
            case PieceKind.FOLDER:
                count = len(self.folders.get(piece.source, ()))
                order = _(ORDERS[piece.order])
                known = {"name": name, "count": count, "order": order}
                return _("“%(name)s”里的 %(count)s 个声音，%(order)s", **known)
            case PieceKind.RELAY:
                return _("转播 %(address)s", address=name)
            case PieceKind.INPUT:
                return _("接着的“%(name)s”", name=name)
        return name

    def say_slot(self, slot: SlotSettings) -> str:
        """A slot's sounds in one line, with their length; "" of one that has none."""
        pieces = slot.pieces
        if not pieces:
            return ""
        length = self.length(notice_of(slot))
        if len(pieces) == 1 and not slot.text:
            return _(
                "放%(what)s，%(length)s", what=_quoted(self.say(pieces[0]), pieces[0]), length=length
            )
        count = len(pieces) + bool(slot.text)
        return _("一档节目，%(count)s 段，%(length)s", count=count, length=length)

    def lacking(self, pieces: Sequence[Piece]) -> Iterator[str]:
        """A sentence on each thing that is not in the library."""
        for what, name in missing_sounds(pieces, self.sounds):
            yield _(LACKING[what], name=own(self.title_of(name)))

    def uses(self, sound: Sound) -> list[SoundUse]:
        """The slots that air it, as a piece, out of its folder, or in the place of another."""
        used = ((slot, self._without(sound, slot)) for slot in _slots_with_sound())
        return [SoundUse(slot.name, without) for slot, without in used if without]

    def slots_writing(self, sound: Sound) -> str:
        """The slots in which its name is written, so not its key; "" if none."""
        found = []
        for entry in parts().station.slots.entries():
            pieces = entry.slot.pieces if entry.slot else ()
            names = [piece.source for piece in pieces if piece.kind is PieceKind.AUDIO]
            names += [piece.stand_in for piece in pieces]
            if any(not is_key(name) and named(self.sounds, name) == sound for name in names):
                by = _("（技术员写在文件里）") if entry.written is None else ""
                found.append(_("“%(name)s”", name=own(entry.name)) + by)
        return together(found)

    def slots_naming(self, sound: Sound) -> list[str]:
        """The slots that name it, so not those of its folder."""
        return [
            slot.name
            for slot in _slots_with_sound()
            if any(
                sound in (self.find(piece), named(self.sounds, piece.stand_in)) for piece in slot.pieces
            )
        ]

    def _without(self, sound: Sound, slot: SlotSettings) -> str:
        rest = [one for one in self.sounds if one.key != sound.key]
        alone = len(slot.pieces) == 1 and not slot.text
        for piece in slot.pieces:
            stand_in = named(rest, piece.stand_in)
            if self.find(piece) == sound:
                if stand_in:
                    return _("改放“%(name)s”", name=own(stand_in.title))
                return _("到点就没有声音") if alone else _("这一段跳过去，别的照放")
            if piece.kind is PieceKind.FOLDER and folder_of(sound.title) == piece.source:
                if len(self.folders[piece.source]) > 1:
                    return _("放“%(name)s”里别的", name=own(piece.source))
                return _("改放“%(name)s”", name=own(stand_in.title)) if stand_in else _("到点就没有声音")
            if piece.stand_in and named(self.sounds, piece.stand_in) == sound:
                return _("放不了的时候就没有换的")
        return ""


def _slots_with_sound() -> list[SlotSettings]:
    entries = parts().station.slots.entries()
    return [entry.slot for entry in entries if entry.slot and entry.slot.pieces]


def notice_of(slot: SlotSettings) -> Notice:
    """All that an airing of it is: its words, then its sounds."""
    return replace(slot.notice, text=slot.text or "", title=slot.name)


def _is_drawn(piece: Piece) -> bool:
    """The next one out of a folder."""
    return piece.kind is PieceKind.FOLDER and not piece.minutes and piece.order is not Order.IN_ORDER


def _quoted(said: str, piece: Piece) -> str:
    return _("“%(name)s”", name=said) if piece.kind is PieceKind.AUDIO else said
