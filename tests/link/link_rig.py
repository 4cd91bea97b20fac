"""A box with its link: a real station, store, player and intake, and an air that takes no time."""

import base64
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import soundfile
from bulletin.county_rig import COUNTY, VILLAGE, County, bulletin, signed
from rig.broker import BrokerRig, OfficeClient
from rig.fakes import FakeDevice
from rig.rig import PATIENCE_SECONDS, wait_until

from broadcaster.bulletin import mqtt_topics
from broadcaster.bulletin.bulletin import Bulletin
from broadcaster.bulletin.enrolment import Enrolment
from broadcaster.bulletin.keys import public_from_hex
from broadcaster.bulletin.receipts import Receipt, ReceiptState, read_receipts
from broadcaster.bulletin.sync_request import SyncRequest
from broadcaster.bulletin.upstream_office import UpstreamOffice
from broadcaster.core.clock import Clock
from broadcaster.core.errors import VoiceUnavailable
from broadcaster.core.model import Clip, Delivery, Item, Made, Programme, Ready, SettledNotice
from broadcaster.core.notice import Notice
from broadcaster.link.county_link import Link
from broadcaster.link.membership import Membership, enrol
from broadcaster.link.reconnect_policy import ReconnectPolicy
from broadcaster.link.remote_commands import THREADS
from broadcaster.playout.device.alsa_cards import CardChoice
from broadcaster.playout.player import Player
from broadcaster.rules.air_rules import AirRules
from broadcaster.rules.length_estimate import estimated_lengths
from broadcaster.schedule.slot_settings import TimetableSettings
from broadcaster.settings.hourly_limits import QuietSettings
from broadcaster.settings.schema import PathSettings, Settings
from broadcaster.station.durable_queue import DurableQueue, Endings
from broadcaster.station.live_programme import Microphone
from broadcaster.station.station import Station
from broadcaster.station.village_slots import Slotbook
from broadcaster.store.database.tables import DATABASE
from broadcaster.store.store import open_store
from broadcaster.system.thread_loop import ThreadLoop

RATE_HZ = 8_000
PASSWORD = "of-this-box-alone-0123"
QUICK = ReconnectPolicy(first=0.1, longest=0.2, settle=0.1, ask_again=5.0, nobody=0.1, sound=0.1)


class OwnClock(Clock):
    """The machine's, which a test may set ahead; not NTP's word that it is right."""

    def __init__(self) -> None:
        super().__init__(ZoneInfo("Asia/Shanghai"))
        self.ahead = timedelta(0)
        self.waited = 0.0

    def now(self) -> datetime:
        return super().now() + self.ahead

    def monotonic(self) -> float:
        return super().monotonic() + self.waited


class QuickStudio:
    """Every notice is one short sound, by one voice."""

    def __init__(self, folder: Path) -> None:
        path = folder / "line.wav"
        soundfile.write(path, [0.1] * RATE_HZ, RATE_HZ)
        self.item = Item(Clip("line", path, 1.0))

    def settle(self, notice: Notice) -> SettledNotice:
        if notice.voice:
            raise VoiceUnavailable(f"没有这个声音：{notice.voice}")
        return self.settle_accepted(notice)

    def settle_accepted(self, notice: Notice) -> SettledNotice:
        return SettledNotice(notice, "fake:beep", "line")

    def signal(self, notice: Notice) -> Clip:
        return self.item.clip

    @contextmanager
    def make(
        self, settled: SettledNotice, deliver: Callable[[Delivery], None], first_piece: int = 0
    ) -> Iterator[None]:
        deliver(Ready(self.item, 0))
        deliver(Made(Programme(settled.voice, (self.item,))))
        yield


@dataclass
class LinkBox:
    """What outlasts a restart is in `state`; `running` is one life of the box."""

    folder: Path
    county: County
    broker: BrokerRig | None = None
    name: str = "box-1"
    clock: OwnClock = field(default_factory=OwnClock)
    quiet: QuietSettings = field(default_factory=lambda: QuietSettings(hours=()))
    trusted: bool = True
    confirmed: int = 0
    above: tuple[UpstreamOffice, ...] = ()
    membership: Membership = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        now = self.clock.now()
        if self.broker:
            self.broker.add_box(self.name, VILLAGE, PASSWORD)
        self.membership = enrol(self.state, self.enrolment(), now)

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def enrolment(self) -> Enrolment:
        broker = self.broker
        return Enrolment(
            box=self.name,
            name="洞背村",
            area=VILLAGE,
            host="127.0.0.1",
            port=broker.port if broker else 1,
            password=PASSWORD,
            authority=broker.broker.authority if broker else SOME_AUTHORITY,
            root=self.county.pinned,
            keyring=base64.b64encode(self.county.keyring()).decode("ascii"),
            above=self.above,
        )

    @contextmanager
    def running(self, with_loop: bool = True) -> Iterator["Life"]:
        paths = PathSettings(state=self.state)
        settings = Settings(quiet=self.quiet, paths=paths)
        clock = self.clock
        with ExitStack() as stack:
            store = stack.enter_context(open_store(self.state / DATABASE, clock))
            device, studio = FakeDevice(), QuickStudio(self.folder)
            rules = AirRules(settings, estimated_lengths(settings))
            endings = Endings(store.journal, rules)
            microphone = Microphone(studio, cast(Any, None), settings.sound.rate_hz)
            player = Player(microphone.make, device, rules, endings.record, clock, store.queue.move)
            intake = DurableQueue(store.queue, player, endings, clock)
            words = cast(Any, type("Words", (), {"refresh": lambda self: None})())
            slots = Slotbook(TimetableSettings(), settings, clock)
            station = Station(
                *(settings, player, cast(Any, studio), slots, rules, intake, endings, store, words),
                *(cast(Any, None), microphone, clock, [], device),
                CardChoice("silent", self.state, {}, list),
            )
            station.clock_is_trusted = lambda: self.trusted
            station.confirm_clock = self._confirm
            stack.enter_context(ThreadLoop("player", player.step, player.wake))
            stack.callback(player.leave, "关")
            link = stack.enter_context(closing(Link(station, self.membership, clock, QUICK)))
            station.county = link
            if with_loop:
                stack.enter_context(ThreadLoop("link-sounds", link.downloads.step, link.downloads.wake))
                for number in range(THREADS):
                    stack.enter_context(
                        ThreadLoop(f"far-{number}", link.remote_commands.step, link.remote_commands.wake)
                    )
                stack.enter_context(ThreadLoop("link", link.step, link.wake))
            yield Life(self, station, link, device, intake, player)

    def _confirm(self) -> None:
        self.trusted = True
        self.confirmed += 1

    def read(self, envelopes: Iterable[bytes]) -> list[Receipt]:
        """Verified, in their order, each once."""
        key = public_from_hex(self.membership.public_key)
        told = (read_receipts(data, self.name, key) for data in envelopes)
        found = {one.number: one for some in told for one in some.receipts}
        return [found[number] for number in sorted(found)]

    def receipts(self, office: OfficeClient, told: Bulletin | None = None) -> list[Receipt]:
        """What has arrived of this box."""
        came = self.read(office.on(mqtt_topics.receipt(self.name, "")))
        return [one for one in came if not told or one.bulletin == told.id]

    def told_of(self, life: "Life", told: Bulletin) -> list[ReceiptState]:
        """The same of what it keeps for the county."""
        kept = self.read(one.envelope for one in life.station.bulletins.receipts(1_000))
        return [one.state for one in kept if one.bulletin == told.id]

    def states(self, office: OfficeClient, told: Bulletin | None = None) -> list[ReceiptState]:
        return [one.state for one in self.receipts(office, told)]


@dataclass
class Life:
    """One life of the box."""

    box: LinkBox
    station: Station
    link: Link
    device: FakeDevice
    intake: DurableQueue
    player: Player

    @property
    def connected(self) -> bool:
        return self.link.status()["connected_since"] is not None

    def heard(self) -> list[str]:
        """The ids of all that came on the air."""
        return list(self.device.heard)

    def receipts_kept(self) -> int:
        """However many were signed together."""
        return len(self.box.read(one.envelope for one in self.station.bulletins.receipts(1_000)))


class Office:
    """The county's office as the box knows it: it publishes, and answers as `SyncRequest` says."""

    def __init__(self, rig: BrokerRig, county: County) -> None:
        self.client = OfficeClient(rig)
        self.county = county
        self.in_force: list[tuple[Bulletin, bytes]] = []
        self.answers = True
        self.withholds: set[str] = set()
        self._seen = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def publish(self, told: Bulletin, by: Any = None, *, really: bool = True) -> Bulletin:
        """Sign it, have it in force, and bring it to the broker unless it is withheld."""
        data = signed(told, by or self.county.key)
        self.in_force.append((told, data))
        if really:
            self.client.publish(mqtt_topics.bulletin(told.areas[0], told.id), data)
        return told

    def snapshot(self, **given: Any) -> bytes:
        now = datetime.now(told_zone())
        made = self.county.snapshot(*(told for told, _ in self.in_force), **{"at": now} | given)
        return made.signed(self.county.key).to_bytes()

    def publish_heads(self, **given: Any) -> None:
        self.client.publish(mqtt_topics.snapshot(COUNTY), self.snapshot(**given))

    def close(self) -> None:
        self._stopped.set()
        self._thread.join(10)
        self.client.close()

    def _serve(self) -> None:
        while not self._stopped.wait(0.02):
            new = self.client.got[self._seen :]
            self._seen += len(new)
            for topic, payload in new:
                if topic.startswith(f"{mqtt_topics.ROOT}/q/") and self.answers:
                    self._answer(mqtt_topics.box_of(topic), SyncRequest.from_bytes(payload))

    def _answer(self, box: str, question: SyncRequest) -> None:
        topic = mqtt_topics.answer(box)
        if question.keyring < (len(self.county.roots), self.county.list.version):
            self.client.publish(topic, self.county.keyring(), retain=False)
        for told, data in self.in_force:
            if told.id in question.missing and told.id not in self.withholds:
                self.client.publish(topic, data, retain=False)
        mine = [told for told, _ in self.in_force if told.meant_for(VILLAGE)]
        now = datetime.now(told_zone())
        snapshot = self.county.snapshot(*mine, at=now, nonce=question.nonce)
        self.client.publish(topic, snapshot.signed(self.county.key).to_bytes(), retain=False)


def told_zone() -> ZoneInfo:
    return ZoneInfo("Asia/Shanghai")


def notice(**given: Any) -> Bulletin:
    """One of now, by the machine's clock."""
    now = datetime.now(told_zone())
    times = {"issued": now, "not_before": now, "expires": now + timedelta(hours=6)}
    return bulletin(**times | given)


def cancel(id: str, **given: Any) -> Bulletin:
    return notice(kind="cancel", cancels=id, text="", title="取消", **given)


def until(what: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> None:
    wait_until(what, seconds)


SOME_AUTHORITY = "-----BEGIN CERTIFICATE-----\n"
