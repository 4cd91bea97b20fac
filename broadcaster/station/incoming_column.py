"""A column on the air of which pieces come in as they are heard: relays of streams, and inputs."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import inf
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from broadcaster.core.clock import Clock
from broadcaster.core.errors import BroadcasterError
from broadcaster.core.model import (
    Airing,
    Clip,
    Delivery,
    Item,
    Lack,
    Made,
    Programme,
    Ready,
    RenderFailed,
    line_before,
    piece_of,
)
from broadcaster.core.notice import Notice
from broadcaster.core.piece import Piece, PieceKind
from broadcaster.playout.air_queue import QueuedAiring
from broadcaster.station.live_programme import MakesProgrammes
from broadcaster.studio.incoming_sound import Block, Died, IncomingMessage, Over, Trouble
from broadcaster.studio.piece_faults import fault_name
from broadcaster.studio.stretches import stretches

# A stream is connected to before it is due, so that it begins without a gap; an input opens at once.
RELAY_LEAD_SECONDS, INPUT_LEAD_SECONDS = 8.0, 2.0
# Nothing has come for so long: that is told, and the stand-in plays.
SILENT_SECONDS = 10.0
# Of a relay on which something comes, and nothing is to be heard: longer than a pause on the radio.
HUSHED_SECONDS = 30.0
# A router that starts anew takes a minute. Longer the air is not kept silent for who has no stand-in.
GIVE_UP_SECONDS = 60.0
AGAIN_SECONDS = 2.0
NOTHING_CAME = "没有声音过来"
HUSHED = "接通了，可是一直没有声音"
BROKEN = "接声音的程序出错了"
WHAT_TO_DO = {
    PieceKind.RELAY: "请看看网络，再看看地址对不对",
    PieceKind.INPUT: "请看看接线和机器，再看看名字对不对",
}


class IncomingSource(Protocol):
    """A stream or an input that is being taken in."""

    def close(self) -> None:
        """Nothing more is told."""
        ...

    def forget(self) -> None:
        """Let its blocks go: they have been heard, or will not be."""
        ...


Tell = Callable[[IncomingMessage], None]


OpenSource = Callable[[Piece, float, float, float, Tell], IncomingSource]


@dataclass(frozen=True)
class ColumnParts:
    """The parts of the station that a column works with.

    `open_source(piece, due_at, ends_at, begun, tell)` takes in a piece, heard between these monotonic
    moments, of which `begun` seconds are gone by; it raises `BroadcasterError` for one that is not
    there. `stand_in` gives the notice that sounds for so many seconds in a piece's place, None where
    there is none; `rest_begins` the quiet hours that begin in a span; `tell_fault` is told of a source
    and a sentence or ""; `do` does something on the thread of the columns, soon.
    """

    studio: MakesProgrammes
    clock: Clock
    open_source: OpenSource
    stand_in: Callable[[Piece, float], Notice | None]
    rest_begins: Callable[[Airing, datetime, datetime], datetime | None]
    tell_fault: Callable[[str, str], None]
    do: Callable[[Callable[[], None]], None] = lambda act: None


@dataclass
class PieceOnAir:
    """A piece that comes in; the times are monotonic."""

    piece: Piece
    number: int
    due_at: float
    ends_at: float
    begun_at: float
    """The piece's own beginning, before a cut."""
    source: IncomingSource | None = None
    opens_at: float = 0.0
    stands_in: bool = False
    sounded: bool = False
    has_stand_in: bool = True
    heard_until: float = 0.0
    """The end of what was to be heard of it, for its silence."""
    reason: str = ""
    told: str = ""
    stood_in: bool = False
    lack: str = ""
    """A sentence on when it could not be had."""

    @property
    def line(self) -> int:
        return line_before(self.number) + 1

    @property
    def seconds(self) -> float:
        return _seconds_of(self.piece)

    @property
    def lead_seconds(self) -> float:
        return RELAY_LEAD_SECONDS if self.piece.kind is PieceKind.RELAY else INPUT_LEAD_SECONDS

    @property
    def name(self) -> str:
        if self.piece.kind is PieceKind.RELAY:
            return f"转播 {urlsplit(self.piece.source).hostname or ''}"
        return f"声音输入“{self.piece.source}”"


class IncomingColumn:
    """Gives the player the stretches and the pieces of one airing in their order.

    All but `deliver_no_more` is called on the thread of the columns.
    """

    def __init__(
        self, waited: QueuedAiring, deliver: Callable[[Delivery], None], parts: ColumnParts
    ) -> None:
        self._waited = waited
        self._to_player = deliver
        self._around = parts
        self._lock = threading.Lock()
        self._open = True
        self._parts: tuple[Notice | Piece, ...] = ()
        self._number = -1
        self._turn = 0
        self._making = ExitStack()
        self._piece: PieceOnAir | None = None
        self._sources: list[IncomingSource] = []
        self._heard_until = 0.0
        """When all that was given will have been heard."""
        self._voice = ""
        self._items: list[Item] = []
        self._lacks: list[Lack] = []

    def begin(self) -> None:
        notice, studio = self._waited.airing.notice, self._around.studio
        try:
            settled = self._waited.settled or studio.settle_accepted(notice)
        except BroadcasterError as error:
            return self._deliver(RenderFailed(str(error)))
        self._parts = stretches(settled.notice)
        self._next_part()

    def deliver_no_more(self) -> None:
        """Nothing reaches the player after this; any thread."""
        with self._lock:
            self._open = False

    def close(self) -> None:
        """The sounds of all parts were kept until now: what was given is heard later."""
        self._end_turn()
        self._making.close()
        for source in self._sources:
            source.forget()

    def look(self) -> None:
        """See whether something is due, or has failed to come."""
        on_air, now = self._piece, self._now
        if on_air is None or (on_air.stands_in and now < max(on_air.ends_at, self._heard_until)):
            return
        if now >= on_air.ends_at:
            self._leave_piece(on_air)
        elif on_air.source is None:
            if now >= on_air.opens_at:
                self._open_source(on_air)
        else:
            self._look_for_silence(on_air, now)

    @property
    def _now(self) -> float:
        return self._around.clock.monotonic()

    def _deliver(self, delivery: Delivery) -> None:
        with self._lock:
            if self._open:
                self._to_player(delivery)

    def _next_part(self) -> None:
        self._end_turn()
        self._number += 1
        if self._number == len(self._parts):
            return self._finish()
        part = self._parts[self._number]
        if isinstance(part, Piece):
            self._begin_piece(part)
        else:
            # Nothing is made again of the pieces before the one in which the airing goes on.
            heard = max(0, piece_of(self._waited.next_line) - self._pieces_before)
            self._make(part, self._take_stretch, heard if part.pieces else 0)

    @property
    def _pieces_before(self) -> int:
        """The number of the column's pieces that stand before this part."""
        return sum(
            1 if isinstance(one, Piece) else len(one.pieces) for one in self._parts[: self._number]
        )

    def _end_turn(self) -> None:
        """Ends a part: later deliveries of it are ignored."""
        self._turn += 1
        if self._piece:
            self._close_source(self._piece)
        self._piece = None

    def _close_source(self, on_air: PieceOnAir) -> None:
        if on_air.source:
            on_air.source.close()
            self._sources.append(on_air.source)
        on_air.source = None

    def _in_turn(self, take: Callable[..., None]) -> Callable[..., None]:
        """Takes what comes from another thread, as long as this part lasts."""
        turn = self._turn

        def later(message: object) -> None:
            self._around.do(lambda: take(message) if turn == self._turn else None)

        return later

    def _make(self, notice: Notice, take: Callable[[Delivery], None], first_piece: int = 0) -> None:
        """Has it made; where nobody takes it, it is found ready when its turn comes."""
        try:
            settled = self._around.studio.settle_accepted(notice)
        except BroadcasterError as error:
            return take(RenderFailed(str(error)))
        making = self._around.studio.make(settled, self._in_turn(take), first_piece)
        self._making.enter_context(making)

    def _take_stretch(self, delivery: Delivery) -> None:
        match delivery:
            case Ready(item, line):
                before = self._pieces_before
                self._give(replace(item, piece=before + item.piece), line_before(before) + line)
            case Made(programme):
                before = self._pieces_before
                self._voice = self._voice or programme.voice
                self._items += programme.items
                self._lacks += (replace(one, piece=before + one.piece) for one in programme.lacks)
                self._next_part()
            case RenderFailed(reason):
                self._lacks.append(Lack(self._pieces_before + 1, reason))
                self._next_part()

    def _give(self, item: Item, line: int) -> None:
        """Reckons as the player does when it will have been heard."""
        waited = self._waited
        self._deliver(Ready(item, line))
        if line < waited.next_line:
            return
        goes_on = line == waited.next_line and item.continuous and not item.incoming
        before = waited.seconds_in_line if goes_on else 0.0
        self._heard_until = max(self._heard_until, self._now) + item.seconds - before

    def _finish(self) -> None:
        if any(item.matter for item in self._items):
            self._deliver(Made(Programme(self._voice, tuple(self._items), tuple(self._lacks))))
        else:
            sentences = dict.fromkeys(lack.sentence for lack in self._lacks)
            self._deliver(RenderFailed("".join(sentences)))

    def _begin_piece(self, piece: Piece) -> None:
        number, seconds = self._pieces_before + 1, _seconds_of(piece)
        if number < piece_of(self._waited.next_line):
            self._pass_over(piece, number)
            return self._next_part()
        gone, due_at = self._gone_by(number), max(self._heard_until, self._now)
        ends_at = min(due_at + seconds - gone, self._rest_begins(due_at, seconds))
        on_air = PieceOnAir(piece, number, due_at, ends_at, due_at - gone, heard_until=due_at)
        on_air.opens_at = due_at - on_air.lead_seconds
        self._piece = on_air
        following = self._parts[self._number + 1 : self._number + 2]
        if following and isinstance(following[0], Notice):
            self._make(following[0], lambda delivery: None)
        self.look()

    def _gone_by(self, number: int) -> float:
        """The seconds that are gone of the piece in which the airing was cut: it went on without us."""
        waited = self._waited
        if number != piece_of(waited.next_line) or not waited.seconds_in_line:
            return 0.0
        away = (self._around.clock.now() - waited.cut_at).total_seconds() if waited.cut_at else 0.0
        return waited.seconds_in_line + max(0.0, away)

    def _rest_begins(self, due_at: float, seconds: float) -> float:
        """When quiet hours begin (monotonic) that end it before its time."""
        now, clock = self._now, self._around.clock
        due = clock.now() + timedelta(seconds=due_at - now)
        rest = self._around.rest_begins(self._waited.airing, due, due + timedelta(seconds=seconds))
        return due_at + (rest - due).total_seconds() if rest else inf

    def _pass_over(self, piece: Piece, number: int) -> None:
        """A piece whose time was over before a cut: it counts, and is not heard."""
        on_air = PieceOnAir(piece, number, 0.0, 0.0, 0.0)
        self._deliver(Ready(_sound_of(on_air, Item(Clip("", Path(), 0.0)), 0.0), on_air.line))
        self._items.append(Item(Clip("", Path(), on_air.seconds)))

    def _open_source(self, on_air: PieceOnAir) -> None:
        tell = self._in_turn(self._take_incoming)
        gone = on_air.due_at - on_air.begun_at
        try:
            on_air.source = self._around.open_source(
                on_air.piece, on_air.due_at, on_air.ends_at, gone, tell
            )
        except BroadcasterError as error:
            on_air.opens_at = self._now + AGAIN_SECONDS
            on_air.reason = str(error)
            self._look_for_silence(on_air, self._now)

    def _take_incoming(self, message: IncomingMessage) -> None:
        on_air = self._piece
        if on_air is None:
            return
        match message:
            case Block():
                self._take_block(message, on_air)
            case Trouble(reason):
                on_air.reason = reason
            case Died():
                self._close_source(on_air)
                on_air.reason = BROKEN
                on_air.opens_at = self._now + AGAIN_SECONDS
            case Over():
                self._leave_piece(on_air)

    def _take_block(self, block: Block, on_air: PieceOnAir) -> None:
        item = Item(Clip(block.path.stem, block.path, block.seconds), says=on_air.name)
        self._give(_sound_of(on_air, item, block.place), on_air.line)
        on_air.sounded = True
        if not block.silent:
            on_air.heard_until = self._heard_until
            self._tell(on_air, "")

    def _look_for_silence(self, on_air: PieceOnAir, now: float) -> None:
        nothing_for = now - max(on_air.due_at, self._heard_until)
        hushed_for = now - on_air.heard_until
        if nothing_for >= SILENT_SECONDS:
            self._tell(on_air, on_air.reason or NOTHING_CAME)
        elif hushed_for >= HUSHED_SECONDS:
            self._tell(on_air, HUSHED)
            if on_air.piece.kind is PieceKind.INPUT:
                return
        else:
            return
        if on_air.has_stand_in:
            self._stand_in(on_air)
        elif hushed_for >= GIVE_UP_SECONDS:
            self._leave_piece(on_air)

    def _tell(self, on_air: PieceOnAir, reason: str) -> None:
        """Once, until it works again or fails for another reason."""
        if reason != on_air.told:
            on_air.told = reason
            todo = WHAT_TO_DO[on_air.piece.kind]
            sentence = f"{on_air.name}收不到：{reason.removesuffix('。')}。{todo}。" if reason else ""
            self._around.tell_fault(fault_name(on_air.piece), sentence)
            if reason and not on_air.lack:
                on_air.lack = f"{on_air.name}有一阵收不到：{reason.removesuffix('。')}。"

    def _stand_in(self, on_air: PieceOnAir) -> None:
        """Plays to its end, and then the piece is tried again: a sound that broke off in the middle,
        for a stream that may be gone again, would be worse to hear than either."""
        notice = self._around.stand_in(on_air.piece, on_air.ends_at - self._now)
        if notice is None:
            on_air.has_stand_in = False
            return
        self._close_source(on_air)
        on_air.stands_in = True
        on_air.has_stand_in = bool(notice.pieces)
        self._turn += 1
        self._make(notice, self._take_stand_in)

    def _take_stand_in(self, delivery: Delivery) -> None:
        on_air = self._piece
        if on_air is None:
            return
        match delivery:
            case Ready(item, _):
                place = max(self._heard_until, self._now) - on_air.begun_at
                on_air.sounded = on_air.stood_in = True
                sound = replace(_sound_of(on_air, item, place), instead_of=on_air.lack)
                self._give(sound, on_air.line)
            case Made() | RenderFailed():
                if isinstance(delivery, RenderFailed):
                    on_air.has_stand_in = False
                    on_air.lack += delivery.reason
                self._turn += 1
                self._again(on_air)

    def _again(self, on_air: PieceOnAir) -> None:
        """Try the piece once more, behind what stood in."""
        on_air.stands_in, on_air.due_at = False, max(self._heard_until, self._now)
        on_air.opens_at = on_air.due_at - on_air.lead_seconds
        if on_air.has_stand_in:
            on_air.heard_until = on_air.due_at
        self.look()

    def _leave_piece(self, on_air: PieceOnAir) -> None:
        # A sentence is said once, and then there was silence.
        if on_air.lack and not (on_air.stood_in and on_air.has_stand_in):
            self._lacks.append(Lack(on_air.number, on_air.lack))
        self._items.append(Item(Clip("", Path(), on_air.seconds), matter=on_air.sounded))
        self._next_part()


def _seconds_of(piece: Piece) -> float:
    return 60.0 * (piece.minutes or 0.0)


def _sound_of(on_air: PieceOnAir, item: Item, place: float) -> Item:
    """A sound in its place in a piece that comes in."""
    return replace(
        item,
        continuous=True,
        incoming=True,
        piece=on_air.number,
        at_seconds=place,
        of_seconds=on_air.seconds,
    )
