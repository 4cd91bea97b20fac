"""The process of the office: builds every part in data order, and stops them in reverse."""

import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from broadcaster.core.clock import Clock
from broadcaster.core.errors import ConfigError
from broadcaster.county.board.county_totals import CountyTotals
from broadcaster.county.board.receipt_inbox import ReceiptInbox
from broadcaster.county.board.uncounted_receipts import ReceiptRateLimit
from broadcaster.county.broker.broker_access import MosquittoAccess
from broadcaster.county.broker.mqtt_client import LISTENS_TO, MqttClient
from broadcaster.county.keys.key_folder import AskPassphrase, KeyFolder
from broadcaster.county.keys.key_renewal import KeyRenewal, upstream_warnings
from broadcaster.county.keys.village_keys import VillageKeys
from broadcaster.county.notices import restored_bulletins
from broadcaster.county.notices.preview import OfficePreviews
from broadcaster.county.notices.publisher import Publisher
from broadcaster.county.notices.recordings import RecordingStore
from broadcaster.county.notices.retention import Retention
from broadcaster.county.office.office_thread import OfficeThread, own_topics
from broadcaster.county.pages.app import create_app
from broadcaster.county.pages.base.office_services import OfficeServices, make_parts
from broadcaster.county.pages.base.page_context import EnrolmentTrust, OfficeContext
from broadcaster.county.register.register import BrokerAddress
from broadcaster.county.register.site_pin import site_pin
from broadcaster.county.store.office_backups import OfficeBackups, refuse_lost
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.county.store.office_settings import (
    DATABASE,
    FILE,
    OfficeSettings,
    keep_office_settings,
    load_office_to_run,
    read_text,
)
from broadcaster.county.villages.remote_client import RemoteClient
from broadcaster.county.villages.village_site import VillageSites
from broadcaster.settings.problems import keys_twice
from broadcaster.settings.schema import LexiconSettings, Settings, load_lexicon, load_settings
from broadcaster.studio.preview import Previews
from broadcaster.studio.studio import Studio
from broadcaster.system.heap_trim import return_freed_memory
from broadcaster.system.last_good_settings import load_or_last_good
from broadcaster.system.log_format import Ordered, log_in, tell_start
from broadcaster.system.program_files import ProgramFiles
from broadcaster.system.single_instance import only_one
from broadcaster.system.thread_loop import ThreadLoop, Watched
from broadcaster.system.watchdog import keep_watch
from broadcaster.web.server.server import serve
from broadcaster.web.server.tls import Origins, serve_https

logger = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
# The broker is reached within a second where it is there.
HOLD_SECONDS = 3.0
NAME, COUNTY_KEY = "县级平台", "县里的钥匙"
PREVIEWED_BY = "broadcaster.yaml", "lexicon.yaml"
Tell = Callable[[str], None]


@dataclass(frozen=True)
class OpenOffice:
    """The parts and what they stand on, for a command or for the process."""

    folder: KeyFolder
    settings: OfficeSettings
    parts: OfficeServices
    door: MosquittoAccess | None


@contextmanager
def open_desk(path: Path, wake: Callable[[], None] = lambda: None) -> Iterator[OpenOffice]:
    """The office's database and what works on it; nothing is signed here. Raises `BroadcasterError`."""
    folder = KeyFolder(path)
    area, settings = folder.trust.area, load_office_to_run(path)[0]
    if not settings.database:
        refuse_lost(path / DATABASE, Clock(settings.zone))
    with closing(OfficeDatabase(settings.database_url(path))) as database:
        database.migrate()
        door = MosquittoAccess(path / settings.broker.folder) if settings.broker.folder else None
        parts = make_parts(database, Clock(settings.zone), area, door, wake)
        yield OpenOffice(folder, settings, parts, door)


def run(path: Path, config: Path, ask: AskPassphrase, tell: Tell, unattended: bool = False) -> int:
    """Be the office until a signal; `config` is the folder of voices and lexicon, for the preview.

    `unattended` says that `ask` asks nobody, so that it may open a new key of the county's too.
    """
    return_freed_memory()
    # The database is nobody else's to read.
    os.umask(0o077)
    stopping, woken, program = Ordered(), WakeLater(), ProgramFiles()
    with ExitStack() as stack:
        stack.enter_context(only_one(path, NAME))
        settings, fault = load_office_to_run(path)
        log_in(settings.zone)
        if changed := "" if fault else keep_office_settings(path, settings):
            tell(changed)
        safe = _make_sound(path, settings)
        if safe:
            stack.callback(safe.close)
        desk = stack.enter_context(open_desk(path, woken))
        # The passphrase is asked before anything is opened to others.
        passphrase, clock = ask(COUNTY_KEY), desk.parts.clock
        again = (lambda folder: folder.unlock(ask(COUNTY_KEY))) if unattended else None
        keys = KeyRenewal(desk.folder, desk.folder.unlock(passphrase), clock, again)
        keys.look()

        preview, lexicon, damaged = settings_of_preview(config)
        doubts = [*keys_twice(path / FILE), damaged]

        def warnings() -> list[str]:
            sentences = [program.fault(NAME, ".venv/bin/broadcaster county run"), *doubts]
            sentences += [safe.note if safe else "", fault, *villages.warnings(), *keys.warnings()]
            sentences += restored_bulletins.warnings(desk.parts.database, clock.now())
            return [*filter(None, sentences), *upstream_warnings(keys.trust, desk.settings.relay)]

        villages = VillageKeys(desk.folder, lambda: keys.signer, passphrase, clock, woken)
        for sentence in warnings():
            tell(sentence)
        office, line = stack.enter_context(_open_office(desk, keys, villages, safe))
        woken.wakes = office.wake
        watched: list[Watched] = [stack.enter_context(ThreadLoop("office", office.step, office.wake))]
        previews = stack.enter_context(open_previews(preview, lexicon, path))
        pages = OfficeContext(
            *(desk.parts, desk.settings, _trusted(desk), previews, warnings),
            *(lambda: office.cut_since, villages),
        )
        watched += _open_site(desk, pages, villages, line, stack, tell)
        tell_start(NAME)
        code = keep_watch(watched, stopping)
        stopping.tell(NAME)
        return code


def _make_sound(path: Path, settings: OfficeSettings) -> OfficeBackups | None:
    """None where the database is not the file that the office keeps itself."""
    if settings.database:
        return None
    safe = OfficeBackups(path / DATABASE, Clock(settings.zone))
    safe.make_sound()
    return safe


class WakeLater:
    """Wakes the office once there is one."""

    wakes: Callable[[], None] | None = None

    def __call__(self) -> None:
        if self.wakes:
            self.wakes()


@contextmanager
def _open_office(
    desk: OpenOffice, keys: KeyRenewal, villages: VillageKeys, safe: OfficeBackups | None
) -> Iterator[tuple[OfficeThread, RemoteClient]]:
    parts, broker = desk.parts, desk.settings.broker
    authority = desk.folder.path / broker.authority if broker.authority else None
    password = read_text(desk.folder.path, broker.password_file).strip() if broker.password_file else ""
    if authority and not authority.exists():
        raise ConfigError(
            [f"没有消息服务器的证书 {authority}。还没有消息服务器，请先运行 scripts/county_broker。"]
        )
    publisher = Publisher(
        *(parts.database, parts.register, parts.clock, keys.signer, keys.trust),
        desk.settings.fetched_from,
    )
    listens_to = (*LISTENS_TO, *own_topics(keys.trust.area))
    mqtt = MqttClient(broker.host, broker.port, broker.user, password, authority, listens_to)
    inbox = ReceiptInbox(parts.database, parts.clock, ReceiptRateLimit(parts.clock))
    totals = CountyTotals(parts.database, parts.clock)
    sounds, keep = RecordingStore(desk.folder.path), desk.settings.keep
    tidying = Retention(parts.database, parts.clock, keep, sounds, parts.audit)
    line = RemoteClient(mqtt, parts.register, villages)

    door = desk.door
    if door:
        door.connected = lambda: mqtt.connected

    def tidy() -> None:
        tidying.step()
        if door:
            door.look()
        if safe:
            safe.step()

    office = OfficeThread(
        *(publisher, inbox, parts.recurring, mqtt, parts.clock),
        *(keys, parts.register.areas_of, totals, tidy, HOLD_SECONDS),
    )
    mqtt.start()
    with closing(mqtt):
        yield office, line


def _open_site(
    desk: OpenOffice,
    pages: OfficeContext,
    villages: VillageKeys,
    line: RemoteClient,
    stack: ExitStack,
    tell: Tell,
) -> Sequence[Watched]:
    web, folder = desk.settings.web, desk.folder.path
    sites = VillageSites(
        *(create_app(pages, folder), line, desk.parts.register, villages, folder / "villages")
    )
    origins = Origins(sites)
    server = stack.enter_context(closing(serve(origins, web.host, web.port, leaving=sites.leave)))
    watched: list[Watched] = [server.loop]
    tell(f"县级平台：http://{_shown_host(web.host)}:{server.port}/")
    if web.https_port is not None:
        try:
            front = serve_https(web, desk.folder.path, server.port, origins)
            watched.append(stack.enter_context(closing(front)))
            sites.https_port = front.port
            pages.front.https_port, pages.front.pin = front.port, site_pin(web, folder)
            tell(f"　　　　　https://{_shown_host(web.host)}:{front.port}/")
            if pages.front.pin:
                tell(f"网页证书是自己做的，它的指纹（登记码里有）：{pages.front.pin}")
            if front.note:
                tell(front.note)
        except ConfigError as error:
            tell(str(error))
    if code := desk.parts.officers.one_time_code():
        tell(f"还没有账号，建第一个账号的一次性代码：{code}")
    return watched


def broker_address(desk: OpenOffice) -> BrokerAddress:
    """As boxes and relays below are told it. Raises `ConfigError`."""
    broker = desk.settings.broker
    authority = read_text(desk.folder.path, broker.authority) if broker.authority else ""
    return BrokerAddress(
        *(broker.box_host or broker.host, broker.box_port or broker.port, authority),
        desk.settings.relay.upstream_offices(desk.folder.trust.area),
    )


def _trusted(desk: OpenOffice) -> EnrolmentTrust:
    return EnrolmentTrust(desk.folder.pin, lambda: desk.folder.keyring.to_bytes(), broker_address(desk))


def settings_of_preview(config: Path) -> tuple[Settings, LexiconSettings, str]:
    """Only the preview goes by them: damaged ones keep no office away, which is told in a sentence."""
    wrong: list[ConfigError] = []
    try:
        found = load_or_last_good(_of_preview, config, PREVIEWED_BY, wrong.append)
    except ConfigError as error:
        wrong.append(error)
        found = Settings(), LexiconSettings()
    if not wrong:
        return *found, ""
    sentences = (
        f"试听用的设置坏了，先按上次能用的念（没有就按出厂的），发通知和取消照常；"
        f"请改好 {config}，再重新启动平台：{wrong[0]}"
    )
    return *found, sentences


def _of_preview(config: Path) -> tuple[Settings, LexiconSettings]:
    return load_settings(config), load_lexicon(config)


@contextmanager
def open_previews(
    settings: Settings, lexicon: LexiconSettings, office: Path
) -> Iterator[OfficePreviews]:
    """By the voice child, which ends when it is idle; recordings are those of the office."""
    paths = settings.paths.model_copy(update={"state": office.absolute()})
    settings = settings.model_copy(update={"paths": paths})
    studio = Studio(settings, lexicon, Clock(settings.station.zone))
    ended = threading.Event()

    def watch() -> None:
        studio.watch()
        ended.wait(LOOK_SECONDS)

    rate_hz = settings.sound.rate_hz
    with (
        closing(studio),
        ThreadLoop("studio", watch, ended.set),
        ThreadLoop("cache", studio.house.step, studio.house.wake),
    ):
        yield OfficePreviews(studio, Previews(studio, rate_hz), rate_hz)


def _shown_host(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::") else host
