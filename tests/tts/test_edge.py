"""The online voice against a stand-in for its service on loopback, well and ill."""

import socket
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from aiohttp import TCPConnector
from rig.edge_service import SYLLABLE_SECONDS, EdgeService, Here, Nowhere
from rig.rig import wait_until
from rig.spoken import edge_voice, joined, line

from broadcaster.core.errors import LineRefused, VoiceUnavailable, VoiceWithdrawn
from broadcaster.core.model import Line
from broadcaster.settings.schema import EdgeSettings
from broadcaster.tts.edge.engine import EdgeEngine
from broadcaster.tts.edge.speakers import SHIPPED, SpeakerList, chinese_speakers
from broadcaster.tts.edge.voice import EdgeVoice, fetch_speakers

WRITTEN = "全体村民注意了今天停水"
PINYIN = "quan2 ti3 cun1 min2 zhu4 yi4 le5 jin1 tian1 ting2 shui3"
WATER = Line(WRITTEN, WRITTEN, line(PINYIN).syllables)
SECONDS = SYLLABLE_SECONDS * len(WRITTEN)

SHORT = EdgeSettings(deadline_seconds=2)


@pytest.fixture
def voice(tmp_path: Path, edge_service: EdgeService) -> EdgeVoice:
    return edge_voice(tmp_path, edge_service.connector, SHORT, silence_seconds=1)


@pytest.fixture
def voice_by_proxy(tmp_path: Path, edge_service: EdgeService) -> EdgeVoice:
    """Reached as in the box. The library closes a connector given to it before it tries once more."""
    return edge_voice(tmp_path, None, SHORT, silence_seconds=1)


def spoken_seconds(voice: EdgeVoice, pace: float = 1.0) -> float:
    return len(joined(voice.speak(WATER, pace))) / voice.rate_hz


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_line_comes_whole_without_the_silence_at_its_ends(voice: EdgeVoice) -> None:
    pieces = [piece for piece in voice.speak(WATER) if len(piece.samples)]
    assert len(pieces) == 1
    assert pieces[0].seconds == pytest.approx(SECONDS, abs=0.2)
    assert np.abs(pieces[0].samples).max() == pytest.approx(0.1, abs=0.02)


def test_the_service_is_told_the_spoken_text_and_how_to_say_it(
    tmp_path: Path, edge_service: EdgeService
) -> None:
    settings = EdgeSettings(pitch_hz=-5, volume_percent=20)
    voice = edge_voice(tmp_path, edge_service.connector, settings)
    joined(voice.speak(WATER, 0.85))
    assert edge_service.spoken == [("zh-CN-XiaoxiaoNeural", "-5Hz", "-15%", "+20%", WRITTEN)]


@pytest.mark.parametrize(("pace", "rate"), [(0.7, "-30%"), (1.0, "+0%"), (1.15, "+15%"), (1.4, "+40%")])
def test_the_pace_is_the_services_rate(
    voice: EdgeVoice, edge_service: EdgeService, pace: float, rate: str
) -> None:
    assert spoken_seconds(voice, pace) == pytest.approx(SECONDS / pace, abs=0.2)
    assert edge_service.spoken[0][2] == rate


def test_signs_of_markup_are_only_text(voice: EdgeVoice, edge_service: EdgeService) -> None:
    joined(voice.speak(Line("", "一<二&三", line("yi1 er4 san1").syllables)))
    assert edge_service.spoken[0][4] == "一&lt;二&amp;三"


def test_a_line_without_syllables_does_not_reach_the_network(
    voice: EdgeVoice, edge_service: EdgeService
) -> None:
    with pytest.raises(LineRefused, match="没有可读的字"):
        joined(voice.speak(Line("……", "……", ())))
    assert edge_service.handshakes == 0


UNAVAILABLE = {
    "forbidden without a date": "403.*pip install -U edge-tts",
    "throttled": "429",
    "overloaded": "503",
    "silent": "没有按时回答",
    "trickle": "没有按时回答",
    "empty": "没有送来声音",
    "garbage": "不是声音",
    "another protocol": "看不懂",
    "broken metadata": "看不懂",
}
REFUSED = {
    "cut": "没有传完",
    "closed early": "没有传完",
    "half the text": "只传来了",
    "mute": "静音",
    "flood": "没完没了",
    "too short": "和字数对不上",
}


@pytest.mark.parametrize(("fault", "sentence"), UNAVAILABLE.items())
def test_a_service_out_of_order_is_told_and_speaks_again_when_it_is_well(
    voice: EdgeVoice, edge_service: EdgeService, fault: str, sentence: str
) -> None:
    edge_service.fault = fault
    with pytest.raises(VoiceUnavailable, match=sentence):
        spoken_seconds(voice)
    edge_service.fault = ""
    assert spoken_seconds(voice) == pytest.approx(SECONDS, abs=0.2)


@pytest.mark.parametrize(("fault", "sentence"), REFUSED.items())
def test_a_line_that_did_not_come_whole_is_refused_and_the_next_is_well(
    voice: EdgeVoice, edge_service: EdgeService, fault: str, sentence: str
) -> None:
    edge_service.fault = fault
    with pytest.raises(LineRefused, match=sentence):
        spoken_seconds(voice)
    edge_service.fault = ""
    assert spoken_seconds(voice) == pytest.approx(SECONDS, abs=0.2)


def test_a_clock_that_is_wrong_costs_one_more_handshake(
    voice_by_proxy: EdgeVoice, edge_service: EdgeService
) -> None:
    edge_service.fault = "skewed"
    assert spoken_seconds(voice_by_proxy) == pytest.approx(SECONDS, abs=0.2)
    assert edge_service.handshakes == 2


def test_a_service_that_lets_nobody_in_is_told(
    voice_by_proxy: EdgeVoice, edge_service: EdgeService
) -> None:
    edge_service.fault = "forbidden"
    with pytest.raises(VoiceUnavailable, match=r"403.*盒子的时间"):
        spoken_seconds(voice_by_proxy)
    assert edge_service.handshakes == 2


@pytest.mark.parametrize(
    ("connector", "sentence"),
    [
        (lambda: TCPConnector(resolver=Here(unused_port())), "连不上"),
        (lambda: TCPConnector(resolver=Nowhere(0)), "找不到在线声音的服务器"),
    ],
    ids=["refused", "name does not resolve"],
)
def test_a_service_out_of_reach_is_told(
    tmp_path: Path, connector: Callable[[], TCPConnector], sentence: str
) -> None:
    with pytest.raises(VoiceUnavailable, match=sentence):
        spoken_seconds(edge_voice(tmp_path, connector))


def test_a_certificate_that_nobody_vouches_for_is_told(
    tmp_path: Path, edge_service: EdgeService
) -> None:
    folder = tmp_path / "stranger"
    folder.mkdir()
    stranger = EdgeService(folder)
    stranger.start()
    try:
        with pytest.raises(VoiceUnavailable, match="证书不对"):
            spoken_seconds(edge_voice(tmp_path, stranger.connector))
    finally:
        stranger.stop()


def test_a_withdrawn_voice_is_told_from_a_service_out_of_order(
    voice: EdgeVoice, edge_service: EdgeService, tmp_path: Path
) -> None:
    edge_service.fault, edge_service.short_names = "empty", ("zh-CN-YunxiNeural",)
    with pytest.raises(VoiceWithdrawn, match="edge:xiaoxiao 已经被微软停用"):
        spoken_seconds(voice)
    offered = {speaker.name: there for speaker, there in SpeakerList(tmp_path).speakers().items()}
    assert (offered["edge:xiaoxiao"], offered["edge:yunxi"]) == (False, True)


def test_lines_of_all_voices_are_asked_one_after_another(
    tmp_path: Path, edge_service: EdgeService
) -> None:
    one_request = threading.Lock()
    first, second = (
        EdgeVoice(speaker, "1", SHORT, SpeakerList(tmp_path), one_request, edge_service.connector).speak(
            WATER
        )
        for speaker in SHIPPED[:2]
    )
    heard: list[float] = []
    while len(heard) < 2:
        heard += [piece.seconds for lines in (first, second) for piece in [next(lines, None)] if piece]
        heard = [seconds for seconds in heard if seconds]
    assert edge_service.most_under_way == 1


def test_a_line_that_nobody_waits_for_is_broken_off(voice: EdgeVoice, edge_service: EdgeService) -> None:
    edge_service.fault = "silent"
    pieces = voice.speak(WATER)
    while not edge_service.under_way:
        next(pieces)
    del pieces
    wait_until(lambda: not edge_service.under_way)
    edge_service.fault = ""
    assert spoken_seconds(voice) > 1


def test_the_list_comes_from_the_service(edge_service: EdgeService) -> None:
    names = {speaker.name: speaker.note for speaker in fetch_speakers(edge_service.connector)}
    assert names == {
        "edge:xiaoxiao": "普通话，女声，温和清楚，念通知最合适",
        "edge:xiaohan": "普通话，女声",
        "edge:xiaobei": "东北话（辽宁），女声",
    }


def test_a_dialect_that_nobody_knew_is_noted_by_its_place() -> None:
    offered = [
        {"ShortName": "zh-CN-henan-YundengNeural", "Gender": "Male"},
        {"ShortName": "zh-SG-NewNeural"},
        {"ShortName": "ja-JP-NanamiNeural", "Gender": "Female"},
    ]
    notes = {speaker.name: speaker.note for speaker in chinese_speakers(offered)}
    assert notes == {"edge:yundeng": "河南话，男声", "edge:new": "中文"}


def test_the_shipped_list_has_every_region_under_names_of_its_own() -> None:
    names = [speaker.name for speaker in SHIPPED]
    assert len(set(names)) == len(names) == 14
    assert all(name.isascii() and name == name.lower() for name in names)
    assert {"东北话", "陕西话", "粤语（", "台湾国"} <= {speaker.note[:3] for speaker in SHIPPED}


def test_nothing_is_ready_before_somebody_switched_it_on(
    tmp_path: Path, edge_service: EdgeService
) -> None:
    engine = EdgeEngine(tmp_path, EdgeSettings())
    assert {(entry.ready, entry.state) for entry in engine.entries()} == {(False, "未启用")}
    engine.install("edge", lambda step: None)
    states = {entry.name: entry.state for entry in engine.entries()}
    assert states["edge:xiaohan"] == states["edge:xiaoxiao"] == "可用"
    assert states["edge:yunxi"] == "已停用"
    assert all("要联网" in entry.licence for entry in engine.entries())


def test_without_the_service_the_shipped_list_is_switched_on(
    tmp_path: Path, edge_service: EdgeService
) -> None:
    edge_service.fault = "overloaded"
    steps: list[str] = []
    engine = EdgeEngine(tmp_path, EdgeSettings())
    engine.install("edge", steps.append)
    assert any("503" in step and "先用自带的名单" in step for step in steps)
    assert {entry.state for entry in engine.entries()} == {"可用"}


def test_a_damaged_list_is_replaced_by_the_one_that_ships(tmp_path: Path) -> None:
    (tmp_path / "speakers.json").write_text("[[1")
    assert list(SpeakerList(tmp_path).speakers()) == list(SHIPPED)


def test_what_changes_the_sound_changes_the_version(tmp_path: Path) -> None:
    kinds = [EdgeSettings(), EdgeSettings(pitch_hz=5), EdgeSettings(volume_percent=5)]
    assert len({EdgeEngine(tmp_path, kind).version("edge:xiaoxiao") for kind in kinds}) == 3
    late = EdgeSettings(deadline_seconds=3)
    assert EdgeEngine(tmp_path, late).version("") == EdgeEngine(tmp_path, kinds[0]).version("")
