"""The station: all that pages, commands and the county link can ask of the box. Announce, cancel, stop,
status, plan, journal.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from broadcaster.core.clock import Clock
from broadcaster.core.errors import AmplifierInUse, KeptQuiet, RecordingRefused, TimeRefused, ZoneUnknown
from broadcaster.core.labels import WAITS_FOR_CARD
from broadcaster.core.model import (
    Airing,
    AiringKind,
    JournalEntry,
    Prepared,
    Pruned,
    Script,
    SettledNotice,
)
from broadcaster.core.notice import Notice, WhenQuiet
from broadcaster.playout.device.alsa_cards import CardChoice
from broadcaster.playout.device.alsa_cards import CardEntry as CardEntry
from broadcaster.playout.device.device_contract import Device
from broadcaster.playout.now_playing import PiecePlace as PiecePlace
from broadcaster.playout.player import SILENT, Player
from broadcaster.rules.air_rules import AirRules
from broadcaster.rules.quiet_hours import Verdict as Verdict
from broadcaster.schedule.next_airings import Coming
from broadcaster.settings.schema import Settings
from broadcaster.station.durable_queue import DurableQueue, Endings
from broadcaster.station.live_programme import Microphone
from broadcaster.station.live_talks import Talks
from broadcaster.station.live_talks import TalkStage as TalkStage
from broadcaster.station.live_talks import TalkState as TalkState
from broadcaster.station.persistent_controls import Remembered
from broadcaster.station.stop_and_resume import Stop as Stop
from broadcaster.station.stop_and_resume import Stops
from broadcaster.station.stop_and_resume import TakenUp as TakenUp
from broadcaster.station.village_lexicon import Wordbook
from broadcaster.station.village_slots import FOR_GOOD as FOR_GOOD
from broadcaster.station.village_slots import Counted as Counted
from broadcaster.station.village_slots import Planned as Planned
from broadcaster.station.village_slots import Slotbook
from broadcaster.station.village_slots import SlotEntry as SlotEntry
from broadcaster.station.village_slots import WeekDay as WeekDay
from broadcaster.store.bulletins import BulletinStage as BulletinStage
from broadcaster.store.bulletins import NewReceipts as NewReceipts
from broadcaster.store.bulletins import StoredBulletin as StoredBulletin
from broadcaster.store.bulletins import StoredBulletins as StoredBulletins
from broadcaster.store.bulletins import StoredReceipts as StoredReceipts
from broadcaster.store.drafts import FormDraft as FormDraft
from broadcaster.store.journal import EVERYTHING
from broadcaster.store.journal import JournalFilter as JournalFilter
from broadcaster.store.journal import JournalRow as JournalRow
from broadcaster.store.store import Store
from broadcaster.studio.export_jobs import Copies
from broadcaster.studio.export_jobs import Copy as Copy
from broadcaster.studio.export_jobs import Track as Track
from broadcaster.studio.preview import Previews
from broadcaster.studio.recordings import GONE, Recordings
from broadcaster.studio.sound_library import SoundLibrary
from broadcaster.studio.sound_uploads import SoundUploads
from broadcaster.studio.studio import Studio
from broadcaster.studio.studio import VoiceEntry as VoiceEntry

logger = logging.getLogger(__name__)

# A text that somebody wants said now is not worth saying when it has waited this long.
LIVE_LATENESS = timedelta(minutes=30)
# What falls due later than a person can plan by heart belongs into the timetable.
LATEST = timedelta(days=31)


class RemoteAccess(StrEnum):
    """The use of this page over the county's site: not allowed, allowed, or this page is over it
    (HERE).
    """

    NO = "no"
    OPEN = "open"
    HERE = "here"


@dataclass(frozen=True)
class OnAirStatus:
    """The airing on the air and its progress; `seconds_due` grows until the programme is `made`. `line`
    is the line that is being said, as it was written; `stopping` means that a person has stopped it and
    its last sound fades out. `piece` is the piece of a column that sounds.
    """

    airing: Airing
    seconds_played: float
    seconds_due: float
    line: str = ""
    made: bool = True
    stopping: bool = False
    piece: PiecePlace | None = None

    @property
    def pieces(self) -> int:
        """The number of pieces of the column; 0 of a notice."""
        return len(self.airing.notice.pieces)


@dataclass(frozen=True)
class Status:
    """The box at one moment; `faults` are sentences in Chinese, the gravest first.

    `loops_stopped` says that loops are silent until their next window, for somebody stopped them, then
    when and who ("" where that is not known); `has_loops`, that there are any in the timetable; `keeps`
    that what is accepted now outlasts a power cut. `waits_for_card` is "" or why nothing sounds though
    something would: the card has been lost for 3 s; what is due waits until it expires. `held` are the
    ids of what waits until the clock is trusted. `stop` is the last one while it can be taken back.
    `unheard` is "" or why nothing would be heard now, `clock_remark` what is said of the clock.
    """

    on_air: OnAirStatus | None
    waiting: tuple[Airing, ...]
    faults: tuple[str, ...]
    loops_stopped: bool = False
    keeps: bool = True
    waits_for_card: str = ""
    held: frozenset[str] = frozenset()
    loops_stopped_at: datetime | None = None
    loops_stopped_by: str = ""
    has_loops: bool = False
    stop: Stop | None = None
    unheard: str = ""
    clock_remark: str = ""

    def due(self, now: datetime) -> list[Airing]:
        """Those that wait for the air alone, in the order of precedence."""
        return [one for one in self.waiting if one.due_at <= now and one.id not in self.held]

    def later(self, now: datetime) -> list[Airing]:
        """Those that wait for a moment to come or for the clock, the soonest first."""
        later = (one for one in self.waiting if one.due_at > now or one.id in self.held)
        return sorted(later, key=lambda airing: airing.due_at.timestamp())

    @property
    def fault(self) -> str:
        """All of them in a row, or ""."""
        return " ".join(self.faults)


@dataclass(frozen=True)
class DeviceState:
    """The card that sound goes to, or ""; whether it would be heard; the relays that are on; the cards
    that are there.
    """

    card: str
    ready: bool
    relays_on: tuple[str, ...]
    fault: str
    cards: tuple[CardEntry, ...] = ()


class CountyLink(Protocol):
    """The box's view of its county; any thread."""

    def status(self) -> dict[str, Any]: ...

    @property
    def hosted_by_county(self) -> bool:
        """True if the county's site hosts the village's page."""
        ...

    def read_stick(self, path: Path) -> dict[str, Any]:
        """Take what a stick brings, as if it had come by the network. Raises `BroadcasterError`."""
        ...


class Station:
    """One village's loudspeaker, as the page, the command line and the county see it. Any thread.

    `faults` are asked what is wrong, the gravest first; each answers with a sentence or "".
    """

    def __init__(
        self,
        settings: Settings,
        player: Player,
        studio: Studio,
        slots: Slotbook,
        rules: AirRules,
        intake: DurableQueue,
        endings: Endings,
        store: Store,
        words: Wordbook,
        copies: Copies,
        microphone: Microphone,
        clock: Clock,
        faults: Sequence[Callable[[], str]],
        device: Device,
        cards: CardChoice,
    ) -> None:
        self.settings = settings
        self.accounts, self.phones = store.accounts, store.phones
        self.tokens, self.deeds = store.tokens, store.deeds
        self.drafts = store.drafts
        self.bulletins = store.bulletins
        self.words = words
        self.slots = slots
        self.recordings = Recordings(settings.paths.state)
        self.sounds = SoundLibrary(settings.paths.state, settings.sounds.limit_megabytes * 1_000_000)
        self.uploads = SoundUploads(self.sounds)
        self.rehearsals = Previews(studio, settings.sound.rate_hz)
        self.copies = copies
        self._player = player
        self._studio = studio
        self._rules = rules
        self._coming = Coming(rules, settings, clock)
        self._remembered = Remembered(rules, store.state)
        self._stops = Stops(
            player, intake, endings, rules, self._remembered, clock, lambda: self._has_loops
        )
        self._intake = intake
        self._endings = endings
        self._store = store
        self._clock = clock
        self._faults = faults
        self._device = device
        self._cards = cards
        self.talks = Talks(
            microphone, self._accept, self._how_it_ended, player, store.accounts.find, clock
        )
        # Until the box has somebody who judges the clock.
        self.clock_is_trusted: Callable[[], bool] = lambda: True
        self.held_since: Callable[[], datetime | None] = lambda: None
        """From when on the timetable waits for the clock; None if it does not."""
        self.confirm_clock: Callable[[], None] = lambda: None
        """The county or a person says that it is right."""
        self.clock_remark: Callable[[], str] = lambda: ""
        """A remark about it before that; "" if none."""
        self.county: CountyLink | None = None
        self.belong: Callable[[], None] = lambda: None
        """To its county by the enrolment that is kept now. Raises `BroadcasterError`."""

    def announce(
        self,
        notice: Notice,
        *,
        asked_by: str = "",
        at: datetime | None = None,
        expires_at: datetime | None = None,
        night_ok: bool = False,
    ) -> Airing:
        """Put a notice on the air as soon as its precedence allows, or at an aware moment to come.

        It outlasts a power cut from now on, unless it comes back as not `kept`. With `expires_at`
        somebody stands behind it who is told how it ended: it waits for the air and for the end of quiet
        hours, is taken up where it was cut, and nothing moves that end; its id is the notice's. Then
        `night_ok` says that those who stand behind it want it in quiet hours too. Raises
        `TextRefused`, `VoiceUnavailable`, `ZoneUnknown`, `RecordingRefused`, `KeptQuiet` (not with
        `expires_at`) or `TimeRefused`; then nothing was queued.
        """
        if at is None:
            self._device.expect()
        self._check_zones(notice)
        self._check_recording(notice)
        notice = self._intake.choose(notice, asked_by)
        settled = self._studio.settle(notice)
        self.words.refresh()
        return self._accept(notice, asked_by, at, expires_at, night_ok, settled)

    def _accept(
        self,
        notice: Notice,
        asked_by: str,
        at: datetime | None = None,
        expires_at: datetime | None = None,
        night_ok: bool = False,
        settled: SettledNotice | None = None,
    ) -> Airing:
        sentence = self.why_not(notice, at)
        if sentence and not expires_at:
            raise KeptQuiet(sentence)
        due = at or self._clock.now()
        kind = AiringKind.SCHEDULED if at or expires_at else AiringKind.LIVE
        until = expires_at or due + LIVE_LATENESS
        airing = Airing(notice, due, until, kind, asked_by).in_zone(self._clock.zone)
        if expires_at:
            # By one name, so that what was accepted before a power cut is not accepted again.
            airing = replace(airing, firm=True, id=notice.id, night_ok=night_ok)
        return replace(airing, kept=self._intake.accept(airing, settled))

    def why_not(self, notice: Notice, at: datetime | None = None) -> str:
        """The sentence with which quiet hours keep a notice off, now or at a moment to come; or "".

        Raises `TimeRefused` for a moment that has gone by or is too far off.
        """
        verdict = self.verdict(notice, at)
        if verdict.passes or verdict.until:
            return ""
        when = "到那时" if at else "现在"
        return f"{when}是静音时段：{verdict.reason}。真有急事请用红色级别。"

    def after_quiet(self, notice: Notice, at: datetime | None = None) -> datetime | None:
        """The end of the quiet hours that keep a notice off, now or then; None if there is no end to
        wait for. Raises as `why_not`.
        """
        return self.verdict(replace(notice, when_quiet=WhenQuiet.WAIT), at).until

    def verdict(self, notice: Notice, at: datetime | None = None) -> Verdict:
        """The verdict of the rules on a notice, now or then. Raises `TimeRefused`."""
        now = self._clock.now()
        if at and not now < at <= now + LATEST:
            raise TimeRefused("请选一个还没到、一个月以内的时间；以后的、天天要播的，请写进时间表。")
        due = at or now
        return self._rules.verdict(Airing(notice, due, due + LIVE_LATENESS), due)

    def follow(
        self, begun: Callable[[Airing], None], ended: Callable[[JournalEntry], None]
    ) -> Callable[[], None]:
        """Be told of every airing that is heard, and of every end, on the threads of the air, until what
        this returns is called. Both return at once, and raise nothing.
        """
        self._intake.on_start.append(begun)
        self._endings.on_end.append(ended)

        def follow_no_more() -> None:
            # Another list: the air may be going through this one.
            self._intake.on_start = [one for one in self._intake.on_start if one != begun]
            self._endings.on_end = [one for one in self._endings.on_end if one != ended]

        return follow_no_more

    def find_airing(self, notice_id: str) -> Airing | None:
        """The accepted airing of this notice, even if it has ended. Raises `StoreUnusable`."""
        return self._store.queue.of_notice(notice_id)

    def remote_access(self) -> RemoteAccess:
        carried = self.county is not None and self.county.hosted_by_county
        return RemoteAccess.OPEN if carried else RemoteAccess.NO

    def cancel(self, airing_id: str, asked_by: str = "") -> bool:
        """End one airing, waiting or sounding; False if it is neither."""
        reason = _by("取消", asked_by)
        return self._player.cancel(airing_id, reason) or self._intake.withdraw(airing_id, reason)

    def stop_all(self, asked_by: str = "") -> int:
        """Silence the air and empty the queue of what is due; how many airings that ended.

        Loops stay silent until their next window, or until `resume_loops`, also over a restart. For ten
        minutes `Status.stop` tells of it, and `go_on` takes it back.
        """
        return self._stops.stop_all(asked_by, _by("停播", asked_by))

    def skip(self, asked_by: str = "", airing_id: str = "", piece: int = 0) -> bool:
        """Go on with the next piece of the column on the air; its last one ends it. False if no piece
        sounds, or not the one that is named.
        """
        return self._player.skip(asked_by, airing_id, piece)

    def go_on(self, stop_id: str, from_start: bool = False) -> list[TakenUp] | None:
        """Take a stop back: what it ended is aired as new airings, once. None if it is not to be had."""
        return self._stops.go_on(stop_id, from_start)

    def resume_loops(self) -> None:
        """Somebody wants them back."""
        self._remembered.stop_loops(None)

    def go_by_clock(self) -> None:
        """The clock is to be gone by from now on, or was stepped.

        A clock that ran ahead at a stop must not silence every window until it is as late again.
        """
        stop, now = self._rules.loops_stopped_at, self._clock.now()
        if stop and stop > now:
            self._remembered.stop_loops(now, self._remembered.loops_stopped_by)

    def status(self) -> Status:
        on_air, waiting = self._player.look()
        sounding = None
        if on_air:
            since = on_air.started_monotonic
            heard = 0.0 if since is None else self._clock.monotonic() - since
            line = "" if since is None else on_air.words_at(heard)
            piece = self._as_called_now(on_air.piece_now(self._clock.monotonic()), on_air.airing.notice)
            before = 0.0 if since is None else on_air.seconds_before
            played = min(before + heard, on_air.seconds_due)
            due, made, stopping = on_air.seconds_due, on_air.made, on_air.stopping
            sounding = OnAirStatus(on_air.airing, played, due, line, made, stopping, piece)
        faults = tuple(_closed(said) for fault in self._faults if (said := fault()))
        held, stopped = self._intake.held(), self._loops_stopped()
        return Status(
            sounding,
            (*waiting, *held),
            faults,
            stopped,
            self._store.write_queue.works,
            self._player.waits_for_device,
            frozenset(airing.id for airing in held),
            self._rules.loops_stopped_at if stopped else None,
            self._remembered.loops_stopped_by if stopped else "",
            self._has_loops,
            self._stops.last(),
            "" if self._device.ready else self._device.fault,
            self.clock_remark(),
        )

    def _as_called_now(self, place: PiecePlace | None, notice: Notice) -> PiecePlace | None:
        """A sound may have got another name since it was made for the air."""
        if place is None or not place.title:
            return place
        sound = self.sounds.find(notice.pieces[place.number - 1].source)
        return replace(place, title=sound.title) if sound and place.title in sound.formerly else place

    @property
    def _has_loops(self) -> bool:
        return any(slot.kind is AiringKind.LOOP for slot in self.slots.timetable.slots)

    def _loops_stopped(self) -> bool:
        if self._rules.loops_stopped_at is None:
            return False
        # What comes after the next of a loop belongs to no earlier window.
        return any(map(self._rules.stopped, self.slots.timetable.next_of_each(self._clock.now())))

    @property
    def volume(self) -> int:
        """Per cent of full scale, from the next notice on."""
        return self._rules.station_volume

    def set_volume(self, percent: int) -> None:
        """Also over a restart; red and orange notices are never softer than the settings say."""
        self._remembered.set_volume(percent)

    def upcoming(self, count: int = 5) -> list[Airing]:
        """The timetable's next airings that quiet hours let pass, soonest first; also what was due and
        waits until the clock is trusted."""
        timetable, since = self.slots.timetable, self.held_since()
        held = self._coming.held(timetable, since) if since else []
        return [*held, *self._coming.next(timetable, count)][:count]

    def history(
        self, count: int = 20, wanted: JournalFilter = EVERYTHING, skip: int = 0
    ) -> list[JournalRow]:
        """The journal's lines, newest first."""
        return self._store.journal.recent(count, wanted, skip)

    def history_count(self, wanted: JournalFilter = EVERYTHING) -> int:
        """The number of journal lines that match."""
        return self._store.journal.count(wanted)

    def past(self, airing_id: str) -> JournalRow | None:
        """The journal line of one airing, with its whole text."""
        return self._store.journal.find(airing_id)

    def goes_on_in(self, airing_id: str) -> str:
        """The airing in which a live one that was stopped goes on, or has ended; itself, if in none."""
        found = self._store.journal.live_notice_of(airing_id)
        if found is None:
            return airing_id
        notice_id, last = found
        on_air, waiting = self._player.look()
        coming = [on_air.airing, *waiting] if on_air else waiting
        return next((one.id for one in coming if one.notice.id == notice_id), last)

    def past_lines(self, wanted: JournalFilter = EVERYTHING) -> Iterator[JournalRow]:
        """All lines with their whole texts, the newest first."""
        return self._store.journal.each(wanted)

    def script(self, notice: Notice) -> Script:
        """The script of a notice; blocks while it is composed. Raises `TextRefused`."""
        self.words.refresh()
        return self._studio.script(notice)

    def voices(self) -> list[VoiceEntry]:
        """Every voice, and since when one that cannot be reached has been silent."""
        return self._studio.voices()

    def warm(self) -> None:
        """Somebody is about to say something: have the voice ready."""
        self._studio.warm()

    def prune(self, to_bytes: int | None = None) -> Pruned:
        """Make the cache so small, or within its limit. Raises `CacheUnwritable`."""
        return self._studio.house.prune(to_bytes)

    def prepare(self) -> Iterator[Prepared]:
        """Make everything in the timetable now, one after the other."""
        return self._studio.prepare(self.slots.timetable.notices())

    @property
    def cache_bytes(self) -> int:
        """The size of the cache as last counted, plus the sound added since."""
        return self._studio.house.known_bytes

    def device(self) -> DeviceState:
        """The loudspeaker line as it is now."""
        device = self._device
        cards = self._cards.entries()
        return DeviceState(device.card, device.ready, device.relays_on, device.fault, cards)

    @property
    def silent_for(self) -> str:
        """The reason for which nothing can sound now, in a sentence, or ""."""
        return "" if self._device.ready else self._device.fault or SILENT

    def why_waits(self, airing: Airing) -> str:
        """The reason for which an accepted airing waits: quiet hours, now or when it is due, or the
        card.
        """
        now = self._clock.now()
        verdict = self._rules.verdict(airing, max(now, airing.due_at))
        if verdict.passes:
            silent = self.silent_for if airing.due_at <= now else ""
            return silent and f"{WAITS_FOR_CARD}{silent}"
        waits = airing.due_at > now or (verdict.until and verdict.until < airing.expires_at)
        return f"等静音时段过去：{verdict.reason}" if waits else ""

    def use_card(self, name: str) -> str:
        """Somebody says at which card the amplifier hangs: it sounds there after what is on the air.

        Returns how people call it. Raises `DeviceLost`.
        """
        return str(self._cards.use(name))

    def power(self, names: tuple[str, ...], seconds: float) -> DeviceState:
        """Exactly these relays on for so long, for somebody who works on them; none are all off.

        Raises `AmplifierInUse` while something is on the air.
        """
        if self._player.on_air:
            raise AmplifierInUse("正在播出，功放由广播站自己开关；要断开请先停播：broadcaster stop")
        self._device.power(names, seconds)
        return self.device()

    def _check_zones(self, notice: Notice) -> None:
        known = self.settings.amplifier.zones
        for zone in notice.zones:
            if zone not in known:
                there = "、".join(known) or "一个也没有，请写在 amplifier.zones 里"
                raise ZoneUnknown(f"没有叫 {zone} 的分区。现有的分区：{there}")

    def _check_recording(self, notice: Notice) -> None:
        if notice.recording and self.recordings.find(notice.recording) is None:
            raise RecordingRefused(GONE)

    def waits_for_card(self, airing_id: str) -> str:
        """The reason for which this airing waits for a card; "" if it does not."""
        waits = self._player.waits_for_device
        return waits if any(one.id == airing_id for one in self._player.waiting()) else ""

    def wait_for_end(self, airing_id: str, timeout_seconds: float | None = None) -> JournalEntry | None:
        """Waits for the end of an airing and returns it; None if the time is over first."""
        return self._endings.wait_for(airing_id, timeout_seconds)

    def _how_it_ended(self, airing_id: str) -> JournalEntry | None:
        return self._endings.wait_for(airing_id, 0.0)


def _closed(sentence: str) -> str:
    return sentence if sentence.endswith("。") else f"{sentence}。"


def _by(what: str, asked_by: str) -> str:
    return f"{what}（{asked_by}）" if asked_by else what
