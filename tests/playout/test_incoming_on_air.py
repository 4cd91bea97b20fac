"""A relay through the card is the stream, a red notice cuts into it at once, and afterwards it is live
again.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from rig.listening import RATE_HZ, Listener, NoRules, make_sound
from rig.radio import Radio, RadioLoop, likeness
from rig.rig import FakeRig, wait_until

from broadcaster.core.clock import Clock
from broadcaster.core.model import (
    Airing,
    AiringKind,
    Clip,
    Delivery,
    Item,
    JournalEntry,
    Made,
    Outcome,
    Programme,
    Ready,
    SettledNotice,
)
from broadcaster.core.notice import Notice, Severity
from broadcaster.core.piece import Piece, PieceKind
from broadcaster.playout.air_queue import QueuedAiring
from broadcaster.playout.player import Player
from broadcaster.settings.schema import SoundSettings, StationSettings
from broadcaster.station.incoming_column import ColumnParts
from broadcaster.station.incoming_pieces import IncomingPieces, IncomingSources
from broadcaster.system.temporary_sounds import Spool
from broadcaster.system.thread_loop import ThreadLoop

OpenOn = Callable[..., Listener]
MINUTES = 0.25


class Beeps:
    """Makes of every notice one sound."""

    def __init__(self, folder: Path) -> None:
        self.sound = make_sound(folder / "words.flac", 0.5)

    def settle_accepted(self, notice: Notice) -> SettledNotice:
        return SettledNotice(notice, "file", "key")

    def signal(self, notice: Notice) -> Clip | None:
        return None

    @contextmanager
    def make(
        self, settled: SettledNotice, deliver: Callable[[Delivery], None], first_piece: int = 0
    ) -> Iterator[None]:
        path = self.sound.path
        item = Item(Clip(path.stem, path, self.sound.seconds), says=settled.notice.text)
        deliver(Ready(item, 1))
        deliver(Made(Programme("file", (item,))))
        yield


def test_a_relay_is_heard_gives_way_to_red_and_is_live_again_until_its_time_is_over(
    fake_rig: FakeRig, open_on: OpenOn, radio_loop: RadioLoop, tmp_path: Path
) -> None:
    loop, studio = radio_loop.samples, Beeps(tmp_path)
    clock, journal = Clock(StationSettings().zone), list[JournalEntry]()
    sources = IncomingSources(SoundSettings(), Spool((tmp_path / "spool",)))
    parts = ColumnParts(
        studio,
        clock,
        sources.open,
        lambda piece, seconds: None,
        lambda airing, moment, until: None,
        lambda source, sentence: None,
    )
    pieces = IncomingPieces(
        lambda waited, deliver: studio.make(studio.settle_accepted(waited.airing.notice), deliver), parts
    )
    device = open_on(fake_rig).device
    player = Player(pieces.make, device, NoRules(), lambda *entries: journal.extend(entries), clock)
    now, until = clock.now(), clock.now() + timedelta(minutes=5)
    with closing(Radio(radio_loop.folder)) as radio, ThreadLoop("incoming", pieces.step, pieces.wake):
        column = Notice("下面转播。", pieces=(Piece(PieceKind.RELAY, f"{radio.url}/live.mp3", MINUTES),))
        player.put(QueuedAiring(Airing(column, now, until, AiringKind.SCHEDULED, id="relay")))
        thread = threading.Thread(target=lambda: [player.air_next() for _ in range(3)])
        thread.start()
        wait_until(lambda: heard(fake_rig, 2.5))
        player.put(QueuedAiring(Airing(Notice("泄洪", severity=Severity.RED), now, until, id="red")))
        wait_until(lambda: journal)
        red_at = len(fake_rig.captured()) // 2
        thread.join(60.0)
    red, relay = journal
    assert (red.airing.id, red.outcome) == ("red", Outcome.PLAYED)
    assert (relay.airing.id, relay.outcome, relay.reason[:8]) == (
        "relay",
        Outcome.PLAYED,
        "给更紧急的让过路",
    )
    samples = np.frombuffer(fake_rig.captured(), np.int16)
    first, last = np.flatnonzero(samples)[[0, -1]]
    assert likeness(sound_behind(samples, int(first) + round(0.5 * RATE_HZ)), loop) > 0.6
    assert likeness(sound_behind(samples, red_at), loop) > 0.6, "live again"
    card = fake_rig.village
    lasted = card.heard_at(int(last)) - card.heard_at(int(first))
    assert lasted == pytest.approx(MINUTES * 60.0 + 0.5, abs=0.5), "by the clock, whatever came between"
    assert np.abs(samples[last - 20 : last]).max() < 400, "it fades out"
    assert not list((tmp_path / "spool").glob("*"))


def sound_behind(samples: NDArray[np.int16], place: int) -> NDArray[np.int16]:
    rest = samples[place:]
    return rest[np.flatnonzero(rest)[0] :]


def heard(rig: FakeRig, seconds: float) -> bool:
    """So much of the relay, behind the words."""
    samples = np.frombuffer(rig.captured(), np.int16)
    begins = np.flatnonzero(samples)
    behind = samples[begins[0] + round(0.6 * RATE_HZ) :] if len(begins) else samples[:0]
    return bool(np.count_nonzero(behind) > seconds * RATE_HZ)
