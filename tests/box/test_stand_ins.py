"""A notice whose online voice is dead, slow, cut or gone: the studio, its real child, both engines."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from zoneinfo import ZoneInfo

import pytest
from rig.edge_service import EdgeService
from rig.fakes import ManualClock
from rig.rig import wait_until
from rig.spoken import baker_folder
from rig.village import RunningBox, Village

from broadcaster.audio.clip_key import signal_key
from broadcaster.audio.clip_store import ClipStore
from broadcaster.audio.mastering_preset import HORN
from broadcaster.audio.signal_sounds import make_signal
from broadcaster.audio.sound_file_writer import write_clip
from broadcaster.core.clock import Clock
from broadcaster.core.errors import BroadcasterError
from broadcaster.core.model import Delivery, Made, Programme, Ready, RenderFailed
from broadcaster.core.notice import Notice, Signal
from broadcaster.settings.schema import LexiconSettings, PathSettings, Settings, StationSettings
from broadcaster.studio.studio import Studio
from broadcaster.system.thread_loop import ThreadLoop
from broadcaster.tts.edge.speakers import SHIPPED, SpeakerList

EDGE, BAKER = "edge:xiaoxiao", "baker:female"
WATER = Notice("明天上午停水。请各家各户提前储水。有事打电话给村委会。", chime=Signal.NONE)
LOCAL = Notice("村民你好。", chime=Signal.NONE, voice=BAKER)
LINES = 3


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A village that wished for an online voice, and has the local one installed."""
    voices = tmp_path / "voices"
    voices.mkdir()
    (voices / "baker").symlink_to(baker_folder())
    SpeakerList(voices / "edge").store(SHIPPED)
    paths = PathSettings(voices=voices, audio_cache=tmp_path / "cache", state=tmp_path / "state")
    return Settings(station=StationSettings(voice=EDGE), paths=paths)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


Open = Callable[..., Studio]


@pytest.fixture
def open_studio(settings: Settings, clock: ManualClock, edge_service: EdgeService) -> Iterator[Open]:
    opened: list[Studio] = []

    def open_(ahead: Iterable[Notice] = (), with_clock: Clock = clock, **station: object) -> Studio:
        changed = settings.station.model_copy(update=station)
        chosen = settings.model_copy(update={"station": changed})
        opened.append(Studio(chosen, LexiconSettings(), with_clock, lambda: ahead))
        return opened[-1]

    yield open_
    for studio in opened:
        studio.close()


@pytest.fixture
def studio(open_studio: Open) -> Studio:
    return open_studio()


@pytest.fixture
def chimed(settings: Settings) -> Notice:
    """The notice with a chime that is in the store already."""
    rate_hz = settings.sound.rate_hz
    store, key = ClipStore(settings.paths.audio_cache), signal_key(Signal.CHIME, rate_hz, HORN)
    write_clip(store, key, make_signal(Signal.CHIME, rate_hz, HORN), rate_hz)
    return replace(WATER, chime=Signal.CHIME)


class Listener:
    """Takes deliveries as the player does."""

    def __init__(self) -> None:
        self._inbox: SimpleQueue[Delivery] = SimpleQueue()
        self.sounds: list[Ready] = []

    def __call__(self, delivery: Delivery) -> None:
        self._inbox.put(delivery)

    def follow(self) -> Made | RenderFailed:
        while isinstance(delivery := self._inbox.get(timeout=60), Ready):
            self.sounds.append(delivery)
        return delivery

    @property
    def seconds(self) -> float:
        return sum(sound.item.seconds for sound in self.sounds)


def made_live(studio: Studio, notice: Notice) -> tuple[Programme, Listener]:
    listener = Listener()
    with studio.make(studio.settle_accepted(notice), listener):
        made = listener.follow()
    assert isinstance(made, Made), made
    return made.programme, listener


def state(studio: Studio, voice: str = EDGE) -> str:
    return next(entry.state for entry in studio.voices() if entry.name == voice)


def make_ahead(studio: Studio, in_voice: str, notice: Notice = WATER) -> None:
    wanted = replace(notice, voice=in_voice)
    while studio.find(studio.settle(wanted)) is None:
        studio.step()


@pytest.mark.parametrize(
    "make", [lambda s: s.programme(s.settle(WATER)), lambda s: made_live(s, WATER)[0]]
)
def test_the_wished_voice_speaks_when_it_is_well(
    studio: Studio, edge_service: EdgeService, make: Callable[[Studio], Programme]
) -> None:
    assert make(studio).voice == EDGE
    assert len(edge_service.spoken) == LINES
    assert edge_service.most_under_way == 1
    assert state(studio) == "可用"


@pytest.mark.parametrize("fault", ["refused", "forbidden", "overloaded", "empty", "cut", "garbage"])
def test_a_dead_voice_is_stood_in_for_in_the_whole_programme(
    studio: Studio, edge_service: EdgeService, fault: str
) -> None:
    edge_service.fault = fault
    programme, listener = made_live(studio, WATER)
    assert programme.voice == BAKER
    assert len(programme.items) == LINES
    assert listener.seconds == pytest.approx(programme.seconds)


def test_a_voice_that_fails_in_the_middle_leaves_no_line_of_its_own_in_the_programme(
    studio: Studio, edge_service: EdgeService
) -> None:
    edge_service.fault, edge_service.well_lines = "cut", LINES - 1
    programme = studio.programme(studio.settle(WATER))
    alone = replace(WATER, voice=BAKER)
    assert programme == studio.find(studio.settle(alone))
    assert programme.voice == BAKER


def test_a_live_notice_cut_in_the_middle_is_said_again_whole_with_one_chime(
    studio: Studio, edge_service: EdgeService, chimed: Notice
) -> None:
    edge_service.fault, edge_service.well_lines = "cut", 1
    programme, listener = made_live(studio, chimed)
    assert programme.voice == BAKER
    keys = [sound.item.clip.key for sound in listener.sounds]
    assert keys.count(programme.items[0].clip.key) == 1
    assert programme.seconds < listener.seconds < 2 * programme.seconds


def test_a_silent_voice_gives_way_when_the_chime_is_over(
    studio: Studio, edge_service: EdgeService, clock: ManualClock, chimed: Notice
) -> None:
    edge_service.fault = "silent"
    listener = Listener()
    with studio.make(studio.settle(chimed), listener):
        wait_until(lambda: edge_service.under_way, 60)
        clock.advance(2.4)
        studio.watch()
        assert edge_service.under_way
        clock.advance(0.2)
        studio.watch()
        made = listener.follow()
    assert isinstance(made, Made) and made.programme.voice == BAKER
    assert listener.seconds == pytest.approx(made.programme.seconds)
    wait_until(lambda: not edge_service.under_way, 60)


def test_the_studios_own_thread_sees_the_end_of_the_chime(
    open_studio: Open, edge_service: EdgeService
) -> None:
    edge_service.fault = "silent"
    studio = open_studio(with_clock=Clock(ZoneInfo("Asia/Shanghai")))
    with ThreadLoop("studio", studio.step, studio.wake):
        assert made_live(studio, WATER)[0].voice == BAKER


def test_a_voice_that_failed_is_left_alone_and_since_when_is_told(
    studio: Studio, edge_service: EdgeService, clock: ManualClock
) -> None:
    edge_service.fault = "overloaded"
    studio.programme(studio.settle(WATER))
    asked = edge_service.handshakes
    assert studio.programme(studio.settle(replace(WATER, text="今天开会。"))).voice == BAKER
    assert edge_service.handshakes == asked == 1
    assert state(studio) == state(studio, "edge:yunxi")
    assert state(studio).startswith("连不上，03月15日 16:00 起：在线声音的服务器出错（503）")
    clock.advance(60)
    edge_service.fault = ""
    assert studio.programme(studio.settle(WATER)).voice == EDGE
    assert state(studio) == "可用"


def test_what_was_made_in_a_stand_in_is_made_again_when_the_voice_is_back(
    open_studio: Open, edge_service: EdgeService, clock: ManualClock
) -> None:
    studio = open_studio(ahead=[WATER])
    edge_service.fault = "refused"
    make_ahead(studio, BAKER)
    assert studio.find(studio.settle(WATER)) is None
    assert made_live(studio, WATER)[0].voice == BAKER
    edge_service.fault = ""
    clock.advance(60)
    make_ahead(studio, EDGE)
    assert made_live(studio, WATER)[0].voice == EDGE


def test_a_line_that_is_refused_again_and_again_is_not_asked_for_every_minute(
    open_studio: Open, edge_service: EdgeService, clock: ManualClock
) -> None:
    other = replace(WATER, text="今天开会。")
    studio = open_studio(ahead=[WATER, other])
    edge_service.fault = "mute"
    make_ahead(studio, BAKER)
    assert state(studio) == "可用"
    make_ahead(studio, BAKER, other)
    assert [text for *_, text in edge_service.spoken] == ["明天上午停水。", "今天开会。"]
    edge_service.fault = ""
    clock.advance(601)
    make_ahead(studio, EDGE)


def test_a_withdrawn_voice_leaves_the_other_online_voices(
    studio: Studio, edge_service: EdgeService
) -> None:
    edge_service.fault, edge_service.short_names = "empty", ["zh-CN-YunxiNeural"]
    assert studio.programme(studio.settle(WATER)).voice == BAKER
    edge_service.fault = ""
    assert studio.programme(studio.settle(replace(WATER, voice="edge:yunxi"))).voice == "edge:yunxi"
    assert state(studio) == "已停用"
    assert made_live(studio, WATER)[0].voice == BAKER
    with pytest.raises(BroadcasterError, match="edge:xiaoxiao 已停用"):
        studio.settle(replace(WATER, voice=EDGE))


def test_a_voice_that_is_gone_from_the_box_is_stood_in_for(open_studio: Open) -> None:
    gone = replace(WATER, voice="nobody:none")
    studio = open_studio(ahead=[gone])
    assert made_live(studio, gone)[0].voice == BAKER


def test_a_station_whose_own_voice_was_never_installed_speaks_all_the_same(
    open_studio: Open,
) -> None:
    studio = open_studio(voice="sherpa:matcha")
    assert studio.programme(studio.settle(WATER)).voice == BAKER


def test_when_the_last_resort_fails_too_a_sentence_says_so(
    open_studio: Open, edge_service: EdgeService
) -> None:
    studio = open_studio(stand_ins=("edge:yunxi",))
    edge_service.fault = "overloaded"
    listener = Listener()
    with studio.make(studio.settle(WATER), listener):
        refused = listener.follow()
    assert isinstance(refused, RenderFailed)
    assert "503" in refused.reason


def test_a_full_disk_is_told_and_no_other_voice_is_asked(
    studio: Studio, edge_service: EdgeService, settings: Settings
) -> None:
    settings.paths.audio_cache.write_text("a file where a folder should be")
    with pytest.raises(BroadcasterError, match="写不进去"):
        studio.programme(studio.settle(WATER))
    assert state(studio) == "可用"


def test_waiting_for_the_network_holds_up_no_other_notice(
    open_studio: Open, edge_service: EdgeService
) -> None:
    studio = open_studio(ahead=[WATER])
    edge_service.fault = "silent"
    studio.step()
    wait_until(lambda: edge_service.under_way, 60)
    assert made_live(studio, LOCAL)[0].voice == BAKER
    assert edge_service.under_way == 1


@pytest.fixture
def online_village(edge_service: EdgeService, settings: Settings, village: Village) -> Village:
    village.configure(station={"voice": EDGE}, paths={"voices": str(settings.paths.voices)})
    return village


@pytest.mark.slow
def test_the_commands_tell_who_spoke_and_who_is_out_of_reach(
    online_village: Village, edge_service: EdgeService
) -> None:
    edge_service.fault = "overloaded"
    box = RunningBox(online_village)
    try:
        assert online_village.call("say", "明天停水。", "--no-chime").returncode == 0
        listed = online_village.call("voices", "list").stdout
    finally:
        box.end()
    assert BAKER in online_village.call("journal", "--json").stdout
    assert "edge:xiaobei  连不上" in listed
    rendered = online_village.call("render", "明天停电。", "-o", str(online_village.folder / "a.wav"))
    assert "edge:xiaoxiao 说不了这一段，用的是 baker:female" in rendered.stdout


def test_online_voices_are_switched_on_by_a_command(online_village: Village, tmp_path: Path) -> None:
    online_village.configure(paths={"voices": str(tmp_path / "none")})
    assert "未启用" in online_village.call("voices", "list").stdout
    installed = online_village.call("voices", "install", "edge")
    assert installed.returncode == 0, installed.stderr
    assert "文字会发给微软" in installed.stderr
    assert "edge:xiaohan  可用" in online_village.call("voices", "list").stdout
