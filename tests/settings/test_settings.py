"""Settings are right or refused, with every problem at once and the nearest key."""

from pathlib import Path

import pytest
import yaml

from broadcaster.audio.mastering_preset import PRESETS
from broadcaster.core.errors import ConfigError
from broadcaster.core.notice import Severity, Signal
from broadcaster.core.project_folders import CONFIG_FOLDER
from broadcaster.playout.amplifier.base.wiring import POWER, Wiring
from broadcaster.schedule.timetable_file import load_timetable
from broadcaster.settings.schema import Settings, SoundSettings, load_lexicon, load_settings
from broadcaster.settings.values import Section, as_written


def write(folder: Path, name: str, content: str) -> Path:
    (folder / name).write_text(content, encoding="utf-8")
    return folder


def problems_of(folder: Path, content: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_settings(write(folder, "broadcaster.yaml", content))
    return caught.value.problems


def test_the_shipped_files_are_right() -> None:
    assert load_settings().station.voice == "baker:female"
    assert len(load_timetable().slots) >= 2
    load_lexicon()


def test_missing_files_are_the_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path) == Settings()
    assert load_timetable(tmp_path).slots == ()


def test_all_problems_are_told_at_once_with_the_nearest_key(tmp_path: Path) -> None:
    problems = problems_of(tmp_path, "station: {pacee: 1, pace: 9, timezone: Asia/Shangai}\nsond: {}\n")
    text = "\n".join(problems)
    assert len(problems) == 4
    assert "station.pacee：没有这一项（是不是 pace？）" in text
    assert "station.pace：不能大于 1.4" in text
    assert "是不是 Asia/Shanghai？" in text
    assert "sond：没有这一项（是不是 sound？）" in text


@pytest.mark.parametrize("zone", ["Asia/Beijing", "Beijing", "Asia/Guangzhou", "北京", "Asia/Xian"])
def test_a_chinese_city_that_is_no_zone_is_told_the_one_of_all_china(tmp_path: Path, zone: str) -> None:
    (told,) = problems_of(tmp_path, f"station: {{timezone: {zone}}}")
    assert f"没有这个时区：{zone}，中国各地都写 Asia/Shanghai" in told


def test_what_is_in_force_is_written_as_the_file_can_have_it(tmp_path: Path) -> None:
    content = "quiet: {hours: [{name: 集日, windows: '08:00-09:00', weekdays: [周一, 周五]}]}"
    settings = load_settings(write(tmp_path, "broadcaster.yaml", content))
    written = as_written(settings)
    assert written["severity"]["red"]["chime"] == "警报" and written["station"]["latitude"] is None
    again = yaml.safe_dump(written, allow_unicode=True)
    assert load_settings(write(tmp_path, "broadcaster.yaml", again)) == settings


def test_a_file_that_is_no_yaml_is_named(tmp_path: Path) -> None:
    assert "broadcaster.yaml 第 1 行不是正确的 YAML" in problems_of(tmp_path, "station: [")[0]


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "broadcaster.yaml").write_bytes("station: {name: 李庄}".encode("gb18030"))
    with pytest.raises(ConfigError, match="UTF-8"):
        load_settings(tmp_path)


@pytest.mark.parametrize("content", ["just a word", "- a list", "station: 3"])
def test_a_file_of_another_shape_is_refused(tmp_path: Path, content: str) -> None:
    assert "要写成一组" in problems_of(tmp_path, content)[0]


def test_times_without_quotes_are_understood(tmp_path: Path) -> None:
    slots = "slots: [{name: a, text: 早上好, at: [7:05, 19:30, '06:00']}]"
    assert load_timetable(write(tmp_path, "timetable.yaml", slots)).slots[0].at == (
        "7:05",
        "19:30",
        "06:00",
    )


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("周一", {0}),
        ("周一至周五", {0, 1, 2, 3, 4}),
        ("周六至周一", {5, 6, 0}),
        ("[周一, 周三]", {0, 2}),
    ],
)
def test_weekdays_are_read_by_name(tmp_path: Path, written: str, days: set[int]) -> None:
    slots = f"slots: [{{name: a, text: 早上好, at: '7:30', weekdays: {written}}}]"
    assert load_timetable(write(tmp_path, "timetable.yaml", slots)).slots[0].weekdays == days


@pytest.mark.parametrize(
    ("slot", "reason"),
    [
        ("name: a, text: 好", "要写而且只写一种"),
        ("name: a, at: '7:30', audio: 国歌.mp3, folder: 戏曲", "audio、folder 只能写一种"),
        ("name: a, at: '7:30', audio: 国歌.mp3, column: [{text: 好}]", "audio 和 column 只写一种"),
        ("name: a, at: '7:30', audio: 国歌.mp3, texts: [好, 坏]", "不能和声音写在一起"),
        ("name: a, at: '7:30', audio: 国歌.mp3, order: shuffle", "只有文件夹"),
        ("name: a, at: '7:30', text: 好, minutes: 3", "要和 audio、folder、relay 或 input 写在一起"),
        ("name: a, at: '7:30', relay: 'https://tai.cn/1'", "要写播几分钟"),
        ("name: a, at: '7:30', relay: tai.cn, minutes: 3", "要以 http:// 或 https:// 开头"),
        ("name: a, at: '7:30', input: line, minutes: 0", "要大于 0"),
        ("name: a, at: '7:30', column: [{audio: 国歌.mp3, text: 好}]", "每一段写"),
        ("name: a, at: '7:30', column: [{text: 好, minutes: 3}]", "要和 audio"),
        ("name: a, at: '7:30', column: [{audoi: 国歌.mp3}]", "是不是 audio"),
        ("name: a, at: '7:30', column: [{text: 好}, {text: hi}]", "column.2.text：没有汉字"),
        ("name: a, at: '7:30', column: []", "column 是空的，请写上"),
        ("name: a, text: 好, at: '7:30', every_minutes: 5, windows: '08:00-09:00'", "要写而且只写一种"),
        ("name: a, text: 好, every_minutes: 5", "要一起写"),
        ("name: a, text: 好, at: '25:00'", "写法不对"),
        ("name: a, text: 好, at: '7:30', weekdays: 周八", "没有这样的星期：周八"),
        ("name: a, at: '7:30'", "第 1 行“a”：text（要说的话）"),
        ("text: 好, at: '7:30'", "第 1 行：name：必须写"),
        ("name: a, text: 好, at: '7:30', wekdays: 周一", "是不是 weekdays？"),
        ("name: a, text: 好, at: '7:30', severity: 7", "要写 0 到 4"),
        ("name: a, text: 好, at: '7:30', voice: female", "写法不对"),
        ("name: a, text: 好, at: '7:30', chime: 锣", "没有这种信号：锣，可以写：钟声、急钟、警报、无"),
        ("name: a, text: 好, at: '7:30', repeats: 0", "不能小于 1"),
        ("name: a, text: 好, at: '7:30', style: rap", "没有这种念法：rap"),
        ("name: a, text: 好, at: '7:30', beats_per_minute: 160", "不能大于 140"),
    ],
)
def test_a_wrong_slot_is_told_by_its_place_and_reason(tmp_path: Path, slot: str, reason: str) -> None:
    written = load_timetable(write(tmp_path, "timetable.yaml", f"slots: [{{{slot}}}]"))
    assert written.slots == ()
    assert reason in "\n".join(written.problems)


@pytest.mark.parametrize(
    ("written", "signal"),
    [
        ("钟声", Signal.CHIME),
        ("急钟", Signal.ALERT),
        ("警报", Signal.SIREN),
        ("无", Signal.NONE),
        ("true", Signal.CHIME),
        ("false", Signal.NONE),
    ],
)
def test_what_sounds_first_is_chosen_by_name(tmp_path: Path, written: str, signal: Signal) -> None:
    content = f"station: {{chime: {written}}}"
    assert load_settings(write(tmp_path, "broadcaster.yaml", content)).station.chime is signal


def test_a_preset_that_is_not_known_is_told_with_those_that_are(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, "sound: {preset: loud}")
    assert problem == "broadcaster.yaml sound.preset：可以写：horn、column、flat，现在写的是 'loud'"


def test_the_presets_that_can_be_chosen_are_those_that_there_are() -> None:
    assert all(SoundSettings(preset=name).preset == name for name in PRESETS)


def test_part_of_a_severitys_manner_leaves_the_rest_of_it(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, "broadcaster.yaml", "severity: {red: {repeats: 5}}"))
    red = settings.severity.of(Severity.RED)
    assert (red.repeats, red.chime, red.pace) == (5, Signal.SIREN, 0.9)


def keys(shape: type[Section]) -> set[str]:
    return {
        key
        for section in shape.model_fields.values()
        for key in section.annotation.model_fields  # type: ignore[union-attr]
    }


def test_every_setting_is_explained_in_the_shipped_file() -> None:
    lines = (CONFIG_FOLDER / "broadcaster.yaml").read_text(encoding="utf-8").splitlines()
    shown = {line.strip().partition(":")[0] for line in lines if not line.strip().startswith("#")}
    assert keys(Settings) <= shown


@pytest.mark.parametrize(
    ("amplifier", "said"),
    [
        ("{kind: gpio}", "power（总电源）和 zones（分区）至少要写一样"),
        ("{kind: gpio, power: 17, zones: {村东: 17}}", "写了两次"),
        ("{kind: gpio, power: 40}", "amplifier.power：不能大于 27"),
        ("{kind: serial, power: 1}", "还要写 port"),
        ("{kind: serial, power: 9, port: a}", "要写 1 到 8"),
        ("{kind: usb}", "可以写：none、gpio、serial"),
        ("{longest_on_minutes: 0}", "要大于 0"),
        ("{zones: [1, 2]}", "要写成一组"),
    ],
)
def test_an_amplifier_that_cannot_be_is_told(tmp_path: Path, amplifier: str, said: str) -> None:
    (problem,) = problems_of(tmp_path, f"amplifier: {amplifier}")
    assert said in problem


def test_relays_are_wired_as_written(tmp_path: Path) -> None:
    content = (
        "amplifier: {kind: serial, port: a, power: 1, zones: {村东: 2, 村西: 3}, warm_up_seconds: 3}"
    )
    wiring = Wiring.of(load_settings(write(tmp_path, "broadcaster.yaml", content)).amplifier)
    assert wiring.relays == {POWER: 1, "村东": 2, "村西": 3}
    assert wiring.for_zones(("村西",)) == {POWER, "村西"}
    assert wiring.warm_up_seconds == 3


@pytest.mark.parametrize("content", [b"", b"\n  \n", bytes(300)])
@pytest.mark.parametrize("name", ["broadcaster.yaml", "lexicon.yaml"])
def test_a_file_that_nobody_wrote_so_is_a_fault(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    load = load_settings if name == "broadcaster.yaml" else load_lexicon
    with pytest.raises(ConfigError, match=f"{name} 是空的"):
        load(tmp_path)


def test_a_folder_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"没有文件夹 .*nowhere"):
        load_settings(tmp_path / "nowhere")
