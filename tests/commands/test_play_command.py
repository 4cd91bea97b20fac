"""The command that plays a sound file, a sound of the library or a folder, by a box of its own."""

import json
import os
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import soundfile
from rig.radio import Radio
from rig.rig import wait_until
from rig.village import RunningBox, Village

from broadcaster.commands.box import ACCEPTED
from broadcaster.studio.sound_library import SoundLibrary

RATE_HZ = 48_000


def tone(folder: Path, name: str, hertz: float, seconds: int = 1) -> Path:
    path = folder / name
    moments = np.arange(seconds * RATE_HZ) / RATE_HZ
    soundfile.write(path, 0.2 * np.sin(2 * np.pi * hertz * moments), RATE_HZ, "PCM_16")
    return path


def test_a_file_is_taken_into_the_library_and_heard_whole(village: Village, tmp_path: Path) -> None:
    out = tmp_path / "out.wav"
    done = village.call("play", str(tone(tmp_path, "国歌.wav", 500)), "--output-file", str(out))
    assert done.returncode == 0, done.stderr
    samples, rate_hz = soundfile.read(out)
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    assert (loud[-1] - loud[0]) / rate_hz > 0.9
    (kept,) = SoundLibrary(village.state).all()
    assert kept.title == "国歌"
    again = village.call("play", "国歌.mp3", "--minutes", "0.01", "--output-file", str(out))
    assert again.returncode == 0, again.stderr
    journal = village.call("journal").stdout
    assert journal.count("国歌") == 2, journal


def test_a_name_that_nothing_has_and_a_time_that_is_none_are_told(village: Village) -> None:
    done = village.call("play", "大登殿")
    assert done.returncode == 2 and "声音库里也没有" in done.stderr
    done = village.call("play", "大登殿", "--at", "明天")
    assert done.returncode == 2 and "时间写法不对" in done.stderr


def test_without_a_box_nobody_takes_what_nobody_waits_for(village: Village, tmp_path: Path) -> None:
    sound = str(tone(tmp_path, "国歌.wav", 500))
    for command in (["play", sound], ["say", "明天停水。"]):
        done = village.call(*command, "--no-wait")
        assert done.returncode == 2 and "scripts/run" in done.stderr and "--no-wait" in done.stderr
    assert village.call("journal").stdout == "没有这样的播出记录。\n"


def test_two_sounds_of_one_name_are_not_played_by_it(village: Village, tmp_path: Path) -> None:
    library = SoundLibrary(village.state)
    for number in (1, 2):
        sent = tone(tmp_path, "sent.wav", 400 * number)
        key = library.take([sent.read_bytes()], "sent.wav", "故事会").key
    about = village.state / "sounds" / f"{key}.json"
    about.write_text(about.read_text().replace("\\u6545\\u4e8b\\u4f1a 2", "\\u6545\\u4e8b\\u4f1a"))
    done = village.call("play", "故事会")
    assert done.returncode == 2 and "叫“故事会”的有 2 个，请写代号" in done.stderr


def test_a_file_for_which_the_library_has_no_room_is_told(village: Village, tmp_path: Path) -> None:
    village.configure(sounds={"limit_megabytes": 10})
    held = village.state / "sounds" / "held"
    held.parent.mkdir(parents=True)
    held.touch()
    os.truncate(held, 10_000_000)
    done = village.call("play", str(tone(tmp_path, "国歌.wav", 500)))
    assert done.returncode == 2 and "不够" in done.stderr
    assert SoundLibrary(village.state).all() == []


def test_a_stream_is_relayed_by_its_address_for_its_minutes(village: Village, tmp_path: Path) -> None:
    out = tmp_path / "out.wav"
    tone(tmp_path, "tone.wav", 700)
    with closing(Radio(tmp_path)) as radio:
        without = village.call("play", f"{radio.url}/tone.wav")
        options = ("--minutes", "0.2", "--output-file", str(out))
        done = village.call("play", f"{radio.url}/tone.wav", *options)
    assert without.returncode == 2 and "要写播几分钟" in without.stderr
    assert done.returncode == 0, done.stderr
    samples, rate_hz = soundfile.read(out)
    assert np.count_nonzero(np.abs(samples) > 0.01) > 0.7 * rate_hz
    assert "转播 127.0.0.1" in village.call("journal").stdout


def piece_on_air(village: Village) -> tuple[int, str, float] | None:
    on_air = json.loads(village.call("status", "--json").stdout)["on_air"]
    piece = on_air and on_air["piece"]
    return (piece["number"], piece["title"], piece["of_seconds"]) if piece else None


def test_a_folder_is_played_now_or_later_and_a_piece_of_it_is_skipped(
    village: Village, tmp_path: Path
) -> None:
    library = SoundLibrary(village.state)
    for number in (1, 2):
        sent = tone(tmp_path, "sent.wav", 400 * number, 60)
        library.take([sent.read_bytes()], "sent.wav", f"戏曲/{number}")
    later = datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(days=1)
    at = ("--at", f"{later:%Y-%m-%d} 10:00")
    alone = village.call("play", "戏曲", *at)
    assert alone.returncode == 2 and "没有在运行" in alone.stderr, "nobody stands by until then"
    box = RunningBox(village)
    try:
        accepted = village.call("play", "戏曲", *at)
        assert accepted.returncode == 0 and ACCEPTED in accepted.stdout
        assert village.call("skip").returncode == 1, "nothing sounds"
        village.call("play", "戏曲", "--no-wait")
        wait_until(lambda: piece_on_air(village) == (1, "戏曲/1", 60.0), 60)
        assert village.call("skip").returncode == 0
        wait_until(lambda: piece_on_air(village) == (2, "戏曲/2", 60.0), 60)
        status = village.call("status").stdout
        assert "第 2 段，共 2 段：戏曲《2》 0:" in status
        assert f"接下来：{later:%m-%d} 10:00 戏曲" in status
        village.call("stop")
    finally:
        box.end()
