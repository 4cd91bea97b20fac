"""The command in a terminal: what it loads, who reads it, in which signs."""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from rig.village import RunningBox, Village

HEAVY = {"flask", "sqlalchemy", "numpy", "pydantic"}
NO_CHINESE = [
    {"PYTHONIOENCODING": "latin-1"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
]
WATER = "明天上午停水。"


def loaded(village: Village, *arguments: str) -> set[str]:
    """The packages that a fresh process imports for a command."""
    _, program, *rest = village.command(*arguments)
    done = subprocess.run(
        [sys.executable, "-X", "importtime", program, *rest],
        env=village.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    names = re.findall(r"^import time: .*\| +(\S+)$", done.stderr, re.MULTILINE)
    assert "broadcaster.core.project_folders" in names
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["say", "--help"], ["county", "--help"]]
)
def test_help_loads_nothing_of_the_box(village: Village, arguments: Sequence[str]) -> None:
    assert not loaded(village, *arguments) & HEAVY


def test_what_the_running_box_does_loads_nothing_of_it(village: Village) -> None:
    box = RunningBox(village)
    try:
        for arguments in (
            ["status"],
            ["resume"],
            ["say", WATER, "--no-wait"],
            ["stop"],
            ["people", "list"],
        ):
            assert not loaded(village, *arguments) & HEAVY, arguments
    finally:
        box.end()


def test_a_mistake_in_the_settings_stops_no_stop(village: Village) -> None:
    box = RunningBox(village)
    try:
        village.configure(station={"nmae": "东村"})
        assert village.call("stop").returncode == 0
        assert "station.nmae" in village.call("check").stderr
    finally:
        box.end()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--help"], 141),
        (["county", "--help"], 141),
        (["config"], 141),
        (["check"], 141),
        (["nonsense"], 2),
    ],
)
def test_a_reader_that_goes_away_ends_a_command_without_a_word(
    village: Village, arguments: Sequence[str], code: int
) -> None:
    command = subprocess.Popen(
        village.command(*arguments),
        env=village.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert command.stdout and command.stderr
    command.stdout.close()
    said = command.stderr.read().decode()
    command.stderr.close()
    assert command.wait(60) == code
    assert "Traceback" not in said and "BrokenPipe" not in said


@pytest.mark.parametrize(
    "environment", [pytest.param(NO_CHINESE[0], marks=pytest.mark.slow, id="latin-1"), NO_CHINESE[1]]
)
def test_an_output_without_chinese_loses_signs_and_not_the_command(
    village: Village, environment: dict[str, str]
) -> None:
    village.environment = {**village.environment, **environment}
    sink = village.folder / "heard.wav"
    for arguments, code in (
        (["check"], 0),
        (["spoken", WATER, "--json"], 0),
        (["say", WATER, "--no-chime", "--output-file", str(sink)], 0),
        (["nonsense"], 2),
        (["stop", "--json"], 2),
    ):
        done = subprocess.run(
            village.command(*arguments), env=village.environment, capture_output=True, check=False
        )
        assert done.returncode == code, done.stderr
        assert b"Traceback" not in done.stderr and done.stdout + done.stderr
        if "spoken" in arguments:
            (line,) = json.loads(done.stdout.decode("latin-1"))
            assert line["pinyin"][0] == "ming2", "the words came through as they were typed"
    assert sink.stat().st_size > 48_000


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["status", "--config", "x"], "--config 要写在命令前面"),
        (["say", "明天", "停水"], "要用引号括起来"),
        (["say", "--style", "rap", WATER], "可以是：verse、kuaiban"),
        (["cache", "prune", "--to", "-1"], "--to 要写 0 以上的数，现在写的是 -1"),
        (["render", WATER, "-o", "/tmp"], "是一个文件夹"),
        (["--config", __file__, "check"], "这是文件，要写文件夹"),
    ],
)
def test_a_usual_slip_is_told_with_what_to_write(
    village: Village, arguments: Sequence[str], said: str
) -> None:
    done = village.call(*arguments)
    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "arguments", [["spoken", WATER], ["config", "--json"], ["--help"], ["--version"]]
)
def test_an_output_to_a_full_disk_is_one_sentence(
    village: Village, arguments: Sequence[str], unbuffered: str
) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            village.command(*arguments),
            env=village.environment | {"PYTHONUNBUFFERED": unbuffered},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (2, "写不进去：磁盘满了，请腾出空间再试。\n")


def test_a_command_that_is_not_known_is_told_with_the_nearest(village: Village) -> None:
    done = village.call("stauts", "--json")
    assert done.returncode == 2
    assert "是不是 status？可以是：run、say、play" in done.stderr
    assert json.loads(done.stdout)["error"] == done.stderr.strip()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["say", "--severity"],
        ["say", "--severity", "9", WATER],
        ["say", "--pace", "快", WATER],
        ["say", "--no", WATER],
        ["stop", "--json=1"],
        ["county"],
        ["county", "renew", "--root-key"],
    ],
)
def test_what_is_written_wrongly_is_told_in_chinese(village: Village, arguments: Sequence[str]) -> None:
    done = village.call(*arguments)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert not re.search("[a-z] [a-z]+ [a-z]", done.stderr.split("看用法")[0]), "no English sentence"


def test_a_county_that_is_not_there_is_told_before_its_parts_are_imported(tmp_path: Path) -> None:
    """They take 1.6 s of processor, this 0.13."""
    commands = [
        ["board"],
        ["boxes"],
        ["counties"],
        ["run"],
        ["relay"],
        ["show"],
        ["village"],
        ["publish", "停水。", "--by", "小王", "--area", "33", "--severity", "4"],
        ["export", "x"],
    ]
    heavy = ("sqlalchemy", "flask", "pydantic", "securesystemslib")
    program = (
        "import sys; from broadcaster.commands.arguments import main\n"
        f"codes = [main(['county', *one, '--office', {str(tmp_path)!r}]) for one in {commands}]\n"
        f"print(set(codes), [one for one in {heavy} if one in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout == "{2} []\n"
    assert done.stderr == len(commands) * f"{tmp_path} 里没有钥匙串。先建立：broadcaster county init\n"


def test_a_log_is_in_the_stations_time_whatever_the_machines_own_is() -> None:
    program = (
        "import logging, zoneinfo; from broadcaster.system.log_format import log_in;"
        "logging.basicConfig();"
        "log_in(zoneinfo.ZoneInfo('Asia/Shanghai'));"
        "record = logging.makeLogRecord({'created': 1764541628.4, 'levelno': 40, 'msg': 'here'});"
        "logging.getLogger().handle(record)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"TZ": "America/New_York"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == "2025-12-01 06:27:08 +0800 None: here\n"
