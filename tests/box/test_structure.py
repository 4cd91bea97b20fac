"""A notice from its signal to its closing, by the command and the real voice."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from rig.fakes import ManualClock
from rig.rig import FakeRig, wait_until
from rig.village import RunningBox, Village

from broadcaster.audio.clip_key import signal_key
from broadcaster.audio.mastering_preset import HORN
from broadcaster.audio.signal_sounds import make_signal
from broadcaster.core.notice import Notice, Severity, Signal
from broadcaster.settings.schema import LexiconSettings, PathSettings, Settings, StationSettings
from broadcaster.studio.studio import Studio

FLOOD = "上游水库放水，请马上转移。"


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    paths = PathSettings(audio_cache=tmp_path / "cache", state=tmp_path / "state")
    station = StationSettings(opening="全体村民注意了", closing="广播完了", repeat_pause_seconds=3)
    studio = Studio(Settings(paths=paths, station=station), LexiconSettings(), ManualClock())
    yield studio
    studio.close()


def heard(signal: Signal) -> bytes:
    return make_signal(signal, 48_000, HORN).tobytes()


def test_a_red_notice_is_siren_opening_twice_text_three_times_and_closing(studio: Studio) -> None:
    items = studio.programme(studio.settle(Notice(FLOOD, severity=Severity.RED))).items
    keys = [item.clip.key for item in items]
    siren, first, second, *body, closing = keys
    each = len(body) // 3
    assert siren == signal_key(Signal.SIREN, 48_000, HORN)
    assert first == second
    assert body == body[:each] * 3
    assert closing not in body
    assert [items[2 + each * n].pause_seconds for n in (1, 2)] == [3, 3]
    assert items[-1].pause_seconds == 0


def test_a_red_notice_is_said_slower_than_a_daily_one(studio: Studio) -> None:
    bare = Notice(FLOOD, opening="", closing="", chime=Signal.NONE, repeats=1)
    daily = studio.programme(studio.settle(bare)).seconds
    red = studio.programme(studio.settle(Notice(**{**vars(bare), "severity": Severity.RED}))).seconds
    assert red > 1.05 * daily


@pytest.mark.slow
def test_options_of_the_command_go_before_the_stations_own(village: Village) -> None:
    bare = village.render(FLOOD, "--no-chime")
    village.configure(station={"opening": "全体村民注意了", "closing": "广播完了", "chime": "无"})
    framed = village.render(FLOOD)
    assert village.render(FLOOD, "--no-opening", "--no-closing") == bare
    assert len(framed) > len(village.render(FLOOD, "--no-opening")) > len(bare)
    own = village.render(FLOOD, "--opening", "紧急通知", "--closing", "完毕", "--chime", "急钟")
    assert own.startswith(heard(Signal.ALERT))
    assert len(bare) < len(own) - len(heard(Signal.ALERT)) < len(framed)


def test_an_urgent_notice_through_the_running_box_begins_with_its_siren(
    village: Village, fake_rig: FakeRig
) -> None:
    box = RunningBox(village)
    try:
        assert village.call("say", FLOOD, "--severity", "1", "--repeats", "1").returncode == 0
        assert village.call("say", FLOOD, "--chime", "警报", "--no-wait").returncode == 0
        siren = heard(Signal.SIREN).strip(b"\0")
        wait_until(lambda: fake_rig.captured().count(siren) == 2)
    finally:
        box.end()


def test_a_signal_that_is_not_known_is_refused_in_one_sentence(village: Village) -> None:
    refused = village.call("say", FLOOD, "--chime", "锣")
    assert refused.returncode == 2
    assert "--chime 不能是" in refused.stderr and "急钟" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
